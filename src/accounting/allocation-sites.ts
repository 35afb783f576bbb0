// Where objects were allocated: known exactly of those that the heap profile sampled, and by them of others of their kind.
import { type Address, hex, NONE, type ObjectId } from "../base/units.js";
import type { Snapshot } from "../heap/snapshot.js";
import { type HeapBucket, readHeapBuckets, readProfileRates } from "../runtime/records/profile-buckets.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { TINY_SPAN_CLASS } from "../runtime/spans.js";
import { addFigures, figuresOf, type HeapFigures, NO_FIGURES } from "./heap-profile.js";
import { frameKey, type ProfileFrames, profileFrames, type Site, sameSite } from "./profile-frames.js";

/** The place of one object. */
export interface AllocationSite extends Site {
  /** Small values without pointers share a slot: the first one in it was allocated there. runtime/malloc.go mallocgc, tiny allocator */
  readonly shared?: true;
}

/** A place that allocated some of the objects that were asked for. */
export interface SiteShare {
  readonly site: Site;
  /** How many of them are known to be of there. */
  readonly sampled: number;
  /** All that the place allocated until the end, of any type: of a leak nearly all is in use, of a cache about half was freed. */
  readonly all: HeapFigures;
}

/** Answers about single objects cost nothing where the program has no heap profile. */
export interface AllocationSites {
  /** Objects whose place is known, ascending. */
  readonly ids: () => readonly ObjectId[];
  /** @param address of the object's first byte */
  at(address: Address): AllocationSite | undefined;
  /** The places of those that are known of a list, the most frequent first. */
  shares(ids: readonly ObjectId[]): readonly SiteShare[];
}

const known = new WeakMap<GoRuntime, AllocationSites>();

/** The places of a dump's objects, read once. */
export function allocationSites(source: Pick<Snapshot, "runtime" | "heap" | "findings">): AllocationSites {
  const { runtime, heap, findings } = source;
  // Not the source itself: a worker's is that of one question, and the places are asked by all.
  const found = known.get(runtime) ?? new Sites({ runtime, heap, findings });
  known.set(runtime, found);
  return found;
}

class Sites implements AllocationSites {
  private readonly source: Pick<Snapshot, "runtime" | "heap" | "findings">;
  private readonly frames: ProfileFrames;
  private readonly rate: number;
  private read: { readonly byBucket: ReadonlyMap<Address, HeapBucket>; readonly bySite: ReadonlyMap<string, HeapFigures> } | undefined;
  private sampledIds: readonly ObjectId[] | undefined;
  private readonly sites = new Map<Address, Site | undefined>();

  constructor(source: Pick<Snapshot, "runtime" | "heap" | "findings">) {
    this.source = source;
    this.frames = profileFrames(source.runtime);
    this.rate = readProfileRates(source.runtime).memory ?? 0;
  }

  ids(): readonly ObjectId[] {
    const { runtime, heap } = this.source;
    // A slot that was freed since has no object; its special goes when it is swept.
    this.sampledIds ??= [...runtime.sampled.keys()]
      .map((address) => heap.objects.find(address))
      .filter((id) => id !== NONE)
      .sort((a, b) => a - b);
    return this.sampledIds;
  }

  at(address: Address): AllocationSite | undefined {
    const { runtime } = this.source;
    const bucket = runtime.sampled.get(address);
    const site = bucket === undefined ? undefined : this.siteOf(bucket);
    if (!site) return undefined;
    const span = runtime.spans.find(address);
    const isTiny = span !== NONE && runtime.spans.spanClass[span] === TINY_SPAN_CLASS;
    return isTiny ? { ...site, shared: true } : site;
  }

  shares(ids: readonly ObjectId[]): readonly SiteShare[] {
    const { runtime, heap } = this.source;
    const counts = new Map<string, { site: Site; sampled: number }>();
    for (const id of ids) {
      const bucket = runtime.sampled.get(heap.objects.addressOf(id));
      const site = bucket === undefined ? undefined : this.siteOf(bucket);
      if (!site) continue;
      const before = counts.get(frameKey(site));
      counts.set(frameKey(site), {
        site: before ? (sameSite(before.site, site) ?? site) : site,
        sampled: (before?.sampled ?? 0) + 1,
      });
    }
    const sorted = [...counts].sort(([, a], [, b]) => b.sampled - a.sampled);
    return sorted.map(([key, share]) => ({ ...share, all: this.buckets().bySite.get(key) ?? NO_FIGURES }));
  }

  private siteOf(bucket: Address): Site | undefined {
    if (this.sites.has(bucket)) return this.sites.get(bucket);
    const found = this.buckets().byBucket.get(bucket);
    const site = found && this.frames.site(this.frames.ofAllocation(found.pcs));
    this.sites.set(bucket, site);
    return site;
  }

  /** Buckets by address, and what each place allocated until the end. */
  private buckets(): NonNullable<Sites["read"]> {
    if (this.read) return this.read;
    const { runtime, findings } = this.source;
    const onDamage = (at: Address) =>
      findings.add("profile-damaged", "a profile is not whole in the core: stacks are missing from it", hex(at), { partial: true });
    const byBucket = new Map<Address, HeapBucket>();
    const bySite = new Map<string, HeapFigures>();
    for (const bucket of readHeapBuckets(runtime, onDamage)) {
      byBucket.set(bucket.address, bucket);
      const site = this.frames.site(this.frames.ofAllocation(bucket.pcs));
      const key = site ? frameKey(site) : "";
      bySite.set(key, addFigures(bySite.get(key) ?? NO_FIGURES, figuresOf(bucket.now, this.rate)));
    }
    this.read = { byBucket, bySite };
    return this.read;
  }
}
