// Bounds of what is named and shown, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Steps of a path: a longer one is not named step by step for the sake of its last one, which is cast from its address. */
export const LONGEST_NAMED = 300;
/** Values read for one answer, whatever depth was asked for. */
export const MOST_VALUES = 200_000;
/** Elements shown of a container inside another value. */
export const INNER_ELEMENTS = 8;
/** Of a text inside another value: what fits a screen. */
export const STRING_BYTES: Bytes = 1024;
/** Of a text that was asked for itself. */
export const WHOLE_STRING_BYTES: Bytes = 1 << 20;
/** Of bytes that are no text. */
export const DATA_BYTES: Bytes = 64;
/** Goroutines named of those that wait at a channel. */
export const MOST_GOROUTINES_NAMED = 5;
