/** What has to hold of every finding of `suspects`, of any core: its parts agree with each other and with the heap. */

import { suspectText } from "../../cli/views/suspects.js";
import { histogramRows } from "../../src/accounting/histogram-rows.js";
import { formatBytes, formatCount, formatShare } from "../../src/base/units.js";
import type { RuleId } from "../../src/diagnosis/figures.js";
import type { Suspect } from "../../src/diagnosis/suspect.js";
import type { Dump } from "../../src/dump.js";
import { readableType } from "../../src/naming/object-names.js";

/** Rules that share out the live heap: no byte is in two of their findings. */
const HOLDERS: ReadonlySet<RuleId> = new Set<RuleId>([
  "accumulation",
  "large-object",
  "equal-objects",
  "contexts-never-cancelled",
  "timers-never-stopped",
  "full-channel",
  "callbacks",
  "sync-pool",
  "finalizer-backlog",
]);

/** Each contradiction in words; none is right. */
export function contradictions(dump: Dump, rows: readonly Suspect[]): readonly string[] {
  const live = new Map<string, { count: number }>();
  for (const { type, count } of [
    ...histogramRows(dump, { by: "type", garbage: false }),
    ...histogramRows(dump, { by: "type", garbage: true }),
  ]) {
    const name = readableType(type);
    live.set(name, { count: (live.get(name)?.count ?? 0) + count });
  }
  const wrong: string[] = [];
  const say = (row: Suspect, what: string) => wrong.push(`${suspectText(row).title}: ${what}`);
  for (const row of rows) {
    const { title, evidence, of, parts } = suspectText(row);
    const size = `${formatBytes(row.bytes)} (${formatShare(row.share, 1)} of ${of})`;
    if (!(row.bytes > 0)) say(row, `${row.bytes} bytes`);
    if (!(row.share > 0 && row.share <= 1)) say(row, `a share of ${row.share}`);
    if (title.split(size).length !== 2) say(row, `the title does not say ${size} once`);
    if ((title.match(/\d%/g) ?? []).length !== 1) say(row, "another share in the title");
    if (/(?:^| )0 (?!of )[a-z×]|undefined|NaN/.test([title, ...evidence].join("\n"))) say(row, "counts nothing");
    const sum = row.parts.reduce((total, part) => total + part.bytes, 0);
    if (sum > row.bytes) say(row, `parts of ${formatBytes(sum)}`);
    row.parts.forEach((part, index) => {
      if (!(part.count > 0 && part.bytes > 0)) say(row, `an empty part ${parts[index]}`);
      const told = `${formatBytes(part.bytes)}: ${part.count === 1 ? parts[index] : `${formatCount(part.count)} × ${parts[index]}`}`;
      if (evidence[index] !== told) say(row, `evidence ${index} is not ${told}`);
      const known = live.get(part.type);
      if (known && part.count > known.count) say(row, `${part.count} of the ${known.count} ${part.type}`);
    });
  }
  const held = rows.filter((row) => HOLDERS.has(row.rule));
  const total = held.reduce((sum, row) => sum + row.bytes, 0);
  if (total > dump.heap.liveBytes) wrong.push(`holders of ${formatBytes(total)} in ${formatBytes(dump.heap.liveBytes)} of live heap`);
  if (held.some((row) => row.whole.kind === "live heap" && Math.abs(row.share - row.bytes / dump.heap.liveBytes) > 1e-9))
    wrong.push("a share of the live heap is not its bytes'");
  rows.slice(1).forEach((row, index) => {
    if (row.score > (rows[index]?.score ?? 0)) say(row, "is more important than the one before it");
  });
  return wrong;
}
