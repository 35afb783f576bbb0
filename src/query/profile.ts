// The profiles that the program kept of itself: where it allocated, blocked, and made others wait.
import { type ContentionFigures, type ContentionRow, contentionProfile } from "../accounting/contention-profile.js";
import { type HeapFigures, type HeapProfile, type HeapProfileRow, heapProfile } from "../accounting/heap-profile.js";
import { cut, USUAL_TOP } from "../base/rows.js";
import { hex } from "../base/units.js";
import type { Dump } from "../dump.js";
import { hasBuckets, type ProfileKind, readProfileRates } from "../runtime/records/profile-buckets.js";
import type { Query } from "./query.js";

export interface ProfileArgs {
  readonly kind: ProfileKind;
  /** Rows are whole stacks, or places of the program; "stack" when absent. */
  readonly by?: "stack" | "site";
  /** Of the heap: the state at the end; what runtime/pprof would have written when absent, which is the state of an earlier collection. */
  readonly now?: boolean;
  /** Which figure is largest first; "inuse-bytes" when absent, and of block and mutex "delay". */
  readonly sort?: ProfileOrder;
  /** 0 = all; 20 when absent. */
  readonly top?: number;
}

export type ProfileOrder = "inuse-bytes" | "inuse-objects" | "alloc-bytes" | "alloc-objects" | "delay" | "contentions";

/**
 * Why there is none. not-linked: nothing in the program asks for it, so that the linker turned it off. rate-zero: it was off when the
 * program ended, and nothing is left of before. never-on: nothing in the program can turn it on. nothing-yet: it was on, and nothing was
 * sampled. not-in-core: the variable that it begins at is not known, or not in the core.
 */
export type NoProfileReason = "not-linked" | "never-on" | "rate-zero" | "nothing-yet" | "not-in-core";

/** A profile, or why there is none. Figures are estimates from samples, the same that runtime/pprof tells; total is of all rows. */
export type Profile =
  | { readonly kind: ProfileKind; readonly found: false; readonly reason: NoProfileReason }
  | {
      readonly kind: "heap";
      readonly found: true;
      /** runtime.MemProfileRate: bytes allocated for each sample, on average. */
      readonly rate: number;
      readonly now: boolean;
      readonly rows: readonly HeapProfileRow[];
      readonly total: HeapFigures & { readonly rows: number };
      /** Allocated since the state that runtime/pprof would have written. */
      readonly later: HeapProfile["later"];
    }
  | {
      readonly kind: "block" | "mutex";
      readonly found: true;
      /** block: ticks; mutex: one event in so many. As it was at the end: 0, it was off by then. */
      readonly rate: number;
      readonly ticksPerSecond?: number;
      readonly rows: readonly ContentionRow[];
      readonly total: ContentionFigures & { readonly rows: number };
    };

export const profile: Query<ProfileArgs, Profile> = {
  name: "profile",
  summary: "where the program allocated, blocked, or made others wait: the profiles it kept of itself",
  run(dump, { kind, by = "stack", now = false, sort, top = USUAL_TOP }, { findings }) {
    const reason = whyNone(dump, kind);
    if (reason) return { kind, found: false, reason };
    const onDamage = (at: number) =>
      findings.add("profile-damaged", "a profile is not whole in the core: stacks are missing from it", hex(at), { partial: true });
    if (kind === "heap") {
      const { rate, rows, total, later } = heapProfile(dump.runtime, by, now, onDamage);
      if (rows.length === 0 && later.objects === 0) return { kind, found: false, reason: "nothing-yet" };
      const sorted = rows.toSorted(byHeap(sort));
      return { kind, found: true, rate, now, rows: cut(sorted, top), total: { ...total, rows: rows.length }, later };
    }
    const { ticksPerSecond, rows, total } = contentionProfile(dump.runtime, kind, by, onDamage);
    const rates = readProfileRates(dump.runtime);
    const figure = (row: ContentionRow) => (sort === "contentions" ? row.contentions : row.cycles);
    return {
      kind,
      found: true,
      rate: rates[kind] ?? 0,
      ...(ticksPerSecond === undefined ? {} : { ticksPerSecond }),
      rows: cut(
        rows.toSorted((a, b) => figure(b) - figure(a)),
        top,
      ),
      total: { ...total, rows: rows.length },
    };
  },
};

function byHeap(sort: ProfileOrder = "inuse-bytes"): (a: HeapProfileRow, b: HeapProfileRow) => number {
  const figure = {
    "inuse-bytes": (row: HeapFigures) => row.inuseBytes,
    "inuse-objects": (row: HeapFigures) => row.inuseObjects,
    "alloc-bytes": (row: HeapFigures) => row.allocBytes,
    "alloc-objects": (row: HeapFigures) => row.allocObjects,
    delay: () => 0,
    contentions: () => 0,
  }[sort];
  return (a, b) => figure(b) - figure(a) || b.allocBytes - a.allocBytes;
}

/** Functions that ask for a profile, or turn it on: the linker leaves out what nothing refers to. runtime/mprof.go */
const NEEDED: Readonly<Record<ProfileKind, readonly string[]>> = {
  // Until Go 1.22 MemProfile did what memProfileInternal does since. cmd/link/internal/ld/lib.go linksetup
  heap: ["runtime.memProfileInternal", "runtime.MemProfile"],
  block: ["runtime.SetBlockProfileRate"],
  mutex: ["runtime.SetMutexProfileFraction"],
};

function whyNone({ runtime }: Dump, kind: ProfileKind): NoProfileReason | undefined {
  const { functions } = runtime;
  const has = hasBuckets(runtime, kind);
  // Without a table of functions nothing is known of what is linked.
  const isLinked = functions.byName("runtime.main") === undefined || NEEDED[kind].some((name) => functions.byName(name) !== undefined);
  const rates = readProfileRates(runtime);
  // Before it turns the profile off the runtime may have sampled something of its own.
  if (!isLinked && (kind === "heap" ? rates.memory === 0 : has === false)) return kind === "heap" ? "not-linked" : "never-on";
  if (has === undefined) return "not-in-core";
  if (has) return undefined;
  return (kind === "heap" ? rates.memory : rates[kind]) === 0 ? "rate-zero" : "nothing-yet";
}
