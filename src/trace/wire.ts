// The bytes of a Go execution trace (its second format, since Go 1.22): header, batches, numbers. internal/trace/tracev2

import { FormatError, UnsupportedError } from "../base/errors.js";
import { NEWEST_RELEASE } from "../base/releases.js";
import { NONE } from "../base/units.js";
import { MOST_BATCH_BYTES, MOST_FRAMES, MOST_STRING_BYTES } from "./limits.js";

/** The number in "go 1.NN trace": the file's own format, not the release that wrote it. */
export type TraceFormat = 22 | 23 | 25 | 26;

/** Types of what stands in a trace. internal/trace/tracev2 events.go */
export const EV = {
  EventBatch: 1,
  Stacks: 2,
  Stack: 3,
  Strings: 4,
  String: 5,
  CPUSamples: 6,
  CPUSample: 7,
  Frequency: 8,
  ProcsChange: 9,
  ProcStart: 10,
  ProcStop: 11,
  ProcSteal: 12,
  ProcStatus: 13,
  GoCreate: 14,
  GoCreateSyscall: 15,
  GoStart: 16,
  GoDestroy: 17,
  GoDestroySyscall: 18,
  GoStop: 19,
  GoBlock: 20,
  GoUnblock: 21,
  GoSyscallBegin: 22,
  GoSyscallEnd: 23,
  GoSyscallEndBlocked: 24,
  GoStatus: 25,
  STWBegin: 26,
  STWEnd: 27,
  GCActive: 28,
  GCBegin: 29,
  GCEnd: 30,
  GCSweepActive: 31,
  GCSweepBegin: 32,
  GCSweepEnd: 33,
  GCMarkAssistActive: 34,
  GCMarkAssistBegin: 35,
  GCMarkAssistEnd: 36,
  HeapAlloc: 37,
  HeapGoal: 38,
  GoLabel: 39,
  UserTaskBegin: 40,
  UserTaskEnd: 41,
  UserRegionBegin: 42,
  UserRegionEnd: 43,
  UserLog: 44,
  GoSwitch: 45,
  GoSwitchDestroy: 46,
  GoCreateBlocked: 47,
  GoStatusStack: 48,
  ExperimentalBatch: 49,
  Sync: 50,
  ClockSnapshot: 51,
  EndOfGeneration: 52,
} as const;

/** What an argument of a timed event is. */
export type ArgumentKind = "value" | "seq" | "string" | "stack" | "g" | "m" | "p" | "task" | "gstatus" | "pstatus";

/** One timed event's arguments, after the time difference that each has. */
export interface EventSpec {
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly kind: ArgumentKind }[];
  /** The first format that has it. */
  readonly since: TraceFormat;
}

/** Name:kind pairs; the order of stacks matters for people only. */
function spec(name: string, args = "", since: TraceFormat = 22): EventSpec {
  const list = args === "" ? [] : args.split(" ").map((word) => word.split(":") as [string, ArgumentKind]);
  return { name, since, args: list.map(([each, kind]) => ({ name: each, kind: kind ?? "value" })) };
}

