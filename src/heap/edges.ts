// Edges in columns, while they are found.
import { ResourceError } from "../base/errors.js";
import { MOST_EDGES } from "./limits.js";

/** Edges in the making: one row per pointer that hits an allocated object. Columns have spare room, and are replaced by larger ones when it ends. */
export interface EdgeWriter {
  /** [nodes + 1] */
  readonly first: Uint32Array;
  /** Node that is pointed to. */
  targets: Uint32Array;
  /** Word index of the pointer within the object it lies in, row of RootTable for owners; INTERIOR is set when it points past its target's start. */
  offsets: Uint32Array;
  /** [edges] number, from 1, of the address in the word before the pointer when that lies in the image: an interface's type or itab; 0. */
  before: Uint16Array;
  /** The addresses that before numbers; [0] is unused. */
  readonly beforeAddresses: number[];
  count: number;
}

/** Bit of EdgeWriter.offsets: the pointer does not point at its target's first byte. */
export const INTERIOR = 0x80000000;
/** The rest of EdgeWriter.offsets. */
export const OFFSET_MASK = 0x7fffffff;

/** More edges than this get room when they come. */
const FIRST_ROOM = 2 ** 28;

/** Room for every edge that there can be in heaps of up to 2 GiB: untouched pages of it cost nothing. */
export function newEdges(nodeCount: number, ownerEdges: number, words: number): EdgeWriter {
  const most = ownerEdges + Math.min(words, FIRST_ROOM);
  return {
    first: new Uint32Array(nodeCount + 1),
    targets: new Uint32Array(most),
    offsets: new Uint32Array(most),
    before: new Uint16Array(most),
    beforeAddresses: [0],
    count: 0,
  };
}

/** Room for so many more edges. @throws ResourceError past 2^32 of them */
export function makeRoom(edges: EdgeWriter, more: number): void {
  const needed = edges.count + more;
  if (needed <= edges.targets.length) return;
  if (edges.count >= MOST_EDGES) throw new ResourceError(`the heap has more than ${MOST_EDGES} pointers`);
  const room = Math.min(Math.max(needed, Math.floor(edges.targets.length * 1.5)), MOST_EDGES);
  const grown = <A extends Uint32Array | Uint16Array>(old: A, fresh: A): A => {
    fresh.set(old.subarray(0, edges.count));
    return fresh;
  };
  edges.targets = grown(edges.targets, new Uint32Array(room));
  edges.offsets = grown(edges.offsets, new Uint32Array(room));
  edges.before = grown(edges.before, new Uint16Array(room));
}
