// Bounds of what is read of the runtime's tracer, each with its unit and reason. Beyond is damage that would not end.
import type { Bytes } from "../base/units.js";

/** Full buffers in one queue of the tracer; of 64 KiB each. */
export const MOST_QUEUED = 1 << 16;
/** Words of CPU samples that nobody has read out of a profile buffer; the runtime makes it 1 << 17. runtime/cpuprof.go */
export const MOST_SAMPLE_WORDS = 1 << 24;
/** Batches of one generation of a flight recorder, of 64 KiB at most each. */
export const MOST_BATCHES = 1 << 22;
/** Elements of one slice of the flight recorder. */
export const MOST_SLICE = 2 ** 31;
/** Generations in the ring of a flight recorder; it keeps a handful. */
export const MOST_GENERATIONS = 1 << 16;
/** Path of the file that the trace goes to. limits.h PATH_MAX */
export const LONGEST_PATH: Bytes = 4096;
/** Writers that hand on to each other, until the last one; a program has two or three, a circle of them is damage. */
export const MOST_WRITERS = 8;
/** Calls inlined into each other at one place. */
export const MOST_INLINED = 1000;
/** Entries of the table of stacks or of strings in one generation. */
export const MOST_ENTRIES = 1 << 22;
/** One entry: 128 words of a stack, or a string. */
export const MOST_ENTRY_BYTES: Bytes = 1 << 20;
/** Kinds of events that have buffers of their own. internal/trace/tracev2 NumExperiments */
export const MOST_EXPERIMENTS = 8;
/** A batch that is longer has no room for one more record. */
export const BATCH_ROOM: Bytes = 60_000;
