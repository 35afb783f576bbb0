import { expect, test } from "vitest";
import { caseOf } from "../../src/diagnosis/case.js";
import { worstClass } from "../../src/diagnosis/holed-classes.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

test("the size class with most bytes of free slots is told with what keeps its spans", () => {
  const heap = new HeapBuilder(2 ** 20);
  const reading = heap.types.add("main.Reading", "struct", 480);
  const owner = heap.owner("global", "main.latest");
  const kept = heap.objects(reading, 30, 480);
  for (const each of kept) heap.owns(owner, each);
  const sources = heap.build();
  const { spans } = sources.heap.objects;
  // Slots that nothing was built in.
  for (let span = 0; span < spans.count; span++) if (spans.elementSize[span] === 480) spans.elements[span] += 40;
  const found = worstClass(caseOf(sources, plainNames(sources)));
  expect(found).toMatchObject({ slotBytes: 480, objects: 30, type: "main.Reading" });
  expect((found?.slots ?? 0) - 30).toBe(40 * (found?.spans ?? 0));
});
