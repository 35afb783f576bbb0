// The profiles as tables: figures and the program's function of each row, with its stack below.
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import type { profile } from "../../src/query/profile.js";
import { formatShare } from "../text/bytes.js";
import { formatDuration } from "../text/duration.js";
import { escapeText } from "../text/escape.js";
import { formatPlace } from "../text/goroutine-group.js";
import type { Page } from "../text/style.js";
import { type ColumnOf, cutText, formatRows } from "../text/table.js";

type Answer = ReturnType<typeof profile.run>;
type Heap = Extract<Answer, { kind: "heap"; found: true }>;
type Waits = Extract<Answer, { kind: "block" | "mutex"; found: true }>;
type Frame = NonNullable<Heap["rows"][number]["frames"]>[number];

/** Frames that a stack has at either end; what is between is counted. */
const SHOWN = { inner: 10, outer: 3 };

/** "main.(*Store).add  order.go:88, in bytes.growSlice"; in which function of a library, where it is not the function itself. */
function siteText(site: Heap["rows"][number]["site"]): string {
  if (!site) return "?";
  return `${site.function}  ${formatPlace(site)}${site.through === undefined ? "" : `, in ${site.through}`}`;
}

/** In use, allocated, and what share of the allocated objects is in use. */
export const heapColumns: readonly ColumnOf<Heap["rows"][number]>[] = [
  { title: "in use", align: "right", cell: (row) => formatBytes(row.inuseBytes) },
  { title: "objects", align: "right", cell: (row) => formatCount(row.inuseObjects) },
  { title: "allocated", align: "right", cell: (row) => formatBytes(row.allocBytes) },
  { title: "objects", align: "right", cell: (row) => formatCount(row.allocObjects) },
  { title: "kept", align: "right", cell: (row) => formatShare(row.inuseObjects, row.allocObjects) },
  { title: "allocated in", cut: "start", cell: (row) => siteText(row.site) },
];

/** Columns of the block and the mutex profile. */
export function waitColumns({ kind }: Waits): readonly ColumnOf<Waits["rows"][number]>[] {
  return [
    { title: "delay", align: "right", cell: delayText },
    { title: "times", align: "right", cell: (row) => formatCount(row.contentions) },
    { title: kind === "block" ? "blocked in" : "made others wait", cut: "start", cell: (row) => siteText(row.site) },
  ];
}

/** A time, or ticks where nothing tells how long one is. */
export function delayText({ delayNanoseconds, cycles }: Waits["total"] | Waits["rows"][number]): string {
  return delayNanoseconds === undefined ? counted(cycles, "tick") : formatDuration(delayNanoseconds);
}

/** The table; below each row its stack, if it has one of its own. */
export function profileTable<Row extends { readonly frames?: readonly Frame[] }>(
  columns: readonly ColumnOf<Row>[],
  rows: readonly Row[],
  page: Page,
): string[] {
  const [header = "", ...lines] = formatRows(columns, rows, page.width);
  return [page.bold(header), ...lines.flatMap((line, i) => [line, ...frameLines(rows[i]?.frames ?? [], page)])];
}

function frameLines(frames: readonly Frame[], page: Page): string[] {
  const between = frames.length - SHOWN.inner - SHOWN.outer;
  const line = (frame: Frame) => `    ${escapeText(frame.function)}  ${escapeText(formatPlace(frame))}${frame.inlined ? " (inlined)" : ""}`;
  const all = frames.map(line);
  const shown =
    between > 1 ? [...all.slice(0, SHOWN.inner), `    ... ${counted(between, "frame")} between`, ...all.slice(-SHOWN.outer)] : all;
  return shown.map((text) => page.dim(cutText(text, page.width, "start")));
}
