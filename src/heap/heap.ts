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
import { closureCandidate, type TypingInput } from "./inference.js";
import { numberObjects, type ObjectTable } from "./objects.js";
import { PartWordsByType } from "./part-words.js";
import { inferPathTypes, type PathTypes } from "./path-types.js";
import { pointerKinds } from "./pointer-kinds.js";
import type { ScanCounts, ScanHints } from "./pointer-loops.js";
import { scanPointers } from "./pointers.js";
import { recoverSpans } from "./recovered-spans.js";
import { collectRoots, type RootTable } from "./roots.js";
import { inferTypes } from "./typing.js";
import { findWholes, type Wholes } from "./wholes.js";

/** Node 0 is the virtual root, then owners, then objects. */
interface ObjectGraph {
  readonly referents: Csr;
  /** [edges] where the pointer lies in its object, in words; row of RootTable for owners. With INTERIOR; see EdgeWriter.offsets. */
  readonly offsets: Uint32Array;
  readonly ownerCount: number;
  nodeOfObject(id: ObjectId): NodeId;
  nodeOfOwner(id: OwnerId): NodeId;
  objectOfNode(node: NodeId): ObjectId;
}

/** Objects, who points to whom, and what is worked out from that. Columns over objects or nodes; what takes long is made at first use. */
export interface Heap {
  readonly objects: ObjectTable;
  readonly roots: RootTable;
  readonly graph: ObjectGraph;
  readonly types: ObjectTypes;
  /** Types of the objects of one path from a root's row on; as good as types where every step is certain, else types itself. */
  typesAlong(row: number, path: readonly ObjectId[]): PathTypes;
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

/** For tests: types have to come out the same by pointers alone. */
export interface HeapOptions {
  /** Types that malloc headers and large spans give are not used. */
  readonly hideHeaders?: boolean;
}

/**
 * Numbers the objects, collects the roots and scans for pointers; types, marks and trees are made when they are first asked for.
 * @throws ResourceError when memory runs out
 */
export function readHeap(runtime: GoRuntime, findings: Findings, progress: Progress, options: HeapOptions = {}): Heap {
  const objects = numberObjects(runtime.process.memory, recoverSpans(runtime, findings), runtime.pointerMasks, findings);
  const kinds = pointerKinds(runtime.types);
  const roots = collectRoots(runtime, objects, kinds, findings, progress);
  const ownerCount = roots.owners.length;
  // Nodes: the virtual root, owners, objects. Numbers of objects become nodes by adding.
  const objectNode = 1 + ownerCount;
  const nodeCount = objectNode + objects.count;
  const edges = newEdges(nodeCount, ownerCount + roots.count, scanWords(runtime, objects));
  writeOwners(edges, roots, objects, objectNode);
  // [objects] types that the runtime itself wrote down; they are noted while the words are scanned anyway.
  const headers = new Int32Array(objects.count).fill(NONE);
  const hints = { ...imageOf(runtime), ...noteTypes(runtime, objects, headers, options) };
  const scan = scanPointers(runtime.process.memory, objects, runtime.pointerMasks, edges, objectNode, hints, findings, progress);
  const typing: TypingInput = {
    runtime,
    objects,
    kinds,
    roots,
    edges: { nodeCount, first: edges.first, targets: edges.targets.subarray(0, edges.count) },
    edgeOffsets: edges.offsets.subarray(0, edges.count),
    before: edges.before,
    beforeAddresses: edges.beforeAddresses,
    objectNode,
    headers,
  };
  return new ScannedHeap(typing, scan, findings, progress);
}

/** The heap after the scan: further columns are made when they are first asked for. */
class ScannedHeap implements Heap {
  readonly objects: ObjectTable;
  readonly roots: RootTable;
  readonly graph: ObjectGraph;
  readonly partWords: PartWordsByType;
  readonly scan: ScanCounts;
  private readonly typing: TypingInput;
  private readonly findings: Findings;
  private readonly progress: Progress;
  private knownTypes: ObjectTypes | undefined;
  private knownTree: BreadthFirst | undefined;

  constructor(typing: TypingInput, scan: ScanCounts, findings: Findings, progress: Progress) {
    const { runtime, objects, roots, kinds, objectNode } = typing;
    this.typing = typing;
    this.findings = findings;
    this.progress = progress;
    this.objects = objects;
    this.roots = roots;
    this.scan = scan;
    this.partWords = new PartWordsByType(runtime.types, kinds);
    this.graph = {
      referents: typing.edges,
      offsets: typing.edgeOffsets,
      ownerCount: roots.owners.length,
      nodeOfObject: (id) => objectNode + id,
      nodeOfOwner: (id) => 1 + id,
      objectOfNode: (node) => node - objectNode,
    };
  }