/** Timed events by type. */
export const SPECS: readonly (EventSpec | undefined)[] = (() => {
  const table: (EventSpec | undefined)[] = new Array(256).fill(undefined);
  const add = (type: number, args?: string, since?: TraceFormat) => {
    const name = Object.entries(EV).find(([, value]) => value === type)?.[0] ?? "";
    table[type] = spec(name, args, since);
  };
  add(EV.ProcsChange, "procs:value stack:stack");
  add(EV.ProcStart, "p:p seq:seq");
  add(EV.ProcStop);
  add(EV.ProcSteal, "p:p seq:seq m:m");
  add(EV.ProcStatus, "p:p status:pstatus");
  add(EV.GoCreate, "g:g newStack:stack stack:stack");
  add(EV.GoCreateSyscall, "g:g");
  add(EV.GoStart, "g:g seq:seq");
  add(EV.GoDestroy);
  add(EV.GoDestroySyscall);
  add(EV.GoStop, "reason:string stack:stack");
  add(EV.GoBlock, "reason:string stack:stack");
  add(EV.GoUnblock, "g:g seq:seq stack:stack");
  add(EV.GoSyscallBegin, "pseq:seq stack:stack");
  add(EV.GoSyscallEnd);
  add(EV.GoSyscallEndBlocked);
  add(EV.GoStatus, "g:g m:m status:gstatus");
  add(EV.STWBegin, "kind:string stack:stack");
  add(EV.STWEnd);
  add(EV.GCActive, "seq:seq");
  add(EV.GCBegin, "seq:seq stack:stack");
  add(EV.GCEnd, "seq:seq");
  add(EV.GCSweepActive, "p:p");
  add(EV.GCSweepBegin, "stack:stack");
  add(EV.GCSweepEnd, "swept:value reclaimed:value");
  add(EV.GCMarkAssistActive, "g:g");
  add(EV.GCMarkAssistBegin, "stack:stack");
  add(EV.GCMarkAssistEnd);
  add(EV.HeapAlloc, "bytes:value");
  add(EV.HeapGoal, "bytes:value");
  add(EV.GoLabel, "label:string");
  add(EV.UserTaskBegin, "task:task parent:task name:string stack:stack");
  add(EV.UserTaskEnd, "task:task stack:stack");
  add(EV.UserRegionBegin, "task:task name:string stack:stack");
  add(EV.UserRegionEnd, "task:task name:string stack:stack");
  add(EV.UserLog, "task:task key:string value:string stack:stack");
  add(EV.GoSwitch, "g:g seq:seq", 23);
  add(EV.GoSwitchDestroy, "g:g seq:seq", 23);
  add(EV.GoCreateBlocked, "g:g newStack:stack stack:stack", 23);
  add(EV.GoStatusStack, "g:g m:m status:gstatus stack:stack", 23);
  // The experiment of allocations (GODEBUG=traceallocfree=1).
  table[128] = spec("Span", "id pages:value kind:value", 23);
  table[129] = spec("SpanAlloc", "id pages:value kind:value", 23);
  table[130] = spec("SpanFree", "id", 23);
  table[131] = spec("HeapObject", "id type:value", 23);
  table[132] = spec("HeapObjectAlloc", "id type:value", 23);
  table[133] = spec("HeapObjectFree", "id", 23);
  table[134] = spec("GoroutineStack", "id order:value", 23);
  table[135] = spec("GoroutineStackAlloc", "id order:value", 23);
  table[136] = spec("GoroutineStackFree", "id", 23);
  return table;
})();

/** Statuses of goroutines and of Ps on the wire. */
export const G_STATUS = { runnable: 1, running: 2, syscall: 3, waiting: 4 } as const;
export const P_STATUS = { running: 1, idle: 2, syscall: 3, syscallAbandoned: 4 } as const;

/** The M of a batch that no thread wrote (2^64-1 on the wire). */
export const NO_THREAD = NONE;
/** Of a header: the text and its padding. */
export const HEADER_SIZE = 16;
/** Units per second of the trace clock where it is nanotime / 64: all but Windows. runtime/trace time.go */
export const CLOCK_FREQUENCY = 15_625_000;

const TWO_63 = 2 ** 63;

/** One batch of a trace. */
export interface Batch {
  readonly generation: number;
  /** The thread that wrote it, NO_THREAD. */
  readonly m: number;
  /** Base time in units of the trace clock. */
  readonly time: number;
  /** 0: none. */
  readonly experiment: number;
  readonly data: Uint8Array;
}

/** Where a number ended, of readVarint. */
export const cursor = { at: 0 };

/**
 * An unsigned LEB128 number as a double, of at most 10 bytes; cursor.at is set behind it.
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

/**
 * The format in a file's first 16 bytes.
 * @throws FormatError when it is no trace
 * @throws UnsupportedError when it is one of the first format, or newer than we know
 */
