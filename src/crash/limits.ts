// Bounds of the search for what killed a process, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Innermost frames that are looked through for the program's own. */
export const MOST_FRAMES = 1000;
/** The message of an error or a panic. */
export const LONGEST_TEXT: Bytes = 1 << 16;
/** Characters of a panic's text in the one sentence that sums a death up. */
export const LONGEST_SUMMARY = 300;
/** How far up a stack return addresses of C are looked for. */
export const DEEPEST_CALLER: Bytes = 64 * 1024;
/** Callers in C that are shown. */
export const MOST_CALLERS = 32;
/** A longer function is not searched for the jumps it makes. */
export const LONGEST_C_FUNCTION: Bytes = 16 * 1024;
/** Functions of one round of a recursion: through fmt or encoding/json it has a dozen. */
export const LONGEST_PERIOD = 200;
/** Rounds that make a recursion. */
export const LEAST_ROUNDS = 4;
/** Innermost frames that may be of no round: what the last call was in the middle of. */
export const MOST_LEAVES = 100;
/** Rounds whose arguments are compared. */
export const ROUNDS_COMPARED = 8;
/** Goroutines that are told to be at the same map. */
export const MOST_OTHERS = 50;
