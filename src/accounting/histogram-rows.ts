// Objects counted by type, package or size class: one loop over columns.
import type { PackageNames } from "../base/package-names.js";
import { NONE } from "../base/units.js";
import { isMarked } from "../graph/mark.js";
import { EVIDENCE } from "../heap/evidence.js";
import { labelIndex, type Wholes } from "../heap/wholes.js";
import type { TypeTable } from "../runtime/go-types.js";
import type { Sources } from "./sources.js";

export interface HistogramRow {
  readonly type: string;
  readonly count: number;
  readonly bytes: number;
  /** Where it was asked for. */
  readonly retainedBytes?: number;
  /** Further objects that belong to the row's: tables and groups of maps, buffers of channels. bytes has them, count does not. */
  readonly parts?: number;
  /** Objects by what told their type, parts not counted. */
  readonly evidence: Readonly<Record<string, number>>;
}

export interface HistogramSelection {
  readonly by: "type" | "package" | "size-class";
  /** Unreachable objects instead of live ones. */
  readonly garbage: boolean;
  /** Every object by itself, under the runtime's own name for its type. */
  readonly parts?: boolean;
}

/** Every row, in no order. */
export function histogramRows(source: Pick<Sources, "heap" | "runtime" | "progress">, selection: HistogramSelection): HistogramRow[] {
  const { heap, runtime, progress } = source;
  const { objects, types, live, graph } = heap;
  const { spans, firstId } = objects;
  const objectNode = graph.nodeOfObject(0);
  const kinds = EVIDENCE.length;
  const folded = selection.parts === true || selection.by === "size-class" ? undefined : heap.wholes;
  const column = folded?.column;
  const typeCount = runtime.types.count;
  // Rows 0 and 1: unknown, with pointers and without; then types, then names of values without an object of their own.
  const names = typeCount + 2 + (folded?.labels.length ?? 0);
  const rowOf = (id: number, noscan: number): number => {
    const entry = column === undefined ? NONE : column[id];
    if (entry < NONE) return typeCount + 2 + labelIndex(entry);
    const type = types.type[id];
    return type === NONE ? noscan : type + 2;
  };
  const counts = new Float64Array(names * kinds);
  const bytes = new Float64Array(names);
  const parts = new Float64Array(names);
  const sizes = new Map<number, { count: number; bytes: number }>();
  progress.stage("counting types", spans.count);
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0xfff) === 0) progress.tick(span);
    const size = spans.elementSize[span];
    const noscan = spans.spanClass[span] & 1;
    let inSpan = 0;
    for (let id = firstId[span], end = firstId[span + 1]; id < end; id++) {
      if (isMarked(live, objectNode + id) === selection.garbage) continue;
      inSpan++;
      const type = types.type[id];
      let row = type === NONE ? noscan : type + 2;
      const entry = column === undefined ? NONE : column[id];
      if (entry >= 0) {
        row = rowOf(entry, noscan);
        parts[row]++;
        bytes[row] += size;
        continue;
      }
      if (entry < NONE) row = rowOf(id, noscan);
      counts[row * kinds + (types.evidence[id] & 15)]++;
      bytes[row] += size;
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
  const byName = new Map<string, Mutable<HistogramRow> & { evidence: Record<string, number> }>();
  for (let row = 0; row < names; row++) {
    if (bytes[row] === 0) continue;
    const name = rowName(runtime.types, row, folded);
    const key = selection.by === "package" ? packageOf(name, runtime.names) : name;
    let known = byName.get(key);
    if (!known) {
      known = { type: key, count: 0, bytes: 0, evidence: {} };
      byName.set(key, known);
    }
    known.bytes += bytes[row];
    if (parts[row] > 0) known.parts = (known.parts ?? 0) + parts[row];
    for (let kind = 0; kind < kinds; kind++) {
      const count = counts[row * kinds + kind];
      if (count === 0) continue;
      known.count += count;
      known.evidence[EVIDENCE[kind]] = (known.evidence[EVIDENCE[kind]] ?? 0) + count;
    }
  }
  return [...byName.values()];
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

function rowName(types: TypeTable, row: number, folded: Wholes | undefined): string {
  if (row < 2) return unknownName(row === 1);
  const type = row - 2;
  if (type >= types.count) return folded?.labels[type - types.count] ?? "";
  const { name, role } = types.get(type);
  return folded ? role.readable : name;
}

/** What objects of unknown type are called. */
export function unknownName(noscan: boolean): string {
  return noscan ? "unknown (no pointers)" : "unknown";
}

/** "[]*encoding/json.Decoder" -> "encoding/json"; predeclared types, and composites of them, belong to "(builtin)". */
export function packageOf(type: string, names: PackageNames): string {
  if (type.startsWith("unknown")) return "(unknown)";
  // The first qualified name is the element's, the key's or the function's own: an import path, a dot, a name.
  const text = type
    .replace(/^func /, "")
    .replace(/^parts of /, "")
    .replaceAll("noalg.", "")
    .replace(/\bmap\.group\[/g, "map[");
  const match = /(?:^|[\s*[\](){}<>,])((?:[\w~+.-]+\/)*[\w~+-]+)\.[\w(]/d.exec(text);
  const [start] = match?.indices?.[1] ?? [];
  return start === undefined ? "(builtin)" : (names.pathAt(text.slice(start)) ?? (match?.[1] as string));
}
