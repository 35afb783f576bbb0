// Bounds of the heap that is read, each with its unit and reason.
import type { Bytes } from "../base/units.js";

// The columns.

/** Ids are kept in Int32 columns. */
export const MOST_OBJECTS = 2 ** 31 - 2;
/** Pointers are counted in Uint32 columns. */
export const MOST_EDGES = 2 ** 32 - 1;
/** An object's words past this have no room in EdgeWriter.offsets: 16 GiB. */
export const MOST_WORDS = 2 ** 31;
/** Different type words that have a number of their own in the words of a scan. */
export const MOST_NUMBERS = 0xffff;

// Memory and time.

/** Types up to this size have their words in a table. */
export const TABLE_LIMIT: Bytes = 16_384;
/** Values in chunks of arenas that are followed. */
export const MOST_CHUNK_VALUES = 1 << 22;
/** Pointers from a variable to a value; one that is further away is left without a type. */
export const MOST_ROUNDS = 16;
/** Functions that a value is followed into, each called by the one before. */
export const DEEPEST_USE_CALL = 2;
/** Places at which an address of a value on the stack is followed; a loop that adds to it passes by all words of the value. */
export const MOST_ADDRESSES = 256;
/** Instructions between the stores of an interface's two words. */
export const FARTHEST_PAIR = 8;
/** Structs around a word of a receiver, and words of one: more are passed on the stack. */
export const DEEPEST_RECEIVER = 32;
/** Loads and calls that the origin of one value is followed through. */
export const DEEPEST_ORIGIN = 8;
/** Callers that an argument is followed to. */
export const MOST_CALLERS = 4;
