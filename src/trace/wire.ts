// The bytes of a Go execution trace (its second format, since Go 1.22): numbers, batches, records. internal/trace/tracev2

import { ByteWriter } from "../base/byte-writer.js";
import { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import { EV, SPECS } from "./events.js";
import { MOST_BATCH_BYTES, MOST_FRAMES, MOST_STRING_BYTES } from "./limits.js";

/** The M of a batch that no thread wrote: tables, and statuses that the runtime puts in (2^64-1 on the wire). */
export const NO_THREAD = NONE;
/** Units per second of the trace clock where it is nanotime / 64: all but Windows. runtime/tracetime.go traceTimeDiv */
export const CLOCK_FREQUENCY = 15_625_000;

const TWO_63 = 2 ** 63;

/** One batch of a trace: its header's fields, and the bytes of its records, 64 KiB at most. */
export interface Batch {
  readonly generation: number;
  /** The id of the thread that wrote it, NO_THREAD. */
  readonly m: number;
  /** Base time in units of the trace clock. */
  readonly time: number;
  /** The experiment whose data it holds; 0: none. */
  readonly experiment: number;
  readonly data: Uint8Array;
}

/**
 * Where the number that readVarint read last ended. A second answer in a shared place: a trace has tens of millions of numbers, and
 * an object for each would cost more than reading them.
 */
export const cursor = { at: 0 };

/**
 * An unsigned LEB128 number as a double, of at most 10 bytes; cursor.at is set to where it ends.
 * @returns -1 when the bytes end inside it or it is too long
 */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let scale = 1;
  const most = Math.min(at + 10, end);
  for (let i = at; i < most; i++) {
    const byte = bytes[i];
    if (byte < 0x80) {
      cursor.at = i + 1;
      return value + byte * scale;
    }
    value += (byte & 0x7f) * scale;
    scale *= 128;
  }
  return -1;
}

/** Thread and P ids use 2^64-1 for "none". */
export function idOrNone(value: number): number {
  return value >= TWO_63 ? NONE : value;
}

/** The bytes of a batch as a file has them, header first; the length takes as few bytes as it can. */
export function encodeBatch(batch: Batch): Uint8Array {
  const out = new ByteWriter();
  if (batch.experiment !== 0) out.byte(EV.ExperimentalBatch).byte(batch.experiment);
  else out.byte(EV.EventBatch);
  out.varint(batch.generation).varint(batch.m).varint(batch.time).varint(batch.data.length).put(batch.data);
  return out.done();
}

/** A batch's header, all but its data; offsets are of the bytes that were given. */
export interface BatchHeader {
  readonly generation: number;
  readonly m: number;
  readonly time: number;
  readonly experiment: number;
  /** Offset of the length field. */
  readonly lengthAt: number;
  /** Offset of the data. */
  readonly dataAt: number;
  /** Bytes of the data. */
  readonly size: number;
}

/**
 * Reads the header of a batch. internal/trace batch.go readBatch
 *
 * @param end  where the bytes that may be read end
 * @param name of the file, for the message
 * @param base offset of the bytes in that file, for the message
 * @returns undefined when the bytes end inside the header
 * @throws FormatError when there is no batch, or one of more than 64 KiB
 */
export function readBatchHeader(bytes: Uint8Array, at: number, end: number, name: string, base = 0): BatchHeader | undefined {
  const type = bytes[at];
  if (type !== EV.EventBatch && type !== EV.ExperimentalBatch)
    throw new FormatError(name, base + at, `expected a batch, got event ${type}`);
  const experiment = type === EV.ExperimentalBatch ? bytes[at + 1] : 0;
  cursor.at = at + (type === EV.ExperimentalBatch ? 2 : 1);
  if (cursor.at > end) return undefined;
  const generation = number(bytes, end, name, base);
  if (generation < 0) return undefined;
  const m = number(bytes, end, name, base);
  if (m < 0) return undefined;
  const time = number(bytes, end, name, base);
  if (time < 0) return undefined;
  const lengthAt = cursor.at;
  const size = number(bytes, end, name, base);
  if (size < 0) return undefined;
  if (size > MOST_BATCH_BYTES) {
    throw new FormatError(name, base + at, `invalid batch size ${size}, maximum is ${MOST_BATCH_BYTES}`);
  }
  return { generation, m: idOrNone(m), time, experiment, lengthAt, dataAt: cursor.at, size };
}

/** The number at cursor.at; below 0 when the bytes end inside it. @throws FormatError when it is too long, wherever the bytes end */
function number(bytes: Uint8Array, end: number, name: string, base: number): number {
  const at = cursor.at;
  const value = readVarint(bytes, at, end);
  if (value < 0 && end - at >= 10) throw new FormatError(name, base + at, "found an invalid number in a batch header");
  return value;
}

/**
 * Bytes of the record at an offset of a batch's data, whatever it is: an event, an entry of a table, or the byte that begins a section.
 *
 * @returns -1 when the data end inside the record
 * @throws FormatError for a type that no such batch has, and for a text or a stack that is longer than the format allows
 */
export function recordLength(data: Uint8Array, at: number, end: number, name: string): number {
  const type = data[at];
  const from = at + 1;
  switch (type) {
    case EV.Stacks:
    case EV.Strings:
    case EV.CPUSamples:
    case EV.Sync:
      return 1;
    case EV.Frequency:
      return skipNumbers(data, from, end, 1, at);
    case EV.ClockSnapshot:
      return skipNumbers(data, from, end, 4, at);
    case EV.CPUSample:
      return skipNumbers(data, from, end, 5, at);
    case EV.String: {
      const id = readVarint(data, from, end);
      if (id < 0) return -1;
      const length = readVarint(data, cursor.at, end);
      if (length < 0) return -1;
      if (length > MOST_STRING_BYTES) throw new FormatError(name, at, `invalid string size ${length}, maximum is ${MOST_STRING_BYTES}`);
      return cursor.at + length > end ? -1 : cursor.at + length - at;
    }
    case EV.Stack: {
      if (readVarint(data, from, end) < 0) return -1;
      const frames = readVarint(data, cursor.at, end);
      if (frames < 0) return -1;
      if (frames > MOST_FRAMES) throw new FormatError(name, at, `invalid stack size ${frames}, maximum is ${MOST_FRAMES}`);
      return skipNumbers(data, cursor.at, end, frames * 4, at);
    }
    default: {
      const timed = SPECS[type];
      if (!timed) throw new FormatError(name, at, `found invalid event type ${type}`);
      return skipNumbers(data, from, end, timed.args.length + 1, at);
    }
  }
}

/** Bytes from `start` to the end of so many numbers at `at`; -1 when the data end before. */
function skipNumbers(data: Uint8Array, at: number, end: number, count: number, start: number): number {
  cursor.at = at;
  for (let i = 0; i < count; i++) if (readVarint(data, cursor.at, end) < 0) return -1;
  return cursor.at - start;
}
