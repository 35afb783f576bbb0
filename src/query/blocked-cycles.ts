// Deadlocks: circles of goroutines that wait for each other.
import { hex } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { WaitGroup, WaitKind } from "./blocked-groups.js";
import type { Holder } from "./blocked-holders.js";
import type { FrameRow, GoroutineReader } from "./goroutine-rows.js";

/** Goroutines each of which waits for the next one, the last for the first. */
export interface Cycle {
  readonly goroutines: readonly { readonly id: number; readonly waitsFor: string; readonly reason: string; readonly top?: FrameRow }[];
  /** Every step has one possible holder only. */
  readonly only: boolean;
}

const LOCKS = new Set<WaitKind>(["mutex", "rwmutex"]);
const LONGEST_CYCLE = 1000;

/** Circles of goroutines that wait for locks which the next one may hold. */
export function findCycles(
  groups: readonly WaitGroup[],
  holders: ReadonlyMap<WaitGroup, readonly Holder[]>,
  reader: GoroutineReader,
): Cycle[] {
  const waitsFor = new Map<Goroutine, WaitGroup>();
  for (const group of groups) if (LOCKS.has(group.kind)) for (const { goroutine } of group.members) waitsFor.set(goroutine, group);
  const cycles: Cycle[] = [];
  const done = new Set<Goroutine>();
  for (const start of waitsFor.keys()) {
    const path: Goroutine[] = [];
    const onPath = new Map<Goroutine, number>();
    let at: Goroutine | undefined = start;
    while (at && !done.has(at) && !onPath.has(at) && path.length < LONGEST_CYCLE) {
      onPath.set(at, path.length);
      path.push(at);
      const group: WaitGroup | undefined = waitsFor.get(at);
      const next: readonly Holder[] = group ? (holders.get(group) ?? []) : [];
      at = (next.find((each) => waitsFor.has(each.goroutine) && each.exact) ?? next.find((each) => waitsFor.has(each.goroutine)))
        ?.goroutine;
    }
    const first = at ? onPath.get(at) : undefined;
    if (first !== undefined) {
      const members = path.slice(first);
      cycles.push({
        goroutines: members.map((goroutine) => {
          const group = waitsFor.get(goroutine) as WaitGroup;
          const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames.slice(0, 50)));
          return { id: goroutine.id, waitsFor: hex(group.address), reason: goroutine.waitReason, ...(top ? { top } : {}) };
        }),
        only: members.every((goroutine) => holders.get(waitsFor.get(goroutine) as WaitGroup)?.length === 1),
      });
    }
    for (const each of path) done.add(each);
  }
  return cycles;
}
