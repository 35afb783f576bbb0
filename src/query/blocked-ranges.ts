// Which of the things waited for an address may be a reference to.
import type { Address } from "../base/units.js";
import type { WaitGroup } from "./blocked-groups.js";

/** Groups by the addresses that a reference to what they wait for may have. */
export class RangeIndex {
  private readonly sorted: readonly { readonly group: WaitGroup; readonly start: Address; readonly end: Address }[];
  private readonly starts: Float64Array;
  private readonly lowest: Address;
  private readonly highest: Address;

  constructor(groups: readonly WaitGroup[]) {
    this.sorted = groups.flatMap((group) => (group.range ? [{ group, ...group.range }] : [])).sort((a, b) => a.start - b.start);
    this.starts = Float64Array.from(this.sorted, (each) => each.start);
    this.lowest = this.starts[0] ?? Number.POSITIVE_INFINITY;
    this.highest = this.sorted.reduce((most, each) => Math.max(most, each.end), 0);
  }

  mayHold(value: Address): boolean {
    return value >= this.lowest && value < this.highest;
  }

  /** Several may lie in one allocation. */
  at(value: Address): readonly WaitGroup[] {
    if (!this.mayHold(value)) return [];
    const last = upperBound(this.starts, value) - 1;
    const found: WaitGroup[] = [];
    for (let i = last; i >= 0 && this.starts[i] === this.starts[last]; i--) {
      const { group, end } = this.sorted[i];
      if (value < end) found.push(group);
    }
    return found;
  }
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
