import { expect, test } from "vitest";
import { caseOf } from "../../src/diagnosis/case.js";
import { seePoints } from "../../src/diagnosis/seen-points.js";
import type { Sign } from "../../src/diagnosis/sign.js";
import { SIGN_WEIGHT, weightOf } from "../../src/diagnosis/weights.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";
import { layoutOf } from "../support/memory-builder.js";

const COUNT = 300;
/** ns that the process lived, and Unix seconds of its last collection. */
const LIFE = 100e9;
const END = 1_700_000_000;

/** main.box holds 300 main.T with a field, which is filled in for each; between them lie others when they came one by one. */
function signs(
  field: readonly [name: string, kind: "int" | "bool" | "struct" | "string", size: number],
  fill: (heap: HeapBuilder, address: number, index: number) => void,
  options: { readonly name?: string; readonly scattered?: boolean; readonly limit?: number } = {},
): readonly Sign[] {
  const heap = new HeapBuilder();
  const [name, kind, size] = field;
  const words = heap.types.add("uint64", "uint", 8);
  const int = heap.types.add("int", "int", 8);
  const typeName = kind === "struct" ? "time.Time" : kind;
  const times = [["wall", 0, words] as const, ["ext", 8, words] as const];
  const type = heap.types.add(typeName, kind, size, kind === "struct" ? { fields: times } : {});
  const box = heap.types.add("main.Box", "struct", 48, { fields: [["Limit", 0, int]] });
  const holder = heap.object(box);
  heap.owns(heap.owner("global", options.name ?? "main.box"), holder);
  heap.memory.word(heap.addressOf(holder), options.limit ?? 0);
  const member = heap.types.add("main.T", "struct", 64, { fields: [[name, 0, type]] });
  const all = options.scattered ? heap.objects(member, 1) : heap.objects(member, COUNT);
  if (options.scattered) {
    // Spans of two slots, one of them another's.
    const other = heap.types.add("main.Other", "struct", 64);
    for (let i = 1; i < COUNT; i++) all.push(heap.mixed([member, other])[0]);
  }
  for (const [index, id] of all.entries()) {
    heap.points(holder, id);
    fill(heap, heap.addressOf(id), index);
  }
  const gc = { lastGc: BigInt(END) * 1_000_000_000n };
  const variables = { global: () => undefined, globalAt: () => undefined };
  const accounts = { gc, heapInuse: 1e6, heapFree: 0, stackInuse: 0 };
  const sources = heap.build({ accounts, variables, layout: layoutOf({}) } as unknown as Partial<GoRuntime>);
  const names = { ...plainNames(sources), expression: () => options.name ?? "main.box" };
  return seePoints(caseOf(sources, names)).flatMap((seen) => seen.signs);
}

const put = (value: (index: number) => number) => (heap: HeapBuilder, address: number, index: number) => {
  heap.memory.word(address, value(index));
};

/** A time.Time with a monotonic clock: ns since the start. */
const taken = (uptime: (index: number) => number) => (heap: HeapBuilder, address: number, index: number) => {
  heap.memory.word(address, (1n << 63n) | (BigInt(END - 59453308800 + 62135596800) << 30n)).word(address + 8, Math.round(uptime(index)));
};
/** A time.Time of the calendar. */
const on = (unix: (index: number) => number) => (heap: HeapBuilder, address: number, index: number) => {
  heap.memory.word(address, 1).word(address + 8, unix(index) + 62135596800);
};

const own = (found: readonly Sign[]) => found.filter(({ sign }) => sign !== "allocated-together");

test("numbers in turn that do not begin near 0: older ones were removed", () => {
  expect(
    own(
      signs(
        ["ID", "int", 8],
        put((index) => 5000 + index),
      ),
    ),
  ).toEqual([{ sign: "numbers-in-turn", field: "ID", from: 5003, to: 5299 }]);
  expect(
    own(
      signs(
        ["ID", "int", 8],
        put((index) => index),
      ),
    ),
  ).toEqual([]);
});

test("members that are finished are still held", () => {
  const found = signs(["closed", "bool", 1], (heap, address, index) => void heap.memory.uint(address, 1, index % 2));
  expect(own(found)).toEqual([{ sign: "finished", type: "main.T", field: "closed", share: 0.5 }]);
});

test("deadlines that passed, and those that lie ahead", () => {
  expect(
    own(
      signs(
        ["ExpiresAt", "struct", 24],
        on(() => END - 60),
      ),
    ),
  ).toEqual([{ sign: "expired", type: "main.T", field: "ExpiresAt", share: 1 }]);
  expect(
    own(
      signs(
        ["ExpiresAt", "struct", 24],
        on(() => END + 60),
      ),
    ),
  ).toEqual([{ sign: "expiring", field: "ExpiresAt", share: 1 }]);
});

test("members of all ages, and members of the start", () => {
  const [spread] = own(
    signs(
      ["Created", "struct", 24],
      taken((index) => ((index + 1) / COUNT) * LIFE * (index > 150 ? 1 : 0.9)),
    ),
  );
  expect(spread).toMatchObject({ sign: "all-ages", field: "Created", life: LIFE });
  const loaded = own(
    signs(
      ["Created", "struct", 24],
      taken((index) => (index === COUNT - 1 ? LIFE : index * 1e6)),
    ),
  );
  expect(loaded).toMatchObject([{ sign: "since-start", field: "Created" }]);
});

test("a limit beside them that is near their number bounds them", () => {
  expect(own(signs(["Note", "string", 16], () => {}, { limit: 512 }))).toEqual([
    { sign: "bounded-by-field", field: "Limit", limit: 512, of: "members" },
  ]);
  expect(own(signs(["Note", "string", 16], () => {}, { limit: 20_000 }))).toEqual([
    { sign: "bounded-by-field", field: "Limit", limit: 20_000, of: "bytes" },
  ]);
});

test("names are hints", () => {
  expect(own(signs(["Note", "string", 16], () => {}, { name: "main.pending" }))).toEqual([{ sign: "leak-name" }]);
  expect(own(signs(["Note", "string", 16], () => {}, { name: "main.config" }))).toEqual([{ sign: "steady-name" }]);
});

test("members between others came one by one; what their fields say against it outweighs that", () => {
  expect(signs(["Note", "string", 16], () => {}, { scattered: true })).toEqual([{ sign: "scattered" }]);
  const bounded = signs(["Note", "string", 16], () => {}, { scattered: true, limit: 400 });
  expect(bounded.map(({ sign }) => sign)).toEqual(["bounded-by-field"]);
});

test("signs weigh as the table says, within its limits", () => {
  expect(weightOf([{ sign: "scattered" }, { sign: "few" }])).toBeCloseTo(SIGN_WEIGHT.scattered * SIGN_WEIGHT.few);
  const finished = { sign: "finished", type: "main.T", field: "done", share: 1 } as const;
  expect(weightOf([finished, finished, finished])).toBe(8);
  expect(weightOf(Array.from({ length: 9 }, () => ({ sign: "evicting-list" as const })))).toBe(0.1);
});
