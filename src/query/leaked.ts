// Goroutines that nothing can wake: blocked on what no running goroutine, timer or global variable reaches.
import { NONE, NOT_AN_ADDRESS, type NodeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { markFurther } from "../graph/further-mark.js";
import { isMarked } from "../graph/mark.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { Wait } from "../runtime/wait.js";
import { readWaits } from "../runtime/waiting.js";
import { goroutineReader } from "./goroutine-rows.js";
import { describeGroup, type GoroutineGroup, groupStacks, retainedOf } from "./goroutines.js";
import type { Query } from "./query.js";

export interface LeakedArgs {
  /** Bytes of each group, nested ones counted once: needs dominators. */
  readonly retains: boolean;
  /** 0 = all. */
  readonly top: number;
}

export interface Leaked {
  /** Grouped by identical stacks. */
  readonly groups: readonly GoroutineGroup[];
  /** All their ids, ascending. */
  readonly ids: readonly number[];
  readonly total: {
    readonly goroutines: number;
    readonly groups: number;
    /** Blocked goroutines that were looked at. */
    readonly blocked: number;
    /** Heap that would be garbage without all of them together, and their stacks. */
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
  run(dump, { top, retains }, { findings, progress }) {
    const { heap, runtime } = dump;
    const { graph, objects, roots } = heap;
    const waits = readWaits(runtime, findings);
    const waitsOf = new Map<number, Wait[]>();
    for (const wait of waits) {
      const list = waitsOf.get(wait.goroutine);
      if (list) list.push(wait);
      else waitsOf.set(wait.goroutine, [wait]);
    }
    progress.stage("marking without blocked goroutines", runtime.goroutines.all.length);
    const candidates = new Map<number, Goroutine>();
    for (const goroutine of runtime.goroutines.all) if (isCandidate(goroutine, waitsOf)) candidates.set(goroutine.id, goroutine);
    const ownersOf = new Map<number, NodeId[]>();
    const others: NodeId[] = [];
    roots.owners.forEach(({ goroutine }, id) => {
      if (goroutine === undefined || !candidates.has(goroutine)) others.push(graph.nodeOfOwner(id));
      else ownersOf.set(goroutine, [...(ownersOf.get(goroutine) ?? []), graph.nodeOfOwner(id)]);
    });

    const seen = new Uint32Array((graph.referents.nodeCount >>> 5) + 1);
    // The runtime's own records lead to every goroutine and to what each waits for: they are not followed.
    const records = [...runtime.goroutines.all.map((each) => each.address), ...waits.map((each) => each.sudog)];
    for (const address of records) {
      const object = objects.find(address);
      if (object === NONE) continue;
      const node = graph.nodeOfObject(object);
      seen[node >>> 5] |= 1 << (node & 31);
    }
    markFurther(graph.referents, seen, others);

    const isReached = reachTest(dump, seen, candidates);
    for (let changed = true; changed; ) {
      changed = false;
      for (const [id, goroutine] of candidates) {
        if (!(waitsOf.get(goroutine.address) ?? []).some((wait) => isReached(wait.object))) continue;
        candidates.delete(id);
        markFurther(graph.referents, seen, ownersOf.get(id) ?? []);
        changed = true;
      }
      progress.tick(candidates.size);
    }

    const found = [...candidates.values()].sort((a, b) => a.id - b.id);
    const reader = goroutineReader(dump);
    const retained = retains ? retainedOf(dump) : undefined;
    const groups = groupStacks(found, reader, retained, () => {});
    const lost = heldBytes(dump, seen);
    return {
      groups: (top > 0 ? groups.slice(0, top) : groups).map((each) => describeGroup(each, reader, retained)),
      ids: found.map((each) => each.id),
      total: {
        goroutines: found.length,
        groups: groups.length,
        blocked: runtime.goroutines.all.filter((each) => isCandidate(each, waitsOf)).length,
        heapObjects: found.length === 0 ? 0 : lost.count,
        heapBytes: found.length === 0 ? 0 : lost.bytes,
        stackBytes: found.reduce((sum, { stack }) => sum + stack.hi - stack.lo, 0),
      },
    };
  },
};

/** Blocked on something whose address is known, or on nothing that could ever happen. */
function isCandidate(goroutine: Goroutine, waitsOf: ReadonlyMap<number, readonly Wait[]>): boolean {
  if (goroutine.system || (goroutine.status !== "waiting" && goroutine.status !== "leaked")) return false;
  const reason = goroutine.waitReason;
  if (reason.includes("nil chan") || reason.includes("no cases")) return true;
  return ENDED_BY_OTHERS.test(reason) && waitsOf.has(goroutine.address);
}

/** Whether anything that may still run can get at an address. */
function reachTest(dump: Dump, seen: Uint32Array, candidates: ReadonlyMap<number, Goroutine>): (address: number) => boolean {
  const { heap, runtime } = dump;
  const stacks = runtime.goroutines.all.map(({ id, stack }) => ({ id, lo: stack.lo, hi: stack.hi })).sort((a, b) => a.lo - b.lo);
  const onStack = (address: number) => {
    let low = 0;
    let high = stacks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (stacks[middle].lo <= address) low = middle + 1;
      else high = middle;
    }
    const below = stacks[low - 1];
    return below && address < below.hi ? below : undefined;
  };
  return (address) => {
    if (address === NOT_AN_ADDRESS || address <= 0) return true;
    const object = heap.objects.find(address);
    if (object !== NONE) return isMarked(seen, heap.graph.nodeOfObject(object));
    const holder = onStack(address);
    // Global variables are always within reach.
    return holder === undefined || !candidates.has(holder.id);
  };
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
