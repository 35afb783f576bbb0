// Who could end a wait. The runtime records no owner of a lock: what a goroutine's code goes on to release, it has.
//
// Evidence is gathered goroutine by goroutine (visit), the strongest kind first, and sorted by what is waited for in the end
// (result). "taken" and "alone" count only where nobody was found who goes on to end the wait.
import type { Findings } from "../base/findings.js";
import { addressWord } from "../base/uint64.js";
import { type Address, NONE, WORD } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { stackRoots } from "../runtime/stack-roots.js";
import { endsOf, heldModes, type Mode } from "./calls.js";
import { type Awaited, Futures, type FutureUse, type Release } from "./futures.js";
import type { WaitGroup, WaitKind } from "./groups.js";
import { LARGEST_SEARCHED, MOST_OBJECTS_REMEMBERED, MOST_STEPS, PLACE_FRAMES } from "./limits.js";
import type { Role } from "./sync.js";

export { MOST_STEPS, MOST_STEPS_AT_A_GLANCE } from "./limits.js";

/**
 * The strongest first. "announced": it waits in the lock itself for the readers before it, all others are behind it.
 * "deferred": it will release this very object when it returns. "releases": its code goes on to release this very object. "uses": its
 * code goes on to send to, receive from, close or signal it. "taken": its functions took this very lock on every way to where they stand,
 * but are not seen to release it again. "reference": its stack has a pointer to the channel or condition.
 * "alone": it waits for a lock that its code may have taken before and not released, and no stack shows another who has it.
 */
export type Evidence = "announced" | "deferred" | "releases" | "taken" | "uses" | "reference" | "alone";

/** In the order in which holders are told. */
const STRENGTH: readonly Evidence[] = ["announced", "deferred", "releases", "taken", "uses", "reference", "alone"];

/** A goroutine that could end a wait, and why that is thought. */
export interface Holder {
  readonly goroutine: Goroutine;
  readonly evidence: Evidence;
  /** How it holds a lock; undefined for channels and conditions. */
  readonly mode: Mode | undefined;
  /** What it will do to a channel or condition; empty when that is not known. */
  readonly operations: readonly FutureUse["operation"][];
  /** The call that says so, "main.move at cycles.go:41"; "" where none does, or it is not known. */
  readonly where: string;
}

const NOTHING: ReadonlySet<WaitGroup> = new Set();
/** Kinds whose holders are found by what code goes on to release. */
const OF_SYNC: ReadonlySet<WaitKind> = new Set(["mutex", "rwmutex", "waitgroup"]);
/** Kinds that anybody can end who has a pointer to the object. */
const BY_REFERENCE: ReadonlySet<WaitKind> = new Set(["channel", "cond"]);

/** Who could end each wait. */
export interface Holders {
  /** By what is waited for, the strongest evidence first. */
  readonly of: ReadonlyMap<WaitGroup, readonly Holder[]>;
  /** Goroutines whose code was not followed: each may have any of the locks. */
  readonly unfollowed: number;
}

/**
 * By what is waited for: who could end it.
 * @param most  instructions that are followed; of many goroutines in one place some are followed before the others of that place
 */
export function findHolders(runtime: GoRuntime, groups: readonly WaitGroup[], findings: Findings, most = MOST_STEPS): Holders {
  const futures = new Futures(runtime, most);
  const search = new HolderSearch(runtime, groups, futures);
  for (const goroutine of inTurn(runtime.goroutines.all)) search.visit(goroutine);
  const of = search.result();
  if (futures.unfollowed > 0)
    findings.add("goroutines-unfollowed", "there are too many goroutines to follow all: holders of locks may be missing", "", {
      // At a glance nothing is said that the missing ones could change.
      partial: most >= MOST_STEPS,
      count: futures.unfollowed,
    });
  return { of, unfollowed: futures.unfollowed };
}

