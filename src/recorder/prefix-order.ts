// The complete generations of a prefix, put into order and repaired where Go's own reader would refuse them.
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, bytesSource, joinSources, sliceSource } from "../base/source.js";
import { type Edit, editBatches } from "../trace/edit-batches.js";
import { formatHas, HEADER_SIZE } from "../trace/format.js";
import { type MisplacedRegion, Ordering } from "../trace/order.js";
import { readGenerations } from "../trace/reader.js";
import { type Batch, encodeBatch } from "../trace/wire.js";
import type { FoundBatch } from "./buffers.js";
import { END_MARK, isEvents, loadBatches, type Prefix, type PrefixGeneration } from "./prefix.js";

/** The complete generations of a prefix after their events were ordered. */
export interface OrderedPrefix {
  /** The prefix given, or one whose generations were repaired. */
  readonly prefix: Prefix | undefined;
  /** Offset of the first generation that is kept: those before it are left out. */
  readonly dropped: number;
  /** The scheduler's state after them, with which the first generation in flight begins. */
  readonly ordering: Ordering;
  /** The wall clock at the zero of the trace clock, ns since 1970; undefined before format 1.25. */
  readonly wallOffset: bigint | undefined;
}

/**
 * Orders the complete generations. Where one cannot be ordered, it and all before it are left out and the next is tried as the first:
 * a trace may begin with any generation. Regions that the program ended out of order are taken out, because Go's own reader would
 * refuse the result.
 *
 * @param given a prefix without gaps; undefined when nothing of what was passed on is at hand
 * @param first number of the first generation in flight, which is not looked at
 */
export function orderPrefix(given: Prefix | undefined, first: number, findings: Findings): OrderedPrefix {
  const complete = given?.generations.filter((each) => each.number < first) ?? [];
  let from = 0;
  let wallOffset: bigint | undefined;
  for (;;) {
    const misplaced: MisplacedRegion[] = [];
    const ordering = new Ordering(
      () => {},
      (region) => misplaced.push(region),
    );
    const begin = complete[from];
    if (!given || !begin) {
      const rest = given?.generations.find((each) => each.number >= first);
      return { prefix: given, dropped: rest?.from ?? given?.keep ?? 0, ordering, wallOffset };
    }
    let at = from;
    try {
      const end = complete.at(-1) as PrefixGeneration;
      const parts = [sliceSource(given.source, 0, HEADER_SIZE), sliceSource(given.source, begin.from, end.to)];
      if (formatHas(given.format, "endMarks") && !end.endMark) parts.push(bytesSource("end", END_MARK));
      for (const generation of readGenerations(joinSources(given.source.name, parts))) {
        if (generation.clock) wallOffset = generation.clock.wall - BigInt(Math.round(generation.clock.time));
        ordering.run(generation);
        at++;
      }
      const prefix = withoutRegions(given, misplaced);
      reportMisplacedRegions(findings, misplaced.flatMap(({ begin, end }) => (begin ? [begin, end] : [end])).length, misplaced[0]);
      return { prefix, dropped: prefix.generations.find((each) => each.number === begin.number)?.from ?? begin.from, ordering, wallOffset };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      findings.add("trace-generation", "generations that cannot be put into order are left out", error.message, { partial: true });
      from = Math.max(at, from) + 1;
    }
  }
}

/**
 * Adds the finding that events were left out because the program ended a region that was not the one it began last.
 * @param events  how many; 0: no finding
 * @param example the first such region
 */
export function reportMisplacedRegions(findings: Findings, events: number, example: MisplacedRegion | undefined): void {
  if (events === 0 || !example) return;
  findings.add(
    "trace-regions",
    "events of regions that the program ended out of order were left out: Go's own tools refuse a trace that has them",
    `goroutine ${example.goroutine} ended region ${example.name} while another had begun after it`,
    { partial: true, count: events },
  );
}

/**
 * The prefix without the events of some regions. Generations that have none stay as they are; where one before them became
 * shorter, their offsets move.
 */
function withoutRegions(prefix: Prefix, regions: readonly MisplacedRegion[]): Prefix {
  const edits = editsOf(regions);
  if (edits.size === 0) return prefix;
  const parts: ByteSource[] = [];
  const generations: PrefixGeneration[] = [];
  let read = 0;
  let written = 0;
  let same: number | undefined;
  for (const each of prefix.generations) {
    const byThread = edits.get(each.number);
    if (!byThread) {
      generations.push({ ...each, from: each.from - read + written, to: each.to - read + written });
      continue;
    }
    same ??= each.from;
    parts.push(sliceSource(prefix.source, read, each.from));
    const from = written + each.from - read;
    const repaired = bytesSource("repaired", encodeEdited(loadBatches(prefix.source, each.from, each.to), byThread, each.endMark));
    parts.push(repaired);
    read = each.to;
    written = from + repaired.size;
    generations.push({ ...each, from, to: written });
  }
  parts.push(sliceSource(prefix.source, read, prefix.source.size));
  const source = joinSources(prefix.source.name, parts);
  return { ...prefix, source, keep: prefix.keep - read + written, same: Math.min(prefix.same, same ?? prefix.same), generations };
}

/** What has to be left out, by generation and by thread. */
function editsOf(regions: readonly MisplacedRegion[]): ReadonlyMap<number, ReadonlyMap<number, readonly Edit[]>> {
  const edits = new Map<number, Map<number, Edit[]>>();
  for (const { begin, end } of regions) {
    for (const place of begin ? [begin, end] : [end]) {
      const byThread = edits.get(place.generation) ?? new Map<number, Edit[]>();
      edits.set(place.generation, byThread);
      const own = byThread.get(place.m);
      if (own) own.push({ batch: place.batch, at: place.at });
      else byThread.set(place.m, [{ batch: place.batch, at: place.at }]);
    }
  }
  return edits;
}

/** The bytes of a generation with the edits of each thread made; batches that nothing changes keep theirs. */
function encodeEdited(batches: readonly FoundBatch[], edits: ReadonlyMap<number, readonly Edit[]>, endMark: boolean): Uint8Array {
  const edited = new Map<number, Batch[]>();
  for (const [m, changes] of edits) {
    const own = batches.filter((batch) => isEvents(batch) && batch.m === m);
    edited.set(m, editBatches(own, changes));
  }
  const chunks: Uint8Array[] = [];
  for (const batch of batches) {
    const own = isEvents(batch) ? edited.get(batch.m)?.shift() : undefined;
    if (!own) chunks.push(batch.raw ?? encodeBatch(batch));
    else if (own.data.length > 0) chunks.push(encodeBatch({ ...own }));
  }
  if (endMark) chunks.push(END_MARK);
  return Buffer.concat(chunks);
}
