import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { NONE } from "../../src/base/units.js";
import { csrOf } from "../../src/graph/graph.js";
import type { Heap } from "../../src/heap/heap.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import { Stuck, waitGraph } from "../../src/waits/graph.js";
import type { WaitGroup, WaitKind } from "../../src/waits/groups.js";
import type { Holder } from "../../src/waits/holders.js";
import { lostReferences } from "../../src/waits/missing-memory.js";
import { proveStuck } from "../../src/waits/proof.js";
import { RecordBuilder } from "../support/record-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

const holder = (goroutine: Goroutine, mode: Holder["mode"] = "write"): Holder => ({
  goroutine,
  evidence: "releases",
  mode,
  operations: [],
  where: "",
});

function goroutines(count: number) {
  const program = new StoppedProgram();
  return { program, all: Array.from({ length: count }, (_, index) => program.stop(index + 1, [])) };
}

function waiting(kind: WaitKind, address: number, goroutine: Goroutine, role: "lock" | "reader" | "writer" | "other" = "other"): WaitGroup {
  return { kind, address, members: [{ goroutine, select: false, operation: "receive", role }] };
}

test("readers wait for writers only, an announced writer for readers only", () => {
  const { all } = goroutines(3);
  const [reader, writer, other] = all as [Goroutine, Goroutine, Goroutine];
  const lock: WaitGroup = { ...waiting("rwmutex", 0x9000, reader, "reader") };
  lock.members.push(...waiting("rwmutex", 0x9000, writer, "writer").members);
  const elsewhere = waiting("mutex", 0x9100, other, "lock");
  const holders = new Map([[lock, [holder(writer, "write"), holder(other, "read")]]]);
  const { wants } = waitGraph(new RecordBuilder().source(), [lock, elsewhere], holders);
  expect(wants.map((want) => want.holders.map((each) => each.holder.goroutine.id))).toEqual([[2], [3], []]);
});

test("a channel of a timer, or one that somebody who waits for nothing has, is ended from outside", () => {
  const { all } = goroutines(2);
  const [one, two] = all as [Goroutine, Goroutine];
  const make = new RecordBuilder();
  const [timed, plain] = [make.make("hchan", { timer: 1 }), make.make("hchan")];
  const outside = (address: number, ...held: Holder[]) => {
    const group = waiting("channel", address, one);
    return waitGraph(make.source(), [group], new Map([[group, held]])).wants[0]?.outside;
  };
  expect([outside(timed), outside(plain), outside(plain, holder(two)), outside(plain, holder(one))]).toEqual([true, false, true, false]);
});

test("who is freed frees those that one may free; a lock keeps them while any of its holders is stuck", () => {
  const { all } = goroutines(4);
  const [a, b, c, d] = all as [Goroutine, Goroutine, Goroutine, Goroutine];
  const groups = [
    waiting("channel", 0x9000, a),
    waiting("channel", 0x9100, b),
    waiting("mutex", 0x9200, c, "lock"),
    waiting("mutex", 0x9300, d, "lock"),
  ] as const;
  const holders = new Map([
    [groups[0], [holder(b), holder(d)]],
    [groups[1], [holder(c)]],
    [groups[2], [holder(b), holder(d)]],
    [groups[3], [holder(c)]],
  ]);
  const stuck = new Stuck(waitGraph(new RecordBuilder().source(), groups, holders));
  const left = () => [0, 1, 2, 3].filter((node) => stuck.has(node));
  expect(left()).toEqual([0, 1, 2, 3]);
  expect(stuck.free(1).sort()).toEqual([0, 1]);
  expect(left()).toEqual([2, 3]);
  expect(stuck.free(3).sort()).toEqual([2, 3]);
  expect(left()).toEqual([]);
});

/** Goroutine 1 waits for a channel, which goroutine 2 holds; edges between node 0..., owners of the goroutines last. */
function heapWith(edges: readonly (readonly [number, number])[], channel: number, code?: string) {
  const { program, all } = goroutines(2);
  const [a, b] = all as [Goroutine, Goroutine];
  const findings = new Findings();
  if (code) findings.add(code, "something is missing", "");
  const heap = {
    // Node 0: the channel; 1: another object; owners: 2 a global variable, 3 and 4 the goroutines.
    graph: { referents: csrOf(5, edges), nodeOfObject: (object: number) => object, nodeOfOwner: (owner: number) => owner + 2 },
    objects: { find: (address: number) => (address === channel ? 0 : NONE) },
    roots: { owners: [{ kind: "global" }, { goroutine: a.id }, { goroutine: b.id }] },
  } as unknown as Heap;
  const groups = [waiting("channel", channel, a), waiting("channel", channel, b)];
  const holders = new Map(groups.map((each) => [each, [holder(a, undefined), holder(b, undefined)]]));
  const graph = waitGraph(program.records.source(), groups, holders);
  const stuck = new Stuck(graph);
  const runtime = program.runtime({ binary: { debug: { global: () => undefined } } as never });
  const isProved = proveStuck({ heap, runtime, findings }, graph, stuck);
  return { isProved, stuck: [0, 1].map((node) => stuck.has(node)) };
}

test("a proof: only stuck goroutines reach the channel, or a variable does", () => {
  const channel = new RecordBuilder().make("hchan");
  const byGoroutines = [
    [3, 0],
    [4, 0],
  ] as const;
  expect(heapWith(byGoroutines, channel)).toEqual({ isProved: true, stuck: [true, true] });
  expect(heapWith([...byGoroutines, [2, 1], [1, 0]], channel)).toEqual({ isProved: true, stuck: [false, false] });
});

test("nothing is proved while memory is missing", () => {
  const channel = new RecordBuilder().make("hchan");
  expect(heapWith([], channel, "heap-missing").isProved).toBe(false);
  const heap = { graph: { referents: csrOf(1, []) } } as unknown as Heap;
  const findings = new Findings();
  findings.add("build-unproved", "no build id", "");
  expect(lostReferences(heap, findings)).toBeUndefined();
  findings.add("spans-missing", "spans are missing", "");
  expect(lostReferences(heap, findings)?.code).toBe("spans-missing");
});
