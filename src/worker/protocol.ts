// What the two threads say to each other: messages of plain data, and a few numbers in memory that both see, for what a thread has to know
// while it is busy and reads no messages.
import type { Advice } from "../base/advice.js";
import { DumpError, NotFoundError } from "../base/errors.js";
import type { Finding } from "../base/findings.js";
import type { PackageName } from "../base/package-names.js";
import { Cancelled } from "../base/progress.js";
import type { DumpFiles } from "../dump.js";

/** To the thread that holds the dump. The first message opens; ids grow by one with every message that wants an answer. */
export type Request =
  | { readonly kind: "open"; readonly id: number; readonly files: DumpFiles; readonly shared: SharedArrayBuffer }
  | {
      readonly kind: "ask";
      readonly id: number;
      /** Name of the query in QUERIES; a function could not be sent. */
      readonly query: string;
      readonly args: unknown;
      /** The answer's contents, bytes for a file, are to come along: a clone loses them. */
      readonly withContents: boolean;
      /** Sent while another one runs, to be answered at its next tick: without the heap, or not at all. */
      readonly between: boolean;
    };

/** From it: stages while it works, then one answer or failure for each request. */
export type Reply =
  | { readonly kind: "stage"; readonly id: number; readonly name: string; readonly total: number }
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly result: unknown;
      /** All damage met since the dump was opened, not only by this question. */
      readonly findings: readonly Finding[];
      readonly contents?: readonly Uint8Array[];
      /** Told once, with the first answer after the runtime could be read. */
      readonly packages?: readonly PackageName[];
    }
  | { readonly kind: "failed"; readonly id: number; readonly error: PlainError }
  /** A question that came between needs what the running one may just be making, and has to wait for its turn; or it missed the running one. */
  | { readonly kind: "later"; readonly id: number; readonly isMissed: boolean };

/** An error as it crosses: classes do not survive a clone. */
export interface PlainError {
  readonly name: string;
  /** Of a DumpError; "" of anything else, which is a bug. */
  readonly code: string;
  readonly message: string;
  readonly advice: Advice | undefined;
  /** What was not found, of a NotFoundError. */
  readonly what?: string;
  readonly stack: string | undefined;
}

/** An error that a person can meet, thrown in the other thread. */
export class RemoteError extends DumpError {
  readonly code: string;
  readonly what: string | undefined;
  /** @param plain what packError made of a DumpError */
  constructor({ name, code, message, advice, what }: PlainError) {
    super(message, advice);
    this.name = name;
    this.code = code;
    this.what = what;
  }
}

/** The error for its way to the other thread. */
export function packError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", code: "", message: String(error), advice: undefined, stack: undefined };
  const known = error instanceof DumpError;
  return {
    name: error.name,
    code: known ? error.code : "",
    message: error.message,
    advice: known ? error.advice : undefined,
    ...(error instanceof NotFoundError ? { what: error.what } : {}),
    stack: error.stack,
  };
}

/** The error that packError was given: Cancelled, a RemoteError, or an Error with the other thread's stack. */
export function unpackError(plain: PlainError): Error {
  if (plain.name === "Cancelled") return new Cancelled();
  if (plain.code !== "") return new RemoteError(plain);
  const error = new Error(plain.message);
  error.name = plain.name;
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

/** Memory of both threads. */
export interface Shared {
  readonly buffer: SharedArrayBuffer;
  /** Ids of requests to give up: [0] one that runs in its turn, [1] one that was sent between. 0 is no request's id. */
  readonly cancelled: Int32Array;
  /** How many requests sent between were not taken yet. */
  readonly between: Int32Array;
  /**
   * How far the stage is, in the stage's own unit: [0]. Written at each tick, read whenever the screen is drawn; no message is needed for
   * it.
   */
  readonly done: Float64Array;
}

/**
 * The views of a shared buffer of 24 bytes, of a new one when none is given: two words to cancel, one that counts, a double for progress.
 */
export function shareMemory(buffer: SharedArrayBuffer = new SharedArrayBuffer(24)): Shared {
  return { buffer, cancelled: new Int32Array(buffer, 0, 2), between: new Int32Array(buffer, 8, 1), done: new Float64Array(buffer, 16, 1) };
}