export function readHeader(bytes: Uint8Array, name: string): TraceFormat {
  const text = String.fromCharCode(...bytes.subarray(0, HEADER_SIZE));
  const match = /^go 1\.(\d{1,3}) trace\x00*$/.exec(text);
  if (!match || bytes.length < HEADER_SIZE)
    throw new FormatError(name, 0, "it is no Go execution trace", "A trace begins with the words: go 1.26 trace");
  const format = Number(match[1]);
  if (format === 22 || format === 23 || format === 25 || format === 26) return format;
  throw new UnsupportedError(
    name,
    `an execution trace of the ${format < 22 ? "old" : "unknown"} format go 1.${format}`,
    `the formats go 1.22, 1.23, 1.25 and 1.26 (written by Go 1.22 to 1.${NEWEST_RELEASE})`,
    format < 22 ? `go tool trace ${name}` : undefined,
  );
}

/** What a format has that those before it had not. internal/trace/tracev2, internal/trace/version */
const SINCE = {
  /** Goroutines' statuses with their stacks. */
  statusStacks: 23,
  /** Clock and frequency in one batch that begins with a sync event; before, a frequency event alone. */
  syncEvents: 25,
  /** A mark behind the last batch of a generation, which nothing may follow but the next generation. */
  endMarks: 26,
  /** Threads in system calls keep their P's status. */
  syscallStatus: 26,
} as const satisfies Record<string, TraceFormat>;

/** Whether a trace of a format has something; nobody else compares the formats' numbers. */
export function formatHas(format: TraceFormat, what: keyof typeof SINCE): boolean {
  return format >= SINCE[what];
}

/** "go 1.26 trace" and NULs. */
export function writeHeader(format: TraceFormat): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE);
  out.set(new TextEncoder().encode(`go 1.${format} trace`));
  return out;
}

/** Does the source begin like a trace, of any format? */
export function looksLikeTrace(head: Uint8Array): boolean {
  return /^go 1\.\d+ trace/.test(String.fromCharCode(...head.subarray(0, HEADER_SIZE)));
}

/** Bytes that grow. */
export class ByteWriter {
  /** Small, because most are for one message: V8 keeps arrays of so few bytes in its own heap. */
  private bytes = new Uint8Array(64);
  length = 0;

  private room(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(value: number): this {
    this.room(1);
    this.bytes[this.length++] = value;
    return this;
  }

  /** NONE is 2^64-1. */
  varint(value: number): this {
    this.room(10);
    if (value < 0) {
      for (let i = 0; i < 9; i++) this.bytes[this.length++] = 0xff;
      this.bytes[this.length++] = 1;
      return this;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
    return this;
  }

  put(bytes: Uint8Array): this {
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** A copy of what was written. */
  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** A batch with its header. */
export function encodeBatch(batch: Batch): Uint8Array {
  const out = new ByteWriter();
  if (batch.experiment !== 0) out.byte(EV.ExperimentalBatch).byte(batch.experiment);
  else out.byte(EV.EventBatch);
  out.varint(batch.generation).varint(batch.m).varint(batch.time).varint(batch.data.length).put(batch.data);
  return out.done();
}

/** A batch's header: all but its data. */
export interface BatchHeader {
  readonly generation: number;
  readonly m: number;
  readonly time: number;
  readonly experiment: number;
  /** Offset of the length field. */
  readonly lengthAt: number;
  /** Offset of the data. */
  readonly dataAt: number;
  readonly size: number;
}

/**
 * Reads a batch header at an offset of bytes; undefined when they end inside it.
 * @throws FormatError when it is none
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

function number(bytes: Uint8Array, end: number, name: string, base: number): number {
  const at = cursor.at;
  const value = readVarint(bytes, at, end);
  if (value < 0 && end - at >= 10) throw new FormatError(name, base + at, "found an invalid number in a batch header");
  return value;
}

/**
 * Length of the record at an offset of a batch's data, whatever it is; -1 when the data end inside it.
 * @throws FormatError for a type that no such batch has
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

function skipNumbers(data: Uint8Array, at: number, end: number, count: number, start: number): number {
  cursor.at = at;
  for (let i = 0; i < count; i++) if (readVarint(data, cursor.at, end) < 0) return -1;
  return cursor.at - start;
}
