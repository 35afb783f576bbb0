// A value on a stack, the way to it, and the search for those that hold a slot.
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes, TypeId } from "../base/units.js";
import type { VariablePart } from "../runtime/frame-variables.js";
import type { Frame } from "../runtime/unwind.js";

/** A value on a stack, or an array of such values. */
export interface StackValue {
  readonly address: Address;
  readonly size: Bytes;
  /** Of each element of an array. */
  readonly type: TypeId;
  /** The pointer that gives it its type; undefined when a record of the runtime does. */
  readonly via?: StackPath;
}

/** A pointer to a value on the stack. */
export interface StackPath {
  /** The variable that the pointer is in; undefined when it is in another such value, or in a variable that is known in part only. */
  readonly variable: { readonly frame: Frame; readonly local: VariablePart } | undefined;
  readonly from: StackValue | undefined;
  /** Where it lies; NOT_AN_ADDRESS when no memory holds it. */
  readonly slot: Address;
}

/** How a value is reached from a variable. */
export interface WayFromVariable {
  readonly frame: Frame;
  readonly local: VariablePart;
  /** From the first that the variable points to, to the value itself. */
  readonly through: readonly StackValue[];
}

/** undefined when no variable that is wholly known leads to the value. */
export function pathTo(value: StackValue | undefined): WayFromVariable | undefined {
  const through: StackValue[] = [];
  for (let at = value; at?.via; at = at.via.from) {
    through.unshift(at);
    if (at.via.variable) return { ...at.via.variable, through };
  }
  return undefined;
}

/** The slot lies in the value. */
function holds(value: StackValue, slot: Address): boolean {
  return slot >= value.address && slot < value.address + value.size;
}

/** Finds the values that hold a slot; they may lie in each other. */
export class ValueIndex {
  /** Ascending by address. */
  private readonly values: readonly StackValue[];
  /** The end of whichever of the values up to here ends last. */
  private readonly ends: readonly Address[];
  private readonly rank: ReadonlyMap<StackValue, number>;

  constructor(values: readonly StackValue[]) {
    this.values = values.toSorted((a, b) => a.address - b.address);
    this.rank = new Map(values.map((each, i) => [each, i]));
    let end = 0;
    this.ends = this.values.map((each) => (end = Math.max(end, each.address + each.size)));
  }

  /** In the order that they were found in. */
  at(slot: Address): readonly StackValue[] {
    const out: StackValue[] = [];
    for (let i = partitionPoint(this.values.length, (at) => this.values[at].address <= slot) - 1; i >= 0 && this.ends[i] > slot; i--) {
      const value = this.values[i];
      if (holds(value, slot)) out.push(value);
    }
    return out.sort((a, b) => (this.rank.get(a) as number) - (this.rank.get(b) as number));
  }
}
