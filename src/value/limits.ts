// Bounds of what is read of a value, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Bounds of one readValue. */
export interface ValueLimits {
  /** Of a string's bytes. */
  readonly stringBytes: Bytes;
  /** Of an array's, slice's or map's elements. */
  readonly elements: number;
  /** Of values in all. */
  readonly values: number;
}

/** Of one value, unless who asks says otherwise. */
export const VALUE_LIMITS: ValueLimits = { stringBytes: 4096, elements: 64, values: 10_000 };
/** Levels of structs and arrays around one field. Go types nest as deep as their author's patience. */
export const DEEPEST_FIELD = 64;
/** Levels of structs, arrays and interfaces in a key; what is deeper is "?". */
export const DEEPEST_KEY = 8;
/** Bytes of a string key that are shown; the rest becomes a count, `"abc"…+900`. */
export const LONGEST_KEY: Bytes = 1024;
/** Parts of a key that are written out; what follows in an array becomes "…". */
export const MOST_KEY_PARTS = 4096;
/** Keys that are matched at once: 4 MiB of numbers. */
export const MOST_KEY_ROWS = 2 ** 19;
/** Type words that are remembered; a damaged map has any number. */
export const MOST_TYPE_WORDS = 65_536;
/** Seconds from 1970 that a Date can hold. */
export const MOST_SECONDS = 8.64e12;
/** Name of a time zone; the tz database's longest has 30 characters. */
export const LONGEST_ZONE: Bytes = 256;
