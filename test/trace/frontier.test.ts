import fc from "fast-check";
import { expect, test } from "vitest";
import { removeAt, siftDown, siftUp } from "../../src/trace/frontier.js";
import { ThreadCursor } from "../../src/trace/thread-cursor.js";

const at = (time: number): ThreadCursor => Object.assign(new ThreadCursor(time, []), { time });

/** Whether nobody is earlier than who is above. */
const isHeap = (heap: readonly ThreadCursor[]) => heap.every((each, i) => i === 0 || (heap[(i - 1) >> 1]?.time ?? 0) <= each.time);

const filled = (times: readonly number[]): ThreadCursor[] => {
  const heap: ThreadCursor[] = [];
  for (const time of times) {
    heap.push(at(time));
    siftUp(heap, heap.length - 1);
  }
  return heap;
};

test("the first is the earliest, whatever is put in, moved and taken out", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 1 }), fc.nat(), fc.nat(60), (times, which, later) => {
      const heap = filled(times);
      expect(isHeap(heap)).toBe(true);
      const place = which % heap.length;
      const moved = heap[place];
      moved.time = later;
      if (siftUp(heap, place) === place) siftDown(heap, place);
      expect(isHeap(heap)).toBe(true);
      removeAt(heap, which % heap.length);
      expect(isHeap(heap)).toBe(true);
      expect(heap).toHaveLength(times.length - 1);
    }),
  );
});

test("threads come out in the order of their times", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), (times) => {
      const heap = filled(times);
      const out: number[] = [];
      while (heap.length > 0) {
        out.push(heap[0].time);
        removeAt(heap, 0);
      }
      expect(out).toEqual([...times].sort((a, b) => a - b));
    }),
  );
});
