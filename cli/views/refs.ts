// The fields of one referrer in a line, as Go expressions; common beginnings are said once.
import { formatCount } from "../../src/base/units.js";
import type { refs } from "../../src/query/refs.js";

type Row = ReturnType<typeof refs.run>["rows"][number];

/** The fields of one referrer that point, and what is to be said of the pointers. @param doubt of those that may be numbers */
export function referenceText({ fields, pointers, interior, live, certain }: Row, doubt: string): string {
  return `${formatFields(fields, pointers)}${interior ? " (inside)" : ""}${live ? "" : " (garbage)"}${certain ? "" : doubt}`;
}

/** "main.a.First, .Second and 3 more": the fields of one referrer, what they begin with told once. */
export function formatFields(fields: readonly string[], pointers: number): string {
  const [first = "", ...others] = fields;
  const rest = others.map((each) => {
    let same = 0;
    // The beginning that it shares with the first, back to the last dot or bracket: whole fields are left out, never half a name.
    while (same < each.length && each[same] === first[same]) same++;
    const from = Math.max(each.lastIndexOf(".", same), each.lastIndexOf("[", same));
    return from > 0 ? each.slice(from) : each;
  });
  const more = pointers - fields.length;
  return `${[first, ...rest].join(", ")}${more > 0 ? ` and ${formatCount(more)} more` : ""}`;
}
