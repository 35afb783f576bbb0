// From the pieces to one trace: what was passed on, then the generations in flight, each ended and brought into order.

import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, bytesSource, joinSources, sliceSource } from "../base/source.js";
import { counted } from "../base/units.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { formatHas, type TraceFormat } from "../trace/format.js";
import { Generation } from "../trace/generation.js";
import { Ordering, type Repaired, type Trimmed } from "../trace/order.js";
import { encodeBatch } from "../trace/wire.js";
import { Buffers, batchKey, type FoundBatch } from "./buffers.js";
import { type Finished, finishGeneration } from "./finish.js";
import { consecutive, END_MARK, isEvents, loadBatches, type Prefix } from "./prefix.js";
import { type OrderedPrefix, orderPrefix, reportMisplacedRegions } from "./prefix-order.js";
import { StackExpander } from "./stacks.js";
import type { TracerState } from "./tracer-state.js";

/** One generation of the result. */
export interface AssembledGeneration {
  readonly number: number;
  /** passed on: as it was found; completed: all its batches were in memory; in flight: it was still being written, and was ended here. */
  readonly from: "passed on" | "completed" | "in flight";
  readonly bytes: number;
  /** 0 of those that were passed on: theirs are not counted. */
  readonly batches: number;
  /** How many records of each kind were added to end it. */
  readonly statuses: number;
  readonly stacks: number;
  readonly strings: number;
  readonly samples: number;
  /** ProcStop events put in for Ps that the freeze of a dying runtime took without an event. */
  readonly stops: number;
}

/** The result: the bytes of the prefix from `dropped` to `keep`, then the tail. */
export interface Assembled {
  readonly format: TraceFormat;
  readonly prefix: Prefix | undefined;
  readonly keep: number;
  /** The prefix's generations left out at its beginning: they end here; the header stays. */
  readonly dropped: number;
  readonly tail: readonly Uint8Array[];
  readonly generations: readonly AssembledGeneration[];
  /** The prefix is missing: the tail cannot be read alone. */
  readonly isTail: boolean;
  /** What had to be left out to bring the rest into order. */
  readonly trimmed: Trimmed | undefined;
  /** Last events that were only half written. */
  readonly cutEvents: number;
}

/** The whole trace of a result, without copying the prefix. @param header of the file, 16 bytes */
export function wholeSource(result: Assembled, header: Uint8Array): ByteSource {
  const { prefix } = result;
  const parts = [bytesSource("header", header)];
  if (prefix) parts.push(sliceSource(prefix.source, result.dropped, result.keep));
  return joinSources(prefix?.source.name ?? "extracted trace", [...parts, ...result.tail.map((each) => bytesSource("tail", each))]);
}

/** A generation that was not over when the program died, or that the reader was not done with. */
interface InFlight {
  readonly number: number;
  /** Its batches that the reader has passed on: they are in the prefix. */
  readonly consumed: readonly FoundBatch[];
  /** Its batches that are in memory alone. */
  readonly memory: readonly FoundBatch[];
  /** The byte that ends it has been passed on. */
  readonly endMark: boolean;
}

/**
 * Puts a trace together.
 *
 * @param format in which the result is written
 * @param given  undefined when nothing of what was passed on is at hand
 * @param lost   true when something may have been passed on that is not at hand
 */
export function assembleTrace(
  runtime: GoRuntime,
  state: TracerState,
  format: TraceFormat,
  given: Prefix | undefined,
  lost: boolean,
  findings: Findings,
): Assembled {
  const buffers = new Buffers(runtime, state, findings);
  const inFlight = collectInFlight(state, buffers, given);
  const first = firstInFlight(state);
  const ordered = orderPrefix(given && consecutive(given, first, findings), first, findings);
  const assembly = new Assembly(runtime, state, format, ordered, first, lost, findings);
  for (const [index, each] of inFlight.entries()) assembly.add(each, inFlight[index + 1]);
  const { prefix, dropped } = ordered;
  const { keep, tail, generations, isTail, trimmed } = assembly;
  return { format, prefix, keep, dropped, tail, generations, isTail, trimmed, cutEvents: buffers.trimmed };
}

