// The waits-for picture: on what goroutines wait, who could release it, and the circles among them.
import { type Hex, hex } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readWaits } from "../runtime/waiting.js";
import { type Cycle, findCycles } from "./blocked-cycles.js";
import { type WaitGroup, type WaitKind, waitGroups } from "./blocked-groups.js";
import { findHolders, type Holder } from "./blocked-holders.js";
import { nameOf, stateOfObject } from "./blocked-state.js";
import { type FrameRow, type GoroutineReader, goroutineReader } from "./goroutine-rows.js";
import type { Query } from "./query.js";

export interface WaiterRow {
  readonly id: number;
  /** "chan receive", "sync.Mutex.Lock": as the runtime says. */
  readonly reason: string;
  /** One of several channels of a select. */
  readonly select: boolean;
  readonly waitNanoseconds?: number;
  readonly top?: FrameRow;
}

/** A goroutine that could end the wait, with the reason to think so. */
export interface HolderRow {
  readonly id: number;
  readonly why: string;
  readonly top?: FrameRow;
}

export interface BlockedRow {
  readonly kind: WaitKind;
  /** Of the channel, mutex, group...; absent for waits on nothing that has an address. */
  readonly address?: Hex;
  /** "main.config.mu": of a global variable; "" when it has no such name. */
  readonly name: string;
  /** "unbuffered", "locked, 2 waiting", "wakes in 59 minutes". */
  readonly state: string;
  readonly count: number;
  /** The longest waits, at most 100. */
  readonly waiting: readonly WaiterRow[];
  readonly longestNanoseconds?: number;
  /** Goroutines with a reference to it on their stack that do not wait for it: an inference, no record. At most 10. */
  readonly holders: readonly HolderRow[];
  readonly holderCount: number;
}

export interface Blocked {
  readonly rows: readonly BlockedRow[];
  readonly cycles: readonly Cycle[];
  readonly total: { readonly objects: number; readonly goroutines: number };
}

export interface BlockedArgs {
  /** 0 = all. */
  readonly top: number;
}

const MOST_WAITING_SHOWN = 100;
const MOST_HOLDERS = 10;

export const blocked: Query<BlockedArgs, Blocked> = {
  name: "blocked",
  summary: "who waits for what, who could release it, and deadlocks",
  run(dump, { top }, { findings, progress }) {
    const reader = goroutineReader(dump);
    progress.stage("reading who waits", dump.runtime.goroutines.all.length);
    const groups = waitGroups(dump, readWaits(dump.runtime, findings));
    const located = [...groups.values()].filter((each) => each.range);
    progress.stage("searching stacks for holders", located.length);
    const holders = findHolders(dump, located);
    const rows = [...groups.values()].map((group) => describeGroup(dump, group, holders.get(group) ?? [], reader));
    const keyed = rows.map((row, index) => ({ row, index }));
    keyed.sort(
      (a, b) => (b.row.longestNanoseconds ?? -1) - (a.row.longestNanoseconds ?? -1) || b.row.count - a.row.count || a.index - b.index,
    );
    const sorted = keyed.map((each) => each.row);
    return {
      rows: top > 0 ? sorted.slice(0, top) : sorted,
      cycles: findCycles(located, holders, reader),
      total: {
        objects: rows.length,
        goroutines: new Set([...groups.values()].flatMap((each) => each.members.map((member) => member.goroutine.id))).size,
      },
    };
  },
};

function describeGroup(dump: Dump, group: WaitGroup, holders: readonly Holder[], reader: GoroutineReader): BlockedRow {
  const topOf = (goroutine: Goroutine) => {
    const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames.slice(0, 50)));
    return top ? { top } : {};
  };
  const waits = group.members.map((member) => ({ member, wait: reader.waitOf(member.goroutine) }));
  waits.sort((a, b) => (b.wait ?? -1) - (a.wait ?? -1) || a.member.goroutine.id - b.member.goroutine.id);
  const longest = waits[0]?.wait;
  return {
    kind: group.kind,
    ...(group.address > 0 ? { address: hex(group.address) } : {}),
    name: nameOf(dump, group.kind, group.address),
    state: stateOfObject(dump, group),
    count: group.members.length,
    waiting: waits.slice(0, MOST_WAITING_SHOWN).map(({ member, wait }) => ({
      id: member.goroutine.id,
      reason: member.select ? `select (${member.operation})` : member.goroutine.waitReason,
      select: member.select,
      ...(wait === undefined ? {} : { waitNanoseconds: wait }),
      ...topOf(member.goroutine),
    })),
    ...(longest === undefined ? {} : { longestNanoseconds: longest }),
    holders: holders.slice(0, MOST_HOLDERS).map(({ goroutine, exact }) => ({
      id: goroutine.id,
      why: exact ? "a reference to it on its stack" : "a reference to what it lies in, on its stack",
      ...topOf(goroutine),
    })),
    holderCount: holders.length,
  };
}
