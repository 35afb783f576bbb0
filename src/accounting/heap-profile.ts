// The heap profile: what was allocated where, and what of it is in use, estimated from the sampled objects. runtime/pprof/protomem.go
import type { Bytes } from "../base/units.js";
import type { OnDamage } from "../runtime/records/chain.js";
import { type HeapBucket, type HeapCounts, readHeapBuckets, readProfileRates } from "../runtime/records/profile-buckets.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { frameKey, type ProfileFrame, profileFrames, type Site, sameSite } from "./profile-frames.js";

/** Estimates, but for what was sampled. */
export interface HeapFigures {
  readonly inuseObjects: number;
  readonly inuseBytes: Bytes;
  /** Since the program's start, what was freed since included. */
  readonly allocObjects: number;
  readonly allocBytes: Bytes;
  /** Sampled objects that the estimates rest on. */
  readonly sampled: { readonly inuse: number; readonly allocs: number };
}

/** Of all objects that were allocated by one stack or, without its frames, at one place. */
export interface HeapProfileRow extends HeapFigures {
  /** undefined of a stack without any Go in it. */
  readonly site?: Site;
  readonly frames?: readonly ProfileFrame[];
}

/** In the order in which they were first met. total is of all buckets; later: what is not published yet, of all objects allocated. */
export interface HeapProfile {
  readonly rate: number;
  readonly rows: readonly HeapProfileRow[];
  readonly total: HeapFigures;
  readonly later: { readonly objects: number; readonly bytes: Bytes };
}

/**
 * Objects and bytes that a sample stands for: it was as likely to be taken as an object of its size is. The same numbers that the file of
 * a heap profile has. runtime/pprof/protomem.go scaleHeapSample
 */
export function scaleSample(count: number, bytes: Bytes, rate: number): { readonly objects: number; readonly bytes: Bytes } {
  if (count === 0 || bytes === 0) return { objects: 0, bytes: 0 };
  if (rate <= 1) return { objects: count, bytes };
  const scale = 1 / (1 - Math.exp(-(bytes / count) / rate));
  return { objects: Math.trunc(count * scale), bytes: Math.trunc(bytes * scale) };
}

/** The figures of one bucket, at one of its states. */
export function figuresOf({ allocs, frees, allocBytes, freeBytes }: HeapCounts, rate: number): HeapFigures {
  const all = scaleSample(allocs, allocBytes, rate);
  const inuse = scaleSample(allocs - frees, allocBytes - freeBytes, rate);
  return {
    inuseObjects: inuse.objects,
    inuseBytes: inuse.bytes,
    allocObjects: all.objects,
    allocBytes: all.bytes,
    sampled: { inuse: allocs - frees, allocs },
  };
}

export const NO_FIGURES: HeapFigures = {
  inuseObjects: 0,
  inuseBytes: 0,
  allocObjects: 0,
  allocBytes: 0,
  sampled: { inuse: 0, allocs: 0 },
};

/** Figures of several together. */
export function addFigures(a: HeapFigures, b: HeapFigures): HeapFigures {
  return {
    inuseObjects: a.inuseObjects + b.inuseObjects,
    inuseBytes: a.inuseBytes + b.inuseBytes,
    allocObjects: a.allocObjects + b.allocObjects,
    allocBytes: a.allocBytes + b.allocBytes,
    sampled: { inuse: a.sampled.inuse + b.sampled.inuse, allocs: a.sampled.allocs + b.sampled.allocs },
  };
}

/**
 * The profile by stack or by place.
 * @param now  until the program's end; otherwise what runtime/pprof would have written then, which is of an earlier collection
 */
export function heapProfile(runtime: GoRuntime, by: "stack" | "site", now: boolean, onDamage: OnDamage): HeapProfile {
  const rate = readProfileRates(runtime).memory ?? 0;
  const buckets = readHeapBuckets(runtime, onDamage);
  const frames = profileFrames(runtime);
  const rows = new Map<string, HeapProfileRow>();
  let total = NO_FIGURES;
  for (const bucket of buckets) {
    const figures = figuresOf(now ? bucket.now : bucket.published, rate);
    // A stack that the profile has nothing of yet.
    if (figures.sampled.allocs === 0) continue;
    total = addFigures(total, figures);
    const stack = frames.ofAllocation(bucket.pcs);
    const site = frames.site(stack);
    const key = by === "stack" ? stack.map(frameKey).join("\n") : site ? frameKey(site) : "";
    const known = rows.get(key);
    const where = known ? sameSite(known.site, site) : site;
    const sum = known ? addFigures(known, figures) : figures;
    rows.set(key, { ...(where ? { site: where } : {}), ...sum, ...(by === "stack" ? { frames: stack } : {}) });
  }
  return { rate, rows: [...rows.values()], total, later: laterThan(buckets, rate) };
}

/** What was allocated since the state that is published. */
function laterThan(buckets: readonly HeapBucket[], rate: number): HeapProfile["later"] {
  let objects = 0;
  let bytes = 0;
  for (const { published, now } of buckets) {
    const scaled = scaleSample(now.allocs - published.allocs, now.allocBytes - published.allocBytes, rate);
    objects += scaled.objects;
    bytes += scaled.bytes;
  }
  return { objects, bytes };
}
