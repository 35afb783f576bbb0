// Bounds of what is read of an ELF file, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Notes of one file; those of 10,000 threads, Go's own limit, take 34 MiB. */
export const MOST_NOTE_BYTES: Bytes = 64 * 1024 * 1024;
/** What looks like a longer one is none: Go writes four parts of 20 characters. */
export const LONGEST_GO_BUILD_ID: Bytes = 512;
/** The same; a linker writes 20 bytes, or as many as it is told to. */
export const LONGEST_GNU_BUILD_ID: Bytes = 64;
/** deflate makes no more bytes of one; a section that claims more is damaged. */
export const BEST_RATIO = 1032;
