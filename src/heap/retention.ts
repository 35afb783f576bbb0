// Who holds how much: referrers, dominators and retained sizes over owners and objects. The algorithms are in graph/.
import type { Progress } from "../base/progress.js";
import { type Bytes, NONE, type NodeId } from "../base/units.js";
import { type Dominators, dominators } from "../graph/dominators.js";
import { type Csr, transpose } from "../graph/graph.js";
import { retainedByGroup, sumUp } from "../graph/retained.js";
import type { Heap } from "./heap.js";

/** Columns over nodes: 0 is the virtual root, then owners, then objects. Each is computed at first use. */
export interface Retention {
  /** The object graph turned round. */
  readonly referrers: Csr;
  /** Over what the virtual root reaches; unreachable objects have parent NONE. */
  readonly dominators: Dominators;
  /** [nodes] bytes that would become garbage if the node went; of the virtual root: the live bytes. Owners weigh nothing themselves. */
  readonly retained: Float64Array;
  /** [nodes] live objects the node dominates, itself included; owners count for nothing. */
  readonly objects: Uint32Array;
  /** Bytes each group of nodes retains, nested members counted once; see retainedByGroup. */
  retainedByGroup(group: Int32Array, groupCount: number): Float64Array;
  /** Live bytes recounted without a node: what it retains by the definition. Slow, for proofs. */
  recount(node: NodeId): Bytes;
}

/** Memory at the peak: 24 bytes a node and 4 an edge; afterwards 20 a node and 4 an edge. */
export function retentionOf(heap: Heap, progress: Progress): Retention {
  const { referents } = heap.graph;
  // Each is made when it is asked for: `refs` needs no dominators, and dominators take most of the time.
  let referrers: Csr | undefined;
  let tree: Dominators | undefined;
  let retained: Float64Array | undefined;
  let objects: Uint32Array | undefined;
  const retention: Retention = {
    get referrers() {
      if (!referrers) {
        progress.stage("referrers", referents.nodeCount);
        referrers = transpose(referents, progress);
      }
      return referrers;
    },
    get dominators() {
      tree ??= dominators(referents, retention.referrers, progress);
      return tree;
    },
    get retained() {
      if (!retained) {
        const { parent } = retention.dominators;
        const sizes = new Float64Array(referents.nodeCount);
        eachLive(heap, parent, (node, size) => {
          sizes[node] = size;
        });
        sumUp(retention.dominators, sizes);
        retained = sizes;
      }
      return retained;
    },
    get objects() {
      if (!objects) {
        const { parent } = retention.dominators;
        const counts = new Uint32Array(referents.nodeCount);
        const objectNode = heap.graph.nodeOfObject(0);
        for (let node = objectNode; node < parent.length; node++) if (parent[node] !== NONE) counts[node] = 1;
        sumUp(retention.dominators, counts);
        objects = counts;
      }
      return objects;
    },
    retainedByGroup: (group, groupCount) => retainedByGroup(retention.dominators, retention.retained, group, groupCount, progress),
    recount: (node) => heap.liveBytes - liveBytesWithout(heap, node),
  };
  return retention;
}

/** Visits live objects in address order. */
function eachLive(heap: Heap, parent: Int32Array, visit: (node: NodeId, size: Bytes) => void): void {
  const { spans, firstId } = heap.objects;
  const objectNode = heap.graph.nodeOfObject(0);
  for (let span = 0; span < spans.count; span++) {
    const size = spans.elementSize[span];
    const end = objectNode + firstId[span + 1];
    for (let node = objectNode + firstId[span]; node < end; node++) if (parent[node] !== NONE) visit(node, size);
  }
}

/** Marks from the virtual root as if a node were not there. */
function liveBytesWithout(heap: Heap, without: NodeId): Bytes {
  const { first, targets, nodeCount } = heap.graph.referents;
  const { objects } = heap;
  const objectNode = heap.graph.nodeOfObject(0);
  const seen = new Uint8Array(nodeCount);
  const stack = new Uint32Array(nodeCount);
  let depth = 0;
  const reach = (node: NodeId) => {
    seen[node] = 1;
    stack[depth++] = node;
  };
  if (without !== 0) reach(0);
  seen[without] = 1;
  while (depth > 0) {
    const node = stack[--depth];
    for (let e = first[node]; e < first[node + 1]; e++) if (seen[targets[e]] === 0) reach(targets[e]);
  }
  let bytes = 0;
  for (let span = 0; span < objects.spans.count; span++) {
    let count = 0;
    const end = objectNode + objects.firstId[span + 1];
    for (let node = objectNode + objects.firstId[span]; node < end; node++) count += seen[node];
    bytes += count * objects.spans.elementSize[span];
  }
  return without < objectNode ? bytes : bytes - objects.sizeOf(without - objectNode);
}
