// What is told of a death beside its cause: where the first panic was, the circle of calls that filled a stack, the value it died of.
import { expect, test } from "vitest";
import { storyOf } from "../../cli/views/death-story.js";
import { culpritOf } from "../../src/crash/culprit.js";
import { breaksOf } from "../../src/crash/origin.js";
import { circleIn, recursionOf } from "../../src/crash/recursion.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { Frame } from "../../src/runtime/unwind.js";
import type { FrameRow } from "../../src/stacks/goroutine-rows.js";
import { StoppedProgram } from "../support/stopped-program.js";

const rowsOf = (frames: readonly Frame[]): FrameRow[] =>
  frames.map(({ fn }, index) => ({ function: fn.name, file: "main.go", line: index + 1, inlined: false, pc: "0x1" as const }));
const topOf = (rows: readonly FrameRow[]) => rows.find((each) => each.function.startsWith("main."));

/** A goroutine in these functions, innermost first. */
function goroutineIn(...names: string[]): { readonly program: StoppedProgram; readonly goroutine: Goroutine } {
  const program = new StoppedProgram();
  for (const name of new Set(names)) program.add(name);
  const goroutine = program.stop(
    1,
    names.map((name) => [name, 5] as const),
  );
  return { program, goroutine };
}

const breaksIn = (...names: string[]) => breaksOf({ rowsOf, topOf }, goroutineIn(...names).goroutine);

test("the outermost panic is the first; each panics again from what its deferred function is", () => {
  const found = breaksIn("runtime.gopanic", "main.log", "main.defer1", "runtime.gopanic", "runtime.panicIndex", "strings.cut", "main.work");
  expect([found.origin?.function, found.again?.map((each) => each.function)]).toEqual(["main.work", ["main.log"]]);
  expect(breaksIn("runtime.gopanic", "main.work")).toEqual({});
  expect(breaksIn("main.work")).toEqual({});
});

test("a circle is found behind the frames of the last call, with its shortest period", () => {
  const round = (count: number, ...keys: number[]) => Array.from({ length: count }, () => keys).flat();
  expect(circleIn([9, 8, ...round(10, 1, 2, 3), 7])).toEqual({ start: 2, period: 3, length: 30 });
  expect(circleIn(round(40, 5))).toEqual({ start: 0, period: 1, length: 40 });
  expect(circleIn([1, 2, 3, 4, 5, 6, 7, 8])).toBeUndefined();
  expect(circleIn(round(3, 1, 2))).toBeUndefined();
  expect(circleIn([])).toBeUndefined();
});

test("rounds and frames of a recursion", () => {
  const calls = ["main.leaf", ...Array.from({ length: 6 }, () => ["main.even", "main.odd"]).flat(), "main.main"];
  const { program, goroutine } = goroutineIn(...calls);
  const found = recursionOf(
    program.runtime({ binary: { debug: { localsAt: () => [], functionAt: () => undefined } } as never }),
    goroutine,
    rowsOf,
  );
  expect(found).toMatchObject({ rounds: 6, depth: 14, arguments: [] });
  expect(found?.functions.map((each) => each.function)).toEqual(["main.even", "main.odd"]);
});

test("what the runtime did not say is not looked for", () => {
  const { program, goroutine } = goroutineIn("runtime.gopanic", "main.work");
  const scene = { runtime: program.runtime(), goroutine, rowsOf };
  expect(culpritOf(scene, "index out of range [5] with length 3")).toBeUndefined();
  // There is no operation on a map in its frames.
  expect(culpritOf(scene, "concurrent map writes")).toBeUndefined();
  expect(culpritOf(scene, "invalid memory address or nil pointer dereference")).toBeUndefined();
});

test("sentences of a death", () => {
  const place = (line: number, name = "main.work") => ({ function: name, file: "main.go", line, inlined: false, pc: "0x1" as const });
  expect(storyOf({ origin: place(7), again: [place(9), place(9)], recovered: true })).toEqual([
    "panicked at main.go:7, recovered, and panicked again twice, last at main.go:9 (main.work)",
  ]);
  expect(storyOf({ origin: place(7), again: [place(9)], recovered: false })).toEqual([
    "panicked at main.go:7; its deferred calls panicked on the way at main.go:9 (main.work)",
  ]);
  const user = (goroutine: number, inside: boolean) => ({ goroutine, action: "write" as const, inside, certain: true, place: place(3) });
  expect(
    storyOf({
      culprit: {
        kind: "map",
        expression: "s.byID",
        type: "map[int]int",
        place: place(3),
        others: [user(4, true), user(5, true), user(6, false)],
      },
    }),
  ).toEqual([
    "the map is s.byID (map[int]int)",
    "goroutines 4, 5 were writing it at main.go:3 (main.work)",
    "goroutine 6 ran code that writes it at main.go:3 (main.work)",
  ]);
  expect(storyOf({ culprit: { kind: "channel", state: "nil", expression: "s.done", place: place(3) } })).toEqual([
    "the nil channel is s.done (a channel)",
  ]);
  expect(storyOf({ culprit: { kind: "nil", expression: "p.home", type: "*main.home", accessed: "p.home.town", place: place(3) } })).toEqual(
    ["p.home (*main.home) was nil: there is no p.home.town"],
  );
  const argument = { function: "main.work", name: "n", type: "int", change: 1, innermost: "99" } as const;
  expect(storyOf({ recursion: { functions: [place(3)], rounds: 99, depth: 101, arguments: [argument] } })).toEqual([
    "main.work calls itself at main.go:3; 99 rounds deep, 101 frames",
    "n of main.work (int) grows by 1 with each round, to 99",
  ]);
});
