// One goroutine: its whole stack with arguments and locals.
import { NotFoundError } from "../base/errors.js";
import { type Hex, hex } from "../base/units.js";
import { circleIn } from "../crash/recursion.js";
import type { Dump } from "../dump.js";
import { type Certainty, type FrameVariable, frameVariables, knownRegisters, memoryWith, SCRATCH } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { Frame } from "../runtime/unwind.js";
import { type GoroutineRow, goroutineReader } from "../stacks/goroutine-rows.js";
import { variableExpression } from "../stacks/local-variables.js";
import { VALUE_LIMITS } from "../value/limits.js";
import { readValue, summarize, type Value } from "../value/value.js";
import { type DeferredRow, deferredRows } from "./deferred.js";
import { type GoroutineTrace, goroutineTrace } from "./goroutine-trace.js";
import type { Query } from "./query.js";

/** Which goroutine: its id is what a traceback prints as "goroutine 7". A goroutine that is not there is a NotFoundError. */
export interface GoroutineArgs {
  readonly id: number;
  /** Levels of pointers, structs and elements to open in values; 2 when absent. */
  readonly depth?: number;
  /** Nothing is to be folded when the answer is printed. */
  readonly all?: boolean;
}

/** An argument, result or local variable of a frame, with what is known of its value at the line where the frame stands. */
export interface VariableRow {
  readonly name: string;
  readonly kind: FrameVariable["kind"];
  readonly type: string;
  /** What `show` and its like call it: absent when it is unavailable, or hidden by a variable of a block further in. */
  readonly expression?: string;
  /** Where it lies, when it is whole in memory. */
  readonly address?: Hex;
  /** Absent when it is unavailable. */
  readonly value?: Value;
  /** "likely": of optimised code, and may be a little older or newer than the line. */
  readonly certainty: Certainty;
  /** What was passed is known, not what the argument was set to since. */
  readonly asPassed?: boolean;
  /** Why it is unavailable. */
  readonly reason?: string;
  /** The value in a line; "not available here" without one. */
  readonly text: string;
}

/** A function on the stack. A call that was inlined has a row of its own, with pc, sp and fp of the frame that it was inlined into. */
interface StackFrameRow {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly inlined: boolean;
  readonly pc: Hex;
  readonly sp: Hex;
  /** The caller's sp. */
  readonly fp: Hex;
  /** The thread's registers: of the innermost frame only, when it was interrupted there; a caller's are not known. */
  readonly registers?: Readonly<Record<string, Hex>>;
  readonly variables: readonly VariableRow[];
}

/** The goroutine's row with its whole stack, innermost function first. */
export interface OneGoroutine extends Omit<GoroutineRow, "frames"> {
  readonly address: Hex;
  /** Of runtime.g's stack field: low is its lowest address, high the first one above it. */
  readonly stack: { readonly low: Hex; readonly high: Hex; readonly bytes: number };
  readonly frames: readonly StackFrameRow[];
  readonly all?: boolean;
  /** Why the outermost function was not reached. */
  readonly problem?: string;
  /** Calls put off until its functions return; absent when there are none. */
  readonly deferred?: readonly DeferredRow[];
  /** A recursion: members of frames, and how many of one round. */
  readonly circle?: { readonly start: number; readonly period: number; readonly length: number };
  /** Absent: the program was not tracing. */
  readonly trace?: GoroutineTrace;
}

/** Frames with their variables, from either end of a stack. */
const FRAMES_AT_ENDS = 100;

