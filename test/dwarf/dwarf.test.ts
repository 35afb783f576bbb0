import { describe, expect, it } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { type DebugInfo, type DwarfType, type FrameContext, readDebugInfo } from "../../src/dwarf/dwarf.js";
import { CLOSURE, COUNTER, MAIN, sample, TABLE } from "./sample.js";

function open(version: 4 | 5, offsetSize: 4 | 8 = 4): { debug: DebugInfo; findings: Findings; labels: ReadonlyMap<string, number> } {
  const findings = new Findings();
  const written = sample(version, offsetSize);
  const debug = readDebugInfo(written, "sample", findings);
  if (debug === undefined) throw new Error("no debug information");
  return { debug, findings, labels: written.labels };
}

function frame(pc: number, registers: Record<number, bigint> = {}): FrameContext {
  return { pc, cfa: 0x7fff0000, bias: 0x10000, register: (n) => registers[n] };
}

it("a file without .debug_info has no debug information", () => {
  expect(readDebugInfo({ section: () => undefined }, "stripped", new Findings())).toBeUndefined();
});

it("variables lie where the sections' owner places them, and are sorted by that", () => {
  const swapped = (address: number) => (address === TABLE ? COUNTER + 0x1000 : address);
  const debug = readDebugInfo({ section: (name) => sample(5).section(name), place: swapped }, "moved", new Findings());
  expect(debug?.global("main.table")?.address).toBe(COUNTER + 0x1000);
  expect(debug?.globals().map((each) => each.name)).toEqual(["main.counter", "main.table"]);
});

