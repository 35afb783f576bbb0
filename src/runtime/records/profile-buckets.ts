// The profiles that a program keeps of itself: a bucket for each stack that allocated, blocked or made others wait. runtime/mprof.go
import { type Address, type Bytes, WORD } from "../../base/units.js";
import { readField } from "../layout/layout.js";
import type { GlobalName } from "../layout/schema-globals.js";
import { DEEPEST_BUCKET, MOST_BUCKETS } from "../limits.js";
import { chain, type OnDamage, type RecordSource } from "./chain.js";

/** heap: what was allocated; block: who was blocked; mutex: who made others wait for a lock. */
export type ProfileKind = "heap" | "block" | "mutex";

/** The lists, and what the runtime calls their buckets. runtime/mprof.go bucketType */
const LISTS: Readonly<Record<ProfileKind, { readonly head: GlobalName; readonly type: number }>> = {
  heap: { head: "runtime.mbuckets", type: 1 },
  block: { head: "runtime.bbuckets", type: 2 },
  mutex: { head: "runtime.xbuckets", type: 3 },
};

interface Bucket {
  readonly address: Address;
  /** Return addresses, innermost first; what is no address of Go is as it stands. */
  readonly pcs: readonly Address[];
}

/** Sampled objects and their bytes: not scaled. */
export interface HeapCounts {
  readonly allocs: number;
  readonly frees: number;
  readonly allocBytes: Bytes;
  readonly freeBytes: Bytes;
}

/** Of one stack and one size of objects. */
export interface HeapBucket extends Bucket {
  /** Of each object. */
  readonly size: Bytes;
  /** What runtime.MemProfile would have told: the state at a collection's end, up to two collections old. */
  readonly published: HeapCounts;
  /** All that was counted until the end: as many are allocated and not freed as objects have a special of this bucket. */
  readonly now: HeapCounts;
}

/** Scaled by the runtime when it counted them. */
export interface ContentionBucket extends Bucket {
  /** Whole events, as runtime.BlockProfile and MutexProfile tell them. */
  readonly count: number;
  /** Ticks of the processor's counter. */
  readonly cycles: number;
}

/** Whether the program has the variable that the list begins at; undefined when that is not in the core. */
export function hasBuckets({ layout, memory }: RecordSource, kind: ProfileKind): boolean | undefined {
  const head = layout.global(LISTS[kind].head);
  const first = head === undefined ? undefined : memory.tryAddress(head);
  return first === undefined ? undefined : first !== 0;
}

/** The buckets of one list, the newest first, with the address of the record behind each; a list that breaks off is told. */
function* walk(
  { layout, memory }: RecordSource,
  kind: ProfileKind,
  onDamage: OnDamage,
): Generator<Bucket & { readonly size: Bytes; readonly record: Address }> {
  const { head, type } = LISTS[kind];
  const bucket = layout.struct("profileBucket");
  const follow = (at: Address): Address => {
    const next = memory.tryAddress(at) ?? -1;
    if (next !== 0 && memory.tryBytes(next, bucket.size) === undefined) onDamage(at);
    else return next;
    return 0;
  };
  const variable = layout.global(head);
  if (variable === undefined) return;
  for (const address of chain(follow(variable), (at) => follow(at + bucket.offset("allnext")), MOST_BUCKETS, onDamage)) {
    const depth = readField(memory, bucket, address, "nstk");
    const stack = depth <= DEEPEST_BUCKET ? memory.tryBytes(address + bucket.size, depth * WORD) : undefined;
    // A bucket of another list, or no bucket at all: what it leads to is no more to be believed.
    if (stack === undefined || readField(memory, bucket, address, "typ") !== type) {
      onDamage(address);
      return;
    }
    const pcs = Array.from({ length: depth }, (_, i) => memory.readAddress(address + bucket.size + i * WORD));
    yield { address, pcs, size: readField(memory, bucket, address, "size"), record: address + bucket.size + depth * WORD };
  }
}

/** The heap profile. Buckets whose counts are missing or cannot be are left out, and told. */
export function readHeapBuckets(source: RecordSource, onDamage: OnDamage): readonly HeapBucket[] {
  const { layout, memory } = source;
  if (!layout.hasStruct("memRecord") || !layout.hasStruct("memRecordCycle")) return [];
  const record = layout.struct("memRecord");
  const cycle = layout.struct("memRecordCycle");
  const found: {
    readonly bucket: Bucket & { readonly size: Bytes };
    readonly active: HeapCounts;
    readonly future: readonly HeapCounts[];
  }[] = [];
  for (const { record: at, ...bucket } of walk(source, "heap", onDamage)) {
    const counts = (place: Address) => countsAt(source, place, bucket.size);
    const whole = memory.tryBytes(at, record.size) !== undefined;
    const active = whole ? counts(at + record.offset("active")) : undefined;
    const future = whole ? [0, 1, 2].map((i) => counts(at + record.offset("future") + i * cycle.size)) : [];
    if (active === undefined || future.some((each) => each === undefined)) onDamage(bucket.address);
    else found.push({ bucket, active, future: future.filter((each) => each !== undefined) });
  }
  const current = currentCycle(source);
  const published = found.map(({ active, future }) => sum(active, current === undefined ? NOTHING : future[current]));
  const all = found.map(({ active, future }) => sum(active, ...future));
  // Before the first collection nothing was ever published: then all is told. runtime/mprof.go memProfileInternal
  const isFirst = published.every(({ allocs, frees }) => allocs === 0 && frees === 0);
  return found.map(({ bucket }, i) => ({ ...bucket, published: isFirst ? all[i] : published[i], now: all[i] }));
}

