// The tables that each generation of a trace brings along: its texts and its stacks, by id.
import { decodeText } from "../base/byte-reader.js";
import { MOST_DECODED, MOST_DENSE } from "./limits.js";

/**
 * Texts by id; decoded when asked for. Id 0 is "".
 *
 * A busy second has a million of them, so none has an object of its own: a text is a row of three columns, which say where it lies
 * in the batch that brought it.
 */
export class StringTable {
  private readonly chunks: Uint8Array[] = [];
  /** [ids] row of chunks + 1, 0: no such id. */
  private chunk = new Uint32Array(256);
  /** [ids] offset in the chunk, and length in bytes. */
  private from = new Uint32Array(256);
  private length = new Uint16Array(256);
  /** Ids that are too large for a column; a runtime that counts from 1 gives none. */
  private readonly sparse = new Map<number, Uint8Array>();
  private readonly decoded = new Map<number, string>();

  /** Whether the id has a text; 0 always has. */
  has(id: number): boolean {
    return id === 0 || (id < this.chunk.length ? this.chunk[id] !== 0 : this.sparse.has(id));
  }

  /** The text of an id; undefined when the generation has none. */
  get(id: number): string | undefined {
    if (id === 0) return "";
    const known = this.decoded.get(id);
    if (known !== undefined) return known;
    const bytes = this.bytes(id);
    if (!bytes) return undefined;
    const text = decodeText(bytes);
    if (this.decoded.size < MOST_DECODED) this.decoded.set(id, text);
    return text;
  }

  /** The bytes of a text where they lie. */
  private bytes(id: number): Uint8Array | undefined {
    const row = id >= 0 && id < this.chunk.length ? this.chunk[id] : 0;
    if (row === 0) return this.sparse.get(id);
    const from = this.from[id];
    return this.chunks[row - 1]?.subarray(from, from + this.length[id]);
  }

  /** Gives the bytes that the texts set from now on stand in. They are kept, not copied. */
  open(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }

  /** Adds a text of the chunk opened last: where it begins in it, and its length in bytes. */
  set(id: number, from: number, length: number): void {
    if (id >= MOST_DENSE) {
      this.sparse.set(id, this.chunks[this.chunks.length - 1].subarray(from, from + length));
      return;
    }
    if (id >= this.chunk.length) this.grow(id);
    this.chunk[id] = this.chunks.length;
    this.from[id] = from;
    this.length[id] = length;
  }

  /** Makes the columns long enough for an id. */
  private grow(id: number): void {
    const size = Math.min(MOST_DENSE, Math.max(id + 1, this.chunk.length * 2));
    const larger = <T extends Uint32Array | Uint16Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.chunk = larger(this.chunk, new Uint32Array(size));
    this.from = larger(this.from, new Uint32Array(size));
    this.length = larger(this.length, new Uint16Array(size));
  }
}

/**
 * Stacks by id: pcs, and what each pc is. Id 0 is the empty stack. The file repeats function, file and line with every frame;
 * here they are kept once for each pc.
 */
export class StackTable {
  /** [frames] pcs, innermost first. */
  readonly pcs = new Map<number, Float64Array>();
  /** By pc: ids of the strings of function and file, and the line. */
  readonly places = new Map<number, { readonly function: number; readonly file: number; readonly line: number }>();

  /** Whether the id has a stack; 0 always has. */
  has(id: number): boolean {
    return id === 0 || this.pcs.has(id);
  }
}
