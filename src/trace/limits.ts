// Bounds of execution traces, each with its unit and reason.
import type { Bytes } from "../base/units.js";

// The format's own; a reader of Go refuses what is beyond. internal/trace/tracev2

/** MaxBatchSize. */
export const MOST_BATCH_BYTES: Bytes = 64 << 10;
/** MaxFramesPerStack. */
export const MOST_FRAMES = 128;
/** MaxEventTrailerDataSize: strings. */
export const MOST_STRING_BYTES: Bytes = 1 << 10;
/** A header of a batch is 1 + 1 + 4 x 10 bytes. */
export const MOST_HEADER: Bytes = 42;

// Memory and answers.

/** Bytes of the file read at once. */
export const WINDOW: Bytes = 1 << 20;
/** Ids of strings and stacks below are rows of a table, others keys of a map; the runtime counts from 1. */
export const MOST_DENSE = 1 << 22;
/** Decoded strings that are kept. */
export const MOST_DECODED = 1 << 16;
/** Points of the curve of the heap; with twice as many every second is left out. */
export const HEAP_POINTS = 120;
/** Messages of the program that are shown: the last. */
export const MOST_LOGS = 20;
/** Tasks and regions are counted by name, so many names; the rest is in "other names". */
export const MOST_NAMES = 2000;
