// From the pieces to one trace: what was passed on, then the generations in flight, each ended and brought into order.

import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, bytesSource } from "../base/source.js";
import { counted } from "../base/units.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { Ordering, type TraceEvent, type Trimmed } from "../trace/order.js";
import { Generation, readGenerations } from "../trace/reader.js";
import { type Batch, encodeBatch, formatHas, type TraceFormat } from "../trace/wire.js";
import { type Base, END, isEvents, joined, loadBatches, orderComplete, slice, tellRegions, usableBase } from "./base.js";
import { Buffers, batchKey, type FoundBatch } from "./buffers.js";
import { finishGeneration } from "./finish.js";
import { StackExpander } from "./stacks.js";
import type { TracerState } from "./tracer-state.js";

/** One generation of the result. */
export interface AssembledGeneration {
  readonly number: number;
  readonly from: "passed on" | "completed" | "in flight";
  readonly bytes: number;
  readonly batches: number;
  /** What was added to end it. */
  readonly statuses: number;
  readonly stacks: number;
  readonly strings: number;
  readonly samples: number;
  /** ProcStop events put in for Ps taken without a word in the freeze. */
  readonly stops: number;
}

/** The result: bytes of the base up to keep, then the tail. */
export interface Assembled {
  readonly format: TraceFormat;
  readonly base: Base | undefined;
  readonly keep: number;
  /** The base's generations left out at its beginning: they end here; the header stays. */
  readonly dropped: number;
  readonly tail: readonly Uint8Array[];
  readonly generations: readonly AssembledGeneration[];
  /** The base is missing: the tail cannot be read alone. */
  readonly isTail: boolean;
  readonly trimmed: Trimmed | undefined;
  /** Last events that were only half written. */
  readonly cutEvents: number;
}

/** The whole trace of a result, without copying the base. */
export function wholeSource(result: Assembled, header: Uint8Array): ByteSource {
  const { base } = result;
  const parts = [bytesSource("header", header)];
  if (base) parts.push(slice(base.source, result.dropped, result.keep));
  return joined(base?.source.name ?? "extracted trace", [...parts, ...result.tail.map((each) => bytesSource("tail", each))]);
}

/** What of memory goes into a generation, and what comes of it. */
interface InFlight {
  readonly number: number;
  readonly consumed: readonly FoundBatch[];
  readonly memory: readonly FoundBatch[];
  readonly endMark: boolean;
}

/**
 * Puts a trace together.
 * @param base undefined when nothing of what was passed on is at hand
 * @param lost true when something may have been passed on that is not at hand
 */
