import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../../src/base/byte-reader.js";
import { DumpError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { SKIP_LEB, skipStep } from "../../src/dwarf/abbreviations.js";
import { DW_AT, DW_FORM, DW_TAG } from "../../src/dwarf/constants.js";
import { type DwarfSections, type DwarfType, readDebugInfo } from "../../src/dwarf/dwarf.js";
import { ByteWriter, baseType, writeDwarf } from "../support/dwarf-writer.js";
import { CLOSURE, MAIN, sample } from "./sample.js";

/** Asks everything; returns what it was told, so that nothing is optimised away. */
function askAll(sections: DwarfSections): { findings: Findings; answers: number } {
  const findings = new Findings();
  let answers = 0;
  const touch = (type: DwarfType | undefined, depth = 0): void => {
    if (type === undefined || depth > 3) return;
    answers += type.name.length + type.size + type.goKind;
    if (type.kind === "base") answers += type.encoding.length;
    if (type.kind === "struct") for (const field of type.fields) touch(field.type, depth + 1);
    if (type.kind === "pointer" || type.kind === "typedef") touch(type.target, depth + 1);
    if (type.kind === "array") {
      answers += type.count;
      touch(type.element, depth + 1);
    }
    if (type.kind === "typedef") touch(type.key ?? type.element, depth + 1);
  };
  const tryTo = (ask: () => void) => {
    try {
      ask();
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
    }
  };
  tryTo(() => {
    const debug = readDebugInfo(sections, "damaged", findings);
    if (debug === undefined) return;
    for (const name of debug.typeNames()) tryTo(() => touch(debug.type(name)));
    for (const offset of [0x40, 0x80, 0xa0]) tryTo(() => touch(debug.typeByRuntimeOffset(offset)));
    for (const name of ["main.size", "main.minus"]) tryTo(() => void debug.constant(name));
    tryTo(() => void debug.global("main.counter"));
    for (const global of debug.globals()) tryTo(() => touch(global.type));
    for (const name of ["main.main", "work", "main.main.func1"]) tryTo(() => void debug.functionByName(name)?.captures);
    for (const pc of [MAIN.low, MAIN.low + 0x23, CLOSURE.low, 0x402000]) {
      tryTo(() => {
        for (const variable of debug.localsAt(pc)) {
          answers += variable.name.length;
          touch(variable.type);
          variable.locate({ pc, cfa: 0x1000, bias: 0, register: () => 1n });
        }
      });
    }
  });
  return { findings, answers };
}

function replaced(whole: DwarfSections, name: string, bytes: Uint8Array): DwarfSections {
  return { section: (other) => (other === name ? bytes : whole.section(other)) };
}

const names = [
  ".debug_info",
  ".debug_abbrev",
  ".debug_addr",
  ".debug_loclists",
  ".debug_rnglists",
  ".debug_str",
  ".debug_loc",
  ".debug_ranges",
];

describe.each([4, 5] as const)("damaged DWARF %i", (version) => {
  const whole = sample(version);
  const expected = askAll(whole);

  it("whole, it has no finding", () => {
    expect(expected.findings.list()).toEqual([]);
    expect(expected.answers).toBeGreaterThan(1000);
  });

  it.each(names)("%s cut at every byte gives an answer, and .debug_info a finding", (name) => {
    const bytes = whole.section(name);
    if (bytes === undefined) return;
    for (let size = 0; size < bytes.length; size++) {
      const { findings } = askAll(replaced(whole, name, bytes.subarray(0, size)));
      const [finding] = findings.list();
      if (finding !== undefined) expect(finding).toMatchObject({ code: "dwarf-damaged", partial: true });
      // Between units a cut cannot be seen.
      else if (name === ".debug_info" && size > 0) expect(isUnitBoundary(bytes, size)).toBe(true);
    }
  });

  it.each(names)("%s with one byte changed gives an answer", (name) => {
    const bytes = whole.section(name);
    if (bytes === undefined) return;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = [0, 0xff, bytes[at] ^ 0x10][at % 3];
      askAll(replaced(whole, name, changed));
    }
  });

  it("random bytes give an answer", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 }),
        (name, changes) => {
          const bytes = whole.section(name)?.slice();
          if (bytes === undefined) return;
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          askAll(replaced(whole, name, bytes));
        },
      ),
      { numRuns: 300 },
    );
  });
});

