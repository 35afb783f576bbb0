// Threads by the time of their next event, as a binary heap: the first is the earliest.
import type { ThreadCursor } from "./thread-cursor.js";

/** Moves an entry up to its place and says where that is. */
export function siftUp(heap: ThreadCursor[], from: number): number {
  let i = from;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent].time <= heap[i].time) break;
    swap(heap, parent, i);
    i = parent;
  }
  return i;
}

/** Moves an entry down to its place. */
export function siftDown(heap: ThreadCursor[], from: number): void {
  let i = from;
  for (;;) {
    let least = i;
    for (let child = 2 * i + 1; child <= 2 * i + 2; child++) {
      if (child < heap.length && heap[child].time < heap[least].time) least = child;
    }
    if (least === i) return;
    swap(heap, least, i);
    i = least;
  }
}

/** Takes an entry out. */
export function removeAt(heap: ThreadCursor[], at: number): void {
  const last = heap.pop() as ThreadCursor;
  if (at >= heap.length) return;
  heap[at] = last;
  if (siftUp(heap, at) === at) siftDown(heap, at);
}

function swap(heap: ThreadCursor[], a: number, b: number): void {
  const one = heap[a];
  heap[a] = heap[b];
  heap[b] = one;
}
