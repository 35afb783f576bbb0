// Roots as they are collected, before their number is known.
import { type Address, NONE, type ObjectId, type OwnerId, type TypeId } from "../base/units.js";

/** Where a root may lie, as people are told it. */
export const WHAT = [
  "global",
  "local",
  "argument",
  "stack object",
  "conservative",
  "ctxt",
  "defer",
  "panic",
  "register",
  "special",
] as const;

/** The columns of RootTable while roots are collected. */
export class Rows {
  // [rows] as RootTable has them.
  owner: number[] = [];
  slot: number[] = [];
  value: number[] = [];
  object: number[] = [];
  certain: number[] = [];
  code: number[] = [];
  /** Index of the frame on its goroutine's stack, NONE for none. */
  frame: number[] = [];
  /** Index into WHAT. */
  what: number[] = [];
  type: number[] = [];
  offset: number[] = [];

  /** The next row's pointer lies in a value of this type. */
  in(type: TypeId, offset: number): void {
    this.type[this.owner.length] = type;
    this.offset[this.owner.length] = offset;
  }

  add(
    owner: OwnerId,
    slot: Address,
    value: Address,
    object: ObjectId,
    certain: boolean,
    code: number,
    what: (typeof WHAT)[number],
    frame = NONE,
  ): void {
    this.type[this.owner.length] ??= NONE;
    this.offset[this.owner.length] ??= 0;
    this.owner.push(owner);
    this.slot.push(slot);
    this.value.push(value);
    this.object.push(object);
    this.certain.push(certain ? 1 : 0);
    this.code.push(code);
    this.frame.push(frame);
    this.what.push(WHAT.indexOf(what));
  }

  /** Queue entries come back to an owner met before; edges need rows ascending by owner. */
  sortByOwner(): void {
    const order = this.owner.map((_, i) => i).sort((a, b) => this.owner[a] - this.owner[b] || a - b);
    for (const column of ["owner", "slot", "value", "object", "certain", "code", "frame", "what", "type", "offset"] as const) {
      const old = this[column];
      this[column] = order.map((i) => old[i]);
    }
  }
}
