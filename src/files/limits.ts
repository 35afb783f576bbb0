// Bounds of how files are read and unpacked, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** One call of read(2), which takes less than 2 GiB. */
export const MOST_AT_ONCE: Bytes = 2 ** 30;
/** Compressed bytes taken at once; they may become a hundred times as many. */
export const CHUNK: Bytes = 128 * 1024;
/** Zeros are not written but left as holes, in units of this. */
export const HOLE: Bytes = 65_536;
/** Free space of a disk that is left alone. */
export const LEAST_ROOM: Bytes = 1024 * 1024;
/** Debug information of one program from a server; the 32-bit DWARF that Go writes ends there. */
export const MOST_FETCHED: Bytes = 4 * 2 ** 30;
/** Milliseconds without a byte after which a server is given up, as debuginfod's clients do. */
export const LONGEST_SILENCE = 90_000;
