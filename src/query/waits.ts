// What is wrong with the waits: circles, convoys, waits that nobody is left to end.
import { cut } from "../base/rows.js";
import type { Suspect } from "../diagnosis/suspect.js";
import type { Dump } from "../dump.js";
import { readMachines } from "../runtime/records/machine.js";
import { readWaits } from "../runtime/waiting.js";
import { type FrameRow, goroutineReader } from "../stacks/goroutine-rows.js";
import { findCycles } from "../waits/cycles.js";
import { type WaitGroup, type WaitKind, waitGroups } from "../waits/groups.js";
import { findHolders, MOST_STEPS, MOST_STEPS_AT_A_GLANCE } from "../waits/holders.js";
import { waitNames } from "../waits/places.js";
import { proveStuck } from "../waits/proof.js";
import { judgeWaits, type WaitFinding } from "../waits/rules.js";
import { deathOf } from "./death.js";
import type { FirstLook } from "./first-look.js";
import type { GoroutineGroup } from "./goroutines.js";
import type { Context, Query } from "./query.js";

export type { WaitFinding, WaitThing, WaitWho } from "../waits/rules.js";

export interface WaitsArgs {
  /** 0 = all; 8 when absent. */
  readonly top?: number;
  /** Reads the heap to prove that nobody else can reach the channels of a circle; a circle of locks needs no such proof. */
  readonly proof?: boolean;
  /** Follows so many goroutines as a second allows: holders may be missing, and then nothing is said of locks without one. */
  readonly glance?: boolean;
}

/** Findings, circles first, then by how many of the program's goroutines cannot go on. */
export interface Waits {
  readonly rows: readonly WaitFinding[];
  readonly total: { readonly rows: number };
}

export const waits: Query<WaitsArgs, Waits> = {
  name: "waits",
  summary: "deadlocks, convoys, waits that nobody is left to end",
  run(dump, { top = 8, ...how }, context) {
    const rows = judgeWaits(waitCase(dump, context, how));
    return { rows: cut(rows, top), total: { rows: rows.length } };
  },
};

/** Waits that another goroutine ends. */
const ENDED_BY_OTHERS: ReadonlySet<WaitKind> = new Set(["mutex", "rwmutex", "waitgroup", "channel", "cond"]);

/** Who waits for what, who could end it, and the circles. */
export function waitCase(
  dump: Dump,
  { findings, progress }: Pick<Context, "findings" | "progress">,
  { proof = false, glance = false }: Pick<WaitsArgs, "proof" | "glance">,
) {
  const { runtime } = dump;
  const reader = goroutineReader(dump);
  progress.stage("reading who waits", runtime.goroutines.all.length);
  const groups: readonly WaitGroup[] = waitGroups(runtime, readWaits(runtime, findings));
  const located = groups.filter((each) => each.address > 0 && ENDED_BY_OTHERS.has(each.kind));
  progress.stage("searching stacks for holders", located.length);
  const { of: holders, unfollowed } = findHolders(runtime, located, dump.findings, glance ? MOST_STEPS_AT_A_GLANCE : MOST_STEPS);
  const names = waitNames(runtime, groups);
  const cycles = findCycles(runtime, located, holders, reader, (graph, stuck) => proof && proveStuck(dump, graph, stuck));
  const isAllAsleep = deathOf(dump, readMachines(runtime, findings)).summary.includes("all goroutines are asleep");
  return { runtime, groups, holders, unfollowed, cycles, reader, names, isAllAsleep };
}

/** What stalls the program, and whether that or the death itself is what one came for, rather than the memory. */
export interface Stalls {
  /** Findings about waits; those that `leaks` proves are told there. */
  readonly waits: readonly WaitFinding[];
  /** Groups of goroutines that nothing can wake, of LEAST_LEAKED or with memory, the largest first. */
  readonly leaks: readonly GoroutineGroup[];
  /**
   * "death": it died of an error in its code, "stall": of its goroutines a good part cannot go on; then what holds memory is not what
   * killed it. "memory": nothing else explains the end.
   */
  readonly explanation: "death" | "stall" | "memory";
}

/** Leaked goroutines of one stack: fewer that hold less are told by `leaked`. */
const LEAST_LEAKED = { count: 10, bytes: 1 << 20 };
/** From this part of the program's goroutines on a stall explains more than what the memory holds. */
const STALL = 0.25;
/** A single goroutine of these is a fault. */
const NEVER_HEALTHY: ReadonlySet<WaitFinding["rule"]> = new Set(["deadlock", "nobody-left", "stalled-finalizer", "all-asleep"]);
/** Deaths that memory explains. runtime/malloc.go, mem_linux.go, cgo */
const OUT_OF_MEMORY = /out of memory|cannot (?:allocate|reserve|map)|failed to reserve/;

/**
 * What stalls the program.
 * @param user  the program's goroutines
 * @param found  findings about waits, in their order
 * @param leakGroups  of `leaked`, with what they retain
 */
export function stallsOf(
  death: FirstLook["death"],
  user: number,
  found: readonly WaitFinding[],
  leakGroups: readonly GoroutineGroup[],
): Stalls {
  const leaks = leakGroups
    // Who writes select {} means it.
    .filter(({ waitReason }) => !waitReason.includes("no cases"))
    .filter(({ count, retainedBytes = 0 }) => count >= LEAST_LEAKED.count || retainedBytes >= LEAST_LEAKED.bytes)
    .filter(({ top }) => !found.some((each) => each.certainty === "strong" && isAt(each, top)))
    .sort((a, b) => b.count - a.count || (b.retainedBytes ?? 0) - (a.retainedBytes ?? 0));
  // A proof says more than that nobody is seen.
  const waiting = found.filter((each) => each.certainty === "strong" || !leaks.some(({ top }) => isAt(each, top)));
  const isError = death.kind === "panic" || death.kind === "fatal error" || (death.kind === "signal" && death.sender === "the kernel");
  const isDeath = isError && !OUT_OF_MEMORY.test(death.summary);
  const isStall =
    waiting.some(({ share, rule }) => share >= STALL || NEVER_HEALTHY.has(rule)) ||
    leaks.some(({ count }) => count / Math.max(1, user) >= STALL);
  return { waits: waiting, leaks, explanation: isDeath ? "death" : isStall ? "stall" : "memory" };
}

/** Whether the goroutines of a finding, or the last holder of its chain, stand in one line with others. */
function isAt(finding: WaitFinding, top: Pick<FrameRow, "function" | "line"> | undefined): boolean {
  const last = finding.rule === "lock-convoy" ? finding.figures.chain.at(-1)?.holder.top : undefined;
  return [finding.at, last].some((at) => at !== undefined && at.function === top?.function && at.line === top.line);
}

/** Goroutines that stand where a finding about waits has told of them: what they hold is no finding of its own. */
export function isToldByStalls(stalls: Stalls, { rule, figures }: Suspect): boolean {
  if (rule !== "blocked-goroutines" && rule !== "goroutine-stacks" && rule !== "goroutine") return false;
  return (
    stalls.waits.some((each) => isAt(each, figures)) ||
    stalls.leaks.some(({ top }) => top?.function === figures.function && top.line === figures.line)
  );
}