function isUnitBoundary(bytes: Uint8Array, size: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < size) at += 4 + view.getUint32(at, true);
  return at === size;
}

it("a damaged unit does not hide its neighbours", () => {
  const written = writeDwarf([
    { version: 4, dies: [baseType("first", 8, 5, 2)] },
    { version: 4, dies: [baseType("second", 8, 5, 2)] },
    { version: 5, dies: [baseType("third", 8, 5, 2)] },
  ]);
  const info = written.section(".debug_info")?.slice();
  if (info === undefined) throw new Error("no section");
  const second = 4 + new DataView(info.buffer).getUint32(0, true);
  info[second + 4] = 77; // its version
  const findings = new Findings();
  const debug = readDebugInfo(replaced(written, ".debug_info", info), "damaged", findings);
  expect([...(debug?.typeNames() ?? [])]).toEqual(["first", "third"]);
  expect(findings.list()).toMatchObject([
    { code: "dwarf-damaged", count: 1, partial: true, example: expect.stringContaining("DWARF version 77") },
  ]);
});

it("types that only lead to themselves have size 0", () => {
  const written = writeDwarf([
    {
      version: 4,
      dies: [
        {
          tag: DW_TAG.typedef,
          label: "round",
          attributes: [
            [DW_AT.name, DW_FORM.string, "round"],
            [DW_AT.type, DW_FORM.ref_addr, { to: "round" }],
          ],
        },
        {
          tag: DW_TAG.array_type,
          label: "rows",
          attributes: [
            [DW_AT.name, DW_FORM.string, "rows"],
            [DW_AT.type, DW_FORM.ref_addr, { to: "rows" }],
          ],
          children: [{ tag: DW_TAG.subrange_type, attributes: [[DW_AT.count, DW_FORM.udata, 2]] }],
        },
      ],
    },
  ]);
  const debug = readDebugInfo(written, "round", new Findings());
  expect(debug?.type("round")?.size).toBe(0);
  expect(debug?.type("rows")?.size).toBe(0);
});

it("a link to what is no type is a struct named ?, with a finding", () => {
  const written = writeDwarf([
    {
      version: 4,
      dies: [
        {
          tag: DW_TAG.pointer_type,
          label: "p",
          attributes: [
            [DW_AT.name, DW_FORM.string, "p"],
            [DW_AT.type, DW_FORM.ref_addr, { to: "constant" }],
          ],
        },
        { tag: DW_TAG.constant, label: "constant", attributes: [[DW_AT.name, DW_FORM.string, "c"]] },
      ],
    },
  ]);
  const findings = new Findings();
  const pointer = readDebugInfo(written, "link", findings)?.type("p");
  expect(pointer?.kind === "pointer" && pointer.target).toMatchObject({ kind: "struct", name: "?", size: 0 });
  expect(findings.list()).toHaveLength(1);
});

describe("LEB128", () => {
  it("unsigned: written, read and stepped over alike", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = Uint8Array.from(new ByteWriter().uleb(value).bytes);
        const reader = new ByteReader(bytes, "leb");
        expect(reader.uleb()).toBe(value);
        expect(reader.offset).toBe(bytes.length);
        expect(skipStep(bytes, 0, bytes.length, SKIP_LEB, { version: 5, addressSize: 8, offsetSize: 4 })).toBe(bytes.length);
      }),
    );
  });

  it("signed: written and read alike", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 48), max: 2 ** 48 }), (value) => {
        const bytes = Uint8Array.from(new ByteWriter().sleb(value).bytes);
        const reader = new ByteReader(bytes, "leb");
        expect(Object.is(reader.sleb(), value)).toBe(true);
        expect(reader.offset).toBe(bytes.length);
      }),
    );
  });
});
