// Profiles as a program keeps them, written into a test's memory: buckets in a list, each with its stack and counts.
import type { Address } from "../../src/base/units.js";
import type { RecordBuilder } from "./record-builder.js";

const HEADS = { 1: "runtime.mbuckets", 2: "runtime.bbuckets", 3: "runtime.xbuckets" } as const;
const HEADER = 48;

/** A cycle of a memRecord: allocs, frees, and their bytes. */
export type Cycle = readonly [allocs: number, frees: number, allocBytes: number, freeBytes: number];
export const NO_CYCLE: Cycle = [0, 0, 0, 0];

export class ProfileBuilder {
  private readonly records: RecordBuilder;
  private readonly heads = new Map<number, Address>();
  private readonly lists = new Map<number, Address>();

  constructor(records: RecordBuilder) {
    this.records = records;
  }

  /** An empty list: 1 heap, 2 block, 3 mutex. */
  list(type: 1 | 2 | 3): this {
    this.lists.set(type, this.records.global(HEADS[type], 0));
    return this;
  }

  /** A heap bucket: its active cycle and those to come. */
  heap(size: number, pcs: readonly number[], active: Cycle, ...future: Cycle[]): Address {
    const cycles = [active, ...future, NO_CYCLE, NO_CYCLE, NO_CYCLE].slice(0, 4);
    return this.bucket(1, size, pcs, cycles.flat());
  }

  /** A bucket of a block or mutex profile. */
  wait(type: 2 | 3, pcs: readonly number[], count: number, cycles: number): Address {
    const at = this.bucket(type, 0, pcs, [0, cycles]);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, count, true);
    this.records.memory.bytes(at + HEADER + pcs.length * 8, [...bytes]);
    return at;
  }

  private bucket(type: 1 | 2 | 3, size: number, pcs: readonly number[], record: readonly number[]): Address {
    const { memory } = this.records;
    const at = memory.allocate(HEADER + (pcs.length + record.length) * 8);
    this.records.set("profileBucket", at, { allnext: this.heads.get(type) ?? 0, typ: type, size, nstk: pcs.length });
    memory.words(at + HEADER, ...pcs, ...record);
    this.heads.set(type, at);
    memory.word(this.lists.get(type) as Address, at);
    return at;
  }
}
