import { expect, test } from "vitest";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import { Chains } from "../../src/waits/chains.js";
import type { WaitGroup, WaitKind } from "../../src/waits/groups.js";
import type { Evidence, Holder } from "../../src/waits/holders.js";
import { LONGEST_CHAIN } from "../../src/waits/limits.js";

/** Locks by number, each with those who wait for it and who has it. */
function chainsOf(things: readonly { waiting: number[]; holder?: number; evidence?: Evidence; kind?: WaitKind }[]) {
  const known = new Map<number, Goroutine>();
  const goroutine = (id: number) => {
    const found = known.get(id) ?? ({ id } as Goroutine);
    known.set(id, found);
    return found;
  };
  const holders = new Map<WaitGroup, Holder[]>();
  const groups = things.map(({ waiting, holder, evidence = "deferred", kind = "mutex" }, at): WaitGroup => {
    const members = waiting.map((id) => ({ goroutine: goroutine(id), select: false, operation: "", role: "lock" as const }));
    const group: WaitGroup = { kind, address: at + 1, members };
    if (holder !== undefined) holders.set(group, [{ goroutine: goroutine(holder), evidence, operations: [] } as unknown as Holder]);
    return group;
  });
  const chains = new Chains(groups, holders);
  return {
    from: (at: number) => chains.from(groups[at]).map((each) => each.holder.goroutine.id),
    behind: (...ids: number[]) => [...chains.behind(ids.map(goroutine))].sort((a, b) => a - b),
  };
}

test("a chain goes from holder to holder, and all who wait on the way stand behind the last", () => {
  const chains = chainsOf([
    { waiting: [1, 2], holder: 3 },
    { waiting: [3, 4], holder: 5 },
  ]);
  expect(chains.from(0)).toEqual([3, 5]);
  expect(chains.from(1)).toEqual([5]);
  expect(chains.behind(5)).toEqual([1, 2, 3, 4]);
  expect(chains.behind(3)).toEqual([1, 2]);
});

test("a reference is no hold; a circle ends; a channel ends a chain", () => {
  expect(chainsOf([{ waiting: [1], holder: 2, evidence: "reference" }]).from(0)).toEqual([]);
  const circle = chainsOf([
    { waiting: [1], holder: 2 },
    { waiting: [2], holder: 1 },
  ]);
  expect(circle.from(0)).toEqual([2, 1]);
  expect(circle.behind(1)).toEqual([1, 2]);
  const channel = chainsOf([
    { waiting: [1], holder: 2 },
    { waiting: [2], holder: 3, kind: "channel" },
  ]);
  expect(channel.from(0)).toEqual([2]);
  expect(channel.behind(3)).toEqual([]);
});

test("a chain of any length is followed for so long only", () => {
  const chains = chainsOf(Array.from({ length: 3 * LONGEST_CHAIN }, (_, at) => ({ waiting: [at], holder: at + 1 })));
  expect(chains.from(0)).toHaveLength(LONGEST_CHAIN);
});
