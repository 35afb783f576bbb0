// Bounds of the search for who waits for whom, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Cases of one select statement. runtime/select.go selectgo */
export const MOST_CASES = 1 << 16;
/** Innermost frames in which the call that waits is looked for: it is at most a few calls of package sync away. */
export const MOST_SYNC_FRAMES = 20;
/** Frames of a goroutine whose rest is followed; those further out run last. */
export const MOST_FUTURE_FRAMES = 64;
/** Calls within calls in which a lock may be taken or released. */
export const DEEPEST_CALL = 3;
/** Instructions followed for all goroutines together; where there are more, the rest is not followed. */
export const MOST_STEPS = 6_000_000;
/** The same where waits are one part of many: about a second. */
export const MOST_STEPS_AT_A_GLANCE = 400_000;
/** Innermost frames that tell places apart. */
export const PLACE_FRAMES = 12;
/** Larger objects are not searched for pointers to channels and conditions. */
export const LARGEST_SEARCHED: Bytes = 1 << 10;
/** Objects that were searched and are remembered. */
export const MOST_OBJECTS_REMEMBERED = 1 << 16;
/** Pointers in a row that names of things that are waited for follow from a global variable: "main.app.store.shards[2].mu". */
export const DEEPEST_POINTER = 5;
/** Elements of a slice or array in which such names are looked for. */
export const MOST_ELEMENTS = 64;
/** Values that such names are looked for in; the first are the nearest to the variables. */
export const MOST_POINTERS_FOLLOWED = 50_000;
/** Goroutines of those that wait for one thing, and frames of each, whose variables are asked for its name. */
export const MOST_MEMBERS_SEARCHED = 3;
export const MOST_FRAMES_SEARCHED = 24;
/** Locks in a row, each held by who waits for the next. */
export const LONGEST_CHAIN = 32;
/** Who can end a wait, of each finding. */
export const MOST_TOLD = 5;
