import { expect, test } from "vitest";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { RecordSource } from "../../src/runtime/records/chain.js";
import type { GoroutineReader } from "../../src/stacks/goroutine-rows.js";
import { findCycles } from "../../src/waits/cycles.js";
import type { WaitGroup, WaitKind } from "../../src/waits/groups.js";
import type { Evidence, Holder } from "../../src/waits/holders.js";

interface Thing {
  readonly kind: WaitKind;
  readonly waiting: readonly number[];
  readonly holders: readonly number[];
  readonly evidence: Evidence;
  readonly operations?: Holder["operations"];
}

/** Cycles among goroutines by number; each thing is waited for by some and held by others. */
function cyclesOf(things: readonly Thing[], prove: Parameters<typeof findCycles>[4] = () => true) {
  const known = new Map<number, Goroutine>();
  const goroutine = (id: number) => {
    const found = known.get(id) ?? ({ id, waitReason: "waiting", unwound: () => ({ frames: [] }) } as unknown as Goroutine);
    known.set(id, found);
    return found;
  };
  const holders = new Map<WaitGroup, Holder[]>();
  const groups = things.map((thing, index): WaitGroup => {
    const members = thing.waiting.map((id) => ({ goroutine: goroutine(id), select: false, operation: "", role: "other" as const }));
    const group: WaitGroup = { kind: thing.kind, address: index + 1, members };
    holders.set(
      group,
      thing.holders.map((id) => ({
        goroutine: goroutine(id),
        evidence: thing.evidence,
        mode: undefined,
        operations: thing.operations ?? [],
        where: "",
      })),
    );
    return group;
  });
  const reader = { rowsOf: () => [], topOf: () => undefined } as unknown as GoroutineReader;
  return findCycles({} as RecordSource, groups, holders, reader, prove).map(({ involved, certainty, goroutines }) => ({
    involved,
    certainty,
    circle: goroutines.map((each) => each.id),
  }));
}

const lock = (waiting: number, ...holders: number[]): Thing => ({ kind: "mutex", waiting: [waiting], holders, evidence: "deferred" });
const cond = (waiting: number, ...holders: number[]): Thing => ({ kind: "cond", waiting: [waiting], holders, evidence: "reference" });

test("two circles that share nothing are two deadlocks", () => {
  expect(cyclesOf([lock(1, 2), lock(2, 1), lock(3, 4), lock(4, 5), lock(5, 3)])).toEqual([
    { involved: [1, 2], certainty: "strong", circle: [1, 2] },
    { involved: [3, 4, 5], certainty: "strong", circle: [3, 4, 5] },
  ]);
});

test("who waits for a circle is not in it", () => {
  expect(cyclesOf([lock(1, 2), lock(2, 1), lock(3, 1)]).map((each) => each.involved)).toEqual([[1, 2]]);
});

test("a goroutine may wait for itself", () => {
  expect(cyclesOf([lock(7, 7)])).toEqual([{ involved: [7], certainty: "strong", circle: [7] }]);
});

test("entangled circles are one deadlock, shown by the shortest", () => {
  expect(cyclesOf([lock(1, 2), lock(2, 3, 1), lock(3, 1)])).toEqual([{ involved: [1, 2, 3], certainty: "strong", circle: [1, 2] }]);
});

test("a condition that somebody outside could signal is no deadlock", () => {
  expect(cyclesOf([cond(1, 2), cond(2, 1)]).map((each) => [each.involved, each.certainty])).toEqual([[[1, 2], "strong"]]);
  expect(cyclesOf([cond(1, 2, 9), cond(2, 1)])).toEqual([]);
  // Whether the third can be woken the heap tells.
  const woken: Parameters<typeof findCycles>[4] = ({ goroutines }, stuck) => {
    stuck.free(goroutines.findIndex((each) => each.id === 3));
    return true;
  };
  expect(cyclesOf([cond(1, 2, 3), cond(2, 1), cond(3)], woken)).toEqual([]);
});

test("one that a global variable leads to is none either", () => {
  const free: Parameters<typeof findCycles>[4] = ({ goroutines, wants }, stuck) => {
    wants.forEach((want, at) => {
      if (!want.any) stuck.free(goroutines.length + at);
    });
    return true;
  };
  expect(cyclesOf([cond(1, 2), cond(2, 1)], free)).toEqual([]);
  expect(cyclesOf([cond(1, 2), lock(2, 1)], free)).toEqual([]);
  expect(cyclesOf([lock(1, 2), lock(2, 1), cond(3, 4), cond(4, 3)], free).map((each) => each.involved)).toEqual([[1, 2]]);
  // Whoever would signal waits for the lock that the waiting one has.
  const partner: Thing = { ...cond(1, 2), evidence: "uses", operations: ["signal"] };
  expect(cyclesOf([partner, lock(2, 1)], free).map((each) => [each.involved, each.certainty])).toEqual([[[1, 2], "possible"]]);
});

test("where memory is missing nothing is proved", () => {
  expect(cyclesOf([cond(1, 2), cond(2, 1)], () => false)).toEqual([]);
});

test("who only took a lock may have given it back", () => {
  const taken: Thing = { kind: "mutex", waiting: [1], holders: [1], evidence: "taken" };
  expect(cyclesOf([taken]).map((each) => each.certainty)).toEqual(["possible"]);
});

test("one stuck holder of a lock is enough", () => {
  expect(cyclesOf([lock(1, 2, 9), lock(2, 1)]).map((each) => each.involved)).toEqual([[1, 2]]);
});
