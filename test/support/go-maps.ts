// Maps as Go lays them out, for tests: buckets half moved, and swiss tables.
import type { Address, TypeId } from "../../src/base/units.js";
import type { MemoryBuilder, TypeBuilder } from "./memory-builder.js";

/** A map[int]int whose key k has the value k * 10. */
export function intMap(table: TypeBuilder): TypeId {
  const int = table.byName("int") >= 0 ? table.byName("int") : table.add("int", "int", 8);
  return table.add("map[int]int", "map", 8, { key: int, element: int });
}

export const BUCKET = 8 + 8 * 8 + 8 * 8 + 8;

/** Fills a bucket: tophash 5 and up for keys, or the given marks. */
export function bucket(
  builder: MemoryBuilder,
  at: Address,
  keys: readonly number[],
  overflow: Address = 0,
  marks: readonly number[] = [],
): void {
  keys.forEach((key, i) => {
    builder.uint(at + i, 1, 5 + i);
    builder.word(at + 8 + i * 8, key).word(at + 72 + i * 8, key * 10);
  });
  marks.forEach((mark, i) => {
    builder.uint(at + i, 1, mark);
  });
  builder.word(at + BUCKET - 8, overflow);
}

/** hmap of map[int]int. */
export function hmap(builder: MemoryBuilder, count: number, logarithm: number, buckets: Address, old: Address = 0, flags = 0): Address {
  const at = builder.allocate(48);
  builder
    .word(at, count)
    .uint(at + 8, 1, flags)
    .uint(at + 9, 1, logarithm)
    .word(at + 16, buckets)
    .word(at + 24, old);
  return at;
}

export const GROUP = 8 + 8 * 16;

/** abi.SwissMapType of map[int]int: Go 1.24. */
export function swissType(builder: MemoryBuilder): Address {
  const at = builder.allocate(112);
  builder
    .word(at + 80, GROUP)
    .word(at + 88, 16)
    .word(at + 96, 8);
  return at;
}

/** A group with these keys; undefined is an empty slot, "deleted" a tombstone. */
export function group(builder: MemoryBuilder, at: Address, keys: readonly (number | "deleted" | undefined)[]): void {
  for (let i = 0; i < 8; i++) {
    const key = keys[i];
    builder.uint(at + i, 1, key === undefined ? 0x80 : key === "deleted" ? 0xfe : 0x11 + i);
    if (typeof key === "number") builder.word(at + 8 + i * 16, key).word(at + 16 + i * 16, key * 10);
  }
}

export function swissMap(builder: MemoryBuilder, used: number, directory: Address, length: number): Address {
  const at = builder.allocate(48);
  builder
    .word(at, used)
    .word(at + 16, directory)
    .word(at + 24, length);
  return at;
}

export function swissTable(builder: MemoryBuilder, groups: Address, count: number): Address {
  const at = builder.allocate(32);
  builder.word(at + 16, groups).word(at + 24, count - 1);
  return at;
}
