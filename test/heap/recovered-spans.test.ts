import { expect, test } from "vitest";
import { spanOfPage } from "../../src/heap/recovered-spans.js";
import { PAGE, withRecovered } from "../../src/runtime/spans.js";
import { spansOf } from "../support/span-builder.js";

const BASE = 0xc000100000;
/** Size class 3 is 24 bytes, 4 is 32; the lowest bit: without pointers. */
const [SCAN_32, NOSCAN_24] = [8, 7];

function page(spanClass: number, change: (bytes: Uint8Array, view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(PAGE);
  bytes[PAGE - 1] = spanClass;
  change(bytes, new DataView(bytes.buffer));
  return bytes;
}

test("a page that ends as a span does is one of that class", () => {
  expect(spanOfPage(BASE, page(SCAN_32))).toMatchObject({ base: BASE, elementSize: 32, elements: (PAGE - 256) / 32, spanClass: SCAN_32 });
  expect(spanOfPage(BASE, page(NOSCAN_24))).toMatchObject({ elementSize: 24, elements: Math.floor((PAGE - 128) / 24) });
});

test.each<[string, number, (bytes: Uint8Array) => void]>([
  ["zeros", 0, () => {}],
  ["a class of 8 bytes, which has no such end", 2, () => {}],
  ["a class above 512 bytes", 68, () => {}],
  ["no class at all", 255, () => {}],
  ["an object scanned in a collection", SCAN_32, (bytes) => (bytes[PAGE - 128] = 1)],
  ["a mark", SCAN_32, (bytes) => (bytes[PAGE - 2] = 1)],
  ["an owner that is no flag", SCAN_32, (bytes) => (bytes[PAGE - 65] = 2)],
])("no span: %s", (_, spanClass, change) => {
  expect(spanOfPage(BASE, page(spanClass, change))).toBeUndefined();
});

test("each slot is reached once, by any address in it, and the end is none", () => {
  const span = spanOfPage(BASE, page(SCAN_32)) as NonNullable<ReturnType<typeof spanOfPage>>;
  expect([span.reach(BASE + 40), span.reach(BASE + 32), span.reach(BASE), span.reach(BASE + PAGE - 200)]).toEqual([1, -1, 0, -1]);
  expect(span.reached[0]).toBe(0b11);
});

test("a page whose pointers do not lead to the beginning of slots was another span once", () => {
  const span = spanOfPage(BASE, page(SCAN_32)) as NonNullable<ReturnType<typeof spanOfPage>>;
  span.reach(BASE);
  expect(span.isSound).toBe(false);
  span.reach(BASE + 64);
  expect(span.isSound).toBe(true);
  for (const at of [104, 136]) span.reach(BASE + at);
  expect(span.isSound).toBe(false);
});

test("the words of a slot that the bitmap calls pointers", () => {
  const words = page(SCAN_32, (bytes, view) => {
    // Slot 2 is words 8 to 11: the first and the third are pointers.
    bytes[PAGE - 256 + 1] = 0b0000_0101;
    view.setBigUint64(64, 0xc000200040n, true);
    view.setBigUint64(72, 0xc000200048n, true);
    view.setBigUint64(80, 0xffff_0000_0000_0000n, true);
  });
  expect([...(spanOfPage(BASE, words)?.pointers(2) ?? [])]).toEqual([0xc000200040]);
  expect([
    ...(spanOfPage(
      BASE,
      page(NOSCAN_24, (bytes) => (bytes[0] = 9)),
    )?.pointers(0) ?? []),
  ]).toEqual([]);
});

test("recovered spans stand among the known ones, with the slots that were reached", () => {
  const known = { pages: 1, elementSize: 64, elements: 4, noscan: false, sizeClass: 5, freeIndex: 4, allocBits: 0, allocCount: 4 };
  const spans = spansOf([
    { ...known, base: BASE - PAGE },
    { ...known, base: BASE + PAGE },
  ]);
  const between = spanOfPage(BASE, page(SCAN_32)) as NonNullable<ReturnType<typeof spanOfPage>>;
  between.reach(BASE + 64);
  const table = withRecovered(spans, [between]);
  expect(table.count).toBe(3);
  expect([...table.base]).toEqual([BASE - PAGE, BASE, BASE + PAGE]);
  expect([BASE - PAGE, BASE + 100, BASE + PAGE, BASE + 2 * PAGE].map((at) => table.find(at))).toEqual([0, 1, 2, -1]);
  expect([table.elementSize[1], table.freeIndex[1], table.allocCount[1], table.inlineMarks[1]]).toEqual([32, 0, 1, 1]);
  expect([table.elementSize[2], table.freeIndex[2], table.allocCount[2]]).toEqual([64, 4, 4]);
  expect(table.reached?.get(1)?.[0]).toBe(0b100);
});
