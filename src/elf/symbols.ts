// Symbol tables: names of functions and variables with their link-time addresses.

import { uint64 } from "../base/uint64.js";
import type { Address, Bytes } from "../base/units.js";
import { SHN_LORESERVE, SHN_UNDEF, SHN_XINDEX, STT_FUNC, STT_NOTYPE, STT_OBJECT, SYM_SIZE } from "./constants.js";
import { nameAt } from "./sections.js";

/** A defined symbol with an address (functions, objects and untyped ones); link-time, unbiased. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: Address;
  readonly size: Bytes;
}

/**
 * The symbols of one table, in file order. Undefined, absolute, file, section and thread-local ones are left out:
 * their value is no address. A last, partial entry is ignored.
 *
 * @param table    contents of .symtab or .dynsym
 * @param strings  contents of the string table it links to
 * Source: gABI chapter 4, Symbol Table.
 */
export function readSymbols(table: Uint8Array, strings: Uint8Array): readonly ElfSymbol[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const names = Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength);
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at + SYM_SIZE <= table.length; at += SYM_SIZE) {
    const kind = view.getUint8(at + 4) & 0xf;
    if (kind !== STT_NOTYPE && kind !== STT_OBJECT && kind !== STT_FUNC) continue;
    const section = view.getUint16(at + 6, true);
    if (section === SHN_UNDEF || (section >= SHN_LORESERVE && section !== SHN_XINDEX)) continue;
    const name = nameAt(names, view.getUint32(at, true));
    if (name === "") continue;
    symbols.push({ name, address: uint64(view, at + 8), size: uint64(view, at + 16) });
  }
  return symbols;
}