describe.each([
  [4, 4],
  [5, 4],
  [4, 8],
] as const)("DWARF %i with offsets of %i bytes", (version, offsetSize) => {
  const { debug, findings, labels } = open(version, offsetSize);

  it("is read without findings", () => {
    for (const name of debug.typeNames()) expect(debug.type(name)?.name).toBe(name);
    for (const pc of [MAIN.low, MAIN.low + 0x22, CLOSURE.low, 0x402000]) for (const v of debug.localsAt(pc)) v.locate(frame(pc));
    expect(findings.list()).toEqual([]);
  });

  it("a Go type wins over a C type of the same name", () => {
    expect(debug.type("int")).toMatchObject({ kind: "base", encoding: "int", size: 8, goKind: 2, runtimeType: 0x40 });
    expect(debug.typeAt(labels.get("C int") ?? 0)).toMatchObject({ kind: "base", name: "int", size: 4, goKind: 0 });
  });

  it("the type itself wins over the bare typedef of the same name", () => {
    expect(debug.type("main.Count")?.offset).toBe(labels.get("named"));
    expect(debug.typeAt(labels.get("bare") ?? 0)).toMatchObject({ kind: "typedef", size: 8, dictionaryIndex: -1 });
  });

  it("a recursive struct leads back to itself", () => {
    const node = debug.type("main.Node");
    if (node?.kind !== "struct") throw new Error("no struct");
    expect(node.fields.map((f) => [f.name, f.offset, f.type.name, f.type.size, f.embedded])).toEqual([
      ["next", 0, "*main.Node", 8, false],
      ["value", 8, "int", 8, false],
      ["Base", 16, "string", 16, true],
      ["three", 32, "[3]uint8", 3, false],
    ]);
    const next = node.fields[0]?.type;
    expect(next?.kind === "pointer" && next.target).toBe(node);
    expect(debug.typeByRuntimeOffset(0xa0)).toBe(next);
    expect(debug.typeAt(node.offset)).toBe(node);
  });

  it("slices, maps, dictionary types, unsafe.Pointer and functions keep what Go adds", () => {
    expect(kindOf(debug.type("[]string"), "struct").element).toBe(debug.type("string"));
    const map = kindOf(debug.type("map[string]int"), "typedef");
    expect([map.key?.name, map.element?.name, map.size, map.goKind]).toEqual(["string", "int", 8, 21]);
    expect(kindOf(debug.type(".param0"), "typedef").dictionaryIndex).toBe(2);
    expect(kindOf(debug.type("unsafe.Pointer"), "pointer")).toMatchObject({ target: undefined, size: 8 });
    expect(kindOf(debug.type("func()"), "function").size).toBe(8);
    expect(kindOf(debug.type("[3]uint8"), "array").count).toBe(3);
  });

  it("C's forms are read too", () => {
    const point = kindOf(debug.type("point"), "struct");
    expect(point.size).toBe(8);
    expect(point.fields.map((f) => [f.name, f.offset, f.type.size])).toEqual([["x", 4, 4]]);
  });

  it("globals are those with a fixed address, sorted by it", () => {
    expect(debug.globals().map((g) => [g.name, g.address, g.type.name])).toEqual([
      ["main.table", TABLE, "[]string"],
      ["main.counter", COUNTER, "int"],
    ]);
    expect(debug.global("main.counter")).toBe(debug.globals()[1]);
    expect(debug.global("main.local")).toBeUndefined();
  });

  it("constants keep their sign, and what is not there is undefined", () => {
    expect(debug.constant("main.size")).toBe(8192);
    expect(debug.constant("main.minus")).toBe(-3);
    for (const name of ["", "main", "main.sizes", "int"]) expect(debug.constant(name)).toBeUndefined();
    expect(debug.type("main.size")).toBeUndefined();
    expect(debug.typeByRuntimeOffset(0)).toBeUndefined();
    expect(() => debug.typeAt(3)).toThrow(/no unit holds/);
  });

  it("functions are found by name and by every pc they cover", () => {
    const main = debug.functionByName("main.main");
    expect(main).toMatchObject({ name: "main.main", lowPc: MAIN.low, highPc: MAIN.high });
    expect(debug.functionAt(MAIN.low)).toBe(main);
    expect(debug.functionAt(MAIN.high - 1)).toBe(main);
    expect(debug.functionAt(MAIN.low - 1)).toBeUndefined();
    expect(debug.functionAt(MAIN.high)?.name).toBe("main.main.func1");
    expect(debug.functionAt(0x40203f)?.name).toBe("work");
    expect(debug.functionAt(0x402040)).toBeUndefined();
    // Only the abstract instance of main.helper exists.
    expect(debug.functionByName("main.helper")).toBeUndefined();
  });

  it("locals are those whose scope covers pc", () => {
    const names = (pc: number) => debug.localsAt(pc).map((v) => v.name);
    const always = ["a", "~r0", "gone", "text", "&moving"];
    expect(names(MAIN.low)).toEqual(always);
    expect(names(MAIN.low + 0x20)).toEqual([...always, "inner"]);
    expect(names(MAIN.low + 0x23)).toEqual([...always, "inner", "n"]);
    expect(names(MAIN.low + 0x24)).toEqual([...always, "inner"]);
    expect(names(MAIN.low + 0x29)).toEqual([...always, "inner", "n"]);
    expect(names(MAIN.low + 0x30)).toEqual(always);
    const inlined = debug.localsAt(MAIN.low + 0x23).at(-1);
    expect(inlined).toMatchObject({ kind: "parameter", inlined: true });
    expect(inlined?.type).toBe(debug.type("int"));
    expect(debug.localsAt(MAIN.low).map((v) => v.kind)).toEqual(["parameter", "result", "local", "local", "local"]);
  });

  it("locations follow pc and the frame", () => {
    const at = (name: string, pc: number, registers: Record<number, bigint> = {}) =>
      debug
        .localsAt(pc)
        .find((v) => v.name === name)
        ?.locate(frame(pc, registers));
    expect(at("a", MAIN.low)).toEqual({ kind: "memory", address: 0x7fff0000 });
    expect(at("~r0", MAIN.low)).toEqual({ kind: "memory", address: 0x7fff0008 });
    expect(at("gone", MAIN.low)).toEqual({ kind: "absent" });
    expect(at("text", MAIN.low)).toEqual({
      kind: "pieces",
      pieces: [
        { at: { kind: "register", register: 0 }, size: 8 },
        { at: { kind: "memory", address: 0x7fff0000 - 24 }, size: 8 },
      ],
    });
    expect(at("&moving", MAIN.low + 0xf)).toEqual({ kind: "absent" });
    expect(at("&moving", MAIN.low + 0x10)).toEqual({ kind: "register", register: 3 });
    expect(at("&moving", MAIN.low + 0x20)).toEqual({ kind: "memory", address: 0x7ffefff8 });
    expect(at("&moving", MAIN.low + 0x40)).toEqual({ kind: "absent" });
    expect(at("n", MAIN.low + 0x23)).toEqual({ kind: "absent" });
    expect(at("n", MAIN.low + 0x23, { 5: 0x5000n })).toEqual({ kind: "memory", address: 0x5010 });
    expect(at("s", 0x402000)).toEqual({ kind: "absent" });
    expect(at("s", 0x402000, { 6: 0x6000n })).toEqual({ kind: "memory", address: 0x6000 - 20 });
    expect(at("k", 0x402000)).toEqual({ kind: "value", value: 0xffffffffffffffffn });
  });

  it("closures know where their captures lie", () => {
    const closure = debug.functionByName("main.main.func1");
    expect(closure?.captures.map((c) => [c.name, c.offset, c.type.name])).toEqual([
      ["&x", 8, "*int"],
      ["y", 16, "string"],
    ]);
    expect(debug.functionByName("main.main")?.captures).toEqual([]);
  });
});

function kindOf<K extends DwarfType["kind"]>(type: DwarfType | undefined, kind: K): Extract<DwarfType, { kind: K }> {
  expect(type?.kind).toBe(kind);
  return type as Extract<DwarfType, { kind: K }>;
}
