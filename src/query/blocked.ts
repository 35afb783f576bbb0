// The waits-for picture: on what goroutines wait, who could release it, and the circles among them. The runtime records who waits (sudog,
// runtime/chan.go, runtime/sema.go), hardly ever who holds: holders are inferred from stacks.
import { cut, USUAL_TOP } from "../base/rows.js";
import { type Hex, hex } from "../base/units.js";
import type { Dump } from "../dump.js";
import { latestTime } from "../runtime/clock.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { FrameRow, GoroutineReader } from "../stacks/goroutine-rows.js";
import type { Cycle } from "../waits/cycles.js";
import type { Member, WaitGroup, WaitKind } from "../waits/groups.js";
import type { Evidence, Holder } from "../waits/holders.js";
import type { WaitName } from "../waits/places.js";
import { endOfWait, stateOfObject, type WaitState } from "../waits/state.js";
import { MOST_HOLDERS, MOST_WAITING_SHOWN } from "./limits.js";
import type { Query } from "./query.js";
import { waitCase } from "./waits.js";

/** One goroutine that waits. Durations are in ns; the row's order is the longest wait first, then the id. */
interface WaiterRow {
  readonly id: number;
  /** "chan receive", "sync.Mutex.Lock": as the runtime says. */
  readonly reason: string;
  /** One of several channels of a select. */
  readonly select: boolean;
  readonly waitNanoseconds?: number;
  /** A sleep, or the deadline of a descriptor: it would have ended by itself at most so long after the process did. */
  readonly endsInNanoseconds?: number;
  /** The innermost function of the program itself, else of a package other than the runtime; absent when the stack cannot be walked. */
  readonly top?: FrameRow;
}

/** A goroutine that could end the wait, with the reason to think so. */
interface HolderRow {
  readonly id: number;
  readonly evidence: Evidence;
  /** How it holds a lock or counter; absent for channels and conditions. */
  readonly mode?: Holder["mode"];
  /** What its code goes on to do to a channel or condition; empty when that is not known. */
  readonly operations: Holder["operations"];
  /** The call that says so, "main.move at cycles.go:41"; "" where none does, or it is not known. */
  readonly where: string;
  readonly top?: FrameRow;
}

/** What one or more goroutines wait on: an object with an address, or a reason without one, as sleeping. */
export interface BlockedRow {
  readonly kind: WaitKind;
  /** Of the channel, mutex, group...; absent for waits on nothing that has an address. */
  readonly address?: Hex;
  /** "main.config.mu", "main.Store.mu", "out"; "" when it has no name. */
  readonly name: string;
  /** What the name is: an expression that leads there, type and field, or a local variable that has it. */
  readonly named: WaitName["kind"];
  /** null: it has none, as a sleep. */
  readonly state: WaitState | null;
  readonly count: number;
  /** The longest waits, at most 100. */
  readonly waiting: readonly WaiterRow[];
  /** Of the goroutines that wait here; absent when the runtime did not note since when any of them does. */
  readonly longestNanoseconds?: number;
  /** Who could end it: inferences, no records; those with the best reason first. At most 10. */
  readonly holders: readonly HolderRow[];
  /** Of all holders, those not shown too. */
  readonly holderCount: number;
}

/**
 * Rows with the longest wait first, then the most goroutines. A goroutine in a select has a part in several rows, so the sum of the counts
 * may be greater than total.goroutines.
 */
export interface Blocked {
  readonly rows: readonly BlockedRow[];
  /** Groups of goroutines that wait for each other, with how surely it is a deadlock. */
  readonly cycles: readonly Cycle[];
  readonly total: { readonly objects: number; readonly goroutines: number };
}

export interface BlockedArgs {
  /** 0 = all; 20 when absent. */
  readonly top?: number;
}

export type { Cycle } from "../waits/cycles.js";

export const blocked: Query<BlockedArgs, Blocked> = {
  name: "blocked",
  summary: "who waits for what, who could release it, and deadlocks",
  run(dump, { top = USUAL_TOP }, context) {
    const { groups, holders, cycles, reader, names } = waitCase(dump, context, { proof: true });
    // The clock of a dead process stands still: the latest time that the runtime noted is the best there is; 0 when it noted none.
    const now = latestTime(dump.runtime);
    const rows = groups.map((group) => describeGroup(dump, group, holders.get(group) ?? [], reader, names, now));
    const keyed = rows.map((row, index) => ({ row, index }));
    keyed.sort(
      (a, b) => (b.row.longestNanoseconds ?? -1) - (a.row.longestNanoseconds ?? -1) || b.row.count - a.row.count || a.index - b.index,
    );
    const sorted = keyed.map((each) => each.row);
    return {
      rows: cut(sorted, top),
      cycles,
      total: {
        objects: rows.length,
        goroutines: new Set(groups.flatMap((each) => each.members.map((member) => member.goroutine.id))).size,
      },
    };
  },
};

/**
 * One row. Holders are given as found, best evidence first.
 * @param now monotonic ns of the runtime, 0 when unknown: then no end of a wait is told
 */
function describeGroup(
  dump: Dump,
  group: WaitGroup,
  holders: readonly Holder[],
  reader: GoroutineReader,
  names: (group: WaitGroup) => WaitName,
  now: number,
): BlockedRow {
  const topOf = (goroutine: Goroutine) => {
    const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames.slice(0, 50)));
    return top ? { top } : {};
  };
  const waits = group.members.map((member) => ({
    member,
    wait: reader.waitOf(member.goroutine),
    end: endOfWait(dump.runtime, group, member),
  }));
  waits.sort((a, b) => (b.wait ?? -1) - (a.wait ?? -1) || a.member.goroutine.id - b.member.goroutine.id);
  const longest = waits[0]?.wait;
  return {
    kind: group.kind,
    ...(group.address > 0 ? { address: hex(group.address) } : {}),
    name: names(group).text,
    named: names(group).kind,
    state: stateOfObject(dump.runtime, group),
    count: group.members.length,
    waiting: waits.slice(0, MOST_WAITING_SHOWN).map(({ member, wait, end }) => ({
      id: member.goroutine.id,
      reason: reasonOf(member),
      select: member.select,
      ...(wait === undefined ? {} : { waitNanoseconds: wait }),
      ...(end === undefined || now === 0 ? {} : { endsInNanoseconds: Math.max(end - now, 0) }),
      ...topOf(member.goroutine),
    })),
    ...(longest === undefined ? {} : { longestNanoseconds: longest }),
    holders: holders.slice(0, MOST_HOLDERS).map(({ goroutine, evidence, mode, operations, where }) => ({
      id: goroutine.id,
      evidence,
      ...(mode === undefined ? {} : { mode }),
      operations,
      where,
      ...topOf(goroutine),
    })),
    holderCount: holders.length,
  };
}

/** The runtime's wait reason; of a select with the operation of this case, of a descriptor with read or write. */
function reasonOf({ goroutine, select, operation }: Member): string {
  if (select) return `select (${operation})`;
  return operation === "read" || operation === "write" ? `${goroutine.waitReason}, ${operation}` : goroutine.waitReason;
}
