// Where code may name an address: a look at its bytes, without decoding them. It finds more places than there are, and misses none.
import type { ArchName } from "../../base/arch.js";
import type { Address, Bytes } from "../../base/units.js";

/** A place in code. */
interface Mention {
  readonly offset: Bytes;
  /** The address, if no constant stands behind the displacement; NaN where only the page is told. */
  readonly target: Address;
}

/** What may lead to an address from `low` up to below `high`, in the order of the code. @param start  address of the code's first byte */
type Mentions = (code: Uint8Array, start: Address, low: Address, high: Address) => readonly Mention[];

/** The longest constant behind a displacement: the displacement counts from behind it. */
const LONGEST_CONSTANT: Bytes = 4;
const DISPLACEMENT: Bytes = 4;
const PAGE: Bytes = 4096;

const MENTIONS: Readonly<Record<ArchName, Mentions>> = {
  /** A ModRM byte that says "relative to the next instruction", and the displacement behind it. Intel SDM vol. 2, 2.2.1.6 */
  amd64(code, start, low, high) {
    const found: Mention[] = [];
    const last = code.length - 1 - DISPLACEMENT;
    for (let at = 0; at <= last; at++) {
      if ((code[at] & 0xc7) !== 5) continue;
      const displacement = code[at + 1] | (code[at + 2] << 8) | (code[at + 3] << 16) | (code[at + 4] << 24);
      const target = start + at + 1 + DISPLACEMENT + displacement;
      if (target + LONGEST_CONSTANT >= low && target < high) found.push({ offset: at, target });
    }
    return found;
  },
  /** ADRP of a page in the range. Arm ARM C6.2.13 */
  arm64(code, start, low, high) {
    const found: Mention[] = [];
    for (let at = 0; at + 4 <= code.length; at += 4) {
      if ((code[at + 3] & 0x9f) !== 0x90) continue;
      const word = code[at] | (code[at + 1] << 8) | (code[at + 2] << 16) | (code[at + 3] << 24);
      const pages = (((word << 8) >> 13) << 2) | ((word >>> 29) & 3);
      const pc = start + at;
      const page = pc - (pc % PAGE) + pages * PAGE;
      if (page + PAGE > low && page < high) found.push({ offset: at, target: Number.NaN });
    }
    return found;
  },
};

/** The one of an architecture. */
export function mentionsOf(arch: ArchName): Mentions {
  return MENTIONS[arch];
}
