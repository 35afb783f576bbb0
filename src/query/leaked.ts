// Goroutines that nothing can wake: blocked on what no running goroutine, timer or global variable reaches.

import type { Progress } from "../base/progress.js";
import { cut, USUAL_TOP } from "../base/rows.js";
import { lastAtOrBefore } from "../base/search.js";
import { type Address, NONE, type NodeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { markFurther } from "../graph/further-mark.js";
import { isMarked, setMark } from "../graph/mark.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { Wait } from "../runtime/wait.js";
import { readWaits } from "../runtime/waiting.js";
import { goroutineReader } from "../stacks/goroutine-rows.js";
import { lostReferences } from "../waits/missing-memory.js";
import { describeGroup, type GoroutineGroup, groupStacks, retainedOf } from "./goroutines.js";
import type { Context, Query } from "./query.js";
import { waitCase } from "./waits.js";

/** Whether and how much is told of the goroutines found; which are found does not depend on it. */
export interface LeakedArgs {
  /** Bytes of each group, nested ones counted once: needs dominators. */
  readonly retains?: boolean;
  /** 0 = all; 20 when absent. */
  readonly top?: number;
  /** Unless false: looks for circles of goroutines that wait for each other. A variable may reach their locks, and then they are not leaked. */
  readonly circles?: boolean;
}

/** Goroutines that can never run again, as far as memory tells; with memory missing, only those that are certain. */
export interface Leaked {
  /** Grouped by identical stacks. */
  readonly groups: readonly GoroutineGroup[];
  /** All their ids, ascending. */
  readonly ids: readonly number[];
  /** Ids of those that are not leaked, but in a circle of waits, ascending; absent when they were not looked for. `blocked` tells the circles. */
  readonly inCircles?: readonly number[];
  readonly total: {
    readonly goroutines: number;
    readonly groups: number;
    /** Blocked goroutines that were looked at. */
    readonly blocked: number;
    /** Blocked goroutines of which nothing can be said, because memory that may have references is not in the core. */
    readonly undecided: number;
    /** false: there may be blocked goroutines that nothing is known of, or undecided ones. */
    readonly complete: boolean;
    /** Heap that would be garbage without all of them together, and their stacks; 0 when memory is missing. */
    readonly heapObjects: number;
    readonly heapBytes: number;
    readonly stackBytes: number;
  };
}

/** Waits that only another goroutine ends. */
const ENDED_BY_OTHERS = /^(?:chan |select|sync\.|semacquire)/;

/**
 * As the runtime's goroutine-leak profile does since Go 1.26: mark from everything but the stacks of blocked goroutines; a blocked one
 * whose channel or lock is marked may be woken, so its stack counts too; repeat until nothing changes. runtime/mgc.go findGoroutineLeaks
 *
 * One difference: the runtime follows the records of deferred calls in the heap, as if a goroutine that can never return could still
 * release the locks they name. So here goroutines are leaked that its profile misses.
 */
export const leaked: Query<LeakedArgs, Leaked> = {
  name: "leaked",
  summary: "goroutines blocked for ever, and what they retain",
  run(dump, { top = USUAL_TOP, retains = false, circles = true }, context) {
    const { findings, progress } = context;
    const { heap, runtime } = dump;
    const { graph, objects } = heap;
    const waits = readWaits(runtime, findings);
    const waitsOf = new Map<number, Wait[]>();
    for (const wait of waits) append(waitsOf, wait.goroutine, wait);
    progress.stage("marking without blocked goroutines", runtime.goroutines.all.length);
    const candidates = new Map<number, Goroutine>();
    for (const goroutine of runtime.goroutines.all) if (isCandidate(goroutine, waitsOf)) candidates.set(goroutine.id, goroutine);
    const blocked = candidates.size;
    const seen = new Uint32Array((graph.referents.nodeCount >>> 5) + 1);
    // The runtime's own records lead to every goroutine and to what each waits for: they are not followed.
    const records = [...runtime.goroutines.all.map((each) => each.address), ...waits.map((each) => each.sudog)];
    for (const address of records) {
      const object = objects.find(address);
      if (object !== NONE) setMark(seen, graph.nodeOfObject(object));
    }
    const lost = lostReferences(dump.heap, dump.findings);
    if (lost) keepCertain(candidates, waitsOf);
    const undecided = blocked - candidates.size;
    if (lost)
      findings.add(
        "leaks-undecided",
        `what could wake blocked goroutines may lie in memory that is missing: ${lost.message}`,
        lost.example,
        {
          partial: true,
          count: Math.max(undecided, 1),
        },
      );
    removeWoken(dump, candidates, waitsOf, seen, progress);

    const found = [...candidates.values()].sort((a, b) => a.id - b.id);
    const reader = goroutineReader(dump);
    const retained = retains ? retainedOf(dump) : undefined;
    const groups = groupStacks(found, reader, retained, () => {});
    const held = lost ? { count: 0, bytes: 0 } : heldBytes(dump, seen);
    return {
      groups: cut(groups, top).map((each) => describeGroup(each, reader, retained)),
      ids: found.map((each) => each.id),
      ...(circles ? { inCircles: inCircles(dump, context, candidates) } : {}),
      total: {
        goroutines: found.length,
        groups: groups.length,
        blocked,
        undecided,
        complete: lost === undefined,
        heapObjects: found.length === 0 ? 0 : held.count,
        heapBytes: found.length === 0 ? 0 : held.bytes,
        stackBytes: found.reduce((sum, { stack }) => sum + stack.hi - stack.lo, 0),
      },
    };
  },
};

/** Those in circles of waits, without the leaked ones. */
function inCircles(dump: Dump, context: Context, leakedOnes: ReadonlyMap<number, Goroutine>): number[] {
  const { cycles } = waitCase(dump, context, { proof: true, glance: true });
  const ids = new Set(cycles.flatMap(({ involved }) => involved));
  return [...ids].filter((id) => !leakedOnes.has(id)).sort((a, b) => a - b);
}

/** Blocked on something whose address is known, or on nothing that could ever happen. */
function isCandidate(goroutine: Goroutine, waitsOf: ReadonlyMap<number, readonly Wait[]>): boolean {
  if (goroutine.system || (goroutine.status !== "waiting" && goroutine.status !== "leaked")) return false;
  const reason = goroutine.waitReason;
  if (reason.includes("nil chan") || reason.includes("no cases")) return true;
  return ENDED_BY_OTHERS.test(reason) && waitsOf.has(goroutine.address);
}

/** Without all of the memory only those are surely leaked that wait for nothing that could ever happen. */
function keepCertain(candidates: Map<number, Goroutine>, waitsOf: ReadonlyMap<Address, readonly Wait[]>): void {
  for (const [id, { address }] of candidates) if (waitsOf.has(address)) candidates.delete(id);
}

/**
 * Marks from all roots but the stacks of candidates, and takes those out of the candidates that can be woken. Each is looked at again only
 * when what it waits for is reached: the marking tells of the objects, a woken goroutine of what lies on its stack.
 * @param seen [nodes] a bit each; changed
 */
function removeWoken(
  { heap, runtime }: Dump,
  candidates: Map<number, Goroutine>,
  waitsOf: ReadonlyMap<Address, readonly Wait[]>,
  seen: Uint32Array,
  progress: Progress,
): void {
  const { graph, objects, roots } = heap;
  const ownersOf = new Map<number, NodeId[]>();
  const others: NodeId[] = [];
  roots.owners.forEach(({ goroutine }, id) => {
    if (goroutine === undefined || !candidates.has(goroutine)) others.push(graph.nodeOfOwner(id));
    else append(ownersOf, goroutine, graph.nodeOfOwner(id));
  });

  const byNode = new Map<NodeId, Goroutine[]>();
  const byHolder = new Map<number, Goroutine[]>();
  const watched = new Uint32Array(seen.length);
  const woken: Goroutine[] = [];
  const wake = (goroutine: Goroutine) => {
    if (candidates.delete(goroutine.id)) woken.push(goroutine);
  };
  const holderOf = stackIndex(runtime.goroutines.all);
  for (const goroutine of [...candidates.values()]) {
    for (const { object } of waitsOf.get(goroutine.address) ?? []) {
      const id = object > 0 ? objects.find(object) : NONE;
      const node = id === NONE ? NONE : graph.nodeOfObject(id);
      const holder = node === NONE ? holderOf(object) : undefined;
      if (node !== NONE && !isMarked(seen, node)) {
        setMark(watched, node);
        append(byNode, node, goroutine);
      } else if (holder !== undefined && candidates.has(holder)) append(byHolder, holder, goroutine);
      // A global variable, or unknown: always within reach.
      else wake(goroutine);
    }
  }
  const follow = (starts: readonly NodeId[]) => {
    for (const node of markFurther(graph.referents, seen, starts, watched)) byNode.get(node)?.forEach(wake);
  };
  follow(others);
  let done = 0;
  for (let next = woken.pop(); next; next = woken.pop()) {
    byHolder.get(next.id)?.forEach(wake);
    follow(ownersOf.get(next.id) ?? []);
    progress.tick(++done);
  }
}

/** Finds the goroutine, by id, on whose stack an address lies. */
function stackIndex(all: readonly Goroutine[]): (address: Address) => number | undefined {
  const stacks = all.map(({ id, stack }) => ({ id, lo: stack.lo, hi: stack.hi })).sort((a, b) => a.lo - b.lo);
  return (address) => {
    const below = lastAtOrBefore(stacks, address, (each) => each.lo);
    return below && address < below.hi ? below.id : undefined;
  };
}

function append<K, V>(to: Map<K, V[]>, key: K, value: V): void {
  const list = to.get(key);
  if (list) list.push(value);
  else to.set(key, [value]);
}

/** Live objects that the marking did not reach. */
function heldBytes(dump: Dump, seen: Uint32Array): { readonly count: number; readonly bytes: number } {
  const { objects, graph } = dump.heap;
  const { spans, firstId } = objects;
  let count = 0;
  let bytes = 0;
  for (let span = 0; span < spans.count; span++) {
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      if (isMarked(seen, graph.nodeOfObject(id)) || !dump.heap.isLive(id)) continue;
      count++;
      bytes += spans.elementSize[span];
    }
  }
  return { count, bytes };
}