export function assembleTrace(
  runtime: GoRuntime,
  state: TracerState,
  format: TraceFormat,
  given: Base | undefined,
  lost: boolean,
  findings: Findings,
): Assembled {
  const buffers = new Buffers(runtime, state, findings);
  const expander = new StackExpander(runtime);
  const last = state.generation || state.lastGeneration;
  const first = state.readerGeneration === last - 1 && last > 1 ? last - 1 : last;
  const inFlight: InFlight[] = [];
  for (let number = first; number <= last; number++) {
    const place = given?.generations.findLast((each) => each.number === number);
    const consumed = given && place ? loadBatches(given.source, place.from, place.to) : [];
    const keys = new Set(state.reading !== 0 ? consumed.map(batchKey) : []);
    inFlight.push({ number, consumed, memory: buffers.collect(number, keys), endMark: place?.endMark ?? false });
  }

  // Generations that are complete: their order is checked and tells who is where when the next begins.
  const { base, dropped, ordering, wallOffset } = orderComplete(given && usableBase(given, first, findings), first, findings);
  const passedOn = base?.generations.filter((each) => each.number < first && each.from >= dropped) ?? [];
  const generations: AssembledGeneration[] = passedOn.map((each) => ({
    ...nothing,
    number: each.number,
    from: "passed on",
    bytes: each.to - each.from,
    batches: 0,
  }));
  const tail: Uint8Array[] = [];
  const lastPassed = passedOn.at(-1);
  let keep = base ? Math.max(dropped, lastPassed?.to ?? dropped) : 0;
  if (lastPassed && formatHas(format, "endMarks") && !lastPassed.endMark) tail.push(END);

  let before: Ordering | undefined = passedOn.length > 0 ? ordering : undefined;
  let wall = wallOffset;
  let trimmed: Trimmed | undefined;
  const isTail = lost && base === undefined;
  inFlight.forEach((each, index) => {
    const found = [...each.consumed, ...each.memory];
    const finished = state.flushedGeneration >= each.number;
    if (found.length === 0) return;
    const following = inFlight[index + 1];
    const ended = finished
      ? undefined
      : finishGeneration({
          runtime,
          state,
          expander,
          format,
          generation: each.number,
          batches: found,
          next: following && [...following.consumed, ...following.memory],
          before,
          isTail,
          wallOffset: wall,
          findings,
        });
    const added = ended?.batches ?? [];
    let changed: ReadonlySet<number> = new Set();
    let ordered: ReadonlyMap<number, readonly Batch[]> | undefined;
    let stops = 0;
    if (!isTail) {
      const generation = build(each.number, format, [...found, ...added], findings);
      if (generation.clock) wall = generation.clock.wall - BigInt(Math.round(generation.clock.time));
      before ??= new Ordering(() => {});
      const settled = before.settle(generation);
      stops = settled.stops;
      changed = settled.changed;
      tellRegions(findings, settled.regionEvents, settled.misplaced);
      ordered = settled.batches;
      if (settled.trimmed) {
        trimmed ??= settled.trimmed;
        findings.add(
          "trace-trimmed",
          "events were left out because what they follow is lost",
          `generation ${each.number}: ${counted(settled.trimmed.events, "event")} of ${(settled.trimmed.span / 1e6).toFixed(3)} ms: ${settled.trimmed.reason}`,
          { partial: true, count: settled.trimmed.events },
        );
      }
    }
    // The file's part stays as it is unless a batch of it had to be mended; then this generation is written anew.
    const rewrite = each.consumed.some((batch) => isEvents(batch) && changed.has(batch.m));
    const chunks: Uint8Array[] = [];
    const done = new Set<number>();
    const put = (batch: FoundBatch) => {
      if (!changed.has(batch.m) || !isEvents(batch)) chunks.push(batch.raw ?? encodeBatch(batch));
      else if (!done.has(batch.m)) {
        done.add(batch.m);
        for (const own of ordered?.get(batch.m) ?? []) if (own.data.length > 0) chunks.push(encodeBatch(own));
      }
    };
    for (const batch of rewrite ? found : each.memory) put(batch);
    for (const batch of added) put(batch);
    const endMark = each.endMark && chunks.length === 0;
    if (base && each.consumed.length > 0 && !rewrite) {
      const place = base.generations.findLast((one) => one.number === each.number);
      if (place) keep = each.endMark && chunks.length > 0 ? place.to - 1 : place.to;
    }
    if (formatHas(format, "endMarks") && !endMark) chunks.push(END);
    tail.push(...chunks);
    generations.push({
      number: each.number,
      from: finished ? "completed" : "in flight",
      bytes: [...(rewrite ? [] : each.consumed.map((batch) => batch.raw ?? batch.data)), ...chunks].reduce(
        (sum, one) => sum + one.length,
        0,
      ),
      batches: found.length + added.length,
      statuses: (ended?.goroutineStatuses ?? 0) + (ended?.procStatuses ?? 0),
      stacks: ended?.stacks ?? 0,
      strings: ended?.strings ?? 0,
      samples: ended?.samples ?? 0,
      stops,
    });
  });
  return { format, base, keep, dropped, tail, generations, isTail, trimmed, cutEvents: buffers.trimmed };
}

const nothing = { statuses: 0, stacks: 0, strings: 0, samples: 0, stops: 0 } as const;

/** A generation of batches; one that does not fit (damage) is left out and told. */
function build(number: number, format: TraceFormat, batches: readonly FoundBatch[], findings: Findings): Generation {
  const generation = new Generation(number, format, "extracted trace");
  for (const batch of batches) {
    try {
      generation.add(batch);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      findings.add("trace-batch", "a damaged batch cannot be used", error.message, { partial: true });
    }
  }
  generation.finish();
  return generation;
}

/** What reading a whole trace back says. */
export interface ReadBack {
  readonly generations: number;
  readonly events: number;
  /** ns of the trace clock. */
  readonly first: number;
  readonly last: number;
  /** ns since 1970 of the trace clock's zero; undefined before format 1.25. */
  readonly wallOffset: bigint | undefined;
  /** G_STATUS of every goroutine at the end. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Reads a trace to its end in order. @throws FormatError when it cannot be */
export function readBack(source: ByteSource, visit: (event: TraceEvent) => void = () => {}): ReadBack {
  let generations = 0;
  let events = 0;
  let first = 0;
  let last = 0;
  let wallOffset: bigint | undefined;
  const ordering = new Ordering((event) => {
    if (events++ === 0) first = event.time;
    last = event.time;
    visit(event);
  });
  for (const generation of readGenerations(source)) {
    generations++;
    if (generation.clock) wallOffset = generation.clock.wall - BigInt(Math.round(generation.clock.time));
    ordering.run(generation);
  }
  const statuses = new Map([...ordering.goroutines()].map(([id, { status }]) => [id, status]));
  return { generations, events, first, last, wallOffset, statuses };
}
