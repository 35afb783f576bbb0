/** Waits that only the stack of who waits leads to: conditions and descriptors, made by the test. */
import { expect, test } from "vitest";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import { LARGEST_WAIT_FRAME, MOST_WAIT_FRAMES } from "../../src/runtime/limits.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { Conditions, stackWaits } from "../../src/runtime/stack-waits.js";
import { RecordBuilder } from "../support/record-builder.js";

/** sync.Cond's notifyList, from its start. */
const NOTIFY = 24;
const FRAME = 64;

class Waiters {
  readonly records = new RecordBuilder();
  private readonly all: Goroutine[] = [];

  /** Frames are its functions, innermost first, each with the words in it; the last 32 bytes are above it. */
  goroutine(reason: string, frames: readonly (readonly [name: string, ...words: number[]])[], size = FRAME): number {
    const address = this.records.make("g");
    const lo = this.records.memory.allocate(frames.length * size + FRAME);
    const made = frames.map(([name, ...words], index) => {
      const sp = lo + index * size;
      this.records.memory.words(sp, ...words);
      return { fn: { name }, sp, argp: sp + size - 32 };
    });
    const stack = { lo, hi: lo + frames.length * size + FRAME };
    this.all.push({ address, waitReason: reason, stack, unwound: () => ({ frames: made }) } as unknown as Goroutine);
    return address;
  }

  /** A condition whose list these goroutines wait in, in this order; its address and their sudogs. */
  condition(...goroutines: readonly number[]) {
    const address = this.records.make("syncCond");
    const sudogs = goroutines.map((g) => this.records.make("sudog", { g }));
    for (const [index, at] of sudogs.entries()) this.records.set("sudog", at, { next: sudogs[index + 1] ?? 0 });
    this.records.set("notifyList", address + NOTIFY, { head: sudogs[0] ?? 0 });
    return { address, list: address + NOTIFY, sudogs };
  }

  runtime(): GoRuntime {
    return { ...this.records.source(), goroutines: { all: this.all } } as unknown as GoRuntime;
  }
}

test("the condition in whose list the goroutine is, out of the frames of package sync", () => {
  const made = new Waiters();
  // Words of the stack are known only when it is made: the condition comes first.
  const address = made.records.make("syncCond");
  const first = made.goroutine("sync.Cond.Wait", [["runtime.gopark"], ["sync.(*Cond).Wait", 3, address], ["main.wait"]]);
  const second = made.goroutine("sync.Cond.Wait", [["runtime.gopark"], ["sync.(*Cond).Wait", address], ["main.wait"]]);
  const other = made.goroutine("sync.Cond.Wait", [["runtime.gopark"], ["sync.(*Cond).Wait", address], ["main.wait"]]);
  const sudogs = [first, second].map((g) => made.records.make("sudog", { g }));
  made.records.set("sudog", sudogs[0], { next: sudogs[1] });
  made.records.set("notifyList", address + NOTIFY, { head: sudogs[0] });
  const wait = { object: address + NOTIFY, operation: "condition", select: false };
  const runtime = made.runtime();
  // The third stands in no list: its word says nothing.
  expect(stackWaits(runtime, new Set())).toEqual([
    { ...wait, goroutine: first, sudog: sudogs[0] },
    { ...wait, goroutine: second, sudog: sudogs[1] },
  ]);
  expect(stackWaits(runtime, new Set([first]))).toEqual([{ ...wait, goroutine: second, sudog: sudogs[1] }]);
  const conditions = new Conditions(runtime);
  expect([first, second, other].map((g) => conditions.holds(address + NOTIFY, g))).toEqual([true, true, false]);
});

test("a descriptor by the word that names the goroutine, for reading and for writing", () => {
  const made = new Waiters();
  const [read, write] = [made.records.make("pollDesc"), made.records.make("pollDesc")];
  const stack = (at: number) => [["runtime.netpollblock", at], ["internal/poll.(*FD).Read"], ["net.(*conn).Read"]] as const;
  const reader = made.goroutine("IO wait", stack(read));
  const writer = made.goroutine("IO wait", stack(write));
  const idle = made.goroutine("chan receive", stack(read));
  made.records.set("pollDesc", read, { rg: reader });
  made.records.set("pollDesc", write, { wg: writer, rg: idle });
  expect(stackWaits(made.runtime(), new Set())).toEqual([
    { goroutine: reader, object: read, operation: "read", select: false, sudog: 0 },
    { goroutine: writer, object: write, operation: "write", select: false, sudog: 0 },
  ]);
});

/** Whether a goroutine that stands like this is found to wait for the descriptor. */
function isFound(frames: (descriptor: number) => readonly (readonly [string, ...number[]])[], size = FRAME): boolean {
  const made = new Waiters();
  const at = made.records.make("pollDesc");
  made.records.set("pollDesc", at, { rg: made.goroutine("IO wait", frames(at), size) });
  return stackWaits(made.runtime(), new Set()).length > 0;
}

test("frames of the library are searched, and the first one outside; not further out, nor without end", () => {
  expect(isFound((at) => [["runtime.gopark"], ["net.(*conn).Read", at], ["main.main"]])).toBe(true);
  expect(isFound((at) => [["runtime.gopark"], ["net.(*conn).Read"], ["main.main", at]])).toBe(false);
  // Three words above the frame are the last that are looked at.
  expect(isFound((at) => [["main.main", 1, 1, 1, 1, 1, 1, 1, at]])).toBe(true);
  expect(isFound((at) => [["main.main", 1, 1, 1, 1, 1, 1, 1, 1, at]])).toBe(false);
  const deep = (count: number, at: number) => [
    ...Array.from({ length: count }, () => ["runtime.gopark"] as const),
    ["main.main", at] as const,
  ];
  expect(isFound((at) => deep(MOST_WAIT_FRAMES - 1, at))).toBe(true);
  expect(isFound((at) => deep(MOST_WAIT_FRAMES, at))).toBe(false);
  const far = (words: number, at: number) => [["main.main", ...new Array<number>(words).fill(1), at] as const];
  expect(isFound((at) => far(LARGEST_WAIT_FRAME / 8 - 1, at), 2 * LARGEST_WAIT_FRAME)).toBe(true);
  expect(isFound((at) => far(LARGEST_WAIT_FRAME / 8, at), 2 * LARGEST_WAIT_FRAME)).toBe(false);
});

test("a word that is no multiple of a word's size is no address", () => {
  const made = new Waiters();
  const at = made.records.make("pollDesc");
  const g = made.goroutine("IO wait", [["main.main", at + 4]]);
  made.records.memory.word(at + 4 + 16, g);
  expect(stackWaits(made.runtime(), new Set())).toEqual([]);
});

test("a condition lies off the stack: a word into the own stack below a sudog is none", () => {
  const made = new Waiters();
  const g = made.goroutine("sync.Cond.Wait", [["sync.(*Cond).Wait", 0, 0, 0, 0, 0], ["main.wait"]]);
  const goroutine = made.runtime().goroutines.all[0];
  const own = goroutine.stack.lo;
  const { sudogs } = made.condition(g);
  made.records.memory.word(own + NOTIFY + 8, sudogs[0]).word(own, own);
  expect(stackWaits(made.runtime(), new Set())).toEqual([]);
  const off = made.condition(g);
  made.records.memory.word(own, off.address);
  expect(stackWaits(made.runtime(), new Set())).toMatchObject([{ object: off.list }]);
});
