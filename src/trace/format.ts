// The header of a trace and the format that it names: one number decides what a reader has to expect.

import { FormatError, UnsupportedError } from "../base/errors.js";
import { NEWEST_RELEASE } from "../base/releases.js";

/** The number in "go 1.NN trace": the file's own format, not the release that wrote it. */
export type TraceFormat = 22 | 23 | 25 | 26;

/** Bytes of a file's header: the text and its padding. */
export const HEADER_SIZE = 16;

/**
 * The format that a file's first 16 bytes name. internal/trace/version ReadHeader
 * @param bytes the beginning of the file; 16 bytes are looked at
 * @param name  of the file, for the message
 * @throws FormatError when it is no trace
 * @throws UnsupportedError when it is a trace of the tracer before Go 1.22, or of a format newer than these
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

/**
 * What a format has that those before it had not. The number alone decides how a file is read, whatever Go release wrote it.
 * internal/trace/tracev2, internal/trace/version
 */
const SINCE = {
  /** The event GoStatusStack: a goroutine's status together with its stack. */
  statusStacks: 23,
  /** One batch with the event Sync, the frequency and a snapshot of the clocks. Before, a batch with the frequency alone. */
  syncEvents: 25,
  /** One byte, EndOfGeneration, after the last batch of a generation. Before, the next generation's first batch ends it. */
  endMarks: 26,
  /**
   * The runtime has no status of its own for a P in a system call (_Psyscall) any more: a running P is in one when the goroutine of
   * its thread is. runtime/tracestatus.go writeProcStatusForP
   */
  syscallStatus: 26,
} as const satisfies Record<string, TraceFormat>;

/** Whether a trace of a format has something; nobody else compares the formats' numbers. */
export function formatHas(format: TraceFormat, what: keyof typeof SINCE): boolean {
  return format >= SINCE[what];
}

/** The header of a file: "go 1.26 trace" and NULs, 16 bytes. */
export function writeHeader(format: TraceFormat): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE);
  out.set(new TextEncoder().encode(`go 1.${format} trace`));
  return out;
}

/** Whether a file begins like a trace, of any format, also of one that is not read. @param head its first 16 bytes or more */
export function looksLikeTrace(head: Uint8Array): boolean {
  return /^go 1\.\d+ trace/.test(String.fromCharCode(...head.subarray(0, HEADER_SIZE)));
}
