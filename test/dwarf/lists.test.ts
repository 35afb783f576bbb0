import { describe, expect, it } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { DW_AT, DW_FORM, DW_LLE, DW_OP, DW_RLE, DW_TAG } from "../../src/dwarf/constants.js";
import { type Location, readDebugInfo } from "../../src/dwarf/dwarf.js";
import { ByteWriter, expression, writeDwarf } from "../support/dwarf-writer.js";

const BASE = 0x401000;
const { addr, string, sec_offset, data4, addrx, block1 } = DW_FORM;

/** One function with one variable whose location list (DWARF 5) is given; .debug_addr holds BASE, BASE+0x40 and BASE+0x80. */
function withLists(locations: ByteWriter, ranges: ByteWriter) {
  const written = writeDwarf([
    {
      version: 5,
      lowPc: BASE,
      dies: [
        { tag: DW_TAG.constant, attributes: [0, 0x40, 0x80].map((n) => [0x3fff, addrx, BASE + n] as const) },
        {
          tag: DW_TAG.subprogram,
          attributes: [
            [DW_AT.name, string, "main.f"],
            [DW_AT.low_pc, addr, BASE],
            [DW_AT.high_pc, data4, 0x200],
          ],
          children: [
            {
              tag: DW_TAG.lexical_block,
              attributes: [[DW_AT.ranges, sec_offset, 12]],
              children: [
                {
                  tag: DW_TAG.variable,
                  attributes: [
                    [DW_AT.name, string, "v"],
                    [DW_AT.location, sec_offset, 12],
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
  written.sections.set(".debug_loclists", Uint8Array.from(new ByteWriter().u(0, 12).add(locations.bytes).bytes));
  written.sections.set(".debug_rnglists", Uint8Array.from(new ByteWriter().u(0, 12).add(ranges.bytes).bytes));
  const findings = new Findings();
  const debug = readDebugInfo(written, "lists", findings);
  return (pc: number): Location | "out of scope" =>
    debug?.localsAt(pc)[0]?.locate({ pc, cfa: 0, bias: 0, register: () => undefined }) ?? "out of scope";
}

const reg = (n: number) => expression(DW_OP.reg0 + n);
const everywhere = () => new ByteWriter().u(DW_RLE.start_length, 1).u(BASE, 8).uleb(0x200).u(DW_RLE.end_of_list, 1);

describe("DWARF 5 lists", () => {
  it("every kind of location entry covers [low, high)", () => {
    const list = new ByteWriter();
    list.u(DW_LLE.offset_pair, 1).uleb(0).uleb(8).uleb(1).add(reg(0)); // from the unit's low_pc
    list.u(DW_LLE.base_addressx, 1).uleb(1);
    list.u(DW_LLE.offset_pair, 1).uleb(0).uleb(8).uleb(1).add(reg(1));
    list
      .u(DW_LLE.base_address, 1)
      .u(BASE + 0x60, 8)
      .u(DW_LLE.offset_pair, 1)
      .uleb(0)
      .uleb(8)
      .uleb(1)
      .add(reg(2));
    list.u(DW_LLE.startx_endx, 1).uleb(1).uleb(2).uleb(1).add(reg(3));
    list.u(DW_LLE.startx_length, 1).uleb(2).uleb(8).uleb(1).add(reg(4));
    list
      .u(DW_LLE.start_end, 1)
      .u(BASE + 0x90, 8)
      .u(BASE + 0x98, 8)
      .uleb(1)
      .add(reg(5));
    list
      .u(DW_LLE.start_length, 1)
      .u(BASE + 0xa0, 8)
      .uleb(8)
      .uleb(1)
      .add(reg(6));
    list.u(DW_LLE.default_location, 1).uleb(1).add(reg(7)).u(DW_LLE.end_of_list, 1);
    const at = withLists(list, everywhere());
    const register = (pc: number) => {
      const where = at(BASE + pc);
      return where !== "out of scope" && where.kind === "register" ? where.register : where;
    };
    expect([0, 7, 8, 0x40, 0x47, 0x48, 0x60, 0x67, 0x68, 0x7f, 0x80, 0x87, 0x88, 0x90, 0x98, 0xa0, 0xa7, 0xa8].map(register)).toEqual([
      0, 0, 7, 1, 1, 3, 2, 2, 3, 3, 4, 4, 7, 5, 7, 6, 6, 7,
    ]);
  });

  it("every kind of range entry covers [low, high)", () => {
    const ranges = new ByteWriter();
    ranges.u(DW_RLE.offset_pair, 1).uleb(0).uleb(4);
    ranges.u(DW_RLE.base_addressx, 1).uleb(1).u(DW_RLE.offset_pair, 1).uleb(0).uleb(4);
    ranges
      .u(DW_RLE.base_address, 1)
      .u(BASE + 0x50, 8)
      .u(DW_RLE.offset_pair, 1)
      .uleb(0)
      .uleb(4);
    ranges.u(DW_RLE.startx_endx, 1).uleb(2).uleb(2); // empty
    ranges.u(DW_RLE.startx_length, 1).uleb(2).uleb(4);
    ranges
      .u(DW_RLE.start_end, 1)
      .u(BASE + 0x90, 8)
      .u(BASE + 0x94, 8);
    ranges
      .u(DW_RLE.start_length, 1)
      .u(BASE + 0xa0, 8)
      .uleb(4)
      .u(DW_RLE.end_of_list, 1);
    const at = withLists(new ByteWriter().u(DW_LLE.default_location, 1).uleb(1).add(reg(0)).u(0, 1), ranges);
    const covered = Array.from({ length: 0x200 }, (_, pc) => pc).filter((pc) => at(BASE + pc) !== "out of scope");
    expect(covered).toEqual([0, 0x40, 0x50, 0x80, 0x90, 0xa0].flatMap((low) => [low, low + 1, low + 2, low + 3]));
  });
});

describe("expressions", () => {
  function locate(bytes: Uint8Array, register: (n: number) => bigint | undefined = () => undefined): Location | undefined {
    const written = writeDwarf([
      {
        version: 4,
        dies: [
          {
            tag: DW_TAG.subprogram,
            attributes: [
              [DW_AT.name, string, "main.f"],
              [DW_AT.low_pc, addr, BASE],
              [DW_AT.high_pc, data4, 0x10],
            ],
            children: [
              {
                tag: DW_TAG.variable,
                attributes: [
                  [DW_AT.name, string, "v"],
                  [DW_AT.location, block1, bytes],
                ],
              },
            ],
          },
        ],
      },
    ]);
    const debug = readDebugInfo(written, "expressions", new Findings());
    return debug?.localsAt(BASE)[0]?.locate({ pc: BASE, cfa: 0x8000, bias: 0x100, register });
  }

  it.each([
    ["addr adds the bias", expression(DW_OP.addr, 0x1000n), { kind: "memory", address: 0x1100 }],
    ["cfa + const", expression(DW_OP.call_frame_cfa, DW_OP.consts, "s-16", DW_OP.plus), { kind: "memory", address: 0x7ff0 }],
    ["minus", expression(DW_OP.call_frame_cfa, DW_OP.const1u, 8, DW_OP.minus), { kind: "memory", address: 0x7ff8 }],
    ["plus_uconst", expression(DW_OP.call_frame_cfa, DW_OP.plus_uconst, "u300"), { kind: "memory", address: 0x812c }],
    ["stack_value", expression(DW_OP.const1s, 0xff, DW_OP.stack_value), { kind: "value", value: 2n ** 64n - 1n }],
    ["literal", expression(DW_OP.lit0 + 9, DW_OP.stack_value), { kind: "value", value: 9n }],
    ["const8u", expression(DW_OP.const8u, 2n ** 63n, DW_OP.stack_value), { kind: "value", value: 2n ** 63n }],
    ["implicit_value", expression(DW_OP.implicit_value, "u2", 0x34, 0x12), { kind: "value", value: 0x1234n }],
    ["regx", expression(DW_OP.regx, "u33"), { kind: "register", register: 33 }],
    ["bregx", expression(DW_OP.bregx, "u7", "s-8"), { kind: "memory", address: 0x2000 - 8 }],
    ["a register that is not known", expression(DW_OP.breg0 + 1, "s0"), { kind: "absent" }],
    ["no frame base", expression(DW_OP.fbreg, "s0"), { kind: "absent" }],
    ["memory", expression(DW_OP.call_frame_cfa, 0x06), { kind: "absent" }],
    ["an operation nobody has", expression(0xff), { kind: "absent" }],
    ["a stack that is too short", expression(DW_OP.plus), { kind: "absent" }],
    ["a cut operand", expression(DW_OP.addr, 1), { kind: "absent" }],
    [
      "an empty piece",
      expression(DW_OP.piece, "u8", DW_OP.reg0 + 2, DW_OP.piece, "u8"),
      {
        kind: "pieces",
        pieces: [
          { at: { kind: "absent" }, size: 8 },
          { at: { kind: "register", register: 2 }, size: 8 },
        ],
      },
    ],
  ])("%s", (_, bytes, expected) => {
    expect(locate(bytes, (n) => (n === 7 ? 0x2000n : undefined))).toEqual(expected);
  });
});
