// One small program's debug information, used by the tests of this folder.
import { DW_AT, DW_ATE, DW_FORM, DW_OP, DW_TAG } from "../../src/dwarf/constants.js";
import { baseType, expression, pointerTo, structType, type WrittenDie, type WrittenDwarf, writeDwarf } from "../support/dwarf-writer.js";

const { string, ref_addr, ref4, addr, addrx, udata, sdata, data1, flag, block1, sec_offset, strp, exprloc } = DW_FORM;

/** Link-time addresses of the sample. */
export const MAIN = { low: 0x401000, high: 0x401100 };
export const CLOSURE = { low: 0x401100, high: 0x401180 };
export const COUNTER = 0x500008;
export const TABLE = 0x500000;

function codeOf(version: 4 | 5, low: number, high: number): readonly (readonly [number, number, number])[] {
  // Go up to 1.24 ends with an address, since 1.25 the start is indexed and the end a length.
  return version === 4
    ? [
        [DW_AT.low_pc, addr, low],
        [DW_AT.high_pc, addr, high],
      ]
    : [
        [DW_AT.low_pc, addrx, low],
        [DW_AT.high_pc, udata, high - low],
      ];
}

function variable(tag: number, name: string, type: string, location: Uint8Array, more: WrittenDie["attributes"] = []): WrittenDie {
  return {
    tag,
    label: `var ${name}`,
    attributes: [[DW_AT.name, string, name], [DW_AT.type, ref_addr, { to: type }], [DW_AT.location, block1, location], ...more],
  };
}

const cfa = expression(DW_OP.call_frame_cfa);

