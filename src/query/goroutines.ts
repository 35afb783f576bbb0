// What every goroutine was doing: one row each, or one per identical stack.
import { cut, USUAL_TOP } from "../base/rows.js";
import { NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { namePattern, parseRegExp } from "../naming/patterns.js";
import type { Goroutine } from "../runtime/goroutines.js";
import {
  type Creator,
  type FrameRow,
  type GoroutineReader,
  type GoroutineRow,
  goroutineReader,
  stateOf,
} from "../stacks/goroutine-rows.js";
import { MOST_IDS } from "./limits.js";
import type { Query } from "./query.js";

/** Filters, all of which have to match. Regular expressions are JavaScript's; one that does not parse is a UsageError. */
export interface GoroutinesArgs {
  /** One row per identical stack, the most frequent first. */
  readonly group?: boolean;
  /** Statuses wanted; empty, or absent: all. */
  readonly status?: readonly string[];
  /** Regular expression over the wait reason. */
  readonly reason?: string;
  /** Regular expression over the functions of the stack. */
  readonly focus?: string;
  /** Only those known to wait at least so many nanoseconds; 0, or absent: all. */
  readonly minWaitNanoseconds?: number;
  /** The runtime's own goroutines too. */
  readonly system?: boolean;
  /** Bytes each retains; reads the heap. */
  readonly retains?: boolean;
  /** 0 = all; 20 when absent. */
  readonly top?: number;
}

/** Goroutines with the same stack, state and creator. */
export interface GoroutineGroup {
  readonly count: number;
  /** As runtime/runtime2.go names it: "running", "runnable", "syscall", "waiting", "leaked". */
  readonly status: string;
  /** The runtime's waitReason, as "chan receive"; "" when it waits for nothing. */
  readonly waitReason: string;
  /** The longest, when any is known. */
  readonly waitNanoseconds?: number;
  /** The first of them. */
  readonly ids: readonly number[];
  /** The go statement of all of them; its goroutine only when one started them all. */
  readonly createdBy?: GoroutineRow["createdBy"];
  readonly top?: FrameRow;
  readonly frames: readonly FrameRow[];
  /** Frames in the middle of a long stack that are not told. */
  readonly framesOmitted: number;
  /** With retains: the sum of what each retains by itself. */
  readonly retainedBytes?: number;
}

/** Rows in order: on a thread first, then the longest wait, then by id; with retains the most bytes first. */
export interface Goroutines {
  readonly rows: readonly GoroutineRow[];
  /** With group, instead of rows. */
  readonly groups?: readonly GoroutineGroup[];
  readonly total: {
    /** Goroutines that matched, shown or not. */
    readonly matching: number;
    readonly groups?: number;
    /** Of the program: all but those that are known to be the runtime's own. */
    readonly user: number;
    /** How many of them may be the runtime's all the same: what they began in is not known. Absent where all are known. */
    readonly unknown?: number;
    readonly system: number;
    readonly byStatus: Readonly<Record<string, number>>;
  };
}

/** Goroutines between two messages of progress. */
const TICK = 4096;

export const goroutines: Query<GoroutinesArgs, Goroutines> = {
  name: "goroutines",
  summary: "what every goroutine was doing, and since when",
  run(dump, args, { progress }) {
    const { group = false, status = [], minWaitNanoseconds = 0, system = false, retains = false, top = USUAL_TOP } = args;
    const { all } = dump.runtime.goroutines;
    const reader = goroutineReader(dump);
    const reason = args.reason === undefined ? undefined : parseRegExp(args.reason);
    const focus = args.focus === undefined ? undefined : namePattern(dump, args.focus);
    const onStack = focus && stackTest(dump, focus);
    progress.stage("reading goroutines", all.length);
    let user = 0;
    let unknown = 0;
    let visited = 0;
    const byStatus: Record<string, number> = {};
    const chosen: Goroutine[] = [];
    for (const goroutine of all) {
      if (++visited % TICK === 0) progress.tick(visited);
      const isSystem = goroutine.system;
      if (!isSystem) user++;
      if (!isSystem && !goroutine.hasKnownStart) unknown++;
      if (isSystem && !system) continue;
      if (status.length > 0 && !status.includes(goroutine.status)) continue;
      if (reason && !reason.test(goroutine.waitReason)) continue;
      if (minWaitNanoseconds > 0 && (reader.waitOf(goroutine) ?? -1) < minWaitNanoseconds) continue;
      if (onStack && !onStack(goroutine)) continue;
      const state = stateOf(goroutine);
      byStatus[state] = (byStatus[state] ?? 0) + 1;
      chosen.push(goroutine);
    }
    const total = { matching: chosen.length, user, ...(unknown > 0 ? { unknown } : {}), system: all.length - user, byStatus };
    const retained = retains ? retainedOf(dump) : undefined;
    if (group) {
      progress.stage("comparing stacks", chosen.length);
      const groups = groupStacks(chosen, reader, retained, (count) => progress.tick(count));
      return {
        rows: [],
        groups: cut(groups, top).map((each) => describeGroup(each, reader, retained)),
        total: { ...total, groups: groups.length },
      };
    }
    const order = sortKeys(chosen, reader, retained);
    const rows = cut(order, top).map((goroutine) => {
      const row = reader.row(goroutine);
      return retained ? { ...row, retainedBytes: retained.get(goroutine.id) ?? 0 } : row;
    });
    return { rows, total };
  },
};

/** Those on a thread first, then the longest wait, then by id; by what they retain when that was asked for. */
function sortKeys(chosen: readonly Goroutine[], reader: GoroutineReader, retained: ReadonlyMap<number, number> | undefined): Goroutine[] {
  const keyed = chosen.map((goroutine) => ({
    goroutine,
    running: goroutine.status === "running" ? 1 : 0,
    wait: reader.waitOf(goroutine) ?? -1,
    bytes: retained?.get(goroutine.id) ?? 0,
  }));
  keyed.sort((a, b) => b.bytes - a.bytes || b.running - a.running || b.wait - a.wait || a.goroutine.id - b.goroutine.id);
  return keyed.map((each) => each.goroutine);
}

/**
 * Whether any function of a stack matches, inlined ones too. The answer is kept by pc: a hundred thousand goroutines have few distinct
 * ones.
 */
function stackTest(dump: Dump, focus: (name: string) => boolean): (goroutine: Goroutine) => boolean {
  const { functions } = dump.runtime;
  const known = new Map<number, boolean>();
  return (goroutine) => {
    let found = false;
    goroutine.walk((frame) => {
      if (found) return;
      let matches = known.get(frame.symbolPc);
      if (matches === undefined) {
        matches = functions.inlinedAt(frame.fn, frame.symbolPc).some((each) => focus(each.name));
        known.set(frame.symbolPc, matches);
      }
      found = matches;
    });
    return found;
  };
}

/** Goroutines that groupStacks found alike. */
export interface Group {
  readonly first: Goroutine;
  readonly ids: number[];
  /** The goroutine that started them; 0 when several did. */
  parent: number;
  count: number;
  wait: number;
  bytes: number;
}

/** Groups of goroutines with the same stack, state and creator: the most retained first, then the most frequent. */
export function groupStacks(
  chosen: readonly Goroutine[],
  reader: GoroutineReader,
  retained: ReadonlyMap<number, number> | undefined,
  tick: (count: number) => void,
): Group[] {
  const groups = new Map<string, Group>();
  let done = 0;
  for (const goroutine of chosen) {
    if (++done % TICK === 0) tick(done);
    const pcs: number[] = [];
    goroutine.walk((frame) => pcs.push(frame.symbolPc));
    // By pc, not by line: two calls in one line are two places.
    const key = `${stateOf(goroutine)} ${goroutine.createdByPc} ${pcs.join(",")}`;
    let group = groups.get(key);
    if (!group) {
      group = { first: goroutine, ids: [], parent: goroutine.parentId, count: 0, wait: -1, bytes: 0 };
      groups.set(key, group);
    }
    group.count++;
    if (group.parent !== goroutine.parentId) group.parent = 0;
    if (group.ids.length < MOST_IDS) group.ids.push(goroutine.id);
    group.wait = Math.max(group.wait, reader.waitOf(goroutine) ?? -1);
    group.bytes += retained?.get(goroutine.id) ?? 0;
  }
  return [...groups.values()].sort((a, b) => b.bytes - a.bytes || b.count - a.count || a.first.id - b.first.id);
}

/** A group as plain data, its frames those of its first goroutine. */
export function describeGroup(group: Group, reader: GoroutineReader, retained: unknown): GoroutineGroup {
  const { status, waitReason, createdBy, top, frames, framesOmitted } = reader.row(group.first);
  return {
    count: group.count,
    status,
    waitReason,
    ...(group.wait >= 0 ? { waitNanoseconds: group.wait } : {}),
    ids: group.ids,
    ...(createdBy ? { createdBy: ofAll(group, createdBy) } : {}),
    ...(top ? { top } : {}),
    frames,
    framesOmitted,
    ...(retained === undefined ? {} : { retainedBytes: group.bytes }),
  };
}

/** The place of the go statement, and the goroutine that executed it when it is the same for all. */
function ofAll({ parent }: Group, { function: name, file, line }: Creator): Creator {
  return { function: name, file, line, ...(parent > 0 ? { goroutine: parent } : {}) };
}

/** Bytes that would be garbage without the goroutine's stack and registers, by id. */
export function retainedOf(dump: Dump): ReadonlyMap<number, number> {
  const { heap, retention } = dump;
  const sums = new Map<number, number>();
  heap.roots.owners.forEach((owner, id) => {
    if (owner.goroutine === undefined) return;
    const node = heap.graph.nodeOfOwner(id);
    if (retention.dominators.parent[node] !== NONE) sums.set(owner.goroutine, (sums.get(owner.goroutine) ?? 0) + retention.retained[node]);
  });
  return sums;
}
