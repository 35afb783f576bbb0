/** Stacks of profiles made into frames, with inlined calls and wrappers, of a program that a test makes. */
import { describe, expect, test } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { callersFrames } from "../../src/runtime/callers-frames.js";
import { readFunctions } from "../../src/runtime/functions.js";
import { MemoryBuilder } from "../support/memory-builder.js";
import { writeModule } from "../support/pclntab-writer.js";

const WRAPPER = 23;
const builder = new MemoryBuilder();
const { module, entries } = writeModule(
  builder,
  "amd64",
  0x401000,
  ["main.go"],
  [
    { name: "main.leaf", size: 32, lines: [[5, 32]] },
    {
      // inner is inlined into middle, middle into outer.
      name: "main.outer",
      size: 64,
      lines: [
        [10, 16],
        [20, 32],
        [30, 64],
      ],
      inlineIndex: [
        [-1, 16],
        [0, 32],
        [1, 48],
        [-1, 64],
      ],
      inlined: [
        { name: "main.middle", parentPc: 4 },
        { name: "main.inner", parentPc: 20 },
      ],
    },
    { name: "runtime.goexit", size: 16, lines: [[1, 16]] },
  ],
);
const functions = readFunctions(builder.memory(), [module], ARCHES.amd64);
const outer = entries["main.outer"];
const leaf = entries["main.leaf"];
const end = entries["runtime.goexit"] + 1;
const names = (pcs: readonly number[], source: { functions: Pick<typeof functions, "find" | "inlinedAt"> } = { functions }) =>
  callersFrames({ layout: { constant: (name) => (name === "internal/abi.FuncIDWrapper" ? WRAPPER : undefined) }, ...source }, pcs).map(
    ({ name, line }) => `${name}:${line}`,
  );

const ALL = ["main.leaf:5", "main.inner:30", "main.middle:20", "main.outer:10", "runtime.goexit:1"];

describe("frames of return addresses", () => {
  test("an address for each frame is taken as it is", () => {
    expect(names([leaf + 8, outer + 41, outer + 21, outer + 5, end])).toEqual(ALL);
  });

  test("what a frame is inlined into is added where only the stack's own addresses are there", () => {
    expect(names([leaf + 8, outer + 41, end])).toEqual(ALL);
  });

  test("a stack that was cut off is completed", () => {
    expect(names([leaf + 8, outer + 41])).toEqual(ALL.slice(0, -1));
    expect(names([leaf + 8, outer + 41, outer + 21])).toEqual(ALL.slice(0, -1));
  });

  test("wrappers are not added, though they were left out, unless a panic called through them", () => {
    const through = (callee: string) => {
      const inlinedAt: typeof functions.inlinedAt = (fn, pc) =>
        functions.inlinedAt(fn, pc).map((each) => {
          if (each.name === "main.middle") return { ...each, funcId: WRAPPER };
          return each.name === "main.inner" ? { ...each, name: callee } : each;
        });
      return names([outer + 41, end], { functions: { find: (pc) => functions.find(pc), inlinedAt } });
    };
    expect(through("main.inner")).toEqual(["main.inner:30", "main.outer:10", "runtime.goexit:1"]);
    expect(through("runtime.gopanic")).toEqual(["runtime.gopanic:30", "main.middle:20", "main.outer:10", "runtime.goexit:1"]);
  });

  test("the mark before some stacks, and code that is not Go's, are left out", () => {
    expect(names([-1, leaf + 8, 0x7f0000000000, end])).toEqual(["main.leaf:5", "runtime.goexit:1"]);
    expect(names([])).toEqual([]);
  });

  test("an address at a function's beginning is of that function", () => {
    expect(names([outer])).toEqual(["main.outer:10"]);
  });
});