function functions(version: 4 | 5): WrittenDie[] {
  return [
    {
      tag: DW_TAG.subprogram,
      label: "abstract helper",
      attributes: [
        [DW_AT.name, string, "main.helper"],
        [0x20, data1, 1],
      ],
      children: [
        {
          tag: DW_TAG.formal_parameter,
          label: "abstract n",
          attributes: [
            [DW_AT.name, string, "n"],
            [DW_AT.type, ref_addr, { to: "int" }],
            [DW_AT.variable_parameter, flag, 0],
          ],
        },
      ],
    },
    {
      tag: DW_TAG.subprogram,
      attributes: [[DW_AT.name, string, "main.main"], ...codeOf(version, MAIN.low, MAIN.high), [DW_AT.frame_base, block1, cfa]],
      children: [
        variable(DW_TAG.formal_parameter, "a", "int", expression(DW_OP.call_frame_cfa), [[DW_AT.variable_parameter, flag, 0]]),
        variable(DW_TAG.formal_parameter, "~r0", "int", expression(DW_OP.fbreg, "s8"), [[DW_AT.variable_parameter, flag, 1]]),
        variable(DW_TAG.variable, "gone", "int", expression()),
        variable(DW_TAG.variable, "text", "string", expression(DW_OP.reg0, DW_OP.piece, "u8", DW_OP.fbreg, "s-24", DW_OP.piece, "u8")),
        {
          tag: DW_TAG.variable,
          attributes: [
            [DW_AT.name, string, "&moving"],
            [DW_AT.type, ref_addr, { to: "*int" }],
            [
              DW_AT.location,
              sec_offset,
              {
                base: MAIN.low,
                list: [
                  { low: MAIN.low + 0x10, high: MAIN.low + 0x20, expression: expression(DW_OP.reg0 + 3) },
                  { low: MAIN.low + 0x20, high: MAIN.low + 0x40, expression: expression(DW_OP.fbreg, "s-8") },
                ],
              },
            ],
          ],
        },
        {
          tag: DW_TAG.lexical_block,
          attributes: codeOf(version, MAIN.low + 0x20, MAIN.low + 0x30),
          children: [
            variable(DW_TAG.variable, "inner", "int", expression(DW_OP.fbreg, "s-16")),
            {
              tag: DW_TAG.inlined_subroutine,
              attributes: [
                [DW_AT.abstract_origin, ref_addr, { to: "abstract helper" }],
                [
                  DW_AT.ranges,
                  sec_offset,
                  {
                    base: MAIN.low,
                    list: [
                      { low: MAIN.low + 0x22, high: MAIN.low + 0x24 },
                      { low: MAIN.low + 0x28, high: MAIN.low + 0x2a },
                    ],
                  },
                ],
              ],
              children: [
                {
                  tag: DW_TAG.formal_parameter,
                  attributes: [
                    [DW_AT.abstract_origin, ref_addr, { to: "abstract n" }],
                    [DW_AT.location, block1, expression(DW_OP.breg0 + 5, "s16")],
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
    {
      tag: DW_TAG.subprogram,
      attributes: [[DW_AT.name, string, "main.main.func1"], ...codeOf(version, CLOSURE.low, CLOSURE.high), [DW_AT.frame_base, block1, cfa]],
      children: [
        variable(DW_TAG.variable, "y", "string", expression(), [[DW_AT.go_closure_offset, udata, 16]]),
        variable(DW_TAG.variable, "&x", "*int", expression(), [[DW_AT.go_closure_offset, udata, 8]]),
      ],
    },
  ];
}

/** A Go unit with types, functions, variables and constants, and a C unit with an `int` of its own. */
export function sample(version: 4 | 5, offsetSize: 4 | 8 = 4): WrittenDwarf {
  const types: WrittenDie[] = [
    baseType("int", 8, DW_ATE.signed, 2, 0x40),
    baseType("uint8", 1, 0x07, 8, 0x60),
    pointerTo("int"),
    pointerTo("uint8"),
    structType("string", 16, [
      ["str", 0, "*uint8"],
      ["len", 8, "int"],
    ]),
    structType(
      "[]string",
      24,
      [
        ["array", 0, "*string"],
        ["len", 8, "int"],
        ["cap", 16, "int"],
      ],
      [
        [DW_AT.go_runtime_type, addr, 0x80],
        [DW_AT.go_elem, ref_addr, { to: "string" }],
      ],
    ),
    pointerTo("string"),
    structType("main.Node", 40, [
      ["next", 0, "*main.Node"],
      ["value", 8, "int"],
      ["Base", 16, "string", true],
      ["three", 32, "[3]uint8"],
    ]),
    pointerTo("main.Node", 0xa0),
    {
      tag: DW_TAG.array_type,
      label: "[3]uint8",
      attributes: [
        [DW_AT.name, string, "[3]uint8"],
        [DW_AT.type, ref_addr, { to: "uint8" }],
        [DW_AT.go_kind, data1, 17],
      ],
      children: [
        {
          tag: DW_TAG.subrange_type,
          attributes: [
            [DW_AT.type, ref_addr, { to: "int" }],
            [DW_AT.count, udata, 3],
          ],
        },
      ],
    },
    {
      tag: DW_TAG.typedef,
      label: "bare",
      attributes: [
        [DW_AT.name, string, "main.Count"],
        [DW_AT.type, ref_addr, { to: "named" }],
      ],
    },
    { ...baseType("main.Count", 8, DW_ATE.signed, 2), label: "named" },
    {
      tag: DW_TAG.typedef,
      label: "map",
      attributes: [
        [DW_AT.name, string, "map[string]int"],
        [DW_AT.type, ref_addr, { to: "*main.Node" }],
        [DW_AT.go_kind, data1, 21],
        [DW_AT.go_key, ref_addr, { to: "string" }],
        [DW_AT.go_elem, ref_addr, { to: "int" }],
      ],
    },
    {
      tag: DW_TAG.typedef,
      label: ".param0",
      attributes: [
        [DW_AT.name, string, ".param0"],
        [DW_AT.type, ref_addr, { to: "int" }],
        [DW_AT.go_dict_index, udata, 2],
      ],
    },
    { tag: DW_TAG.pointer_type, label: "unsafe.Pointer", attributes: [[DW_AT.name, string, "unsafe.Pointer"]] },
    {
      tag: DW_TAG.subroutine_type,
      label: "func()",
      attributes: [
        [DW_AT.name, string, "func()"],
        [DW_AT.byte_size, udata, 8],
        [DW_AT.go_kind, data1, 19],
      ],
      children: [],
    },
  ];
  const rest: WrittenDie[] = [
    variable(DW_TAG.variable, "main.counter", "int", expression(DW_OP.addr, BigInt(COUNTER))),
    variable(DW_TAG.variable, "main.table", "[]string", expression(DW_OP.addr, BigInt(TABLE))),
    variable(DW_TAG.variable, "main.local", "int", expression(DW_OP.addr, 16n, 0xe0)),
    {
      tag: DW_TAG.constant,
      attributes: [
        [DW_AT.name, string, "main.size"],
        [DW_AT.const_value, sdata, 8192],
      ],
    },
    {
      tag: DW_TAG.constant,
      attributes: [
        [DW_AT.name, string, "main.minus"],
        [DW_AT.const_value, sdata, -3],
      ],
    },
  ];
  const c: WrittenDie[] = [
    {
      tag: DW_TAG.base_type,
      label: "C int",
      attributes: [
        [DW_AT.name, version === 5 ? DW_FORM.strx1 : strp, "int"],
        [DW_AT.encoding, data1, 5],
        [DW_AT.byte_size, data1, 4],
      ],
    },
    {
      tag: DW_TAG.structure_type,
      label: "C point",
      attributes: [
        [DW_AT.name, version === 5 ? DW_FORM.line_strp : strp, "point"],
        [DW_AT.byte_size, DW_FORM.implicit_const, 8],
        [0x3fff, DW_FORM.data16, 1],
        [0x3ffe, DW_FORM.block4, Uint8Array.of(1, 2, 3)],
        [0x3ffd, DW_FORM.block2, Uint8Array.of(1)],
        [0x3ffc, DW_FORM.flag_present, 1],
      ],
      children: [
        {
          tag: DW_TAG.member,
          attributes: [
            [DW_AT.name, strp, "x"],
            [DW_AT.type, ref4, { to: "C int" }],
            [DW_AT.data_member_location, DW_FORM.data2, 4],
          ],
        },
      ],
    },
    {
      tag: DW_TAG.subprogram,
      attributes: [
        [DW_AT.name, strp, "work"],
        [DW_AT.low_pc, addr, 0x402000],
        [DW_AT.high_pc, DW_FORM.data8, 0x40],
        [DW_AT.frame_base, exprloc, expression(DW_OP.reg0 + 6)],
      ],
      children: [
        {
          tag: DW_TAG.variable,
          attributes: [
            [DW_AT.name, strp, "s"],
            [DW_AT.type, ref4, { to: "C int" }],
            [DW_AT.location, exprloc, expression(DW_OP.fbreg, "s-20")],
          ],
        },
        {
          tag: DW_TAG.variable,
          attributes: [
            [DW_AT.name, strp, "k"],
            [DW_AT.type, ref4, { to: "C int" }],
            [DW_AT.const_value, sdata, -1],
          ],
        },
      ],
    },
  ];
  return writeDwarf([
    { version, offsetSize, language: 0x1d, dies: c },
    { version, offsetSize, lowPc: MAIN.low, dies: [...functions(version), ...rest] },
    { version, offsetSize, dies: types },
  ]);
}
