// Objects counted by type, package or size class: one loop over columns.
import { NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { isMarked } from "../graph/mark.js";
import { EVIDENCE } from "../heap/evidence.js";

export interface HistogramRow {
  readonly type: string;
  readonly count: number;
  readonly bytes: number;
  /** Where it was asked for. */
  readonly retainedBytes?: number;
  /** Objects by what told their type. */
  readonly evidence: Readonly<Record<string, number>>;
}

export interface HistogramSelection {
  readonly by: "type" | "package" | "size-class";
  /** Unreachable objects instead of live ones. */
  readonly garbage: boolean;
}

/** Every row, in no order. */
export function histogramRows(dump: Dump, selection: HistogramSelection): HistogramRow[] {
  const { objects, types, live, graph } = dump.heap;
  const { spans, firstId } = objects;
  const objectNode = graph.nodeOfObject(0);
  const typeCount = dump.runtime.types.count;
  const kinds = EVIDENCE.length;
  // Row 0: unknown; a type's row is its id + 1. Unknown scan and noscan objects are told apart in their name.
  const rows = (typeCount + 2) * kinds;
  const counts = new Float64Array(rows);
  const bytes = new Float64Array(rows);
  const sizes = new Map<number, { count: number; bytes: number }>();
  for (let span = 0; span < spans.count; span++) {
    const size = spans.elementSize[span];
    const noscan = spans.spanClass[span] & 1;
    let inSpan = 0;
    for (let id = firstId[span], end = firstId[span + 1]; id < end; id++) {
      if (isMarked(live, objectNode + id) === selection.garbage) continue;
      const type = types.type[id];
      const row = (type === NONE ? noscan : type + 2) * kinds + (types.evidence[id] & 15);
      counts[row]++;
      bytes[row] += size;
      inSpan++;
    }
    if (selection.by === "size-class" && inSpan > 0) {
      const known = sizes.get(size) ?? { count: 0, bytes: 0 };
      known.count += inSpan;
      known.bytes += inSpan * size;
      sizes.set(size, known);
    }
  }
  if (selection.by === "size-class")
    return [...sizes].map(([size, sums]) => ({ type: `${size} B`, ...sums, evidence: { "size class": sums.count } }));
  const byName = new Map<string, { type: string; count: number; bytes: number; evidence: Record<string, number> }>();
  for (let row = 0; row < rows; row++) {
    if (counts[row] === 0) continue;
    const type = Math.floor(row / kinds);
    const name = type < 2 ? unknownName(type === 1) : dump.runtime.types.get(type - 2).name;
    const key = selection.by === "package" ? packageOf(name) : name;
    let known = byName.get(key);
    if (!known) {
      known = { type: key, count: 0, bytes: 0, evidence: {} };
      byName.set(key, known);
    }
    known.count += counts[row];
    known.bytes += bytes[row];
    const evidence = EVIDENCE[row % kinds];
    known.evidence[evidence] = (known.evidence[evidence] ?? 0) + counts[row];
  }
  return [...byName.values()];
}

/** What objects of unknown type are called. */
export function unknownName(noscan: boolean): string {
  return noscan ? "unknown (no pointers)" : "unknown";
}

/** "[]*encoding/json.Decoder" -> "encoding/json"; predeclared types, and composites of them, belong to "(builtin)". */
export function packageOf(type: string): string {
  if (type.startsWith("unknown")) return "(unknown)";
  // The first qualified name is the element's, the key's or the function's own: an import path, a dot, a name.
  const match = /(?:^|[\s*[\](){}<>,])((?:[\w~%.-]+\/)*[\w~%-]+)\.[\w(]/.exec(
    type
      .replace(/^func /, "")
      .replaceAll("noalg.", "")
      .replace(/\bmap\.group\[/g, "map["),
  );
  return match?.[1] ?? "(builtin)";
}
