// The execution trace of a dead program, lifted out of its memory and read back before anybody gets it.
import { FormatError, UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, bytesSource, joinSources, sliceSource } from "../base/source.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { EV } from "../trace/events.js";
import { formatHas, HEADER_SIZE, readHeader, type TraceFormat, writeHeader } from "../trace/format.js";
import type { Trimmed } from "../trace/order.js";
import { type AssembledGeneration, assembleTrace, wholeSource } from "./assemble.js";
import { type Destination, findDestination } from "./destination.js";
import { type Prefix, scanPrefix } from "./prefix.js";
import { type ReadBack, readBack } from "./read-back.js";
import { coreStatus } from "./scheduler.js";
import { readTracer, type TracerState } from "./tracer-state.js";

/** What there is besides the core. */
export interface ExtractOptions {
  /** The file the program was writing its trace to. */
  readonly prefix?: ByteSource | undefined;
}

/**
 * Why there is no trace in the process. never started: neither runtime/trace.Start nor a flight recorder was. stopped: it was, before the
 * program died. old tracer: of Go 1.21 and before, or none; its buffers cannot be brought into order.
 */
export interface MissingTrace {
  readonly reason: "never started" | "stopped" | "old tracer";
  /** The last generation of one that was stopped. */
  readonly lastGeneration?: number;
  /** With an old tracer; "" when it is not known. */
  readonly goVersion?: string;
}

/** There is no trace in the process. */
export interface NoTrace extends MissingTrace {
  readonly found: false;
}

/** A thread that was inside the tracer when the program died; its goroutine's last event may be missing. */
interface ThreadInTracer {
  readonly tid: number;
  readonly goroutine: number;
}

/**
 * A goroutine whose last change of state is not in the trace: a thread changes the state and writes so after it, and died
 * between the two. Where it is made ready, that is another goroutine's thread. G_STATUS; undefined: not in the trace at all.
 */
interface StaleGoroutine {
  readonly goroutine: number;
  readonly status: number;
  readonly traceStatus: number | undefined;
}

/** A trace out of a dump. A file of it is the kept part of the prefix, then the tail. */
export interface ExtractedTrace {
  readonly found: true;
  readonly destination: Pick<Destination, "kind" | "name">;
  readonly format: TraceFormat;
  /** The whole trace, valid alone; undefined when what was passed on is not at hand. */
  readonly whole: ByteSource | undefined;
  /** How many bytes of the prefix to keep; 0 without one. */
  readonly keep: number;
  /** What follows the kept part. */
  readonly tail: ByteSource;
  /** Ascending by number, those that were passed on too. */
  readonly generations: readonly AssembledGeneration[];
  /** Whether tracing was being stopped. */
  readonly stopping: boolean;
  /** What had to be left out to bring the rest into order. */
  readonly trimmed: Trimmed | undefined;
  /** Last events of threads that were only half written. */
  readonly cutEvents: number;
  /** Threads that were in the middle of writing. */
  readonly inTracer: readonly ThreadInTracer[];
  /** Empty while tracing is being stopped (nothing is written any more then) and of a tail. */
  readonly stale: readonly StaleGoroutine[];
  /** What reading the whole back said. */
  readonly read: ReadBack | undefined;
}

/**
 * Extracts the execution trace: collects what was passed on and what is in buffers, ends it as the runtime would, reads it back.
 *
 * A trace is a row of generations, and only the runtime can end one: it flushes the buffer of every thread, writes the status of what
 * did nothing, and writes the tables of stacks and texts. A program that dies leaves the last one or two without that end, and no
 * tool reads them. Everything that is missing lies in memory; assemble.ts puts it together.
 *
 * @throws FormatError when the prefix is no trace, or when what was assembled cannot be read back
 * @throws MemoryFault when the tracer's own variables are not in the core
 */
export function extractTrace(runtime: GoRuntime, findings: Findings, options: ExtractOptions = {}): ExtractedTrace | NoTrace {
  const state = readTracer(runtime, findings);
  if (!state) return oldTracer(runtime);
  if (state.generation === 0 && !state.shutdown) return notTracing(state);
  const destination = findDestination(runtime, state.reader, findings);
  const { prefix, lost, prefixSize } = findPrefix(state, destination, options.prefix, findings);
  const format = prefix?.format ?? destination.format ?? state.format;
  const result = assembleTrace(runtime, state, format, prefix, lost, findings);
  const kept = Math.min(result.keep, prefixSize, result.prefix?.same ?? 0);
  const tail = joinSources("trace tail", [
    ...(prefixSize > 0 && result.prefix ? [sliceSource(result.prefix.source, kept, result.keep)] : []),
    ...result.tail.map((each) => bytesSource("trace tail", each)),
  ]);
  const whole = result.isTail ? undefined : wholeSource(result, writeHeader(format));
  const read = whole && readBack(whole);
  if (read && read.events === 0) throw new FormatError("extracted trace", 0, "it has no events");
  return {
    found: true,
    destination: { kind: destination.kind, name: destination.name },
    format,
    whole,
    keep: kept,
    tail,
    generations: result.generations,
    stopping: state.generation === 0,
    trimmed: result.trimmed,
    cutEvents: result.cutEvents,
    inTracer: threadsInTracer(runtime, state),
    stale: read && state.generation !== 0 ? staleGoroutines(runtime, read.statuses) : [],
    read,
  };
}