/** The number of the generation that is being written; while tracing is being stopped, of the one that was. */
function lastInFlight(state: TracerState): number {
  return state.generation || state.lastGeneration;
}

/** The reader may still be at the generation before the last; it is never further back, because the tracer waits for it. */
function firstInFlight(state: TracerState): number {
  const last = lastInFlight(state);
  return state.readerGeneration === last - 1 && last > 1 ? last - 1 : last;
}

/** The batches of each generation in flight: those passed on, then those in memory. */
function collectInFlight(state: TracerState, buffers: Buffers, given: Prefix | undefined): readonly InFlight[] {
  const inFlight: InFlight[] = [];
  for (let number = firstInFlight(state); number <= lastInFlight(state); number++) {
    const place = given?.generations.findLast((each) => each.number === number);
    const consumed = given && place ? loadBatches(given.source, place.from, place.to) : [];
    // The buffer in the reader's hands may have been passed on already: its bytes tell.
    const keys = new Set(state.reading !== 0 ? consumed.map(batchKey) : []);
    inFlight.push({ number, consumed, memory: buffers.collect(number, keys), endMark: place?.endMark ?? false });
  }
  return inFlight;
}

/** The trace as it grows by one generation after the other. */
class Assembly {
  readonly tail: Uint8Array[] = [];
  readonly generations: AssembledGeneration[];
  readonly isTail: boolean;
  keep: number;
  trimmed: Trimmed | undefined;
  private readonly runtime: GoRuntime;
  private readonly state: TracerState;
  private readonly format: TraceFormat;
  private readonly prefix: Prefix | undefined;
  private readonly findings: Findings;
  private readonly expander: StackExpander;
  /** The scheduler as the generations so far have left it; undefined before the first. */
  private before: Ordering | undefined;
  private wallOffset: bigint | undefined;

  constructor(
    runtime: GoRuntime,
    state: TracerState,
    format: TraceFormat,
    { prefix, dropped, ordering, wallOffset }: OrderedPrefix,
    first: number,
    lost: boolean,
    findings: Findings,
  ) {
    this.runtime = runtime;
    this.state = state;
    this.format = format;
    this.prefix = prefix;
    this.findings = findings;
    this.expander = new StackExpander(runtime);
    this.isTail = lost && prefix === undefined;
    this.wallOffset = wallOffset;
    const passedOn = prefix?.generations.filter((each) => each.number < first && each.from >= dropped) ?? [];
    const last = passedOn.at(-1);
    this.generations = passedOn.map(({ number, from, to }) => ({
      ...nothingAdded,
      number,
      from: "passed on",
      bytes: to - from,
      batches: 0,
    }));
    this.keep = prefix ? Math.max(dropped, last?.to ?? dropped) : 0;
    if (last && formatHas(format, "endMarks") && !last.endMark) this.tail.push(END_MARK);
    this.before = last && ordering;
  }

  /** Ends a generation if the runtime had not, orders it, and writes what the prefix lacks of it. @param following the one after it */
  add(each: InFlight, following: InFlight | undefined): void {
    const all = [...each.consumed, ...each.memory];
    // Left out before the generation is ended: what their tables defined is then written anew where the runtime's own tables have it.
    const damaged = damagedBatches(each.number, this.format, all, this.findings);
    const found = all.filter((batch) => !damaged.has(batch));
    if (found.length === 0) return;
    // The runtime has flushed every buffer and table of a generation up to this one: nothing is missing.
    const isFlushed = this.state.flushedGeneration >= each.number;
    const finished = isFlushed ? undefined : this.finish(each, found, following);
    const added = finished?.batches ?? [];
    const repaired = this.isTail ? undefined : this.order(each.number, [...found, ...added]);
    // The prefix's part stays as it is unless a batch of it had to be repaired or left out; then the whole generation is written anew.
    const isChanged = (batch: FoundBatch) => damaged.has(batch) || (isEvents(batch) && repaired?.changed.has(batch.m) === true);
    const isRewritten = each.consumed.some(isChanged);
    const chunks = encode([...(isRewritten ? found : found.slice(each.consumed.length)), ...added], repaired);
    this.put(each, chunks, isRewritten);
    const kept = isRewritten ? [] : each.consumed.map((batch) => batch.raw ?? batch.data);
    this.generations.push({
      number: each.number,
      from: isFlushed ? "completed" : "in flight",
      bytes: [...kept, ...chunks].reduce((sum, one) => sum + one.length, 0),
      batches: found.length + added.length,
      statuses: (finished?.goroutineStatuses ?? 0) + (finished?.procStatuses ?? 0),
      stacks: finished?.stacks ?? 0,
      strings: finished?.strings ?? 0,
      samples: finished?.samples ?? 0,
      stops: repaired?.stops ?? 0,
    });
  }

