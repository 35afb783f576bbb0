// A goroutine as people read it: state, wait, creator, labels, frames.
import { type Hex, hex } from "../base/units.js";
import type { Snapshot } from "../heap/snapshot.js";
import { latestTime } from "../runtime/clock.js";
import type { InlinedFrame } from "../runtime/functions.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Frame } from "../runtime/unwind.js";
import { type Labels, labelReader } from "../runtime/variants/labels.js";
import { programFrames } from "./program-functions.js";

/** One function on a stack; inlined ones share the pc of the frame they are in. */
export interface FrameRow {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly inlined: boolean;
  readonly pc: Hex;
}

/** The go statement that a goroutine began with. */
export interface Creator {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** Goroutine that ran the go statement; absent when the release or the goroutine does not say. */
  readonly goroutine?: number;
}

/** One goroutine. */
export interface GoroutineRow {
  readonly id: number;
  readonly status: string;
  /** In the runtime's words; "" when it waits for nothing. */
  readonly waitReason: string;
  /**
   * At least so long: from the garbage collection that first saw it wait to the latest time noted before the end. Absent when
   * no collection saw it.
   */
  readonly waitNanoseconds?: number;
  readonly createdBy?: Creator;
  readonly labels: Readonly<Record<string, string>>;
  readonly system: boolean;
  /** Thread it ran on, when it was on one. */
  readonly thread?: number;
  /** Bound to its thread by runtime.LockOSThread. */
  readonly locked: boolean;
  /** Where it is: program-functions.ts. */
  readonly top?: FrameRow;
  readonly frames: readonly FrameRow[];
  /** Frames left out of the middle of frames. */
  readonly framesOmitted: number;
  readonly retainedBytes?: number;
}

/** Frames shown of a stack: as many as the runtime prints, from either end. */
const FRAMES_AT_ENDS = 50;

/** What every row needs, read once. */
export interface GoroutineReader {
  row(goroutine: Goroutine): GoroutineRow;
  /** Nanoseconds that it has waited at least; undefined when no collection saw it wait. */
  waitOf(goroutine: Goroutine): number | undefined;
  labelsOf(goroutine: Goroutine): Labels;
  /** Where the go statement stands. */
  creatorOf(goroutine: Goroutine): Creator | undefined;
  /** Of frames, inlined ones included, innermost first. */
  rowsOf(frames: readonly Frame[]): readonly FrameRow[];
  /** The frame that tells people where it is: program-functions.ts. */
  topOf(rows: readonly FrameRow[]): FrameRow | undefined;
}

/** Reads rows of goroutines; each costs the unwinding of its stack. */
export function goroutineReader(snapshot: Pick<Snapshot, "runtime">): GoroutineReader {
  const { runtime } = snapshot;
  const { functions } = runtime;
  const labels = labelReader(runtime);
  let now: number | undefined;
  const program = programFrames(runtime);

  const rowsOf = (frames: readonly Frame[]) =>
    frames.flatMap((frame) => functions.inlinedAt(frame.fn, frame.symbolPc).map((each) => toRow(each, frame.pc)));
  const topOf = (rows: readonly FrameRow[]) => program.where(rows);

  const waitOf = (goroutine: Goroutine): number | undefined => {
    const { waitSince } = goroutine;
    if (waitSince === 0) return undefined;
    now ??= latestTime(runtime);
    return Math.max(now - waitSince, 0);
  };

  return {
    waitOf,
    creatorOf: (goroutine) => creatorOf(runtime, goroutine),
    rowsOf,
    topOf,
    labelsOf: (goroutine) => labels(goroutine.address),
    row(goroutine) {
      const unwound = goroutine.unwound();
      const all = rowsOf(unwound.frames);
      const omitted = Math.max(all.length - 2 * FRAMES_AT_ENDS, 0);
      const frames = omitted === 0 ? all : [...all.slice(0, FRAMES_AT_ENDS), ...all.slice(-FRAMES_AT_ENDS)];
      const wait = waitOf(goroutine);
      const createdBy = creatorOf(runtime, goroutine);
      const top = topOf(all);
      return {
        id: goroutine.id,
        status: goroutine.status,
        waitReason: goroutine.waitReason,
        ...(wait === undefined ? {} : { waitNanoseconds: wait }),
        ...(createdBy ? { createdBy } : {}),
        labels: Object.fromEntries(labels(goroutine.address)),
        system: goroutine.system,
        ...(goroutine.thread ? { thread: goroutine.thread.tid } : {}),
        locked: goroutine.lockedM !== 0,
        ...(top ? { top } : {}),
        frames,
        framesOmitted: omitted + unwound.omitted,
      };
    },
  };
}

/** Where the go statement stands; undefined for the main goroutine, and where its code is not known. */
function creatorOf({ functions }: GoRuntime, { id, createdByPc: pc, parentId }: Goroutine): Creator | undefined {
  const fn = pc > 0 ? functions.find(pc) : undefined;
  if (!fn || id === 1) return undefined;
  // The pc is where the creator goes on: the statement is before it.
  return { function: fn.name, ...functions.lineAt(fn, pc > fn.entry ? pc - 1 : pc), ...(parentId > 0 ? { goroutine: parentId } : {}) };
}

function toRow({ name, file, line, inlined }: InlinedFrame, pc: number): FrameRow {
  return { function: name, file, line, inlined, pc: hex(pc) };
}

/** "waiting" in the runtime's words, as its tracebacks say it. */
export function stateOf(row: { readonly status: string; readonly waitReason: string }): string {
  return row.waitReason === "" ? row.status : row.waitReason;
}
