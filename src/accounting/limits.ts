// Bounds of how memory is added up, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Rows of one tree of dominators; deeper and smaller ones are left out. */
export const MOST_ROWS = 200_000;
/** Rows shown below one row of merged paths; the rest is one row. */
export const MOST_CHILDREN = 10;
/** Levels of merged paths. */
export const DEEPEST = 24;
/** Memory is read in pieces of this size. */
export const PIECE: Bytes = 4 * 1024 * 1024;
/** Slices and strings inside one type that are looked at. */
export const MOST_PLAN = 4096;
/** Fields and elements that are visited for them: some for each. */
export const MOST_PLAN_STEPS = 1 << 18;
/** Larger variables on a stack are left out. */
export const LARGEST_VARIABLE: Bytes = 1 << 20;
/** Different strings remembered: 128 MiB of them. */
export const MOST_STRINGS = 8_000_000;

/** Texts that there are several of, whose copies are counted one by one. */
export const MOST_REPEATED = 200_000;
