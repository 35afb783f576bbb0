// How much findings and signs weigh. A finding's rank is its share of the memory in use times its rule's weight times the signs' weights.
import type { Bytes } from "../base/units.js";
import type { RuleId } from "./figures.js";
import type { Sign, SignId } from "./sign.js";

/** By rule: how often such a thing is the failure itself. 1 = as often as any large holder. */
export const WEIGHT: Readonly<Record<RuleId, number>> = {
  // Nothing but a fault makes the queue of finalizers long.
  "finalizer-backlog": 4,
  // Things that are meant to be short-lived, by the hundred.
  "contexts-never-cancelled": 3,
  "timers-never-stopped": 3,
  // A channel with room is a queue like any other; see FULL_CHANNEL.
  "full-channel": 1,
  // Listeners that nobody removed; but some programs are made of closures.
  callbacks: 2.5,
  // A pool that keeps much is seldom wanted, and the collector empties it.
  "sync-pool": 1.2,
  // Nobody holds them alone, so less is certain.
  "equal-objects": 0.8,
  // One block was asked for on purpose; a leak has many.
  "large-object": 0.5,
  accumulation: 1,
  "goroutine-stacks": 1,
  "blocked-goroutines": 1,
  goroutine: 1,
  // Bytes that nobody can read are lost whatever the program is for.
  "pinned-array": 2.5,
  "slice-capacity": 2.5,
  "map-slack": 2.5,
  "duplicate-strings": 2.5,
  // The collector will take it; see COLLECTOR_OFF.
  garbage: 0.25,
  // The system can have it back; see BURST.
  "free-heap": 0.25,
  fragmentation: 2,
  "native-memory": 1.5,
  // Nobody can unmap it any more.
  "forgotten-mappings": 2.5,
  "gc-at-its-limit": 1.2,
};

/** A full channel: whoever reads it does not keep up. */
export const FULL_CHANNEL = 3;
/** With GOGC=off nobody takes the garbage. */
export const COLLECTOR_OFF = 2;
/** Twice as much free as in use: the resident size is of a burst that is over. */
export const BURST = 2;
/** Goroutines at one place: a few dozen are a pool of workers, hundreds are stuck. From so many on, the weight. */
export const CROWDS: readonly (readonly [count: number, weight: number])[] = [
  [100, 2.5],
  [10, 1.5],
];

/** By sign: above 1 it speaks for a leak, below 1 against. */
export const SIGN_WEIGHT: Readonly<Record<SignId, number>> = {
  // Each of these three is nearly proof that members should be gone.
  finished: 3,
  expired: 3,
  "all-ages": 2.5,
  // Between other and freed objects: they came one by one.
  scattered: 1.4,
  // A name is a hint, never evidence.
  "leak-name": 1.3,
  "steady-name": 0.75,
  // Tables that are loaded at the start are allocated in one go.
  "allocated-together": 0.75,
  // What grows without end has many parts.
  few: 0.7,
  // Something removes the old ones.
  expiring: 0.5,
  "since-start": 0.5,
  "numbers-in-turn": 0.4,
  "bounded-by-field": 0.35,
  "evicting-list": 0.35,
};

/** All signs of a finding together weigh no less and no more. */
const SIGNS_WEIGH = { least: 0.1, most: 8 };

/** What they weigh together. */
export function weightOf(signs: readonly Sign[]): number {
  const weight = signs.reduce((product, { sign }) => product * SIGN_WEIGHT[sign], 1);
  return Math.min(SIGNS_WEIGH.most, Math.max(SIGNS_WEIGH.least, weight));
}

/** "high": it is a fault by its kind, or signs speak for a leak. "low": a small heap, or what any program holds. */
export type Confidence = "high" | "medium" | "low";

/** Rules that find what is no program's purpose: bytes that nobody can read, or things that should be gone. */
const FAULTS: ReadonlySet<RuleId> = new Set([
  ...(["finalizer-backlog", "contexts-never-cancelled", "timers-never-stopped", "full-channel", "pinned-array", "slice-capacity"] as const),
  ...(["map-slack", "duplicate-strings", "native-memory", "forgotten-mappings", "gc-at-its-limit", "fragmentation"] as const),
]);
/** Less is no reason for a process to die, whatever holds it. */
const SMALL: Bytes = 4 * 2 ** 20;
/** What holds less than this and has no sign of a leak is what a program of that size needs. */
const USUAL: Bytes = 64 * 2 ** 20;
/** Signs that together weigh so much speak for a leak. */
const SPEAKS_FOR = 1.3;

/** How sure a finding is to be the fault. Share of the heap alone is no suspicion: something always holds most of it. */
export function confidenceOf(rule: RuleId, bytes: Bytes, signs: number): Confidence {
  if (bytes < SMALL) return "low";
  if (FAULTS.has(rule)) return signs < 1 ? "medium" : "high";
  if (signs >= SPEAKS_FOR) return bytes < USUAL / 4 ? "medium" : "high";
  return bytes < USUAL ? "low" : "medium";
}