/**
 * The last generation of a whole trace as a trace of its own. It cannot stand alone where a goroutine's status follows only from the
 * generations before.
 * @throws UnsupportedError when it cannot stand alone
 */
export function lastGenerationAlone(whole: ByteSource, format: TraceFormat, findings: Findings): ByteSource {
  const { generations } = scanPrefix(whole, format, findings);
  const last = generations.at(-1);
  if (!last) throw new FormatError(whole.name, 0, "it has no generation");
  const alone = joinSources(`${whole.name}, generation ${last.number}`, [
    sliceSource(whole, 0, HEADER_SIZE),
    sliceSource(whole, last.from, last.to),
  ]);
  try {
    readBack(alone);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UnsupportedError(
      "the trace's end",
      `a last generation that cannot stand alone (${error.message})`,
      "it with the generations before it",
      { id: "whole-trace" },
    );
  }
  return alone;
}

/** The answer for a program of Go 1.21. */
function oldTracer(runtime: GoRuntime): NoTrace {
  return { found: false, reason: "old tracer", goVersion: runtime.build.goVersion };
}

/** The answer for a program that was not tracing when it died: had it ever been? */
function notTracing(state: TracerState): NoTrace {
  if (state.lastGeneration === 0 && state.readerGeneration === 0) return { found: false, reason: "never started" };
  return { found: false, reason: "stopped", lastGeneration: state.lastGeneration };
}

/**
 * What was passed on before, as one trace: the file that a person names, else what the writer has kept in memory.
 *
 * @param file the file that the program was writing to; a bufio.Writer may hold bytes that belong after its end
 * @returns prefix: undefined when nothing is at hand; lost: something may have been passed on all the same; prefixSize: bytes of the
 *          file, 0 without one
 */
function findPrefix(
  state: TracerState,
  destination: Destination,
  file: ByteSource | undefined,
  findings: Findings,
): { readonly prefix: Prefix | undefined; readonly lost: boolean; readonly prefixSize: number } {
  if (file) {
    const pending = destination.pending ? [bytesSource("pending", destination.pending)] : [];
    const format = readHeader(file.read(0, HEADER_SIZE), file.name);
    const source = joinSources(file.name, [file, ...pending]);
    return { prefix: scanPrefix(source, format, findings), lost: false, prefixSize: file.size };
  }
  if (destination.generations) {
    const format = destination.format ?? state.format;
    const chunks: Uint8Array[] = [writeHeader(format)];
    for (const generation of destination.generations) {
      for (const batch of generation.batches) if (batch.raw) chunks.push(batch.raw);
      if (generation.endMark && formatHas(format, "endMarks")) chunks.push(Uint8Array.of(EV.EndOfGeneration));
    }
    const source = joinSources(
      destination.name,
      chunks.map((each) => bytesSource("received", each)),
    );
    const flat = bytesSource(destination.name, source.read(0, source.size));
    return { prefix: scanPrefix(flat, format, findings), lost: false, prefixSize: 0 };
  }
  if (destination.pending && destination.pending.length > HEADER_SIZE) {
    const whole = bytesSource(destination.name, destination.pending);
    try {
      const format = readHeader(whole.read(0, HEADER_SIZE), whole.name);
      return { prefix: scanPrefix(whole, format, findings), lost: false, prefixSize: 0 };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // its beginning is in the file
    }
  }
  return { prefix: undefined, lost: !nothingPassedOn(state), prefixSize: 0 };
}

/** Whether the reader has taken no buffer yet: there is only the first generation, all of it in memory. */
function nothingPassedOn(state: TracerState): boolean {
  return state.readerGeneration === 0;
}

/** Threads that had the tracer's lock of their own when they died. runtime/trace.go traceAcquire */
function threadsInTracer(runtime: GoRuntime, state: TracerState): readonly ThreadInTracer[] {
  const byAddress = new Map(runtime.goroutines.all.map((each) => [each.address, each.id]));
  return state.threads
    .filter((thread) => thread.writing)
    .map((thread) => ({ tid: thread.tid, goroutine: byAddress.get(thread.currentG) ?? 0 }));
}

/** Goroutines whose status in the core is not the one at the end of the trace. */
function staleGoroutines(runtime: GoRuntime, statuses: ReadonlyMap<number, number>): readonly StaleGoroutine[] {
  return runtime.goroutines.all.flatMap((each) => {
    const status = each.id === 0 ? undefined : coreStatus(runtime, each);
    const traceStatus = statuses.get(each.id);
    return status === undefined || status === traceStatus ? [] : [{ goroutine: each.id, status, traceStatus }];
  });
}
