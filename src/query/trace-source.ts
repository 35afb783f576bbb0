// The trace that a question is about: a file, or out of the core.
import { FormatError, UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { ByteSource } from "../base/source.js";
import { NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { MissingTrace } from "../recorder/recorder.js";
import { frozenPs } from "../recorder/scheduler.js";
import {
  type Generation,
  HEADER_SIZE,
  LastStops,
  type MisplacedRegion,
  Ordering,
  readGenerations,
  readHeader,
  type TraceEvent,
} from "../trace/trace.js";

/** A trace to read, or why there is none. */
export type TraceAnswer =
  | { readonly found: true; readonly source: ByteSource; readonly fromCore: boolean }
  | { readonly found: false; readonly missing: MissingTrace };

/** Names the trace of a dump. @throws UnsupportedError when only its tail is in the core, or the file is of another format */
export function traceOf(dump: Dump, prefix: string | undefined): TraceAnswer {
  const { file } = dump.trace;
  if (file) {
    readHeader(file.read(0, HEADER_SIZE), file.name); // of a format that nobody here reads there is no part to show
    return { found: true, source: file, fromCore: false };
  }
  const extracted = dump.trace.extract(prefix);
  if (!extracted.found) {
    const { found, ...missing } = extracted;
    return { found, missing };
  }
  if (!extracted.whole) {
    throw new UnsupportedError(
      "the trace",
      `only its end in the core: what came before went to ${extracted.destination.name || "a writer we do not know"}`,
      "it together with that file",
      { id: "trace-prefix" },
    );
  }
  return { found: true, source: extracted.whole, fromCore: true };
}

/** Functions of goroutines by id, of a core; what the trace may not tell. */
export function goroutineFunctions(dump: Dump): ReadonlyMap<number, string> {
  if (dump.trace.file) return new Map();
  const { goroutines, functions } = dump.runtime;
  return new Map(goroutines.all.map((each) => [each.id, functions.find(each.startPc)?.name ?? ""]));
}

/** The thread that took the signal which ended the process. */
export function crashedThread(dump: Dump): number | undefined {
  return dump.trace.file ? undefined : dump.process.threads[0]?.tid;
}

/** Give it every event of a trace in order; then it knows when the program crashed. */
export interface CrashFinder {
  visit(event: TraceEvent): void;
  /** ns of the trace clock of the first event of the freeze; undefined: not frozen, or nothing of it is in the trace. */
  time(): number | undefined;
}

/** The runtime freezes the world before it dies: the first P that this stopped marks the crash. */
export function crashFinder(dump: Dump): CrashFinder {
  const frozen = dump.trace.file ? new Set<number>() : frozenPs(dump.runtime);
  const stops = new LastStops();
  return frozen.size === 0
    ? { visit() {}, time: () => undefined }
    : { visit: (event) => stops.visit(event), time: () => stops.first(frozen) };
}

/** What to be told of regions that end out of order: all their events are read, and each end goes with the beginning it names. */
export function regionTeller(findings: Findings): (region: MisplacedRegion) => void {
  return ({ goroutine, name }) =>
    findings.add(
      "trace-regions",
      "regions end out of order; each was taken to begin where its own name began last (Go's own tools refuse such a trace)",
      `goroutine ${goroutine} ended region ${name} while another had begun after it`,
    );
}

/**
 * Gives every event of a trace in order, up to damage, which is told.
 * @throws FormatError when there is no event at all
 */
export function readEvents(source: ByteSource, visit: (event: TraceEvent) => void, findings: Findings): void {
  let events = 0;
  const ordering = new Ordering((event) => {
    events++;
    visit(event);
  }, regionTeller(findings));
  let damage: unknown;
  try {
    for (const generation of readGenerations(source)) ordering.run(generation);
  } catch (error) {
    damage = error;
  }
  checkEvents(source, events, damage, findings);
}

/** What damage means to the answer. @throws what it is when nothing could be read before it */
export function checkEvents(source: ByteSource, events: number, damage: unknown, findings: Findings): void {
  if (damage !== undefined && !(damage instanceof FormatError)) throw damage;
  if (events === 0) throw damage ?? new FormatError(source.name, NONE, "the trace has no events");
  if (damage) findings.add("trace-damaged", "the trace cannot be read to its end", damage.message, { partial: true });
}

/** The generations of a source, each read when asked for. */
export function generationsOf(source: ByteSource): Iterable<Generation> {
  return { [Symbol.iterator]: () => readGenerations(source) };
}

/** A field that JSON and clones do not see: what a command may write to a file, made when it is asked for. */
export function withContents<T extends object>(result: T, contents: () => Iterable<Uint8Array>): T {
  Object.defineProperty(result, "contents", { value: contents, enumerable: false });
  return result;
}

/** The contents of an answer made by withContents. */
export function contentsOf(result: object): Iterable<Uint8Array> {
  const make = (result as { contents?: () => Iterable<Uint8Array> }).contents;
  return make ? make() : [];
}

/** A source's bytes in pieces of a mebibyte. */
export function* piecesOf(source: ByteSource): Generator<Uint8Array> {
  const piece = 1 << 20;
  for (let at = 0; at < source.size; at += piece) yield source.read(at, piece);
}
