// Objects counted by type, package or size class: one loop over columns.
import type { PackageNames } from "../base/package-names.js";
import { type Bytes, NONE, type SpanId } from "../base/units.js";
import { isMarked } from "../graph/mark.js";
import { EVIDENCE } from "../heap/evidence.js";
import type { ObjectTable } from "../heap/objects.js";
import { labelIndex, type Wholes } from "../heap/wholes.js";
import type { TypeTable } from "../runtime/go-types.js";
import type { Sources } from "./sources.js";

/** Objects that have something in common: a type, a package, a size class. */
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
  /** Of a size class: its spans, their slots, and those of them that hold no object, dead or alive. */
  readonly spans?: number;
  readonly slots?: number;
  readonly freeSlots?: number;
}

/** Which objects are counted, and by what. */
export interface HistogramSelection {
  readonly by: "type" | "package" | "size-class";
  /** Unreachable objects instead of live ones. */
  readonly garbage: boolean;
  /** Every object by itself, under the runtime's own name for its type. */
  readonly parts?: boolean;
}

/** Sums by what objects are. Rows 0 and 1 are unknown ones, with pointers and without; then types by id, then labels of Wholes. */
interface Counts {
  /** [rows x EVIDENCE.length] objects by what told their type, parts not counted. */
  readonly counts: Float64Array;
  /** [rows] parts included. */
  readonly bytes: Float64Array;
  /** [rows] */
  readonly parts: Float64Array;
}

/** Every row, in no order. */
export function histogramRows(source: Pick<Sources, "heap" | "runtime" | "progress">, selection: HistogramSelection): HistogramRow[] {
  if (selection.by === "size-class") return sizeClassRows(source, selection.garbage);
  const { runtime } = source;
  const folded = selection.parts === true ? undefined : source.heap.wholes;
  const sums = countByType(source, selection.garbage, folded);
  // Several types may have one name, and all types of a package are one row.
  const byName = new Map<string, Mutable<HistogramRow> & { evidence: Record<string, number> }>();
  for (let row = 0; row < sums.bytes.length; row++) {
    if (sums.bytes[row] === 0) continue;
    const name = rowName(runtime.types, row, folded);
    const key = selection.by === "package" ? packageOf(name, runtime.names) : name;
    let known = byName.get(key);
    if (!known) {
      known = { type: key, count: 0, bytes: 0, evidence: {} };
      byName.set(key, known);
    }
    known.bytes += sums.bytes[row];
    if (sums.parts[row] > 0) known.parts = (known.parts ?? 0) + sums.parts[row];
    for (const [kind, name] of EVIDENCE.entries()) {
      const count = sums.counts[row * EVIDENCE.length + kind];
      if (count === 0) continue;
      known.count += count;
      known.evidence[name] = (known.evidence[name] ?? 0) + count;
    }
  }
  return [...byName.values()];
}

/** Loop over all objects. @param folded  undefined: every object by itself */
function countByType(source: Pick<Sources, "heap" | "runtime" | "progress">, garbage: boolean, folded: Wholes | undefined): Counts {
  const { heap, runtime, progress } = source;
  const { objects, types, live, graph } = heap;
  const { spans, firstId } = objects;
  const objectNode = graph.nodeOfObject(0);
  const kinds = EVIDENCE.length;
  const column = folded?.column;
  const typeCount = runtime.types.count;
  const rowCount = typeCount + 2 + (folded?.labels.length ?? 0);
  /** The row of an object that stands for a value. */
  const rowOf = (id: number, noscan: number): number => {
    const entry = column === undefined ? NONE : column[id];
    if (entry < NONE) return typeCount + 2 + labelIndex(entry);
    const type = types.type[id];
    return type === NONE ? noscan : type + 2;
  };
  const counts = new Float64Array(rowCount * kinds);
  const bytes = new Float64Array(rowCount);
  const parts = new Float64Array(rowCount);
  progress.stage("counting types", spans.count);
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0xfff) === 0) progress.tick(span);
    const size = spans.elementSize[span];
    const noscan = spans.spanClass[span] & 1;
    for (let id = firstId[span], end = firstId[span + 1]; id < end; id++) {
      if (isMarked(live, objectNode + id) === garbage) continue;
      // A part adds bytes to the row of its whole, and is no object of that type.
      const whole = column === undefined ? NONE : column[id];
      const row = rowOf(whole >= 0 ? whole : id, noscan);
      bytes[row] += size;
      if (whole >= 0) parts[row]++;
      else counts[row * kinds + (types.evidence[id] & 15)]++;
    }
  }
  return { counts, bytes, parts };
}

/** Spans whose slots have one size. */
interface SizeClass {
  readonly spans: SpanId[];
  slots: number;
  /** Slots that hold an object, dead or alive. */
  objects: number;
}

/** The heap's spans by the size of their slots in bytes, in the order in which the sizes come. */
export function sizeClasses({ spans, firstId }: Pick<ObjectTable, "spans" | "firstId">): ReadonlyMap<Bytes, SizeClass> {
  const sizes = new Map<Bytes, SizeClass>();
  for (let span = 0; span < spans.count; span++) {
    const size = spans.elementSize[span];
    let found = sizes.get(size);
    if (!found) {
      found = { spans: [], slots: 0, objects: 0 };
      sizes.set(size, found);
    }
    found.spans.push(span);
    found.slots += spans.elements[span];
    found.objects += firstId[span + 1] - firstId[span];
  }
  return sizes;
}

/** Rows of one size of slots each: types are not asked, and nothing is folded. */
function sizeClassRows({ heap, progress }: Pick<Sources, "heap" | "progress">, garbage: boolean): HistogramRow[] {
  const { objects, live, graph } = heap;
  const { firstId } = objects;
  const objectNode = graph.nodeOfObject(0);
  progress.stage("counting types", objects.spans.count);
  let done = 0;
  return [...sizeClasses(objects)].flatMap(([size, { spans, slots, objects: taken }]): HistogramRow[] => {
    let count = 0;
    for (const span of spans) {
      if ((done++ & 0xfff) === 0) progress.tick(done);
      for (let id = firstId[span], end = firstId[span + 1]; id < end; id++) if (isMarked(live, objectNode + id) !== garbage) count++;
    }
    if (count === 0) return [];
    const bytes = count * size;
    const figures = { spans: spans.length, slots, freeSlots: slots - taken, evidence: { "size class": count } };
    return [{ type: `${size} B`, count, bytes, ...figures }];
  });
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** What a row of Counts is called. */
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
  // An import path: components of letters, digits and ~ + . - _, then a dot and a name. "d" gives the place of the match.
  const match = /(?:^|[\s*[\](){}<>,])((?:[\w~+.-]+\/)*[\w~+-]+)\.[\w(]/d.exec(text);
  const [start] = match?.indices?.[1] ?? [];
  return start === undefined ? "(builtin)" : (names.pathAt(text.slice(start)) ?? (match?.[1] as string));
}
