// What was passed on before the crash: a trace of whole batches, its generations found.
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type ByteSource, sliceSource } from "../base/source.js";
import { EV } from "../trace/events.js";
import { HEADER_SIZE, type TraceFormat } from "../trace/format.js";
import { readBatches } from "../trace/reader.js";
import type { Batch } from "../trace/wire.js";
import type { FoundBatch } from "./buffers.js";

/** The byte that ends a generation since format 1.26, as it stands in a file. */
export const END_MARK = Uint8Array.of(EV.EndOfGeneration);

/** One generation of a prefix: [from, to) in its source; endMark: the byte that ends it is there and counted in. */
export interface PrefixGeneration {
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly endMark: boolean;
}

/**
 * The beginning of a trace: what the tracer had passed on before the program died, as whole batches. It is the file that the program
 * was writing to, or it is put together from what a flight recorder or a buffer in the process has kept.
 */
export interface Prefix {
  readonly source: ByteSource;
  readonly format: TraceFormat;
  /** Offset at which the last whole batch ends; what follows is a batch that was being written. */
  readonly keep: number;
  /** So many bytes at the beginning are as they were passed on; what follows was repaired. */
  readonly same: number;
  readonly generations: readonly PrefixGeneration[];
}

/**
 * Finds where each generation of a trace lies. The first batch that is damaged or cut ends the prefix, and a finding says so.
 *
 * @param source begins with the header of a trace
 * @param format of the trace, as its header says
 */
export function scanPrefix(source: ByteSource, format: TraceFormat, findings: Findings): Prefix {
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

/** Whether a batch holds events of a thread: not a table, not the clock, nothing of an experiment. */
export function isEvents(batch: Batch): boolean {
  const kind = batch.data[0];
  const structural = kind === EV.Strings || kind === EV.Stacks || kind === EV.CPUSamples || kind === EV.Frequency || kind === EV.Sync;
  return batch.experiment === 0 && !structural;
}

/** The batches in [from, to) of a source, each with its bytes as they stand there. @throws FormatError at damage */
export function loadBatches(source: ByteSource, from: number, to: number): FoundBatch[] {
  const part = sliceSource(source, from, to);
  const out: FoundBatch[] = [];
  for (const batch of readBatches(part, 0)) {
    if (batch.endOfGeneration) continue;
    const { generation, m, time, experiment, data } = batch;
    out.push({ generation, m, time, experiment, data, raw: part.read(batch.offset, batch.wireSize), from: "file", lastTime: time });
  }
  return out;
}

/**
 * The prefix with only those generations that follow each other without a gap up to the first one in flight. Nothing can be read
 * across a gap: the state of the scheduler at the end of the missing generation is not known.
 *
 * @param first number of the first generation in flight
 */
export function consecutive(prefix: Prefix, first: number, findings: Findings): Prefix | undefined {
  const { generations } = prefix;
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
  return { ...prefix, generations: generations.slice(from) };
}
