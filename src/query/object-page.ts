// The live objects of a type in the order of their addresses, a page at a time: for programs that visit all of them.
import { type Hex, NONE, parseAddress } from "../base/units.js";
import { type ObjectRow, objectRows, type Selection, visitSelected } from "./object-rows.js";
import type { Query } from "./query.js";

export interface ObjectPageArgs extends Selection {
  /** The last object of the page before; the heap's beginning when absent. */
  readonly after?: Hex;
  /** Rows of a page; 1000 when absent. */
  readonly top?: number;
}

/** At most `top` objects in ascending order of addresses. The last row's address is `after` of the next page. */
export interface ObjectPageResult {
  readonly rows: readonly ObjectRow[];
  /** There may be further pages. */
  readonly more: boolean;
}

/** Objects of one page; nothing is kept between pages. */
export const objectPage: Query<ObjectPageArgs, ObjectPageResult> = {
  name: "object page",
  summary: "the live objects of a type by address, a page at a time",
  run(dump, { after, top = 1000, ...selection }) {
    const before = after === undefined ? NONE : dump.heap.objects.find(parseAddress(after) ?? NONE);
    const ids: number[] = [];
    visitSelected(dump, selection, before + 1, (id) => ids.push(id) < top);
    return { rows: ids.map(objectRows(dump, selection.parts)), more: ids.length === top };
  },
};
