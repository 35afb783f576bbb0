// The execution trace of a dead program, lifted out of its memory and read back before anybody gets it.
import { FormatError, UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, bytesSource } from "../base/source.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Trimmed } from "../trace/order.js";
import { EV, formatHas, HEADER_SIZE, readHeader, type TraceFormat, writeHeader } from "../trace/wire.js";
import { type AssembledGeneration, assembleTrace, type ReadBack, readBack, wholeSource } from "./assemble.js";
import { type Base, joined, scanBase, slice } from "./base.js";
import { type Destination, findDestination } from "./held.js";
import { coreStatus } from "./scheduler.js";
import { readTracer, type TracerState } from "./tracer-state.js";

/** What to extract. */
export interface ExtractOptions {
  /** The file the program was writing its trace to. */
  readonly prefix?: ByteSource | undefined;
}

/** There is no trace in the process. */
export interface NoTrace {
  readonly found: false;
  readonly reason: "never started" | "stopped" | "old tracer";
  readonly explanation: string;
}

/** A thread that was inside the tracer when the program died; its goroutine's last event may be missing. */
export interface ThreadInTracer {
  readonly tid: number;
  readonly goroutine: number;
}

/**
 * A goroutine whose last change of state is not in the trace: a thread changes the state and writes so after it, and died
 * between the two. Where it is made ready, that is another goroutine's thread. G_STATUS; undefined: not in the trace at all.
 */
export interface GoroutineBehind {
  readonly goroutine: number;
  readonly status: number;
  readonly traceStatus: number | undefined;
}

/** A trace out of a dump. */
export interface ExtractedTrace {
  readonly found: true;
  readonly destination: Pick<Destination, "kind" | "name">;
  readonly format: TraceFormat;
  /** The whole trace, valid alone; undefined when what was passed on is not at hand. */
  readonly whole: ByteSource | undefined;
  /** How much of the prefix to keep; 0 without one. */
  readonly keep: number;
  /** What follows the kept part. */
  readonly tail: ByteSource;
  readonly generations: readonly AssembledGeneration[];
  /** Whether tracing was being stopped. */
  readonly stopping: boolean;
  readonly trimmed: Trimmed | undefined;
  readonly cutEvents: number;
  readonly inTracer: readonly ThreadInTracer[];
  /** Empty while tracing is being stopped (nothing is written any more then) and of a tail. */
  readonly behind: readonly GoroutineBehind[];
  /** What reading the whole back said. */
  readonly read: ReadBack | undefined;
}

/**
 * Extracts the execution trace: collects what was passed on and what is in buffers, ends it as the runtime would, reads it back.
 * @throws FormatError when the prefix is no trace, or when what was assembled cannot be read back
 * @throws MemoryFault when the tracer's own variables are not in the core
 */
