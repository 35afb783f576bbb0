// Objects, types, roots, who points to whom: number, collect roots, scan, type, mark.
import type { Findings } from "../base/findings.js";
import { lazy } from "../base/lazy.js";
import type { Progress } from "../base/progress.js";
import { type Bytes, NONE, type NodeId, type ObjectId, type OwnerId, type TypeId } from "../base/units.js";
import type { Csr } from "../graph/graph.js";
import { isMarked, mark } from "../graph/mark.js";
import { type BreadthFirst, breadthFirst } from "../graph/reachability.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { type EdgeWriter, INTERIOR, newEdges } from "./edges.js";
import type { ObjectTypes } from "./evidence.js";
import { numberObjects, type ObjectTable } from "./objects.js";
import { PartWordsByType } from "./part-words.js";
import { inferPathTypes, type PathTypes } from "./path-types.js";
import { type ScanCounts, type ScanHints, scanPointers } from "./pointers.js";
import { collectRoots, type RootTable } from "./roots.js";
import { type TypeSlots, typeSlots } from "./type-slots.js";
import { closureCandidate, inferTypes, type TypingInput } from "./typing.js";
import { findWholes, type Wholes } from "./wholes.js";

/** Node 0 is the virtual root, then owners, then objects. */
export interface ObjectGraph {
  readonly referents: Csr;
  /** [edges] word index of the pointer within its object (row of RootTable for owners), with INTERIOR; see edges.ts. */
  readonly slots: Uint32Array;
  readonly ownerCount: number;
  nodeOfObject(id: ObjectId): NodeId;
  nodeOfOwner(id: OwnerId): NodeId;
  objectOfNode(node: NodeId): ObjectId;
}

export interface Heap {
  readonly objects: ObjectTable;
  readonly roots: RootTable;
  readonly graph: ObjectGraph;
  readonly types: ObjectTypes;
  /** Types of the objects of one path from a root's row on; as good as types where every step is certain, else types itself. */
  typesAlong(row: number, path: readonly ObjectId[]): PathTypes;
  readonly typeSlots: TypeSlots;
  readonly partWords: PartWordsByType;
  /** Which objects make one value. */
  readonly wholes: Wholes;
  /** Breadth-first tree from node 0: what is reachable, and the shortest way to it. */
  readonly tree: BreadthFirst;
  /** [nodes / 32] bit of a node: it is reachable; see isMarked. */
  readonly live: Uint32Array;
  readonly scan: ScanCounts;
  isLive(id: ObjectId): boolean;
  /** Bytes of live and of all objects, and of live ones whose type is known, guesses not counted. */
  readonly liveObjects: number;
  readonly liveBytes: Bytes;
  readonly typedBytes: Bytes;
}

/** Test hook: see typing.ts. */
export interface HeapOptions {
  /** Types that malloc headers and large spans give are not used. */
  readonly hideHeaders?: boolean;
}

/** @throws ResourceError when memory runs out */
export function readHeap(runtime: GoRuntime, findings: Findings, progress: Progress, options: HeapOptions = {}): Heap {
  const { memory } = runtime.process;
  const { spans, pointerMasks } = runtime;
  const objects = numberObjects(memory, spans, pointerMasks, findings);
  const slots = typeSlots(runtime.types);
  const roots = collectRoots(runtime, objects, slots, findings, progress);
  const ownerCount = roots.owners.length;
  const objectNode = 1 + ownerCount;
  const nodeCount = objectNode + objects.count;
  const edges = newEdges(nodeCount, ownerCount + roots.count, scanWords(runtime, objects));
  writeOwners(edges, roots, objects, objectNode);
  const headers = new Int32Array(objects.count).fill(NONE);
  const typeOf = headerTypes(runtime);
  const hints: ScanHints = {
    ...imageOf(runtime),
    headerType(id, span, address) {
      if (options.hideHeaders) return;
      const type = typeOf(address);
      if (type === NONE) return;
      headers[id] = many(runtime, objects, span, type) ? runtime.types.arrayOf(type) : type;
    },
    codePointer(id, pc) {
      const type = runtime.closureType(pc);
      if (type !== NONE) headers[id] = closureCandidate(type);
    },
  };
  const scan = scanPointers(memory, objects, pointerMasks, edges, objectNode, hints, findings, progress);
  const referents: Csr = { nodeCount, first: edges.first, targets: edges.targets.subarray(0, edges.count) };
  const edgeSlots = edges.slots.subarray(0, edges.count);
  const typing: TypingInput = {
    runtime,
    objects,
    slots,
    roots,
    edges: referents,
    edgeSlots,
    before: edges.before,
    beforeAddresses: edges.beforeAddresses,
    objectNode,
    headers,
  };
  let known: ObjectTypes | undefined;
  const types = lazy(() => {
    known = inferTypes(typing, findings, progress);
    return known;
  });
  let shortest: BreadthFirst | undefined;
  const tree = lazy(() => {
    progress.stage("finding shortest paths", nodeCount);
    shortest = breadthFirst(referents, 0, progress, uncertainEdges(roots));
    return shortest;
  });
  const live = lazy(() => {
    progress.stage("marking", nodeCount);
    return mark(referents, 0, progress);
  });
  const graph: ObjectGraph = {
    referents,
    slots: edgeSlots,
    ownerCount,
    nodeOfObject: (id) => objectNode + id,
    nodeOfOwner: (id) => 1 + id,
    objectOfNode: (node) => node - objectNode,
  };
  const partWords = new PartWordsByType(runtime.types, slots);
  const wholes = lazy(() =>
    findWholes({
      objects,
      roots,
      referents,
      slots: edgeSlots,
      objectNode,
      types: types(),
      live: live(),
      words: partWords,
      typeTable: runtime.types,
      furtherPointers: runtime.maps.design.furtherPointers,
    }),
  );
  const totals = lazy(() => sumLive(objects, types(), live(), objectNode, progress));
  return {
    objects,
    roots,
    graph,
    get types() {
      return types();
    },
    typesAlong: (row, path) =>
      (known ? undefined : inferPathTypes(typing, partWords, row, path)) ?? { types: types(), partsOf: (id) => wholes().partsOf(id) },
    typeSlots: slots,
    partWords,
    get wholes() {
      return wholes();
    },
    get tree() {
      return tree();
    },
    get live() {
      return live();
    },
    scan,
    isLive: (id) => (shortest ? shortest.parent[objectNode + id] !== NONE : isMarked(live(), objectNode + id)),
    get liveObjects() {
      return totals().liveObjects;
    },
    get liveBytes() {
      return totals().liveBytes;
    },
    get typedBytes() {
      return totals().typedBytes;
    },
  };
}