/** Which of the three cycles to come is published by whoever asks; undefined when the counter is not known: mostly that cycle is empty. */
function currentCycle({ layout, memory }: RecordSource): number | undefined {
  const at = layout.global("runtime.mProfCycle");
  // The lowest bit says that the cycle is published already: then its counts are zeros. runtime/mprof.go mProfCycleHolder
  return at === undefined || memory.tryBytes(at, 4) === undefined ? undefined : Math.floor(memory.readUint(at, 4) / 2) % 3;
}

/** A memRecordCycle; undefined where a count is no count. */
function countsAt({ layout, memory }: RecordSource, at: Address, size: Bytes): HeapCounts | undefined {
  const cycle = layout.struct("memRecordCycle");
  const allocs = readField(memory, cycle, at, "allocs");
  const frees = readField(memory, cycle, at, "frees");
  const allocBytes = cycle.has("alloc_bytes") ? readField(memory, cycle, at, "alloc_bytes") : allocs * size;
  const freeBytes = cycle.has("free_bytes") ? readField(memory, cycle, at, "free_bytes") : frees * size;
  const isSane = [allocs, frees, allocBytes, freeBytes].every(Number.isSafeInteger);
  return isSane ? { allocs, frees, allocBytes, freeBytes } : undefined;
}

const NOTHING: HeapCounts = { allocs: 0, frees: 0, allocBytes: 0, freeBytes: 0 };

function sum(...parts: readonly HeapCounts[]): HeapCounts {
  return parts.reduce(
    (all, each) => ({
      allocs: all.allocs + each.allocs,
      frees: all.frees + each.frees,
      allocBytes: all.allocBytes + each.allocBytes,
      freeBytes: all.freeBytes + each.freeBytes,
    }),
    NOTHING,
  );
}

/** The block or the mutex profile. Buckets whose counts are missing or cannot be are left out, and told. */
export function readContentionBuckets(source: RecordSource, kind: "block" | "mutex", onDamage: OnDamage): readonly ContentionBucket[] {
  const { layout, memory } = source;
  if (!layout.hasStruct("blockRecord")) return [];
  const struct = layout.struct("blockRecord");
  const found: ContentionBucket[] = [];
  for (const { record, address, pcs } of walk(source, kind, onDamage)) {
    const bytes = memory.tryBytes(record, struct.size);
    const view = bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const events = view ? Math.trunc(view.getFloat64(struct.offset("count"), true)) : Number.NaN;
    const cycles = view ? Number(view.getBigInt64(struct.offset("cycles"), true)) : Number.NaN;
    // Whoever divides by the count of a block profile is spared a zero: runtime/mprof.go blockProfileInternal
    const count = events === 0 && kind === "block" ? 1 : events;
    if (count >= 0 && Number.isFinite(count) && cycles >= 0) found.push({ address, pcs, count, cycles });
    else onDamage(address);
  }
  return found;
}

/** How much is sampled; each undefined when it is not known. */
export interface ProfileRates {
  /** runtime.MemProfileRate: an object is sampled for so many bytes allocated, on average; 1: every object, 0: none. */
  readonly memory: number | undefined;
  /** Ticks: what blocks so long is counted, what blocks for less by chance; 0: nothing is. */
  readonly block: number | undefined;
  /** One event in so many; 0: none. */
  readonly mutex: number | undefined;
  /** Ticks of the processor's counter in a second; undefined too when the program never asked. */
  readonly ticksPerSecond: number | undefined;
}

export function readProfileRates({ layout, memory }: RecordSource): ProfileRates {
  const word = (name: GlobalName) => memory.tryAddress(layout.global(name) ?? 0);
  const ticks = layout.global("runtime.ticks");
  const perSecond =
    ticks === undefined || !layout.hasStruct("ticks") ? undefined : memory.tryAddress(ticks + layout.struct("ticks").offset("val"));
  return {
    memory: word("runtime.MemProfileRate"),
    block: word("runtime.blockprofilerate"),
    mutex: word("runtime.mutexprofilerate"),
    ticksPerSecond: perSecond === undefined || perSecond <= 0 ? undefined : perSecond,
  };
}
