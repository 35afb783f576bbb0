// pc-value tables: what changes along a function (stack depth, line, stack map), as the linker packs it. runtime/symtab.go step

/** A value and the last pc it holds for: it applies to all pc below end. */
export interface PcValue {
  readonly value: number;
  readonly end: number;
}

/** The table has no value for this pc (it ends before). */
export const NO_PC_VALUE: PcValue = { value: -1, end: 0 };

/**
 * Value at target of the table at offset, whose function starts at entry; pcs in bytes.
 *
 * @param quantum smallest instruction: 1 on amd64, 4 on arm64
 * @returns undefined when the bytes end before the table does: read more and ask again
 */
export function pcValueAt(table: Uint8Array, offset: number, entry: number, quantum: number, target: number): PcValue | undefined {
  let at = offset;
  let value = -1;
  let pc = entry;
  let ended = false;
  const varint = (): number => {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = table[at];
      if (byte === undefined) {
        ended = true;
        return 0;
      }
      at++;
      result = (result | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) break;
    }
    return result;
  };
  for (let first = true; ; first = false) {
    const change = varint();
    if (ended) return undefined;
    if (change === 0 && !first) return NO_PC_VALUE;
    // Zigzag, in 32 bits with wrap-around, as the runtime's int32 does.
    value = (value + ((change & 1) === 1 ? ~(change >>> 1) : change >>> 1)) | 0;
    pc += varint() * quantum;
    if (ended) return undefined;
    if (target < pc) return { value, end: pc };
  }
}
