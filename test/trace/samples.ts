/** Traces written by hand: a few threads, as the runtime would write them. */

import { ByteWriter } from "../../src/base/byte-writer.js";
import { EV } from "../../src/trace/events.js";
import { type TraceFormat, writeHeader } from "../../src/trace/format.js";
import { type Batch, CLOCK_FREQUENCY, encodeBatch, NO_THREAD } from "../../src/trace/wire.js";

/** One timed event: type, time difference, arguments. */
export type Event = readonly [type: number, dt: number, ...args: number[]];

/** A batch of timed events. */
export function events(generation: number, m: number, time: number, list: readonly Event[]): Batch {
  const bytes = new ByteWriter();
  for (const [type, ...numbers] of list) {
    bytes.byte(type);
    for (const value of numbers) bytes.varint(value);
  }
  return { generation, m, time, experiment: 0, data: bytes.done() };
}

/** Strings by id. */
export function strings(generation: number, texts: Readonly<Record<number, string>>): Batch {
  const bytes = new ByteWriter().byte(EV.Strings);
  for (const [id, text] of Object.entries(texts)) {
    const encoded = new TextEncoder().encode(text);
    bytes.byte(EV.String).varint(Number(id)).varint(encoded.length).put(encoded);
  }
  return { generation, m: NO_THREAD, time: 1000, experiment: 0, data: bytes.done() };
}

/** Stacks by id: frames of pc, function, file, line. */
export function stacks(generation: number, table: Readonly<Record<number, readonly (readonly [number, number, number, number])[]>>): Batch {
  const bytes = new ByteWriter().byte(EV.Stacks);
  for (const [id, frames] of Object.entries(table)) {
    bytes.byte(EV.Stack).varint(Number(id)).varint(frames.length);
    for (const frame of frames) for (const value of frame) bytes.varint(value);
  }
  return { generation, m: NO_THREAD, time: 1000, experiment: 0, data: bytes.done() };
}

/** The clock of a generation as the format has it. */
export function clock(generation: number, format: TraceFormat): Batch {
  const bytes = new ByteWriter();
  if (format >= 25) bytes.byte(EV.Sync);
  bytes.byte(EV.Frequency).varint(CLOCK_FREQUENCY);
  if (format >= 25) bytes.byte(EV.ClockSnapshot).varint(0).varint(64_000).varint(1_700_000_000).varint(5);
  return { generation, m: NO_THREAD, time: 1000, experiment: 0, data: bytes.done() };
}

/** A file of generations. */
export function file(format: TraceFormat, generations: readonly (readonly Batch[])[]): Uint8Array {
  const out = new ByteWriter().put(writeHeader(format));
  for (const batches of generations) {
    for (const batch of batches) out.put(encodeBatch(batch));
    if (format >= 26) out.byte(EV.EndOfGeneration);
  }
  return out.done();
}

export const THREAD_A = 100;
export const THREAD_B = 200;

/**
 * Two threads: goroutine 1 on A makes goroutine 2, which B runs, blocks; A unblocks it and B runs it again.
 * The clock of B is `skew` units wrong, so that only sequence numbers tell the order.
 */
export function twoThreads(format: TraceFormat, skew = 0, generation = 1): readonly Batch[] {
  const again = generation > 1;
  const status = again ? [] : ([[EV.GoStatus, 0, 1, THREAD_A, 2]] as Event[]);
  const a: Event[] = [
    [EV.ProcStatus, 0, 0, 1],
    ...status,
    [EV.GoCreate, 10, 2 + 10 * generation, 1, 1],
    [EV.GoUnblock, 100, 2 + 10 * generation, 2, 1],
    [EV.UserLog, 5, 0, 3, 4, 1],
  ];
  const b: Event[] = [
    [EV.ProcStatus, 0, 1, 1],
    [EV.GoStart, 30, 2 + 10 * generation, 1],
    [EV.GoBlock, 10, 5, 1],
    [EV.GoStart, 200, 2 + 10 * generation, 3],
    [EV.GoDestroy, 10],
  ];
  return [
    clock(generation, format),
    events(generation, THREAD_A, 1000 + generation * 10_000, a),
    events(generation, THREAD_B, 1000 + generation * 10_000 + skew, b),
    strings(generation, { 1: "main.main", 2: "main.go", 3: "key", 4: "value", 5: "chan receive" }),
    stacks(generation, { 1: [[4096, 1, 2, 7]] }),
  ];
}
