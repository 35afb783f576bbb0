// Whether what goroutines wait for can be reached by nobody else: the collector's own marking, without the stacks of the stuck.
import { NONE, type NodeId } from "../base/units.js";
import { markFurther } from "../graph/further-mark.js";
import { isMarked, setMark } from "../graph/mark.js";
import type { Snapshot } from "../heap/snapshot.js";
import { readWaits } from "../runtime/waiting.js";
import type { Stuck, WaitGraph } from "./graph.js";
import { lostReferences } from "./missing-memory.js";

/**
 * Takes those out of the stuck whose channel or condition something else can reach: a global variable, a timer, a goroutine that is
 * not stuck. What leaked does for all blocked goroutines, but for the locks: who waits for one whose holder is stuck stays stuck.
 * @returns false when memory is missing, and nothing is proved
 */
export function proveStuck(
  { heap, runtime, findings }: Pick<Snapshot, "heap" | "runtime" | "findings">,
  graph: WaitGraph,
  stuck: Stuck,
): boolean {
  if (lostReferences(heap, findings)) return false;
  const { graph: objects, objects: table, roots } = heap;
  const count = graph.goroutines.length;
  const seen = new Uint32Array((objects.referents.nodeCount >>> 5) + 1);
  // Bits of nodes at which marking is to tell that it came by: the channels and conditions of the stuck.
  const watched = new Uint32Array(seen.length);
  const nodeOf = (address: number): NodeId => {
    const object = address > 0 ? table.find(address) : NONE;
    return object === NONE ? NONE : objects.nodeOfObject(object);
  };
  // The runtime's own records lead to every goroutine and to what each waits for: they are not followed.
  const records = [...runtime.goroutines.all.map((each) => each.address), ...readWaits(runtime, findings).map((each) => each.sudog)];
  for (const address of records) {
    const node = nodeOf(address);
    if (node !== NONE) setMark(seen, node);
  }
  const ownersOf = new Map<number, NodeId[]>();
  roots.owners.forEach(({ goroutine }, id) => {
    if (goroutine !== undefined) ownersOf.set(goroutine, [...(ownersOf.get(goroutine) ?? []), objects.nodeOfOwner(id)]);
  });
  const wantsAt = new Map<NodeId, number[]>();
  // Where marking begins next: roots at first, then stacks of goroutines that turned out not to be stuck.
  const pending: NodeId[] = [];
  const free = (node: number) => {
    for (const each of stuck.free(node)) pending.push(...(ownersOf.get(graph.goroutines[each].id) ?? []));
  };
  graph.wants.forEach((want, at) => {
    if (want.any || !stuck.has(count + at)) return;
    const node = nodeOf(want.group.address);
    // In a global variable, on a stack, or unknown: within reach.
    if (node === NONE || isMarked(seen, node)) free(count + at);
    else {
      setMark(watched, node);
      wantsAt.set(node, [...(wantsAt.get(node) ?? []), count + at]);
    }
  });
  const nodes = new Map(graph.goroutines.map((each, node) => [each.id, node]));
  roots.owners.forEach(({ goroutine }, id) => {
    const node = goroutine === undefined ? undefined : nodes.get(goroutine);
    if (node === undefined || !stuck.has(node)) pending.push(objects.nodeOfOwner(id));
  });
  while (pending.length > 0) {
    const starts = pending.splice(0);
    for (const node of markFurther(objects.referents, seen, starts, watched)) for (const want of wantsAt.get(node) ?? []) free(want);
  }
  return true;
}
