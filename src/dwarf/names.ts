// Finding DIEs by name without decoding the names: a hash table over the bytes of names.
import { decodeText } from "../base/byte-reader.js";
import { DumpError } from "../base/errors.js";
import { realName } from "../base/package-names.js";
import { DW_AT } from "./constants.js";
import type { Die, Dies } from "./dies.js";
import type { Column } from "./scan.js";

/**
 * Rows of a column of DIE offsets, found by name; built on the first search.
 *
 * The names stay where they are in the file. The index keeps three numbers a row: a hash of the name's bytes, and the chain of rows
 * whose hashes fall into one bucket.
 */
export class NameIndex {
  private readonly dies: Dies;
  private readonly offsets: Column;
  /** First row of a bucket, and the next row of the same bucket; NONE ends. Rows ascend within a bucket. */
  private heads = new Int32Array(0);
  private nexts = new Int32Array(0);
  private hashes = new Uint32Array(0);
  private built = false;

  constructor(dies: Dies, offsets: Column) {
    this.dies = dies;
    this.offsets = offsets;
  }

  /** Rows whose DIE has the name, in the order of the section. */
  rows(name: string): number[] {
    if (!this.built) this.build();
    const wanted = new TextEncoder().encode(name);
    const hash = hashBytes(wanted);
    const found: number[] = [];
    if (this.heads.length === 0) return found;
    for (let row = this.heads[hash & (this.heads.length - 1)]; row >= 0; row = this.nexts[row]) {
      if (this.hashes[row] !== hash) continue;
      const bytes = nameBytes(this.dies, this.offsets.at(row));
      if (bytes !== undefined && sameBytes(bytes, wanted)) found.push(row);
    }
    return found;
  }

  /** Hashes the name of every row. Backwards, so that each chain ascends. */
  private build(): void {
    const count = this.offsets.length;
    let size = 1;
    while (size < count) size *= 2;
    this.heads = new Int32Array(size).fill(-1);
    this.nexts = new Int32Array(count).fill(-1);
    this.hashes = new Uint32Array(count);
    for (let row = count - 1; row >= 0; row--) {
      const bytes = nameBytes(this.dies, this.offsets.at(row));
      if (bytes === undefined) continue;
      const hash = hashBytes(bytes);
      const bucket = hash & (size - 1);
      this.hashes[row] = hash;
      this.nexts[row] = this.heads[bucket];
      this.heads[bucket] = row;
    }
    this.built = true;
  }
}

/** "%", with which the linker escapes bytes of import paths. */
const PERCENT = 0x25;

/** The name of the DIE at an offset, or of its origin, the linker's escapes undone; undefined when it has none or is damaged. */
export function nameBytes(dies: Dies, offset: number): Uint8Array | undefined {
  try {
    const die = dies.at(offset);
    const bytes = die.stringBytes(DW_AT.name) ?? (hasOrigin(die) ? inherited(die) : undefined);
    return bytes?.includes(PERCENT) ? new TextEncoder().encode(realName(decodeText(bytes))) : bytes;
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}

/** Whether a DIE inherits from another one. */
function hasOrigin(die: Die): boolean {
  return die.has(DW_AT.abstract_origin) || die.has(DW_AT.specification);
}

/** The name of the nearest origin that has one. */
function inherited(die: Die): Uint8Array | undefined {
  for (const origin of die.origins()) {
    const bytes = origin.stringBytes(DW_AT.name);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/** FNV-1a, 32 bits. Fowler, Noll, Vo; draft-eastlake-fnv */
function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
