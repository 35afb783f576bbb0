// Who could end a wait: goroutines that have the address of what is waited for on their stack.
import { WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { WaitGroup } from "./blocked-groups.js";

/** Stacks deeper than this are searched at their inner end only. */
const MOST_STACK_SEARCHED = 1 << 20;

export interface Holder {
  readonly goroutine: Goroutine;
  /** The reference is to the very object, not only into what it lies in. */
  readonly exact: boolean;
}

/** For each thing waited for: goroutines that do not wait for it and have its address somewhere on their stack. */
export function findHolders(dump: Dump, groups: readonly WaitGroup[]): Map<WaitGroup, Holder[]> {
  const found = new Map<WaitGroup, Holder[]>();
  if (groups.length === 0) return found;
  const sorted = groups.flatMap((group) => (group.range ? [{ group, ...group.range }] : [])).sort((a, b) => a.start - b.start);
  const starts = Float64Array.from(sorted, (each) => each.start);
  const members = new Map(groups.map((group) => [group, new Set(group.members.map((each) => each.goroutine))]));
  const lowest = starts[0];
  const highest = sorted.reduce((most, each) => Math.max(most, each.end), 0);
  for (const goroutine of dump.runtime.goroutines.all) {
    const from = goroutine.start?.sp ?? goroutine.stack.lo;
    const to = Math.min(goroutine.stack.hi, from + MOST_STACK_SEARCHED);
    const bytes = to > from ? dump.process.memory.tryBytes(from - (from % WORD), to - from) : undefined;
    if (!bytes) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const seen = new Map<WaitGroup, boolean>();
    for (let at = 0; at + WORD <= bytes.length; at += WORD) {
      const high = view.getUint32(at + 4, true);
      if (high > 0x1fffff) continue;
      const value = high * 0x100000000 + view.getUint32(at, true);
      if (value < lowest || value >= highest) continue;
      const last = upperBound(starts, value) - 1;
      // Several may lie in one allocation.
      for (let i = last; i >= 0 && starts[i] === starts[last]; i--) {
        const { group, start, end } = sorted[i];
        if (value < end) seen.set(group, (seen.get(group) ?? false) || value === group.address || value === start);
      }
    }
    for (const [group, exact] of seen) {
      if (members.get(group)?.has(goroutine)) continue;
      const list = found.get(group);
      if (list) list.push({ goroutine, exact });
      else found.set(group, [{ goroutine, exact }]);
    }
  }
  return found;
}

/** Index of the first start above the value. */
function upperBound(starts: Float64Array, value: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
