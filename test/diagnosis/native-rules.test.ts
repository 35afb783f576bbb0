import { expect, test } from "vitest";
import { caseOf } from "../../src/diagnosis/case.js";
import { forgottenMappings, nativeMemory } from "../../src/diagnosis/native-rules.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { HeapBuilder, plainNames } from "../support/heap-builder.js";

const MB = 2 ** 20;
const FIRST = 0x7f0000000000;

/** A program that mapped five times 8 MiB, and refers to the first `kept` of them. */
function program(kept: number) {
  const heap = new HeapBuilder(MB);
  const types = heap.types;
  const map = types.add("map[*uint8][]uint8", "map", 8);
  const mapper = types.add("syscall.mmapper", "struct", 24, { fields: [["active", 8, map]] });
  const pointer = types.add("*syscall.mmapper", "pointer", 8, { element: mapper });
  const words = types.add("[16]uintptr", "array", 128);
  const [table, entries, segments] = [heap.object(words), heap.object(words), heap.object(words)];
  const [at, slices] = [heap.addressOf(table), heap.addressOf(entries)];
  heap.part(entries, table).owns(heap.owner("global", "main.segments"), table, entries, segments);
  heap.memory.word(at, at).word(at + 8, at);
  for (let index = 0; index < 5; index++) heap.memory.words(slices + index * 16, FIRST + index * 8 * MB, 8 * MB);
  for (let index = 0; index < kept; index++) heap.memory.word(heap.addressOf(segments) + index * 8, FIRST + index * 8 * MB);
  const all = [0, 1, 2, 3, 4].map((index) => ({ key: 0, value: slices + index * 16 }));
  const sources = heap.build({
    modules: [],
    maps: { design: { block: () => ({}), entries: () => all, count: () => 5 } },
    variables: { global: (name: string) => (name === "syscall.mapper" ? { name, address: at, size: 8, type: pointer } : undefined) },
    accounts: { heapInuse: MB, heapFree: 0, stackInuse: 0 },
    memoryClasses: { classes: [], others: [{ name: "[heap]", bytes: 60 * MB }] },
  } as unknown as Partial<GoRuntime>);
  return caseOf(sources, plainNames(sources));
}

test("maps that the program lost are told, from 16 MiB on", () => {
  const lost = program(1);
  expect(forgottenMappings.evidence(lost, lost)).toMatchObject({
    bytes: 32 * MB,
    whole: { kind: "mapped by the program", bytes: 40 * MB },
    figures: { by: ["syscall"], count: 5, forgotten: 4 },
  });
  const kept = program(4);
  expect(forgottenMappings.evidence(kept, kept)).toBeUndefined();
});

test("whether cgo is linked is left out where the core does not tell", () => {
  const from = program(5);
  expect(nativeMemory.evidence(from, from)?.figures).toEqual({ goBytes: MB });
});