  /** What the runtime would still have written of it. */
  private finish({ number }: InFlight, batches: readonly FoundBatch[], following: InFlight | undefined): Finished {
    const { runtime, state, expander, format, before, isTail, wallOffset, findings } = this;
    const next = following && [...following.consumed, ...following.memory];
    return finishGeneration({ runtime, state, expander, format, generation: number, batches, next, before, isTail, wallOffset, findings });
  }

  /** Brings the events of a generation into order; a finding says what had to be left out for it. */
  private order(number: number, batches: readonly FoundBatch[]): Repaired {
    const generation = new Generation(number, this.format, "extracted trace");
    for (const batch of batches) generation.add(batch);
    generation.finish();
    if (generation.clock) this.wallOffset = generation.clock.wall - BigInt(Math.round(generation.clock.time));
    this.before ??= new Ordering(() => {});
    const repaired = this.before.repair(generation);
    reportMisplacedRegions(this.findings, repaired.regionEvents, repaired.misplaced);
    const { trimmed } = repaired;
    if (trimmed) {
      this.trimmed ??= trimmed;
      this.findings.add(
        "trace-trimmed",
        "events were left out because what they follow is lost",
        `generation ${number}: ${counted(trimmed.events, "event")} of ${(trimmed.span / 1e6).toFixed(3)} ms: ${trimmed.reason}`,
        { partial: true, count: trimmed.events },
      );
    }
    return repaired;
  }

  /** Puts the bytes of a generation at the end, with its end mark, and says how much of the prefix stays. */
  private put(each: InFlight, chunks: Uint8Array[], isRewritten: boolean): void {
    const isMarked = each.endMark && chunks.length === 0;
    const place = this.prefix?.generations.findLast((one) => one.number === each.number);
    // Where something is added to batches that were passed on, the mark after them goes and comes again at the new end.
    if (place && each.consumed.length > 0 && !isRewritten) this.keep = each.endMark && chunks.length > 0 ? place.to - 1 : place.to;
    if (formatHas(this.format, "endMarks") && !isMarked) chunks.push(END_MARK);
    this.tail.push(...chunks);
  }
}

/** What was added to a generation that was complete when it was found. */
const nothingAdded = { statuses: 0, stacks: 0, strings: 0, samples: 0, stops: 0 } as const;

/** The bytes of batches; of a thread that was repaired its new batches, once, where its first old one stood. */
function encode(batches: readonly FoundBatch[], repaired: Repaired | undefined): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const done = new Set<number>();
  for (const batch of batches) {
    if (!isEvents(batch) || repaired?.changed.has(batch.m) !== true) chunks.push(batch.raw ?? encodeBatch(batch));
    else if (!done.has(batch.m)) {
      done.add(batch.m);
      for (const own of repaired.batches.get(batch.m) ?? []) if (own.data.length > 0) chunks.push(encodeBatch(own));
    }
  }
  return chunks;
}

/** Batches that do not fit those before them, or are damaged in themselves; a finding tells of each. */
function damagedBatches(number: number, format: TraceFormat, batches: readonly FoundBatch[], findings: Findings): ReadonlySet<FoundBatch> {
  const generation = new Generation(number, format, "extracted trace");
  const damaged = new Set<FoundBatch>();
  for (const batch of batches) {
    try {
      generation.add(batch);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      damaged.add(batch);
      findings.add("trace-batch", "a damaged batch cannot be used", error.message, { partial: true });
    }
  }
  return damaged;
}
