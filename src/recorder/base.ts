// What was passed on before the crash: a trace of whole batches, its generations found, checked and mended.
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, bytesSource } from "../base/source.js";
import { type Edit, editBatches } from "../trace/edit-batches.js";
import { type MisplacedRegion, Ordering } from "../trace/order.js";
import { readBatches, readGenerations } from "../trace/reader.js";
import { type Batch, EV, encodeBatch, formatHas, HEADER_SIZE, type TraceFormat } from "../trace/wire.js";
import type { FoundBatch } from "./buffers.js";

/** What was passed on before: a trace of whole batches, of a file or made of a recorder's generations. */
export interface Base {
  readonly source: ByteSource;
  readonly format: TraceFormat;
  /** Whole batches end here. */
  readonly keep: number;
  /** So many bytes at its beginning are as they were passed on; what follows was mended. */
  readonly same: number;
  readonly generations: readonly { readonly number: number; readonly from: number; readonly to: number; readonly endMark: boolean }[];
}

/** Where each generation of a trace lies; damage ends it. @throws FormatError when it is no trace */
export function scanBase(source: ByteSource, format: TraceFormat, findings: Findings): Base {
  const generations: { number: number; from: number; to: number; endMark: boolean }[] = [];
  let keep = HEADER_SIZE;
  try {
    for (const batch of readBatches(source)) {
      const last = generations.at(-1);
      const end = batch.offset + batch.wireSize;
      if (batch.endOfGeneration) {
        if (!last || last.endMark) break;
        last.endMark = true;
        last.to = end;
      } else {
        if (batch.generation === 0) break;
        if (last?.number === batch.generation && !last.endMark) last.to = end;
        else generations.push({ number: batch.generation, from: batch.offset, to: end, endMark: false });
      }
      keep = end;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.add("trace-cut", "what was passed on ends inside a batch; it is cut there", error.message);
  }
  return { source, format, keep, same: source.size, generations };
}

/** Part of a source. */
export function slice(source: ByteSource, from: number, to: number): ByteSource {
  const size = Math.max(0, to - from);
  return {
    name: source.name,
    size,
    read: (offset, length) => source.read(from + offset, Math.max(0, Math.min(length, size - offset))),
    readInto: (offset, out) => source.readInto(from + offset, out.subarray(0, Math.max(0, Math.min(out.length, size - offset)))),
  };
}

/** Sources one after the other. */
export function joined(name: string, parts: readonly ByteSource[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.size;
  }
  const readInto = (offset: number, out: Uint8Array): number => {
    let done = 0;
    for (let i = 0; i < parts.length && done < out.length; i++) {
      const part = parts[i];
      const at = offset + done - starts[i];
      if (at < 0 || at >= part.size) continue;
      const got = part.readInto(at, out.subarray(done, done + Math.min(out.length - done, part.size - at)));
      done += got;
      if (got === 0) break;
    }
    return done;
  };
  return {
    name,
    size,
    readInto,
    read(offset, length) {
      const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      return out.subarray(0, readInto(offset, out));
    },
  };
}

/** Does a batch hold a thread's events? */
export function isEvents(batch: Batch): boolean {
  const kind = batch.data[0];
  const structural = kind === EV.Strings || kind === EV.Stacks || kind === EV.CPUSamples || kind === EV.Frequency || kind === EV.Sync;
  return batch.experiment === 0 && !structural;
}

/** The batches of a part of a source. */
export function loadBatches(source: ByteSource, from: number, to: number): FoundBatch[] {
  const part = slice(source, from, to);
  const out: FoundBatch[] = [];
  for (const batch of readBatches(part, 0)) {
    if (batch.endOfGeneration) continue;
    const { generation, m, time, experiment, data } = batch;
    out.push({ generation, m, time, experiment, data, raw: part.read(batch.offset, batch.wireSize), from: "file", lastTime: time });
  }
  return out;
}

/** The base, if its generations lead up to the first in flight; what lies before a gap cannot be used. */
export function usableBase(base: Base, first: number, findings: Findings): Base | undefined {
  const { generations } = base;
  let from = generations.length;
  let wanted: number | undefined;
  for (let i = generations.length - 1; i >= 0; i--) {
    const { number } = generations[i];
    if (wanted === undefined ? number < first - 1 : number !== wanted) break;
    wanted = number - 1;
    from = i;
  }
  if (from > 0) {
    findings.add(
      "trace-gap",
      "older generations are left out: others between them and the last are missing",
      `before generation ${first}`,
      {
        partial: true,
      },
    );
  }
  return { ...base, generations: generations.slice(from) };
}

/** The complete generations of a base, in order. */
export interface Complete {
  /** The base given, or one whose generations were mended. */
  readonly base: Base | undefined;
  /** Generations before this place are left out. */
  readonly dropped: number;
  /** The state after them. */
  readonly ordering: Ordering;
  readonly wallOffset: bigint | undefined;
}

/** Orders the complete generations and mends what they can be read without; those up to one that cannot be ordered are left out. */
export function orderComplete(given: Base | undefined, first: number, findings: Findings): Complete {
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
      return { base: given, dropped: rest?.from ?? given?.keep ?? 0, ordering, wallOffset };
    }
    let at = from;
    try {
      const end = complete.at(-1) as (typeof complete)[number];
      const parts = [slice(given.source, 0, HEADER_SIZE), slice(given.source, begin.from, end.to)];
      if (formatHas(given.format, "endMarks") && !end.endMark) parts.push(bytesSource("end", END));
      for (const generation of readGenerations(joined(given.source.name, parts))) {
        if (generation.clock) wallOffset = generation.clock.wall - BigInt(Math.round(generation.clock.time));
        ordering.run(generation);
        at++;
      }
      const base = withoutRegions(given, misplaced);
      tellRegions(findings, misplaced.flatMap(({ begin, end }) => (begin ? [begin, end] : [end])).length, misplaced[0]);
      return { base, dropped: base.generations.find((each) => each.number === begin.number)?.from ?? begin.from, ordering, wallOffset };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      findings.add("trace-generation", "generations that cannot be put into order are left out", error.message, { partial: true });
      from = Math.max(at, from) + 1;
    }
  }
}

