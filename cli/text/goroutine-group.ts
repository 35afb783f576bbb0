// Goroutines with one stack, drawn as a head line and its frames.
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import { formatDuration } from "./duration.js";
import { escapeText } from "./escape.js";
import { type Page, proseWidth } from "./style.js";
import { cutText } from "./table.js";

interface Place {
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

/** What a query tells of a group. */
export interface GroupText {
  readonly count: number;
  readonly status: string;
  readonly waitReason: string;
  readonly waitNanoseconds?: number | undefined;
  readonly ids: readonly number[];
  readonly createdBy?: Place | undefined;
  readonly frames: readonly (Place & { readonly inlined: boolean })[];
  readonly framesOmitted: number;
  readonly retainedBytes?: number | undefined;
}

/** "chan receive", or "running" of one that waits for nothing. */
export function formatReason({ status, waitReason }: Pick<GroupText, "status" | "waitReason">): string {
  return waitReason === "" ? status : waitReason;
}

/** "chan receive, 3 minutes": as the runtime says it, the time as people say it. */
export function formatState(row: Pick<GroupText, "status" | "waitReason" | "waitNanoseconds">): string {
  const state = formatReason(row);
  return row.waitNanoseconds !== undefined && row.waitNanoseconds >= 1e9 ? `${state}, ${formatDuration(row.waitNanoseconds)}` : state;
}

/** "worker.go:42". */
export function formatPlace({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file.slice(file.lastIndexOf("/") + 1)}:${line}`;
}

/** "main.serve  server.go:12"; "" when nothing of the program is on the stack. */
export function formatTop(top: Place | undefined): string {
  return top ? `${top.function}  ${formatPlace(top)}` : "";
}

/** "12 × chan receive, 3 minutes (5, 6, ...)" and the stack; long stacks lose their middle and say so. */
export function formatGroup(group: GroupText, page: Page): string[] {
  const width = page.width === Number.POSITIVE_INFINITY ? page.width : proseWidth(page);
  const retained = group.retainedBytes === undefined ? "" : `, ${formatBytes(group.retainedBytes)} retained`;
  const ids = `${group.ids.slice(0, 5).join(", ")}${group.count > Math.min(group.ids.length, 5) ? ", ..." : ""}`;
  const head = `${formatCount(group.count)} × ${escapeText(formatState(group))}${retained}  (${ids})`;
  const frames = group.frames.map(
    (frame) => `    ${escapeText(frame.function)}  ${escapeText(formatPlace(frame))}${frame.inlined ? " (inlined)" : ""}`,
  );
  const omitted = group.framesOmitted > 0 ? [`    ... ${counted(group.framesOmitted, "frame")} between`] : [];
  const shown = omitted.length > 0 ? [...frames.slice(0, 10), ...omitted, ...frames.slice(-5)] : frames;
  const creator = group.createdBy
    ? [`    created by ${escapeText(group.createdBy.function)}  ${escapeText(formatPlace(group.createdBy))}`]
    : [];
  return [
    page.bold(cutText(head, width)),
    ...shown.map((line) => cutText(line, width, "start")),
    ...creator.map((line) => page.dim(cutText(line, width, "start"))),
  ];
}