/** The main module: where interface types and code lie. */
function imageOf(runtime: GoRuntime): Pick<ScanHints, "image" | "text"> {
  const [main] = runtime.modules;
  if (!main) return { image: { start: 0, end: 0 }, text: { start: 0, end: 0 } };
  const ends = [main.text, main.etext, main.types, main.etypes, main.rodata, main.noptrdata, main.ebss, main.enoptrbss];
  return { image: { start: Math.min(...ends), end: Math.max(...ends) }, text: { start: main.text, end: main.etext } };
}

/** Words that may become edges: all of the spans that are scanned. */
function scanWords(runtime: GoRuntime, objects: ObjectTable): number {
  let words = 0;
  const { spans } = objects;
  for (let span = 0; span < spans.count; span++) {
    if (runtime.pointerMasks.kindOf(spans, span) !== "none") words += (objects.countIn(span) * spans.elementSize[span]) / 8;
  }
  return words;
}

function writeOwners(edges: EdgeWriter, roots: RootTable, objects: ObjectTable, objectNode: number): void {
  const ownerCount = roots.owners.length;
  edges.first[0] = 0;
  for (let owner = 0; owner < ownerCount; owner++) edges.targets[edges.count++] = 1 + owner;
  let row = 0;
  for (let owner = 0; owner < ownerCount; owner++) {
    edges.first[1 + owner] = edges.count;
    for (; row < roots.count && roots.owner[row] === owner; row++) {
      const id = roots.object[row];
      const start = objects.addressOf(id) + objects.dataStart[objects.spanOf(id)];
      edges.slots[edges.count] = roots.value[row] === start ? row : row + INTERIOR;
      edges.targets[edges.count++] = objectNode + id;
    }
  }
  edges.first[objectNode] = edges.count;
}

/** Of the edges that writeOwners wrote, those of words that may be no pointers. */
function uncertainEdges(roots: RootTable): ReadonlySet<number> {
  const edges = new Set<number>();
  for (let row = 0; row < roots.count; row++) if (roots.certain[row] === 0) edges.add(roots.owners.length + row);
  return edges;
}

/** abi.Type address -> TypeId, remembered. */
function headerTypes(runtime: GoRuntime): (address: number) => TypeId {
  const known = new Map<number, TypeId>();
  return (address) => {
    let id = known.get(address);
    if (id === undefined) {
      id = runtime.types.byRtype(address);
      // Buckets that reflect made have a mask but no fields: what points to them knows more.
      const type = id === NONE ? undefined : runtime.types.get(id);
      if (type?.kind === "struct" && type.size > 0 && type.fields.length === 0) id = NONE;
      known.set(address, id);
    }
    return id;
  };
}

/** A slot with room for two or more is an array of the type its header names. */
function many(runtime: GoRuntime, objects: ObjectTable, span: number, type: TypeId): boolean {
  const { spans } = objects;
  const large = spans.spanClass[span] < 2;
  const room = large ? spans.limit[span] - spans.base[span] : spans.elementSize[span] - objects.dataStart[span];
  const { size } = runtime.types.get(type);
  return size > 0 && room >= 2 * size;
}

function sumLive(objects: ObjectTable, types: ObjectTypes, live: Uint32Array, objectNode: number, progress: Progress) {
  const { spans } = objects;
  let liveObjects = 0;
  let liveBytes = 0;
  let typedBytes = 0;
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0xfff) === 0) progress.tick(objects.firstId[span]);
    const size = spans.elementSize[span];
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      if (!isMarked(live, objectNode + id)) continue;
      liveObjects++;
      liveBytes += size;
      if ((types.evidence[id] & 15) > 1) typedBytes += size;
    }
  }
  return { liveObjects, liveBytes, typedBytes };
}