/** One goroutine of each place first, then a second one of each: who holds what many wait for stands elsewhere than the many. */
function inTurn(all: readonly Goroutine[]): readonly Goroutine[] {
  const places = new Map<string, number>();
  const turns = all
    .filter((each) => !each.system)
    .map((goroutine) => {
      const { frames } = goroutine.unwound();
      const place = `${frames.length} ${frames.slice(0, PLACE_FRAMES).map(({ pc }) => pc)}`;
      const turn = places.get(place) ?? 0;
      places.set(place, turn + 1);
      return { goroutine, turn };
    });
  return turns.sort((a, b) => a.turn - b.turn).map(({ goroutine }) => goroutine);
}

/** One search over all goroutines. */
class HolderSearch {
  private readonly runtime: GoRuntime;
  private readonly groups: readonly WaitGroup[];
  private readonly futures: Futures;
  /** Locks and groups of package sync, by their address. */
  private readonly locks = new Map<Address, WaitGroup>();
  /** Channels and conditions, by their address. */
  private readonly others = new Map<Address, WaitGroup>();
  /** What objects point to, by their address. */
  private readonly objects = new Map<Address, ReadonlySet<WaitGroup>>();
  /** What each goroutine waits for itself. */
  private readonly waitsFor = new Map<Goroutine, Map<WaitGroup, Role>>();
  private readonly found = new Map<WaitGroup, Holder[]>();
  /** Those who may wait for a lock they have themselves. */
  private readonly own = new Map<WaitGroup, Holder[]>();

  constructor(runtime: GoRuntime, groups: readonly WaitGroup[], futures: Futures) {
    this.runtime = runtime;
    this.groups = groups;
    this.futures = futures;
    for (const group of groups) {
      if (OF_SYNC.has(group.kind)) this.locks.set(group.address, group);
      if (BY_REFERENCE.has(group.kind)) this.others.set(group.address, group);
      for (const { goroutine, role } of group.members) {
        const known = this.waitsFor.get(goroutine) ?? new Map<WaitGroup, Role>();
        this.waitsFor.set(goroutine, known.set(group, role));
      }
    }
  }

  /** Gathers what one goroutine could end. */
  visit(goroutine: Goroutine): void {
    const waiting = this.waitsFor.get(goroutine) ?? new Map<WaitGroup, Role>();
    const { releases, uses, again } = this.futures.of(goroutine, awaitedBy(waiting));
    for (const release of releases) this.releases(goroutine, release);
    const used = new Map<WaitGroup, FutureUse[]>();
    for (const use of uses) {
      const group = this.others.get(use.object);
      if (group && !waiting.has(group)) append(used, group, use);
    }
    for (const [group, list] of used) {
      // Who only goes on to receive helps nobody who receives.
      const helping = list.filter((use) => group.members.some((member) => endsOf(member.operation).has(use.operation)));
      if (helping.length === 0) continue;
      const operations = helping.map((each) => each.operation);
      const { where = "" } = helping[0] ?? {};
      append(this.found, group, { goroutine, evidence: "uses", mode: undefined, operations, where });
    }
    for (const group of this.references(goroutine)) {
      if (waiting.has(group) || used.has(group)) continue;
      append(this.found, group, { goroutine, evidence: "reference", mode: undefined, operations: [], where: "" });
    }
    for (const group of waiting.keys()) {
      if (!again.has(group.address)) continue;
      append(this.own, group, {
        goroutine,
        evidence: "alone",
        mode: waiting.get(group) === "reader" ? "read" : "write",
        operations: [],
        where: "",
      });
    }
  }

  /** A release that its code goes on to. */
  private releases(goroutine: Goroutine, { object, mode, deferred, where }: Release): void {
    const group = this.locks.get(object);
    if (!group || (group.kind === "waitgroup") !== (mode === "done")) return;
    append(this.found, group, { goroutine, evidence: deferred ? "deferred" : "releases", mode, operations: [], where });
  }

  /** Channels and conditions that its stack points to, as the collector reads it: a word that is not live any more is no reference. */
  private references(goroutine: Goroutine): ReadonlySet<WaitGroup> {
    const found = new Set<WaitGroup>();
    if (this.others.size === 0) return found;
    for (const root of stackRoots(this.runtime, goroutine).roots) {
      const group = this.others.get(root.value);
      if (group) found.add(group);
      else for (const each of this.within(root.value)) found.add(each);
    }
    return found;
  }