  /** By pointers from what is typed already: variables first. Takes a pass over the edges. */
  get types(): ObjectTypes {
    this.knownTypes ??= inferTypes(this.typing, this.findings, this.progress);
    return this.knownTypes;
  }

  typesAlong(row: number, path: readonly ObjectId[]): PathTypes {
    const along = this.knownTypes ? undefined : inferPathTypes(this.typing, this.partWords, row, path);
    return along ?? { types: this.types, partsOf: (id) => this.wholes.partsOf(id) };
  }

  private readonly allWholes = lazy(() => {
    const { typing } = this;
    return findWholes({
      objects: typing.objects,
      roots: typing.roots,
      referents: typing.edges,
      offsets: typing.edgeOffsets,
      objectNode: typing.objectNode,
      types: this.types,
      live: this.live,
      words: this.partWords,
      typeTable: typing.runtime.types,
      furtherPointers: typing.runtime.maps.design.furtherPointers,
    });
  });
  get wholes(): Wholes {
    return this.allWholes();
  }

  get tree(): BreadthFirst {
    if (!this.knownTree) {
      const { edges, roots } = this.typing;
      this.progress.stage("finding shortest paths", edges.nodeCount);
      this.knownTree = breadthFirst(edges, 0, this.progress, uncertainEdges(roots));
    }
    return this.knownTree;
  }

  private readonly marked = lazy(() => {
    this.progress.stage("marking", this.typing.edges.nodeCount);
    return mark(this.typing.edges, 0, this.progress);
  });
  get live(): Uint32Array {
    return this.marked();
  }

  /** By the tree when there is one: what it reached is what marking would mark, so no marking is needed. */
  isLive(id: ObjectId): boolean {
    const node = this.typing.objectNode + id;
    return this.knownTree ? this.knownTree.parent[node] !== NONE : isMarked(this.live, node);
  }

  private readonly totals = lazy(() => sumLive(this.objects, this.types, this.live, this.typing.objectNode, this.progress));
  get liveObjects(): number {
    return this.totals().liveObjects;
  }
  get liveBytes(): Bytes {
    return this.totals().liveBytes;
  }
  get typedBytes(): Bytes {
    return this.totals().typedBytes;
  }
}

/** What the scan tells of objects' types goes into headers: see TypingInput. */
function noteTypes(
  runtime: GoRuntime,
  objects: ObjectTable,
  headers: Int32Array,
  { hideHeaders }: HeapOptions,
): Pick<ScanHints, "headerType" | "codePointer"> {
  const typeOf = headerTypes(runtime);
  return {
    headerType(id, span, address) {
      if (hideHeaders) return;
      const type = typeOf(address);
      if (type === NONE) return;
      headers[id] = isArrayOf(runtime, objects, span, type) ? runtime.types.arrayOf(type) : type;
    },
    codePointer(id, pc) {
      const type = runtime.closureType(pc);
      if (type !== NONE) headers[id] = closureCandidate(type);
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

/** Words that may become edges: all of the spans that are scanned. So much room the edges get. */
function scanWords(runtime: GoRuntime, objects: ObjectTable): number {
  let words = 0;
  const { spans } = objects;
  for (let span = 0; span < spans.count; span++) {
    if (runtime.pointerMasks.kindOf(spans, span) !== "none") words += (objects.countIn(span) * spans.elementSize[span]) / 8;
  }
  return words;
}

/** The first edges: from the virtual root to every owner, and from each owner to its roots' objects. */
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
      edges.offsets[edges.count] = roots.value[row] === start ? row : row + INTERIOR;
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
function isArrayOf(runtime: GoRuntime, objects: ObjectTable, span: number, type: TypeId): boolean {
  const { spans } = objects;
  const large = spans.spanClass[span] < 2;
  const room = large ? spans.limit[span] - spans.base[span] : spans.elementSize[span] - objects.dataStart[span];
  const { size } = runtime.types.get(type);
  return size > 0 && room >= 2 * size;
}

/** Objects and bytes that the roots reach, and those of them whose type is known by better evidence than a guess. */
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
