import { expect, test } from "vitest";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { goroutineName, goroutinePlace } from "../../src/stacks/goroutine-place.js";

interface Call {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

const call = (name: string, file: string, line: number): Call => ({ name, file, line });

/** One goroutine, 7, with this stack, innermost first. */
function stopped(stack: readonly Call[], status = "waiting", waitReason = "chan receive") {
  let walks = 0;
  const goroutine = {
    status,
    waitReason,
    startPc: 0x5000,
    unwound: () => {
      walks++;
      return { frames: stack.map((each) => ({ fn: each, symbolPc: each.line })) };
    },
  };
  const runtime = {
    build: { module: "example.org/app", dependencies: [] },
    functions: {
      byName: () => undefined,
      inlinedAt: (fn: Call) => [fn],
      find: (pc: number) => (pc === 0x5000 ? { name: "main.start" } : undefined),
    },
    goroutines: { find: (id: number) => (id === 7 ? goroutine : undefined) },
  } as unknown as GoRuntime;
  return { snapshot: { runtime }, walks: () => walks };
}

test("a goroutine is at the innermost function of the program, and began in the outermost", () => {
  const { snapshot } = stopped([
    call("runtime.gopark", "proc.go", 400),
    call("runtime.chanrecv1", "chan.go", 500),
    call("main.(*queue).next", "queue.go", 21),
    call("main.worker", "main.go", 8),
    call("main.main.gowrap1", "main.go", 5),
    call("runtime.goexit", "asm.s", 1),
  ]);
  expect(goroutinePlace(snapshot, 7)).toEqual({
    entry: "main.worker",
    function: "main.(*queue).next",
    file: "queue.go",
    line: 21,
    state: "chan receive",
  });
  expect(goroutineName(snapshot, 7)).toBe("goroutine 7 main.(*queue).next [chan receive]");
});

test("without a frame of the program it began where it was started, and one that is not waiting has its status", () => {
  const { snapshot } = stopped([call("runtime.goexit", "asm.s", 1)], "running", "");
  expect(goroutinePlace(snapshot, 7)).toMatchObject({ entry: "main.start", state: "running" });
});

test("the stack is walked once; a goroutine that is not there has no place", () => {
  const { snapshot, walks } = stopped([call("main.worker", "main.go", 8)]);
  expect(goroutinePlace(snapshot, 7)).toBe(goroutinePlace(snapshot, 7));
  expect(walks()).toBe(1);
  expect(goroutinePlace(snapshot, 8)).toEqual({ entry: "", function: "", file: "", line: 0, state: "" });
});
