/** Layouts, types and variables out of debug information that a test writes. */
import { describe, expect, test } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import { UnsupportedError } from "../../../src/base/errors.js";
import { Findings } from "../../../src/base/findings.js";
import { NONE } from "../../../src/base/units.js";
import { type DebugInfo, type DwarfType, readDebugInfo } from "../../../src/dwarf/dwarf.js";
import { dwarfParts } from "../../../src/runtime/dwarf-types.js";
import { layoutFromDwarf, underlying } from "../../../src/runtime/layout/from-dwarf.js";
import type { Frame } from "../../../src/runtime/unwind.js";
import { readVariables } from "../../../src/runtime/variables.js";
import { CLOSURE, COUNTER, MAIN, sample } from "../../dwarf/sample.js";
import { baseType, pointerTo, structType, writeDwarf } from "../../support/dwarf-writer.js";
import { TypeBuilder } from "../../support/memory-builder.js";

const BIAS = 0x10000;
const opened = (written: ReturnType<typeof writeDwarf>) => readDebugInfo(written, "test", new Findings()) as DebugInfo;

describe("a layout", () => {
  const debug = opened(
    writeDwarf([
      {
        version: 5,
        offsetSize: 4,
        dies: [
          baseType("uint64", 8, 7, 11),
          baseType("uint32", 4, 7, 10),
          pointerTo("uint64"),
          structType("atomic.noCopy", 0, []),
          structType("atomic.Uint64", 8, [
            ["_", 0, "atomic.noCopy"],
            ["value", 0, "uint64"],
          ]),
          structType("runtime.stack", 16, [
            ["lo", 0, "uint64"],
            ["hi", 8, "uint64"],
          ]),
          structType("runtime.g", 48, [
            ["stack", 0, "runtime.stack"],
            ["runtime.goid", 16, "uint32"],
            ["count", 24, "atomic.Uint64"],
            ["next", 32, "*uint64"],
          ]),
        ],
      } as never,
    ]),
  );
  const schema = {
    g: {
      names: ["runtime.newG", "runtime.g"],
      fields: { "stack.hi": {}, goid: { names: ["id", "goid"] }, count: {}, next: {}, stack: {}, gone: { optional: true } },
    },
    lost: { names: ["runtime.lost", "runtime.older"], fields: {} },
  } as const;
  const layout = layoutFromDwarf(debug, schema, BIAS, "go1.99");

  test("takes fields by their path, the first of their names, and atomics as what they hold", () => {
    const g = layout.struct("g");
    const place = (name: Parameters<typeof g.offset>[0]) => [g.offset(name), g.width(name)];
    expect([g.name, g.size]).toEqual(["runtime.g", 48]);
    expect([place("stack.hi"), place("goid"), place("count"), place("next"), place("stack")]).toEqual([
      [8, 8],
      [16, 4],
      [24, 8],
      [32, 8],
      [0, 16],
    ]);
    expect([g.has("gone"), layout.hasStruct("lost"), layout.global("runtime.panicking"), layout.constant("none")]).toEqual([
      false,
      false,
      undefined,
      undefined,
    ]);
  });

  test("says which release lacks what", () => {
    expect(() => layout.struct("g").offset("gone")).toThrow(UnsupportedError);
    expect(() => layout.struct("g").offset("gone")).toThrow(/go1\.99, runtime\.g without the field gone/);
    expect(() => layout.struct("lost")).toThrow(/no type runtime\.lost or runtime\.older/);
  });

  test("follows typedefs, also of damage that leads back, to an end", () => {
    const int = debug.type("uint64") as DwarfType;
    const circle = { ...int, kind: "typedef", target: undefined } as unknown as { target: DwarfType };
    circle.target = circle as unknown as DwarfType;
    expect(underlying(circle as unknown as DwarfType).kind).toBe("typedef");
    expect(underlying({ ...int, kind: "typedef", target: int } as unknown as DwarfType)).toBe(int);
  });
});

describe.each([4, 5] as const)("types and variables of DWARF %i", (version) => {
  const debug = opened(sample(version));
  const types = new TypeBuilder();
  const made = new Map<string, number>();
  const intern = (type: DwarfType): number => {
    const known = made.get(type.name) ?? types.add(type.name, "unknown", type.size);
    made.set(type.name, known);
    return known;
  };
  Object.assign(types, { fromDwarf: intern });
  const parts = (name: string) => {
    const { fields, element, key, ...rest } = dwarfParts(debug.type(name) as DwarfType, 0x99, intern);
    const nameOf = (id: number | undefined) => (id === undefined ? undefined : id === NONE ? "none" : types.get(id).name);
    return {
      ...rest,
      fields: fields?.().map((each) => [each.name, each.offset, nameOf(each.type), each.embedded]),
      element: nameOf(element?.()),
      key: nameOf(key?.()),
    };
  };

  test("structs, pointers and arrays are what Go calls them", () => {
    expect(parts("main.Node")).toMatchObject({
      kind: "struct",
      size: 40,
      rtype: 0x99,
      fields: [
        ["next", 0, "*main.Node", false],
        ["value", 8, "int", false],
        ["Base", 16, "string", true],
        ["three", 32, "[3]uint8", false],
      ],
    });
    expect(parts("*main.Node")).toMatchObject({ kind: "pointer", size: 8, element: "main.Node" });
    expect(parts("[3]uint8")).toMatchObject({ kind: "array", size: 3, count: 3, element: "uint8" });
    expect(parts("int")).toMatchObject({ kind: "int", size: 8 });
  });

  const variables = readVariables(debug, types, BIAS, ARCHES.amd64);
  test("a global is found by its name and by each of its bytes, where the process has it", () => {
    const counter = variables.globalNames().find((name) => debug.global(name)?.address === COUNTER) as string;
    const found = variables.global(counter);
    expect(found).toMatchObject({ name: counter, address: COUNTER + BIAS });
    const size = found?.size ?? 0;
    expect([0, size - 1, size].map((at) => variables.globalAt(COUNTER + BIAS + at)?.name === counter)).toEqual([true, true, false]);
    expect([variables.global("main.none"), variables.globalAt(16)]).toEqual([undefined, undefined]);
  });

  test("locals are those in the frame's memory; what a closure captures comes with its place", () => {
    const fp = 0xc000001000;
    const at = (pc: number) => ({ symbolPc: pc + BIAS, fp, argp: fp }) as unknown as Frame;
    const names = (pc: number) => variables.locals(at(pc)).map((each) => `${each.name} ${each.offset}`);
    expect(names(MAIN.low + 0x25)).toEqual(expect.arrayContaining(["inner -16", "&moving -8", "a 0"]));
    // In a register there, and in no block yet.
    expect(names(MAIN.low + 0x12).filter((each) => /moving|inner/.test(each))).toEqual([]);
    expect(variables.localAt(at(MAIN.low + 0x25), fp - 16 + 4)?.name).toBe("inner");
    expect(variables.localAt(at(MAIN.low + 0x25), fp - 1000)).toBeUndefined();
    const captures = variables.captures(CLOSURE.low + BIAS)?.map(({ name, offset }) => `${name} ${offset}`);
    expect(captures?.toSorted()).toEqual(["&x 8", "y 16"]);
    // Only a function's first instruction is a closure's code.
    expect([variables.captures(CLOSURE.low + BIAS + 1), variables.captures(MAIN.low + BIAS)]).toEqual([undefined, undefined]);
  });
});
