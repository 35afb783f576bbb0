// Who holds objects that nobody holds alone: owners found by going back over pointers.
import { NONE, type NodeId, type OwnerId } from "../base/units.js";
import type { Case } from "./case.js";

/** Objects that are gone back from, nodes looked at from each, and names given. */
const SAMPLES = 16;
const MOST_NODES = 4000;
const MOST_NAMES = 3;

/**
 * Names of owners that reach the objects, those of most of them first: "main.server", "goroutines in main.work". One name alone is no
 * answer: the rest were not found.
 */
export function ownersOf(from: Case, nodes: readonly NodeId[]): readonly string[] {
  const step = Math.ceil(nodes.length / SAMPLES);
  const counts = new Map<string, number>();
  for (let i = 0; i < nodes.length; i += step)
    for (const name of new Set(ownersBehind(from, nodes[i]).map((owner) => nameOf(from, owner))))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_NAMES)
    .map(([name]) => name);
}

/** Goroutines of one function are one holder. */
function nameOf({ heap, names }: Case, owner: OwnerId): string {
  const { goroutine } = heap.roots.owners[owner];
  return goroutine === undefined ? names.owner(owner) : `goroutines in ${names.place(goroutine).function}`;
}

/** Owners met on the way back, the nearest first. */
function ownersBehind({ heap, retention }: Case, start: NodeId): readonly OwnerId[] {
  const { first, targets } = retention.referrers;
  const { parent } = retention.dominators;
  const objectNode = heap.graph.nodeOfObject(0);
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
