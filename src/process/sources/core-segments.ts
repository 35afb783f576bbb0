// A core's table of memory, as far as it can be true.
import type { Bytes } from "../../base/units.js";
import { PT_LOAD } from "../../elf/constants.js";
import type { ElfImage, ElfSegment } from "../../elf/elf.js";
import { HIGHEST_USER_ADDRESS } from "../limits.js";
import { VSYSCALL } from "../mappings.js";

/** Of a mapped program or library at least its first page is dumped, and only that of one without further pages of its own. */
const FIRST_PAGE: Bytes = 4096;

export interface CoreSegments {
  readonly loads: readonly ElfSegment[];
  /** Entries that cannot be true, and were cut or left out. */
  readonly damaged: readonly ElfSegment[];
}

/**
 * The kernel, gdb and delve write entries in ascending order that do not touch each other's memory, each dumped whole, not at all or
 * by its first page. What contradicts that is damage: it ends where the next one begins, and is no larger than what was dumped.
 */
export function coreSegments(core: ElfImage): CoreSegments {
  const all = core.segments.filter((segment) => segment.type === PT_LOAD);
  const damaged: ElfSegment[] = [];
  const inUser = all.filter((segment) => {
    if (segment.address < HIGHEST_USER_ADDRESS || segment.address === VSYSCALL) return true;
    damaged.push(segment);
    return false;
  });
  const loads = inUser.map((segment, i) => {
    const { address, fileSize, memorySize } = segment;
    const next = inUser[i + 1]?.address ?? Number.POSITIVE_INFINITY;
    const highest = address === VSYSCALL ? VSYSCALL + FIRST_PAGE : HIGHEST_USER_ADDRESS;
    const dumped = fileSize > FIRST_PAGE && fileSize !== memorySize ? Math.min(fileSize, memorySize) : memorySize;
    const room = Math.min(next > address ? next : Number.POSITIVE_INFINITY, highest) - address;
    const size = Math.min(dumped, room);
    if (size === memorySize && next > address && fileSize <= memorySize) return segment;
    damaged.push(segment);
    return { ...segment, memorySize: size, fileSize: Math.min(fileSize, size) };
  });
  return { loads, damaged };
}
