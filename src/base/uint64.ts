// Words of 64 bits as doubles: exact below 2^53 and for multiples of 4096 above. Every address of a process is below 2^53.

/** One step of the upper half. */
const HALF = 0x1_0000_0000;

/** The largest upper half of a word that a double holds exactly, whatever the lower half is. */
const MOST_EXACT_HIGH = 0x1f_ffff;

/** The little-endian word at an offset. */
export function uint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * HALF + view.getUint32(at, true);
}

/** As uint64, for what may be an address: a word of 2^53 or more is none and becomes `otherwise`. */
export function addressWord(view: DataView, at: number, otherwise: number): number {
  const high = view.getUint32(at + 4, true);
  return high > MOST_EXACT_HIGH ? otherwise : high * HALF + view.getUint32(at, true);
}
