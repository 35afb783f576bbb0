// Columns of objects; the value gets two thirds of the room that type and value share on a screen.
import { formatBytes } from "../../src/base/units.js";
import type { objects } from "../../src/query/objects.js";
import type { ColumnOf } from "../text/table.js";
import { valueText } from "./show.js";

type Answer = ReturnType<typeof objects.run>;
type Row = Answer["rows"][number];

/** The answer as --json prints it: the value in a line is as it is shown. */
export function objectsJson(answer: Answer): Answer {
  const rows = answer.rows.map(({ more, ...row }) => (more ? { ...row, summary: valueText({ text: row.summary, more }) } : row));
  return { ...answer, rows };
}

/** An object; its type only where there are several. */
export function objectColumns(withType: boolean): readonly ColumnOf<Row>[] {
  return [
    { title: "address", cell: (row) => row.address },
    { title: "bytes", align: "right", cell: (row) => formatBytes(row.bytes) },
    ...(withType ? [{ title: "type", cut: "start", cell: (row: Row) => row.type } as const] : []),
    // A value says most at its beginning, a type's name at its end.
    { title: "value", cut: "end", weight: 2, cell: (row) => valueText({ ...row, text: row.summary }) },
  ];
}
