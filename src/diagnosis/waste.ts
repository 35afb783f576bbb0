// Waste that is large enough to be the failure itself.

import { type WasteKind, wasteRows } from "../accounting/waste-rows.js";
import { type Bytes, counted, NONE, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import { expressionOf } from "../naming/path-names.js";
import { type Suspect, suspectOf } from "./suspect.js";

/** Waste below this part of the memory is left to the command of that name. */
const LEAST_SHARE = 0.03;
const WEIGHT: Readonly<Record<WasteKind, number>> = {
  "pinned array": 2.5,
  "slice capacity": 2.5,
  "map slack": 2.5,
  "duplicate strings": 2.5,
  "size-class rounding": 0.5,
};

export function wasteSuspects(dump: Dump, whole: Bytes): Suspect[] {
  // What fields of one holder waste in one way is one finding.
  const found = new Map<string, { bytes: Bytes; count: number; kind: WasteKind; paths: string[]; holder: string }>();
  for (const row of wasteRows(dump)) {
    if (row.bytes / whole < LEAST_SHARE / 3 || row.kind === "size-class rounding") continue;
    const address = parseAddress(row.example) as number;
    const id = dump.heap.objects.find(address);
    const named = id === NONE ? "" : expressionOf(dump, id);
    const holder = named.startsWith("(") ? row.path : named.replace(/\[.*$/s, "").replace(/\.Load\(.*$/s, "");
    const key = `${row.kind}\n${holder}`;
    const known = found.get(key);
    if (known) {
      known.bytes += row.bytes;
      known.count += row.count;
      known.paths.push(row.path);
    } else found.set(key, { bytes: row.bytes, count: row.count, kind: row.kind, paths: [row.path], holder });
  }
  return [...found.values()].flatMap(({ bytes, count, kind, paths, holder }) => {
    if (bytes / whole < LEAST_SHARE) return [];
    return suspectOf({
      kind,
      title: (size) => sentence(kind, holder, paths, size, count),
      bytes,
      of: { bytes: dump.heap.liveBytes, name: "the live heap" },
      facts: paths[0] === holder ? [] : [`in ${paths.slice(0, 3).join(", ")}`],
      expression: holder,
      next: "waste CORE",
      score: (bytes / whole) * WEIGHT[kind],
    });
  });
}

function sentence(kind: WasteKind, holder: string, paths: readonly string[], size: string, count: number): string {
  const of = paths[0] === holder || paths.length > 1 ? "" : ` (${paths[0]})`;
  switch (kind) {
    case "pinned array":
      return `small pieces in ${holder}${of} pin ${size} of ${counted(count, "large array")} that nobody else sees`;
    case "slice capacity":
      return `${holder}${of} wastes ${size}: ${counted(count, "slice with a capacity far beyond its length pins", "slices with a capacity far beyond their length pin")} what lies behind it`;
    case "map slack":
      return `${holder} has room for ${size} more than it holds: a map that was large once never shrinks`;
    case "duplicate strings":
      return `${holder} holds ${size} of duplicate strings: ${counted(count, "copy", "copies")} of equal text`;
    case "size-class rounding":
      return `${size} are lost in ${paths[0]} to rounding`;
  }
}