export const goroutine: Query<GoroutineArgs, OneGoroutine> = {
  name: "goroutine",
  summary: "one goroutine: its stack with arguments and locals, its last events when there is a trace",
  run(dump, { id, depth = 2, all }, { findings }) {
    const found = findGoroutine(dump, id);
    const { frames: _, ...row } = goroutineReader(dump).row(found);
    const trace = goroutineTrace(dump, id, findings);
    const { frames, omitted, problem } = found.unwound();
    const dropped = Math.max(frames.length - 2 * FRAMES_AT_ENDS, 0);
    const shown = dropped === 0 ? frames : [...frames.slice(0, FRAMES_AT_ENDS), ...frames.slice(-FRAMES_AT_ENDS)];
    const rows = shown.flatMap((frame) => frameRows(dump, found, frame, depth));
    const circle = circleOf(rows);
    const deferred = deferredRows(dump, found);
    return {
      ...row,
      framesOmitted: omitted + dropped,
      address: hex(found.address),
      stack: { low: hex(found.stack.lo), high: hex(found.stack.hi), bytes: found.stack.hi - found.stack.lo },
      frames: rows,
      ...(deferred.length > 0 ? { deferred } : {}),
      ...(circle ? { circle } : {}),
      ...(all ? { all } : {}),
      ...(problem === undefined ? {} : { problem }),
      ...(trace === undefined ? {} : { trace }),
    };
  },
};

/** By the names of functions: inlined calls are members of a round too. */
function circleOf(rows: readonly StackFrameRow[]): OneGoroutine["circle"] {
  const numbers = new Map<string, number>();
  const keys = rows.map((each) => {
    const key = numbers.get(each.function) ?? numbers.size;
    numbers.set(each.function, key);
    return key;
  });
  return circleIn(keys);
}

/** @throws NotFoundError with a few ids that there are */
export function findGoroutine(dump: Dump, id: number): Goroutine {
  const { goroutines } = dump.runtime;
  const found = goroutines.find(id);
  if (found) return found;
  const ids = goroutines.all.map((each) => each.id).sort((a, b) => Math.abs(a - id) - Math.abs(b - id));
  throw new NotFoundError("goroutine", String(id), ids.slice(0, 3).map(String), {
    id: "goroutines",
    alive: goroutines.all.length,
    ended: goroutines.deadCount,
  });
}

/**
 * The rows of one physical frame, innermost inlined function first. A variable belongs to the function at its depth of inlining, counted
 * from the outermost: the other way round than the rows.
 */
function frameRows(dump: Dump, found: Goroutine, frame: Frame, depth: number): StackFrameRow[] {
  const registers = knownRegisters(found, frame);
  const variables = frameVariables(dump.runtime, found, frame);
  const levels = dump.runtime.functions.inlinedAt(frame.fn, frame.symbolPc);
  return levels.map(({ name, file, line, inlined }, index) => ({
    function: name,
    file,
    line,
    inlined,
    pc: hex(frame.pc),
    sp: hex(frame.sp),
    fp: hex(frame.fp),
    ...(registers && index === 0
      ? { registers: Object.fromEntries(registers.names.map((each) => [each, `0x${(registers.byName(each) ?? 0n).toString(16)}`])) }
      : {}),
    variables: variables
      .filter((each) => levels.length - 1 - each.inlineDepth === index)
      .map((each) => describe(dump, found, frame, each, depth)),
  }));
}

/** Of one variable: a frame has many, and each is a line. */
const LINE_LIMITS = { ...VALUE_LIMITS, stringBytes: 256, elements: 16, values: 500 };

/**
 * One variable. A value that is not whole in memory is put together from registers and pieces of stack, and read at the made-up address
 * SCRATCH.
 */
function describe(dump: Dump, goroutine: Goroutine, frame: Frame, variable: FrameVariable, depth: number): VariableRow {
  const { types, maps } = dump.runtime;
  const { memory } = dump.process;
  const { name, kind, type, place, certainty } = variable;
  const row = { name, kind, type: types.get(type).name, certainty };
  if (place.kind === "absent") return { ...row, reason: place.why, text: "not available here" };
  const env = { types, maps, memory: place.kind === "bytes" ? memoryWith(memory, SCRATCH, place.bytes) : memory };
  const expression = variableExpression(dump, goroutine, frame, variable);
  const value = readValue(env, type, place.kind === "bytes" ? SCRATCH : place.address, depth, LINE_LIMITS);
  return {
    ...row,
    ...(variable.asPassed ? { asPassed: true } : {}),
    ...(expression === undefined ? {} : { expression }),
    ...(place.kind === "memory" ? { address: hex(place.address) } : {}),
    value,
    text: summarize(value, 400),
  };
}
