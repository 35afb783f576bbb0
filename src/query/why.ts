// Why is it alive: the shortest path from a root, a certain one if there is any; each step as a Go expression.

import { type MergedNode, mergePaths } from "../accounting/merged-paths.js";
import { NotFoundError, UsageError } from "../base/errors.js";
import { type Hex, hex, NONE, type NodeId, type ObjectId, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import { type IgnoredEdges, pathsWithout, shortestPath, shortestPaths } from "../graph/paths.js";
import { goroutineOf, isAddress, locate, namesPlace, needText, targetOf, wholeNames } from "../naming/locate.js";
import {
  NAMED,
  type NamedObject,
  nameObject,
  objectName,
  placeOfAddress,
  selectByType,
  typeName,
  UNSELECTED,
} from "../naming/object-names.js";
import { type NamedPath, namePath, nameTarget, type PathRoot } from "../naming/path-names.js";
import { SCRATCH } from "../runtime/frame-variables.js";
import { heapNames } from "./heap-names.js";
import { type ObjectSites, objectSites } from "./object-sites.js";
import type { Query } from "./query.js";

export interface WhyArgs {
  /** An address in an object, or an expression: what a pointer, map, slice or interface value leads to, else where the value lies. */
  readonly address?: string;
  /** Regular expression: the largest live object of a matching type is taken. */
  readonly type?: string;
  /** Distinct paths wanted, of different owners first; 1 when absent. */
  readonly paths?: number;
  /** With type: the paths of all its live objects, merged. */
  readonly merge?: boolean;
  /** Pointers that are left out: why is it alive all the same? */
  readonly ignore?: readonly IgnoredPointer[];
  /** The parts of maps, channels and buffers are steps of their own, and what an address in one means. */
  readonly parts?: boolean;
}

/** All pointers from one object or owner to an object. */
export interface IgnoredPointer {
  /** An address in the object, or the owner's name as PathRoot tells it. */
  readonly from: string;
  readonly to: Hex;
}

/**
 * garbage: it is allocated, but no root reaches it. ignored: nothing but the pointers that were left out holds it. variable, stack: it lies
 * in a global variable or on a goroutine's stack, which is a root itself; asked: by which text it was asked for.
 */
type Unheld = { readonly kind: "garbage" | "ignored" } | { readonly kind: "variable" | "stack"; readonly asked: string };

/** The object that was asked for, and what keeps it. A path goes from a root to the object, each step with its Go expression. */
export interface Why extends ObjectSites {
  readonly object: NamedObject;
  /** Ignored pointers left out. */
  readonly reachable: boolean;
  /** With type: how many objects matched. */
  readonly matching?: number;
  readonly paths: readonly NamedPath[];
  /** With merge: who holds the objects, by owner and then type. */
  readonly merged?: readonly MergedNode[];
  /** Why there is no path of pointers. */
  readonly unheld?: Unheld;
}

export const why: Query<WhyArgs, Why> = {
  name: "why",
  summary: "the path that keeps an object alive",
  run(dump, args) {
    const answer = explain(dump, args);
    return answer.merged ? answer : { ...answer, ...objectSites(dump, answer.object.address) };
  },
};

/** Everything but where it was allocated. */
function explain(dump: Dump, args: WhyArgs): Why {
  const { heap } = dump;
  const { parts = false } = args;
  const asked =
    args.type === undefined
      ? { id: byName(dump, needText(args.address, "why", "address")), matching: undefined }
      : largestOf(dump, args.type, parts);
  const { id } = asked;
  if (typeof id !== "number") return id;
  const found = asked.matching === undefined ? {} : { matching: asked.matching };
  // The tree says what is live too: no marking of its own is needed.
  const shortest = shortestPath(heap.tree.parent, heap.graph.nodeOfObject(id));
  if (shortest.length === 0) {
    const object = nameObject(dump, id);
    return {
      object,
      reachable: false,
      ...found,
      paths: [],
      unheld: { kind: "garbage" },
    };
  }
  const { steps, ...object } = nameTarget(dump, shortest, parts);
  const nodes = shortest.slice(0, 2 + steps);
  if (args.merge && args.type !== undefined)
    return {
      object,
      reachable: true,
      ...found,
      paths: [],
      merged: mergePaths(dump, heapNames(dump), liveOfType(dump, args.type, parts)),
    };
  const limit = args.paths ?? 1;
  const target = nodes[nodes.length - 1];
  if (args.ignore && args.ignore.length > 0) {
    const left = pathsWithout(dump.retention.referrers, heap.tree.parent, 0, target, ignoredEdges(dump, args.ignore, parts), limit);
    return {
      object,
      reachable: left.length > 0,
      ...found,
      paths: namePaths(dump, left, parts),
      ...(left.length > 0 ? {} : { unheld: { kind: "ignored" } }),
    };
  }
  const several = limit > 1 ? shortestPaths(dump.retention.referrers, heap.tree.parent, 0, target, limit) : [nodes];
  return { object, reachable: true, ...found, paths: namePaths(dump, several, parts) };
}

/** Those from a certain root first. */
function namePaths(dump: Dump, paths: readonly (readonly NodeId[])[], parts: boolean): readonly NamedPath[] {
  return paths.map((each) => namePath(dump, each, parts)).sort((a, b) => Number(b.root.certain) - Number(a.root.certain));
}

/** Ids of live objects whose type matches, ascending. */
function* liveOfType(dump: Dump, text: string, parts: boolean): Iterable<ObjectId> {
  const matches = selectByType(dump, text, parts);
  for (let id = 0; id < dump.heap.objects.count; id++) if (matches(id) !== UNSELECTED && dump.heap.isLive(id)) yield id;
}

/** The object that an address or expression means, or the answer for a value that lies in none: its variable is a root itself. */
function byName(dump: Dump, text: string): ObjectId | Why {
  if (isAddress(text)) return byAddress(dump, text);
  const place = locate(dump, text);
  const target = namesPlace(text) ? NONE : targetOf(dump, place);
  if (target !== NONE) return target;
  if (place.object !== NONE) return place.object;
  const { runtime } = dump;
  const global = runtime.variables.globalAt(place.address);
  const goroutine = global ? undefined : goroutineOf(dump, text, place.address);
  if (!global && goroutine === undefined)
    throw new NotFoundError("object behind", text, [], { id: "place", place: placeOfAddress(dump, place.address) });
  const owner = global?.name ?? `goroutine ${goroutine}`;
  const root: PathRoot = {
    kind: global ? "global" : "goroutine",
    name: owner,
    owner,
    ...(global ? { variable: owner } : { goroutine: goroutine as number }),
    certain: true,
  };
  const id = global?.type ?? place.type;
  const bytes = id === NONE ? 0 : runtime.types.get(id).size;
  const address = global?.address ?? (place.address >= SCRATCH ? 0 : place.address);
  return {
    object: { address: hex(address), type: typeName(dump, id), bytes, evidence: global ? "global" : "local" },
    reachable: true,
    paths: [{ root, steps: [] }],
    unheld: { kind: global ? "variable" : "stack", asked: text },
  };
}

/** @throws UsageError for what is no number, NotFoundError for an address in no object, with what lies there */
function byAddress(dump: Dump, text: string): ObjectId {
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(`${text}: not an address`, "addresses are hexadecimal: 0xc000012000");
  const id = dump.heap.objects.find(address);
  if (id === NONE) throw new NotFoundError("object at", hex(address), [], { id: "place", place: placeOfAddress(dump, address) });
  return id;
}

/** Left-out pointers as sources by their target: the form in which the search for paths takes them. */
function ignoredEdges(dump: Dump, ignore: readonly IgnoredPointer[], parts: boolean): IgnoredEdges {
  const edges = new Map<NodeId, Set<NodeId>>();
  for (const { from, to } of ignore) {
    const target = dump.heap.graph.nodeOfObject(byAddress(dump, to));
    const sources = edges.get(target) ?? new Set();
    for (const node of holdersNamed(dump, from, parts)) sources.add(node);
    edges.set(target, sources);
  }
  return edges;
}

/** The object at an address with its parts, or the owners of a name. */
function holdersNamed(dump: Dump, name: string, parts: boolean): readonly NodeId[] {
  const { graph, roots, wholes } = dump.heap;
  if (parseAddress(name) !== undefined) {
    const id = byAddress(dump, name);
    return [id, ...(parts ? [] : wholes.listParts(id))].map((each) => graph.nodeOfObject(each));
  }
  const whole = wholeNames(dump, name);
  const nodes = roots.owners.flatMap((owner, id) => (owner.name === whole ? [graph.nodeOfOwner(id)] : []));
  if (nodes.length === 0) throw new NotFoundError("root named", name, [], "why names the roots of its paths");
  return nodes;
}

/** Live ones first, then those whose own name the pattern is: of "StoreMsg" a message, not the map of all of them. */
function largestOf(dump: Dump, text: string, parts: boolean): { readonly id: ObjectId; readonly matching: number } {
  const { objects, wholes } = dump.heap;
  const matches = selectByType(dump, text, parts);
  let best = NONE;
  let bestSize = -1;
  let bestRank = -1;
  let matching = 0;
  for (let span = 0; span < objects.spans.count; span++) {
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      const closeness = matches(id);
      if (closeness === UNSELECTED) continue;
      matching++;
      const rank = closeness + (dump.heap.isLive(id) ? NAMED + 1 : 0);
      const size = objects.spans.elementSize[span] + (parts ? 0 : wholes.partsOf(id).bytes);
      if (rank < bestRank || (rank === bestRank && size <= bestSize)) continue;
      best = id;
      bestSize = size;
      bestRank = rank;
    }
  }
  if (best === NONE) {
    const part = parts ? NONE : firstOf(dump, selectByType(dump, text, true));
    const advice = part === NONE ? undefined : ({ id: "parts", of: objectName(dump, part) } as const);
    throw new NotFoundError("object of a type that matches", text, nearTypes(dump, text), advice);
  }
  return { id: best, matching };
}

/** The first object that matches, dead or alive; NONE. */
function firstOf(dump: Dump, matches: (id: ObjectId) => number): ObjectId {
  for (let id = 0; id < dump.heap.objects.count; id++) if (matches(id) !== UNSELECTED) return id;
  return NONE;
}

/** Types whose name holds the last word of the pattern. */
function nearTypes(dump: Dump, text: string): readonly string[] {
  const word = /[A-Za-z_]\w*/g;
  const last = (text.match(word) ?? []).at(-1)?.toLowerCase() ?? "";
  const out: string[] = [];
  for (let type = 0; last !== "" && type < dump.runtime.types.count && out.length < 3; type++) {
    const { name, role } = dump.runtime.types.get(type);
    if (role.partOf === undefined && name.toLowerCase().includes(last)) out.push(name);
  }
  return out;
}
