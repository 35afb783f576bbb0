// Bounds of what is read of a process, each with its unit and reason.
import type { Address, Bytes } from "../base/units.js";

/** One block of the cache. A random read costs a whole one: of 64 KiB 30 us, of 16 KiB 4 us. */
export const BLOCK: Bytes = 16_384;
/** Blocks kept of each file: 16 MiB. */
export const MOST_BLOCKS = 1024;
/** Reads of this size and more go past the cache: they would drive everything else out of it. */
export const LARGE_READ: Bytes = 256 * 1024;
/** Largest single answer; a larger size is a count that was read from damaged memory. */
export const MOST_BYTES: Bytes = 1024 * 1024 * 1024;
/** Recently used stretches of memory, found by the low bits of their block's number; a power of two. */
export const WINDOWS = 1024;
/** Libraries and plugins that are searched for; a program maps a few dozen, and each costs a search on disk. */
export const MOST_IMAGES = 256;
/** A path in memory. limits.h PATH_MAX */
export const LONGEST_PATH: Bytes = 4096;
/** No user memory is above, on any processor; but for VSYSCALL. */
export const HIGHEST_USER_ADDRESS: Address = 2 ** 56;
