/** Places of sampled objects, in a program that a test makes. */
import { expect, test } from "vitest";
import { allocationSites } from "../../src/accounting/allocation-sites.js";
import { Findings } from "../../src/base/findings.js";
import { type Address, NONE } from "../../src/base/units.js";
import type { Heap } from "../../src/heap/heap.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { TINY_SPAN_CLASS } from "../../src/runtime/spans.js";
import { ProfileBuilder } from "../support/profile-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

/** Slots of 32 bytes; the last is of the tiny allocator, the one before it free. */
const BASE = 0xc000000000;
const SLOTS = [0, 1, 2, 3, 4].map((i) => BASE + i * 32);

function program() {
  const stopped = new StoppedProgram();
  const [add, grow, other] = ["main.add", "bytes.growSlice", "main.other"].map((name) => stopped.add(name).entry + 8);
  stopped.records.global("runtime.MemProfileRate", 1);
  const profile = new ProfileBuilder(stopped.records).list(1);
  const byAdd = profile.heap(32, [add, other], [4, 2, 128, 64], [0, 0, 0, 0], [1, 0, 32, 0]);
  const byGrow = profile.heap(64, [grow, add], [10, 0, 640, 0]);
  const byOther = profile.heap(32, [other], [1, 0, 32, 0]);
  const sampled = new Map([
    [SLOTS[4], byOther],
    [SLOTS[0], byAdd],
    [SLOTS[1], byGrow],
    [SLOTS[3], byAdd],
    [BASE + 0x1000, 0xdead],
  ]);
  const spans = { find: (at: Address) => (at === SLOTS[4] ? 1 : 0), spanClass: [7, TINY_SPAN_CLASS] };
  const find = (at: Address) => (at === SLOTS[3] ? NONE : SLOTS.indexOf(at));
  const heap = { objects: { find, addressOf: (id: number) => SLOTS[id] } } as unknown as Heap;
  const runtime = stopped.runtime({ sampled, spans } as unknown as Partial<GoRuntime>);
  return allocationSites({ runtime, heap, findings: new Findings() });
}

test("an object that was sampled has the place of its bucket, and no other object has one", () => {
  const sites = program();
  expect(sites.ids()).toEqual([0, 1, 4]);
  expect(sites.at(SLOTS[0])).toEqual({ function: "main.add", file: "/src/app/main.go", line: 7 });
  expect(sites.at(SLOTS[1])).toMatchObject({ function: "main.add", through: "bytes.growSlice" });
  expect(sites.at(SLOTS[2])).toBeUndefined();
});

test("a slot that small values share says so", () => {
  expect(program().at(SLOTS[4])).toMatchObject({ function: "main.other", shared: true });
});

test("a bucket that is not in the list has no place", () => {
  expect(program().at(BASE + 0x1000)).toBeUndefined();
});

test("places of several objects are counted, each with all that it ever allocated", () => {
  const [first, second, ...rest] = program().shares([0, 1, 2, 4]);
  expect(rest).toEqual([]);
  expect(first).toMatchObject({ site: { function: "main.add" }, sampled: 2, all: { allocObjects: 15, inuseObjects: 13, inuseBytes: 736 } });
  expect(first?.site).not.toHaveProperty("through");
  expect(second).toMatchObject({ site: { function: "main.other" }, sampled: 1, all: { allocObjects: 1 } });
});
