import { expect, test } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { type CodeSource, callersInC, nameInC } from "../../src/crash/c-callers.js";
import { signalMeaning, signalName } from "../../src/crash/signal-names.js";
import type { ElfSymbol } from "../../src/process/process.js";
import { MemoryBuilder } from "../support/memory-builder.js";

const SIZE = 64;

/** A program of C: outer calls middle, middle jumps to inner. */
function program() {
  const builder = new MemoryBuilder();
  const symbols: ElfSymbol[] = ["inner", "middle.constprop.0", "outer"].map((name) => ({
    name,
    address: builder.allocate(SIZE),
    size: SIZE,
  }));
  const [inner, middle, outer] = symbols.map((each) => each.address) as [number, number, number];
  const relative = (opcode: number, at: number, target: number) => builder.uint(at, 1, opcode).uint(at + 1, 4, (target - at - 5) >>> 0);
  const stack = builder.allocate(256);
  const source: CodeSource = {
    memory: builder.memory(),
    process: { arch: ARCHES.amd64 },
    functions: { find: () => undefined },
    symbolAt: (address) => symbols.find((each) => address >= each.address && address < each.address + each.size),
  };
  const callers = () => callersInC(source, inner + 8, stack).map((each) => [each.function, Number(each.pc)]);
  return { builder, inner, middle, outer, stack, relative, callers };
}

test("a return address behind a call of the function we are in names its caller", () => {
  const { inner, middle, outer, stack, relative, callers, builder } = program();
  relative(0xe8, middle + 10, inner);
  relative(0xe8, outer + 20, middle);
  // A word that is no return address, one behind no call, and the two.
  builder.words(stack, 42, outer + 40, middle + 15, 7, outer + 25);
  expect(callers()).toEqual([
    ["middle", middle + 15],
    ["outer", outer + 25],
  ]);
});

test("a caller that ended with a jump has no frame, but is named", () => {
  const { inner, middle, outer, stack, relative, callers, builder } = program();
  relative(0xe9, middle + 10, inner);
  relative(0xe8, outer + 20, middle);
  builder.words(stack, outer + 25);
  expect(callers()).toEqual([
    ["middle", middle],
    ["outer", outer + 25],
  ]);
});

test("a call of another function is no caller", () => {
  const { outer, stack, relative, callers, builder } = program();
  relative(0xe8, outer + 20, outer);
  builder.words(stack, outer + 25);
  expect(callers()).toEqual([]);
});

test("names as the source has them", () => {
  expect(["work.part.3.cold", "work.isra.0", "work.c"].map(nameInC)).toEqual(["work", "work", "work.c"]);
});

test("signals by name", () => {
  expect([signalName(11), signalMeaning(11), signalName(40), signalMeaning(40)]).toEqual([
    "SIGSEGV",
    "segmentation violation",
    "signal 40",
    "",
  ]);
});
