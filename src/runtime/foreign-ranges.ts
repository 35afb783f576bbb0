// Ranges of anonymous memory whose owner is not Go, and is known: thread stacks, C's malloc, a sanitizer's shadow.
import { type Address, alignUp, type Bytes } from "../base/units.js";
import type { Mapping } from "../process/address-space.js";
import type { Process } from "../process/process.js";
import { type Range, union } from "./go-ranges.js";
import { MOST_C_HEAPS } from "./limits.js";

/** Memory of the process that is not the Go runtime's, by who has it. */
export interface ForeignRanges {
  readonly stacks: readonly Range[];
  /** Heaps of C's allocator beside the main one, as far as they may be accessed. */
  readonly malloc: readonly Range[];
  /** What it reserved for them without access; gdb writes such memory as if it were readable. */
  readonly reserved: readonly Range[];
  readonly shadow: readonly Range[];
}

const KERNEL_PAGE: Bytes = 4096;
/** glibc's malloc/arena.c HEAP_MAX_SIZE: each heap of a thread's arena begins at a multiple. */
const C_HEAP: Bytes = 64 * 1024 * 1024;
/** glibc keeps its record of a thread, at most so large, at the top of the thread's stack. */
const THREAD_RECORD: Bytes = 4096;
/** Without that record a stack is taken to be of the usual size at most. */
const USUAL_STACK: Bytes = 8 * 1024 * 1024;

export function foreignRanges(process: Process, stacks: readonly Address[], sanitized: boolean): ForeignRanges {
  const malloc: Range[] = [];
  const reserved: Range[] = [];
  for (const mapping of process.memory.mappings) {
    if (mapping.path === "" && mapping.flags >= 4) cHeaps(process, mapping, malloc, reserved);
  }
  return {
    stacks: union(stacks.flatMap((address) => stackAround(process, address) ?? [])),
    malloc: union(malloc),
    reserved: union(reserved),
    shadow: sanitized ? SHADOW : [],
  };
}

/** The stack of a thread: from the guard below, where its mapping begins, to the record that a thread register points to. */
function stackAround({ memory, threads, arch }: Process, address: Address): Range | undefined {
  const mapping = memory.find(address);
  if (mapping?.path !== "") return undefined;
  const records = threads.map((each) => Number(each.registers.byName(arch.registers.thread ?? "") ?? 0n));
  const record = records.filter((each) => each > address && each < mapping.end).sort((a, b) => a - b)[0];
  const most = Math.min(mapping.end, Math.max(mapping.start + USUAL_STACK, address + 1));
  const end = record === undefined ? most : Math.min(mapping.end, alignUp(record + THREAD_RECORD, KERNEL_PAGE));
  return { start: mapping.start, end };
}

/** heap_info: the arena's address, the heap before it, its size, and how much of it may be accessed. malloc/arena.c */
function cHeaps({ memory }: Process, { start, end }: Mapping, malloc: Range[], reserved: Range[]): void {
  let count = 0;
  for (let at = alignUp(start, C_HEAP); at < end && count < MOST_C_HEAPS; at += C_HEAP, count++) {
    const [arena, before, size, accessible] = [0, 8, 16, 24].map((offset) => memory.tryAddress(at + offset) ?? 0) as [
      Address,
      Address,
      Bytes,
      Bytes,
    ];
    const record = arena % C_HEAP;
    if (arena < C_HEAP || record < 0x20 || record > 0x40 || before % C_HEAP !== 0) continue;
    if (size === 0 || size > accessible || accessible > C_HEAP || size % KERNEL_PAGE !== 0 || accessible % KERNEL_PAGE !== 0) continue;
    malloc.push({ start: at, end: Math.min(at + accessible, end) });
    if (accessible < C_HEAP) reserved.push({ start: at + accessible, end: at + C_HEAP });
  }
}

/** Where the race detector, AddressSanitizer and MemorySanitizer keep what they know of the program's memory. tsan_platform.h, asan_mapping.h */
const SHADOW: readonly Range[] = [
  { start: 0x7fff8000, end: 0x8fff7000 },
  { start: 0x02008fff7000, end: 0x550000000000 },
  { start: 0x570000000000, end: 0x7e0000000000 },
];
