// A trace in the memory of the process: what a bytes.Buffer was given.
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { bytesSource } from "../base/source.js";
import { HEADER_SIZE, readHeader, type TraceFormat } from "../trace/format.js";
import { readBatches } from "../trace/reader.js";
import type { FoundBatch } from "./buffers.js";
import type { ReceivedGeneration } from "./flight-recorder.js";

/** A trace that was being written: its whole batches. */
export interface ParsedTrace {
  readonly format: TraceFormat;
  readonly generations: readonly ReceivedGeneration[];
  /** Offset at which the last whole batch ends. */
  readonly keep: number;
}

/**
 * Reads the bytes of a trace that was being written. The first batch that is damaged or cut ends it, and a finding says so.
 *
 * @param name of the writer, for messages
 * @returns undefined when not even the header is there
 * @throws FormatError when the header is not that of a trace
 */
export function parseTrace(bytes: Uint8Array, name: string, findings: Findings): ParsedTrace | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  const format = readHeader(bytes, name);
  const generations: { number: number; batches: FoundBatch[]; complete: boolean; endMark: boolean }[] = [];
  let keep = HEADER_SIZE;
  try {
    for (const batch of readBatches(bytesSource(name, bytes))) {
      const last = generations.at(-1);
      if (batch.endOfGeneration) {
        if (last) {
          last.complete = true;
          last.endMark = true;
        }
      } else {
        if (batch.generation === 0) break;
        if (last?.number === batch.generation) last.batches.push(placed(batch, bytes));
        else {
          if (last) last.complete = true;
          generations.push({ number: batch.generation, batches: [placed(batch, bytes)], complete: false, endMark: false });
        }
      }
      keep = batch.offset + batch.wireSize;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.add("trace-cut", "what was written ends inside a batch; it is cut there", error.message);
  }
  return { format, generations, keep };
}

/** The batch with its bytes as they stand there. */
function placed(
  batch: { offset: number; wireSize: number } & Omit<FoundBatch, "raw" | "from" | "lastTime">,
  bytes: Uint8Array,
): FoundBatch {
  const { generation, m, time, experiment, data, offset, wireSize } = batch;
  return { generation, m, time, experiment, data, raw: bytes.subarray(offset, offset + wireSize), from: "file", lastTime: time };
}