  /** Those that the object at an address has pointers to, as a struct has in its fields. */
  private within(address: Address): ReadonlySet<WaitGroup> {
    const { spans } = this.runtime;
    const span = spans.find(address);
    const size = span === NONE ? 0 : spans.elementSize[span];
    if (span === NONE || size > LARGEST_SEARCHED || spans.spanClass[span] % 2 === 1) return NOTHING;
    const base = spans.base[span];
    const start = base + Math.floor((address - base) / size) * size;
    let found = this.objects.get(start);
    if (!found) {
      found = new Set(this.pointedTo(start, size));
      if (this.objects.size > MOST_OBJECTS_REMEMBERED) this.objects.clear();
      this.objects.set(start, found);
    }
    return found;
  }

  /** Every word of the object is tried: what the type says is not needed for a known address. */
  private *pointedTo(start: Address, size: number): Iterable<WaitGroup> {
    const bytes = this.runtime.memory.tryBytes(start, size);
    if (!bytes) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + WORD <= bytes.length; at += WORD) {
      const group = this.others.get(addressWord(view, at, 0));
      if (group) yield group;
    }
  }

  /** Locks that nobody is seen to release: those who took one and never give it back may wait for something themselves. */
  private lost(): void {
    const lost = new Set(
      this.groups.filter((each) => isLock(each.kind) && this.holdersOf(each).every(({ evidence }) => evidence === "announced")),
    );
    if (lost.size === 0) return;
    for (const [goroutine, waiting] of this.waitsFor) {
      for (const { object, mode, where } of this.futures.past(goroutine, awaitedBy(waiting))) {
        const group = this.locks.get(object);
        if (!group || !lost.has(group) || mode === "done") continue;
        append(this.found, group, { goroutine, evidence: "taken", mode, operations: [], where });
      }
    }
  }

  /** Of those found, who can hold it as it is. */
  private holdersOf(group: WaitGroup): Holder[] {
    const modes = isLock(group.kind) ? heldModes(this.runtime, group.kind, group.address) : undefined;
    const all = this.found.get(group) ?? [];
    const isAnnounced = group.members.some((each) => each.role !== "writer");
    const announced = isAnnounced ? group.members.filter((each) => each.role === "writer") : [];
    return [
      ...all.filter((each) => !modes || each.mode === undefined || modes.has(each.mode)),
      ...announced.map(({ goroutine }): Holder => ({ goroutine, evidence: "announced", mode: "write", operations: [], where: "" })),
    ];
  }

  /** Who waits for a lock of its own counts only where no other holder was found. */
  result(): ReadonlyMap<WaitGroup, readonly Holder[]> {
    this.lost();
    for (const group of this.groups) {
      const holders = this.holdersOf(group);
      const modes = isLock(group.kind) ? heldModes(this.runtime, group.kind, group.address) : new Set<Mode>();
      if (holders.every((each) => each.evidence === "announced"))
        for (const each of this.own.get(group) ?? []) if (each.mode !== undefined && modes.has(each.mode)) holders.push(each);
      holders.sort((a, b) => STRENGTH.indexOf(a.evidence) - STRENGTH.indexOf(b.evidence) || a.goroutine.id - b.goroutine.id);
      if (holders.length > 0) this.found.set(group, holders);
      else this.found.delete(group);
    }
    return this.found;
  }
}

/** The locks among what a goroutine waits for, and how it wants them. */
function awaitedBy(waiting: ReadonlyMap<WaitGroup, Role>): Awaited[] {
  return [...waiting].flatMap(([group, role]) =>
    isLock(group.kind) ? [{ object: group.address, mode: role === "reader" ? ("read" as const) : ("write" as const) }] : [],
  );
}

/** Whether exclusion is what is waited for: a counter is held by nobody. */
function isLock(kind: WaitKind): kind is "mutex" | "rwmutex" {
  return kind === "mutex" || kind === "rwmutex";
}

function append<T>(to: Map<WaitGroup, T[]>, group: WaitGroup, each: T): void {
  const list = to.get(group);
  if (list) list.push(each);
  else to.set(group, [each]);
}
