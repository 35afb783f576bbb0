// The block and mutex profiles: who waited, who made others wait, how often and for how long. runtime/pprof/pprof.go writeProfileInternal
import type { OnDamage } from "../runtime/records/chain.js";
import { type ProfileKind, readContentionBuckets, readProfileRates } from "../runtime/records/profile-buckets.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { frameKey, type ProfileFrame, profileFrames, type Site, sameSite } from "./profile-frames.js";

/** Estimates, scaled by the runtime itself when it counted. */
export interface ContentionFigures {
  readonly contentions: number;
  /** Absent when the program never measured how fast its counter of ticks goes. */
  readonly delayNanoseconds?: number;
  /** Ticks of that counter. */
  readonly cycles: number;
}

/** Of all events of one stack or, without its frames, of one place. */
export interface ContentionRow extends ContentionFigures {
  readonly site?: Site;
  readonly frames?: readonly ProfileFrame[];
}

export interface ContentionProfile {
  readonly ticksPerSecond: number | undefined;
  readonly rows: readonly ContentionRow[];
  readonly total: ContentionFigures;
}

/** The profile by stack or by place, in the order in which they were first met. */
export function contentionProfile(
  runtime: GoRuntime,
  kind: Exclude<ProfileKind, "heap">,
  by: "stack" | "site",
  onDamage: OnDamage,
): ContentionProfile {
  const { ticksPerSecond } = readProfileRates(runtime);
  const frames = profileFrames(runtime);
  const figures = (contentions: number, cycles: number): ContentionFigures => ({
    contentions,
    cycles,
    ...(ticksPerSecond === undefined ? {} : { delayNanoseconds: Math.trunc(cycles / (ticksPerSecond / 1e9)) }),
  });
  const rows = new Map<string, ContentionRow>();
  let total = figures(0, 0);
  const add = (a: ContentionFigures, b: ContentionFigures): ContentionFigures => ({
    contentions: a.contentions + b.contentions,
    cycles: a.cycles + b.cycles,
    ...(a.delayNanoseconds === undefined || b.delayNanoseconds === undefined
      ? {}
      : { delayNanoseconds: a.delayNanoseconds + b.delayNanoseconds }),
  });
  for (const { pcs, count, cycles } of readContentionBuckets(runtime, kind, onDamage)) {
    const own = figures(count, cycles);
    total = add(total, own);
    const stack = frames.ofWait(pcs);
    const site = frames.site(stack);
    const key = by === "stack" ? stack.map(frameKey).join("\n") : site ? frameKey(site) : "";
    const known = rows.get(key);
    const where = known ? sameSite(known.site, site) : site;
    const sum = known ? add(known, own) : own;
    rows.set(key, { ...(where ? { site: where } : {}), ...sum, ...(by === "stack" ? { frames: stack } : {}) });
  }
  return { ticksPerSecond, rows: [...rows.values()], total };
}
