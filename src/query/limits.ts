// Bounds of answers, each with its unit and reason: what is beyond is counted and not listed.
import type { Bytes } from "../base/units.js";

/** Waits listed of one group. */
export const MOST_WAITING_SHOWN = 100;
/** Goroutines listed that may hold what one waits for. */
export const MOST_HOLDERS = 10;
/** Ids listed of a group of goroutines that stand at one place. */
export const MOST_IDS = 10;
/** One answer of read. */
export const MOST_BYTES_READ: Bytes = 1 << 20;
/** What read shows of memory whose size it does not know. */
export const USUAL_BYTES: Bytes = 64;
/** What read shows of a value when no length is given. */
export const MOST_OF_VALUE: Bytes = 256;
/** Pointers named by the path from a root; further ones by a cast of the referrer. */
export const MOST_NAMED = 1000;
/** Fields told of one row. */
export const MOST_FIELDS = 8;
/** Frames of one thread. */
export const MOST_THREAD_FRAMES = 100;
