// Who could end a wait. The runtime records no owner of a lock: each holder is an inference with its reason.
import { WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { stackRoots } from "../runtime/stack-roots.js";
import { type Mode, syncCallReader } from "./blocked-code.js";
import type { WaitGroup } from "./blocked-groups.js";
import { Ownership } from "./blocked-ownership.js";
import { RangeIndex } from "./blocked-ranges.js";

/**
 * The strongest first. "announced": it waits in the lock itself for the readers before it, all others are behind it.
 * "deferred": it will release this very object when it returns. "taken above": its code takes such a lock above the line where it
 * stands, does not release it between, and it has a reference to this one. "reference": it can still use the object. "alone": it waits for a lock of a kind that it has taken above, and
 * no other stack has a reference to this one.
 */
export type Evidence = "announced" | "deferred" | "taken above" | "reference" | "alone";

const STRENGTH: readonly Evidence[] = ["announced", "deferred", "taken above", "reference", "alone"];

export interface Holder {
  readonly goroutine: Goroutine;
  readonly evidence: Evidence;
  /** How it holds a lock; undefined when it is not known to. */
  readonly mode: Mode | undefined;
  readonly why: string;
}

/** Stacks deeper than this are searched at their inner end only. */
const MOST_STACK_SEARCHED = 1 << 20;
const LOCKS = new Set(["mutex", "rwmutex"]);

/** By what is waited for: who could end it, the strongest evidence first. */
export function findHolders(dump: Dump, groups: readonly WaitGroup[]): ReadonlyMap<WaitGroup, readonly Holder[]> {
  const search = new HolderSearch(dump, groups);
  for (const goroutine of dump.runtime.goroutines.all) search.visit(goroutine);
  return search.result();
}

class HolderSearch {
  private readonly dump: Dump;
  private readonly ownership;
  private readonly groups: readonly WaitGroup[];
  private readonly ranges: RangeIndex;
  private readonly waitsFor = new Map<Goroutine, Set<WaitGroup>>();
  private readonly found = new Map<WaitGroup, Holder[]>();
  /** Those who may wait for a lock they have themselves. */
  private readonly own = new Map<WaitGroup, Holder[]>();

  constructor(dump: Dump, groups: readonly WaitGroup[]) {
    this.dump = dump;
    this.groups = groups;
    this.ranges = new RangeIndex(groups);
    this.ownership = new Ownership(dump, syncCallReader(dump), groups, this.ranges, this.waitsFor);
    for (const group of groups) {
      for (const { goroutine } of group.members) {
        const set = this.waitsFor.get(goroutine) ?? new Set();
        this.waitsFor.set(goroutine, set.add(group));
      }
    }
  }

  visit(goroutine: Goroutine): void {
    const waiting = this.waitsFor.get(goroutine);
    const isOther = (group: WaitGroup) => !waiting?.has(group) || LOCKS.has(group.kind);
    const maybe = this.onStack(goroutine, isOther);
    const best = new Map<WaitGroup, Holder>();
    const add = (group: WaitGroup, holder: Holder) => {
      const old = best.get(group);
      if (!old || STRENGTH.indexOf(holder.evidence) < STRENGTH.indexOf(old.evidence)) best.set(group, holder);
    };
    for (const { group, mode, why } of this.ownership.deferred(goroutine)) add(group, { goroutine, evidence: "deferred", mode, why });
    for (const { group, mode, why } of this.ownership.named(goroutine)) add(group, { goroutine, evidence: "taken above", mode, why });
    if (maybe) this.references(goroutine, isOther, add);
    for (const [group, holder] of best) {
      if (!waiting?.has(group) || holder.evidence === "deferred") append(this.found, group, holder);
    }
    for (const group of waiting ?? []) {
      const taken = LOCKS.has(group.kind) ? this.takenByItself(goroutine, group) : undefined;
      if (taken)
        append(this.own, group, {
          goroutine,
          evidence: "alone",
          mode: taken.mode,
          why: `${taken.why}, and no other stack refers to this one`,
        });
    }
  }

  private takenByItself(goroutine: Goroutine, group: WaitGroup): { readonly mode: Mode; readonly why: string } | undefined {
    for (const frame of goroutine.unwound().frames) {
      const taken = this.ownership.takenAbove(frame, group);
      if (taken) return taken;
    }
    return this.ownership.named(goroutine).find((each) => each.group === group);
  }

  /** What the collector would mark from the stack: a word that is not live any more is no reference. */
  private references(goroutine: Goroutine, isOther: (group: WaitGroup) => boolean, add: (group: WaitGroup, holder: Holder) => void): void {
    const { runtime, process } = this.dump;
    const { frames } = goroutine.unwound();
    for (const root of stackRoots(goroutine, process, runtime.layout, runtime.goroutines.stackMaps)) {
      for (const group of this.ranges.at(root.value)) {
        if (!isOther(group)) continue;
        const frame = frames[root.frame];
        const taken = frame && LOCKS.has(group.kind) ? this.ownership.takenAbove(frame, group) : undefined;
        const exact = root.value === group.address || root.value === group.range?.start;
        const place = frame ? `in ${frame.fn.name}` : "on its stack";
        add(
          group,
          taken
            ? { goroutine, evidence: "taken above", mode: taken.mode, why: `${taken.why}, and has a reference to this one` }
            : {
                goroutine,
                evidence: "reference",
                mode: undefined,
                why: `has a reference ${exact ? "to it" : "to what it lies in"} ${place}`,
              },
        );
      }
    }
  }

  /** Whether any word of the stack may be a reference to what others wait for: a quick look that spares most goroutines the exact one. */
  private onStack(goroutine: Goroutine, isOther: (group: WaitGroup) => boolean): boolean {
    const from = goroutine.start?.sp ?? goroutine.stack.lo;
    const to = Math.min(goroutine.stack.hi, from + MOST_STACK_SEARCHED);
    const bytes = to > from ? this.dump.process.memory.tryBytes(from - (from % WORD), to - from) : undefined;
    if (!bytes) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + WORD <= bytes.length; at += WORD) {
      const high = view.getUint32(at + 4, true);
      if (high > 0x1fffff) continue;
      const value = high * 0x100000000 + view.getUint32(at, true);
      if (this.ranges.mayHold(value) && this.ranges.at(value).some(isOther)) return true;
    }
    return false;
  }

  result(): ReadonlyMap<WaitGroup, readonly Holder[]> {
    for (const group of this.groups) {
      const isAlone = group.members.every((each) => each.role === "writer");
      const announced = group.members.filter((each) => each.role === "writer" && !isAlone);
      const holders = [...(this.found.get(group) ?? [])];
      for (const { goroutine } of announced) {
        const why = "is the writer that waits for the readers, all others are behind it";
        holders.push({ goroutine, evidence: "announced", mode: "write", why });
      }
      if (holders.length === 0) holders.push(...(this.own.get(group) ?? []));
      if (holders.length === 0) continue;
      holders.sort((a, b) => STRENGTH.indexOf(a.evidence) - STRENGTH.indexOf(b.evidence) || a.goroutine.id - b.goroutine.id);
      this.found.set(group, holders);
    }
    return this.found;
  }
}

function append(to: Map<WaitGroup, Holder[]>, group: WaitGroup, holder: Holder): void {
  const list = to.get(group);
  if (list) list.push(holder);
  else to.set(group, [holder]);
}
