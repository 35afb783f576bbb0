// Who holds objects that nobody holds alone: owners found by going back over pointers.
import { NONE, type NodeId, type OwnerId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { ownerName } from "../naming/path-names.js";
import { goroutinePlace } from "../stacks/goroutine-place.js";

/** Objects that are gone back from, nodes looked at from each, and names given. */
const SAMPLES = 16;
const MOST_NODES = 4000;
const MOST_NAMES = 3;

/** Names of owners that reach the objects, those of most of them first. One name alone is no answer: the rest were not found. */
export function ownersOf(dump: Dump, nodes: readonly NodeId[]): readonly string[] {
  const step = Math.ceil(nodes.length / SAMPLES);
  const counts = new Map<string, number>();
  for (let i = 0; i < nodes.length; i += step)
    for (const name of new Set(ownersBehind(dump, nodes[i]).map((owner) => nameOf(dump, owner))))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_NAMES)
    .map(([name]) => name);
}

/** Goroutines of one function are one holder. */
function nameOf(dump: Dump, owner: OwnerId): string {
  const { goroutine } = dump.heap.roots.owners[owner];
  return goroutine === undefined ? ownerName(dump, owner) : `goroutines in ${goroutinePlace(dump, goroutine).function}`;
}

/** Owners met on the way back, the nearest first. */
function ownersBehind(dump: Dump, start: NodeId): readonly OwnerId[] {
  const { graph } = dump.heap;
  const { first, targets } = dump.retention.referrers;
  const { parent } = dump.retention.dominators;
  const objectNode = graph.nodeOfObject(0);
  const seen = new Set<NodeId>([start]);
  const queue = [start];
  const owners: OwnerId[] = [];
  for (let at = 0; at < queue.length && queue.length < MOST_NODES; at++) {
    const node = queue[at];
    for (let e = first[node]; e < first[node + 1] && queue.length < MOST_NODES; e++) {
      const from = targets[e];
      // What is garbage holds nothing.
      if (from === 0 || seen.has(from) || parent[from] === NONE) continue;
      seen.add(from);
      if (from < objectNode) owners.push(from - 1);
      else queue.push(from);
    }
  }
  return owners;
}
