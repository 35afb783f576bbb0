// The live objects of a type, one by one.
import { allocationSites } from "../accounting/allocation-sites.js";
import { cut, type Rows, type RowsAndBytes, USUAL_TOP } from "../base/rows.js";
import { type ObjectRow, objectRows, type Selection, visitSelected } from "./object-rows.js";
import { type SampledSites, sampledSites } from "./object-sites.js";
import type { Query } from "./query.js";

export interface ObjectsArgs extends Selection {
  /** 0 = all; 20 when absent. */
  readonly top?: number;
}

/** The total is of all objects that match, in objects and bytes, shown or not. */
export interface ObjectsResult extends Rows<ObjectRow, RowsAndBytes> {
  /** Where those of all that match were allocated whose place is known; absent where none is. */
  readonly sites?: SampledSites;
}

/** Largest first, then by address. */
export const objects: Query<ObjectsArgs, ObjectsResult> = {
  name: "objects",
  summary: "the live objects of a type, the largest first",
  run(dump, { top = USUAL_TOP, ...selection }) {
    // Only the first rows are wanted of what may be millions: of each size no more ids are kept than could be shown. There are few sizes.
    const bySize = new Map<number, number[]>();
    let total = 0;
    let bytes = 0;
    // Both lists of ids ascend: one look at the next sampled one tells.
    const sites = dump.runtime.sampled.size === 0 ? [] : allocationSites(dump).ids();
    const sampled: number[] = [];
    let next = 0;
    visitSelected(dump, selection, 0, (id, size) => {
      total++;
      bytes += size;
      while (next < sites.length && sites[next] < id) next++;
      if (sites[next] === id) sampled.push(id);
      const known = bySize.get(size);
      if (!known) bySize.set(size, [id]);
      else if (top === 0 || known.length < top) known.push(id);
      return true;
    });
    const ids = [...bySize].sort((a, b) => b[0] - a[0]).flatMap(([, list]) => list);
    return { rows: cut(ids, top).map(objectRows(dump, selection.parts)), total: { rows: total, bytes }, ...sampledSites(dump, sampled) };
  },
};