export function extractTrace(runtime: GoRuntime, findings: Findings, options: ExtractOptions = {}): ExtractedTrace | NoTrace {
  const state = readTracer(runtime, findings);
  if (!state) return oldTracer(runtime);
  if (state.generation === 0 && !state.shutdown) return notTracing(state);
  const destination = findDestination(runtime, state.reader, findings);
  const { base, lost, prefixSize } = findBase(state, destination, options.prefix, findings);
  const format = base?.format ?? destination.format ?? state.format;
  const result = assembleTrace(runtime, state, format, base, lost, findings);
  const kept = Math.min(result.keep, prefixSize, result.base?.same ?? 0);
  const tail = joined("trace tail", [
    ...(prefixSize > 0 && result.base ? [slice(result.base.source, kept, result.keep)] : []),
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
    behind: read && state.generation !== 0 ? goroutinesBehind(runtime, read.statuses) : [],
    read,
  };
}

/** The last generation of a whole trace as a trace of its own. @throws UnsupportedError when it cannot stand alone */
export function lastGenerationAlone(whole: ByteSource, format: TraceFormat, findings: Findings): ByteSource {
  const { generations } = scanBase(whole, format, findings);
  const last = generations.at(-1);
  if (!last) throw new FormatError(whole.name, 0, "it has no generation");
  const alone = joined(`${whole.name}, generation ${last.number}`, [slice(whole, 0, HEADER_SIZE), slice(whole, last.from, last.to)]);
  try {
    readBack(alone);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new UnsupportedError(
      "--last",
      `a last generation that cannot stand alone (${error.message})`,
      "it with the generations before it",
      "leave --last out",
    );
  }
  return alone;
}

function oldTracer(runtime: GoRuntime): NoTrace {
  return {
    found: false,
    reason: "old tracer",
    explanation: `${runtime.build.goVersion || "this Go"} has the tracer of Go 1.21 and before (or none at all); its buffers cannot be brought into order. corescope extracts traces of Go 1.22 and later.`,
  };
}

function notTracing(state: TracerState): NoTrace {
  if (state.lastGeneration === 0 && state.readerGeneration === 0) {
    return {
      found: false,
      reason: "never started",
      explanation: "The program was not tracing: neither runtime/trace.Start nor a flight recorder was ever started.",
    };
  }
  return {
    found: false,
    reason: "stopped",
    explanation: `The program had traced and had stopped before it died (after generation ${state.lastGeneration}): nothing of the trace is left in memory.`,
  };
}

/** What was passed on before, as one trace. */
function findBase(
  state: TracerState,
  destination: Destination,
  prefix: ByteSource | undefined,
  findings: Findings,
): { readonly base: Base | undefined; readonly lost: boolean; readonly prefixSize: number } {
  if (prefix) {
    const pending = destination.pending ? [bytesSource("pending", destination.pending)] : [];
    const format = readHeader(prefix.read(0, HEADER_SIZE), prefix.name);
    const source = joined(prefix.name, [prefix, ...pending]);
    return { base: scanBase(source, format, findings), lost: false, prefixSize: prefix.size };
  }
  if (destination.generations) {
    const format = destination.format ?? state.format;
    const chunks: Uint8Array[] = [writeHeader(format)];
    for (const generation of destination.generations) {
      for (const batch of generation.batches) if (batch.raw) chunks.push(batch.raw);
      if (generation.endMark && formatHas(format, "endMarks")) chunks.push(Uint8Array.of(EV.EndOfGeneration));
    }
    const source = joined(
      destination.name,
      chunks.map((each) => bytesSource("held", each)),
    );
    const flat = bytesSource(destination.name, source.read(0, source.size));
    return { base: scanBase(flat, format, findings), lost: false, prefixSize: 0 };
  }
  if (destination.pending && destination.pending.length > HEADER_SIZE) {
    const whole = bytesSource(destination.name, destination.pending);
    try {
      const format = readHeader(whole.read(0, HEADER_SIZE), whole.name);
      return { base: scanBase(whole, format, findings), lost: false, prefixSize: 0 };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // its beginning is in the file
    }
  }
  return { base: undefined, lost: nothingPassedOn(state) === false, prefixSize: 0 };
}

/** Only the first generation, and all of it still in memory: the reader has taken no buffer yet. */
function nothingPassedOn(state: TracerState): boolean {
  return state.readerGeneration === 0;
}

function threadsInTracer(runtime: GoRuntime, state: TracerState): readonly ThreadInTracer[] {
  const byAddress = new Map(runtime.goroutines.all.map((each) => [each.address, each.id]));
  return state.threads
    .filter((thread) => thread.writing)
    .map((thread) => ({ tid: thread.tid, goroutine: byAddress.get(thread.currentG) ?? 0 }));
}

function goroutinesBehind(runtime: GoRuntime, statuses: ReadonlyMap<number, number>): readonly GoroutineBehind[] {
  return runtime.goroutines.all.flatMap((each) => {
    const status = each.id === 0 ? undefined : coreStatus(runtime, each);
    const traceStatus = statuses.get(each.id);
    return status === undefined || status === traceStatus ? [] : [{ goroutine: each.id, status, traceStatus }];
  });
}
