// The generations that a flight recorder keeps in memory, the one it is receiving too.
import { FormatError, MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { bytesSource } from "../base/source.js";
import { NONE } from "../base/units.js";
import { readSlice } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { EV } from "../trace/events.js";
import { HEADER_SIZE, readHeader, type TraceFormat } from "../trace/format.js";
import { readBatches } from "../trace/reader.js";
import { encodeBatch } from "../trace/wire.js";
import type { FoundBatch } from "./buffers.js";
import { MOST_BATCHES, MOST_GENERATIONS } from "./limits.js";
import { StructView } from "./struct-view.js";

/** A generation as far as the reader of the trace has received it. */
export interface ReceivedGeneration {
  readonly number: number;
  readonly batches: readonly FoundBatch[];
  /** Its end has been received; nothing is added to it any more. */
  readonly complete: boolean;
  /** The byte that ends a generation since format 1.26 is there. */
  readonly endMark: boolean;
}

/**
 * The generations that a flight recorder keeps: a ring of finished ones, and the active one, which is being received.
 * runtime/trace/recorder.go since Go 1.25; golang.org/x/exp/trace/flightrecorder.go before
 *
 * @param recorder the FlightRecorder; both packages call its fields header, ring and active
 * @returns format: of the header that it was given first, undefined when nothing has been received yet; generations: ascending.
 *          One that is damaged is left out, and a finding says so.
 */
export function recorderGenerations(
  runtime: GoRuntime,
  recorder: StructView,
  findings: Findings,
): { readonly format: TraceFormat | undefined; readonly generations: readonly ReceivedGeneration[] } {
  const { memory } = runtime.process;
  let format: TraceFormat | undefined;
  try {
    format = readHeader(memory.bytes(recorder.at("header"), HEADER_SIZE), "flight recorder");
  } catch (error) {
    if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error; // nothing has been received yet
  }
  const generations: ReceivedGeneration[] = [];
  /** Reads what may be damaged; what is, is told and left out. */
  const attempt = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
      findings.add("trace-held", "a generation of the flight recorder is damaged and left out", error.message, { partial: true });
    }
  };
  const add = (at: StructView, complete: boolean) => {
    const number = memory.readUint(at.at("gen"), 8);
    if (number === 0) return;
    attempt(() => {
      const read = recorderBatches(runtime, at, number, findings);
      generations.push({ number, complete: complete || read.endMark, ...read });
    });
  };
  attempt(() => {
    const ring = recorder.slice("ring");
    const { size } = runtime.types.get(ring.element);
    for (let i = 0; i < Math.min(ring.length, MOST_GENERATIONS); i++)
      add(new StructView(runtime, ring.element, ring.array + i * size), true);
  });
  attempt(() => add(recorder.inner("active"), false));
  return { format, generations };
}

/**
 * The batches of one generation of a recorder. Since Go 1.26 they are kept as [][]byte, each with its header; Go 1.25 and x/exp keep
 * structs with the header's fields beside the bytes, which have the header too in 1.25 and lack it in x/exp.
 */
function recorderBatches(
  runtime: GoRuntime,
  generation: StructView,
  number: number,
  findings: Findings,
): { readonly batches: readonly FoundBatch[]; readonly endMark: boolean } {
  const { memory } = runtime.process;
  const list = generation.slice("batches");
  const type = runtime.types.get(list.element);
  const isStruct = type.kind === "struct";
  const batches: FoundBatch[] = [];
  let endMark = false;
  const put = (raw: Uint8Array): void => {
    for (const batch of readBatches(bytesSource("flight recorder", raw), 0)) {
      if (batch.endOfGeneration) endMark = true;
      else
        batches.push({ ...batch, raw: raw.subarray(batch.offset, batch.offset + batch.wireSize), from: "recorder", lastTime: batch.time });
    }
  };
  for (let i = 0; i < Math.min(list.length, MOST_BATCHES); i++) {
    const at = list.array + i * type.size;
    try {
      const view = isStruct ? new StructView(runtime, list.element, at) : undefined;
      const data = view ? view.slice("data") : readSlice(memory, at);
      const bytes = memory.bytes(data.array, data.length).slice();
      if (bytes.length === 1 && bytes[0] === EV.EndOfGeneration) endMark = true;
      else if (view && !beginsBatch(bytes, number)) {
        const m = memory.readUint64(view.at("m"));
        const experiment = view.has("exp") ? Number(memory.readUint64(view.at("exp")) % 256n) : 0;
        const id = m >= 2n ** 63n ? NONE : Number(m);
        put(encodeBatch({ generation: number, m: id, time: memory.readUint(view.at("time"), 8), experiment, data: bytes }));
      } else put(bytes);
    } catch (error) {
      if (!(error instanceof MemoryFault || error instanceof FormatError)) throw error;
      findings.add("trace-held-batch", "a batch of the flight recorder is damaged; its events are missing", error.message, {
        partial: true,
      });
    }
  }
  return { batches, endMark };
}

/** Whether bytes begin with the header of a batch of this generation and hold that batch and nothing else. */
function beginsBatch(bytes: Uint8Array, generation: number): boolean {
  if (bytes[0] !== EV.EventBatch && bytes[0] !== EV.ExperimentalBatch) return false;
  try {
    const [only, more] = [...readBatches(bytesSource("", bytes), 0)];
    return only !== undefined && more === undefined && !only.endOfGeneration && only.generation === generation;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}