export const END = Uint8Array.of(EV.EndOfGeneration);

/** Says which events were left out because the program ended a region that was not its last. */
export function tellRegions(findings: Findings, events: number, example: MisplacedRegion | undefined): void {
  if (events === 0 || !example) return;
  findings.add(
    "trace-regions",
    "events of regions that the program ended out of order were left out: Go's own tools refuse a trace that has them",
    `goroutine ${example.goroutine} ended region ${example.name} while another had begun after it`,
    { partial: true, count: events },
  );
}

/** The base without the events of some regions; generations that have none stay as they are. */
function withoutRegions(base: Base, regions: readonly MisplacedRegion[]): Base {
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
  if (edits.size === 0) return base;
  const parts: ByteSource[] = [];
  const generations: (typeof base.generations)[number][] = [];
  let read = 0;
  let written = 0;
  let same: number | undefined;
  for (const each of base.generations) {
    const byThread = edits.get(each.number);
    if (!byThread) {
      generations.push({ ...each, from: each.from - read + written, to: each.to - read + written });
      continue;
    }
    same ??= each.from;
    parts.push(slice(base.source, read, each.from));
    const from = written + each.from - read;
    const mended = bytesSource("mended", encodeEdited(loadBatches(base.source, each.from, each.to), byThread, each.endMark));
    parts.push(mended);
    read = each.to;
    written = from + mended.size;
    generations.push({ ...each, from, to: written });
  }
  parts.push(slice(base.source, read, base.source.size));
  const source = joined(base.source.name, parts);
  return { ...base, source, keep: base.keep - read + written, same: Math.min(base.same, same ?? base.same), generations };
}

/** A generation's batches with the edits of each thread's made, encoded. */
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
  if (endMark) chunks.push(END);
  return Buffer.concat(chunks);
}
