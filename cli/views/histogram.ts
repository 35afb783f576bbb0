// Columns of a histogram. Shares and bars are of the total of all rows that match, so they do not change with --top.
import { formatBytes, formatCount } from "../../src/base/units.js";
import type { histogram } from "../../src/query/histogram.js";
import { formatBar, formatShare } from "../text/bytes.js";
import type { ColumnOf } from "../text/table.js";

type Answer = ReturnType<typeof histogram.run>;
type Row = Answer["rows"][number];

/** Columns of a bar of 100 per cent. */
const barWidth = 10;

/** How rows are shown: under which names, with what retained, the share of what. */
export interface HistogramLook {
  readonly by: string;
  /** Title of the rows' names. */
  readonly name: string;
  readonly withRetained: boolean;
  /** What the share and its bar are of. */
  part(row: Row): number;
  /** The column that is marked as the one rows are sorted by. */
  readonly sort?: "count" | "bytes" | "retained";
  /** The bar keeps its room where no bar is long. */
  readonly keepsBar?: boolean;
}

/** What fills the heap; "?" where most of a row's objects have their type by a guess. */
export function histogramColumns({ total }: Answer, look: HistogramLook): readonly ColumnOf<Row>[] {
  const { by, name, withRetained, part, sort } = look;
  // The arrow stands only where rows can be sorted otherwise: on a screen.
  const title = (text: string, key: typeof sort) => (key === sort ? `${text}▼` : text);
  // Bytes of holders add up to the live heap; what one holds alone is less, and a column of its own.
  const alone = isHolders(by) ? "alone" : "retained";
  return [
    { title: title("count", "count"), align: "right", cell: (row) => formatCount(row.count) },
    { title: title("bytes", "bytes"), align: "right", cell: (row) => formatBytes(row.bytes) },
    ...(withRetained
      ? [{ title: title(alone, "retained"), align: "right", cell: (row: Row) => formatBytes(row.retainedBytes ?? 0) } as const]
      : []),
    ...(by === "size-class" ? SPAN_COLUMNS : []),
    { title: "share", align: "right", yields: true, cell: (row) => formatShare(part(row), total.bytes) },
    { title: "", yields: true, cell: (row) => formatBar(part(row), total.bytes, barWidth).padEnd(look.keepsBar ? barWidth : 0) },
    { title: name, cut: "start", cell: (row) => `${row.type}${isGuess(row.evidence, row.count) ? " ?" : ""}` },
  ];
}

/** What a size class takes, and how much of it holds objects. */
const SPAN_COLUMNS: readonly ColumnOf<Row>[] = [
  { title: "spans", align: "right", cell: ({ spans = 0 }) => formatCount(spans) },
  { title: "used", align: "right", cell: ({ slots = 0, freeSlots = 0 }) => formatShare(slots - freeSlots, slots) },
];

/** Rows are holders: variables and goroutines. */
export function isHolders(by: string): boolean {
  return by === "owner" || by === "goroutine";
}

/** Most of the row's objects have their type by a guess only. */
export function isGuess(evidence: Readonly<Record<string, number>>, count: number): boolean {
  return (evidence.guess ?? 0) * 2 > count;
}
