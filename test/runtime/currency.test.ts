// Which variables of optimised code may have another value than their place holds: tables of made-up functions.
import { describe, expect, it } from "vitest";
import type { DwarfFunction, DwarfVariable, Location } from "../../src/dwarf/dwarf.js";
import { Currency } from "../../src/runtime/currency.js";
import type { FunctionTable } from "../../src/runtime/functions.js";
import type { Frame } from "../../src/runtime/unwind.js";

const ENTRY = 0x1000;
const register = (n: number): Location => ({ kind: "register", register: n });
const memory = (address: number): Location => ({ kind: "memory", address });

type Entry = readonly [low: number, high: number, at: Location];

function variable(name: string, declarationLine: number, entries: readonly Entry[], kind: DwarfVariable["kind"] = "local"): DwarfVariable {
  return {
    name,
    kind,
    declarationLine,
    inlined: false,
    inlineDepth: 0,
    type: { kind: "base", size: 8 } as DwarfVariable["type"],
    listed: () => entries.map(([low, high]) => [low, high] as const),
    locate: ({ pc }) => entries.find(([low, high]) => low <= pc && pc < high)?.[2] ?? { kind: "absent" },
  };
}

/** Stopped at pc 0x1050; lines: one number for each 16 bytes of code. */
function endangered(variables: readonly DwarfVariable[], lines: readonly number[]): string[] {
  const lineOf = (pc: number) => lines[Math.floor((pc - ENTRY) / 16)];
  const functions = {
    inlinedAt: (_fn: unknown, pc: number) => [{ name: "main.f", file: "f.go", line: lineOf(pc), inlined: false, funcId: 0 }],
    lineStarts: () => lines.map((_, i) => ENTRY + 16 * i),
  } as unknown as FunctionTable;
  const frame = { fn: { entry: ENTRY }, pc: 0x1051, symbolPc: 0x1050 } as Frame;
  const dwarf = {
    name: "main.f",
    lowPc: ENTRY,
    highPc: ENTRY + 16 * lines.length,
    variables,
    captures: [],
    optimised: true,
  } as DwarfFunction;
  const currency = new Currency(functions, frame, dwarf, { pc: 0x1050, cfa: 0, bias: 0, register: () => undefined });
  return variables.filter((each) => currency.isEndangered(each)).map((each) => each.name);
}

const straight = [1, 2, 3, 4, 5, 6, 7, 8];

describe("a variable of optimised code", () => {
  it("is believed when its value was made by an earlier line and nothing of the past is still to come", () => {
    const x = variable("x", 2, [
      [0x1020, 0x1030, register(0)],
      [0x1030, 0x1080, memory(0x500)],
    ]);
    const n = variable("n", 1, [[ENTRY, 0x1080, memory(0x508)]], "parameter");
    expect(endangered([x, n], straight)).toEqual([]);
  });

  it("is not when it has shared a register or memory with another", () => {
    const a = variable("a", 2, [
      [0x1020, 0x1030, register(0)],
      [0x1030, 0x1080, memory(0x500)],
    ]);
    const b = variable("b", 3, [
      [0x102f, 0x1040, register(0)],
      [0x1040, 0x1080, memory(0x600)],
    ]);
    const c = variable("c", 3, [[0x1030, 0x1080, memory(0x604)]]);
    expect(endangered([a, b, c], straight)).toEqual(["a", "b", "c"]);
  });

  it("may use a register after another has left it", () => {
    const a = variable("a", 2, [[0x1020, 0x1030, register(0)]]);
    const b = variable("b", 3, [[0x1030, 0x1080, register(0)]]);
    expect(endangered([a, b], straight)).toEqual([]);
  });

  it("is ahead when a later line has filled its place", () => {
    const x = variable("x", 2, [[0x1030, 0x1080, memory(0x500)]]);
    expect(endangered([x], [1, 2, 9, 4, 5, 6, 7, 8])).toEqual(["x"]);
  });

  it("is behind when code of a line since its declaration is still to come", () => {
    const n = variable("n", 1, [[ENTRY, 0x1080, memory(0x500)]], "parameter");
    const x = variable("x", 5, [[0x1048, 0x1080, memory(0x508)]]);
    expect(endangered([n, x], [1, 2, 3, 4, 5, 6, 3, 8])).toEqual(["n"]);
  });

  it("is not to be told from a part that has been put elsewhere", () => {
    const s = variable("s", 2, [[0x1020, 0x1080, memory(0x500)]]);
    const part = variable("s.ptr", 2, []);
    expect(endangered([s, part, variable("other", 2, [])], straight)).toEqual(["s.ptr"]);
  });
});
