// Map keys as they stand in an expression, and finding an entry by such a text.
import { DumpError } from "../base/errors.js";
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import type { GoType } from "../runtime/types.js";
import { type MapEntry, readMap } from "../runtime/variants/maps.js";
import { quoteBytes, unquote } from "./quote.js";
import { readInterface, scalarText, type ValueEnvironment } from "./scalars.js";

/** Bytes of a string key that are shown; the rest becomes a count, `"abc"…+900`. */
const LONGEST_KEY = 1024;
const DEEPEST = 8;
/** Parts of a key that are written out; what follows in an array becomes "…". */
const MOST_PARTS = 4096;

/**
 * A map key as Go would write it: `"user-5"`, `7`, `main.Key{A: 1, B: "x"}`, `int64(7)` in an interface of another
 * default type, an address for pointers. Parts that were not dumped become `?`. A text that several keys may have ends
 * with where this one lies: `NaN@0xc000012008`.
 */
export function keyText(env: ValueEnvironment, type: TypeId, address: Address): string {
  const writer = new KeyWriter(env);
  writer.whole(type, address);
  return writer.text;
}

/** Whether a key has this text, as keyText writes it: told at the first part that differs. */
export function hasKeyText(env: ValueEnvironment, type: TypeId, address: Address, wanted: string): boolean {
  const writer = new KeyWriter(env, wanted);
  return writer.whole(type, address) && writer.text.length === wanted.length;
}

/** Writes a key part by part. With a wanted text every method is false as soon as it begins differently. */
class KeyWriter {
  text = "";
  private readonly env: ValueEnvironment;
  private readonly wanted: string | undefined;
  private parts = MOST_PARTS;
  /** Other keys may have this text: it was cut, not dumped, or a NaN, which equals nothing. */
  private isShared = false;
  constructor(env: ValueEnvironment, wanted?: string) {
    this.env = env;
    this.wanted = wanted;
  }

  whole(type: TypeId, address: Address): boolean {
    return this.value(type, address, 0) && (!this.isShared || this.put(`@${hex(address)}`));
  }

  private put(part: string): boolean {
    if (this.wanted !== undefined && !this.wanted.startsWith(part, this.text.length)) return false;
    this.text += part;
    return true;
  }

  private unread(): boolean {
    this.isShared = true;
    return this.put("?");
  }

  private value(id: TypeId, address: Address, depth: number): boolean {
    if (id === NONE || depth > DEEPEST) return this.unread();
    this.parts--;
    try {
      return this.known(this.env.types.get(id), address, depth);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      return this.unread();
    }
  }

  private known(type: GoType, address: Address, depth: number): boolean {
    switch (type.kind) {
      case "string":
        return this.string(address);
      case "struct":
        return (
          this.put(`${type.name}{`) &&
          type.fields.every(
            (field, i) => this.put(`${i > 0 ? ", " : ""}${field.name}: `) && this.value(field.type, address + field.offset, depth + 1),
          ) &&
          this.put("}")
        );
      case "array":
        return this.put(`${type.name}{`) && this.elements(type, address, depth) && this.put("}");
      case "interface":
        return this.dynamic(type, address, depth);
      default: {
        const text = scalarText(this.env.memory, type, address);
        if (text === undefined) return this.unread();
        if ((type.kind === "float" || type.kind === "complex") && text.includes("NaN")) this.isShared = true;
        return this.put(text);
      }
    }
  }

  private string(address: Address): boolean {
    const { memory } = this.env;
    const length = memory.readUint(address + 8, 8);
    const shown = Math.min(length, LONGEST_KEY);
    const bytes = shown === 0 ? new Uint8Array(0) : memory.bytes(memory.readAddress(address), shown);
    if (length === shown) return this.put(quoteBytes(bytes));
    this.isShared = true;
    return this.put(`${quoteBytes(bytes)}…+${length - shown}`);
  }

  private elements(type: GoType, address: Address, depth: number): boolean {
    const size = type.element === NONE ? 0 : this.env.types.get(type.element).size;
    for (let i = 0; i < type.count; i++) {
      if (i > 0 && !this.put(", ")) return false;
      if (this.parts <= 0) {
        this.isShared = true;
        return this.put("…");
      }
      if (!this.value(type.element, address + i * size, depth + 1)) return false;
    }
    return true;
  }

  private dynamic(type: GoType, address: Address, depth: number): boolean {
    const found = readInterface(this.env, type, address);
    if (!found) return this.put("nil");
    if (found.type === NONE) return this.unread();
    const { kind, name } = this.env.types.get(found.type);
    // Go's default types of literals need no conversion; composite literals carry their type.
    const isPlain =
      /^(?:int|string|bool)$/.test(name) ||
      kind === "struct" ||
      kind === "array" ||
      (name === "float64" && /^-?[0-9]+(?:\.|e)/.test(keyText(this.env, found.type, found.address)));
    if (isPlain) return this.value(found.type, found.address, depth + 1);
    const conversion = /^(?:[*(]|<-|chan\b)/.test(name) ? `(${name})(` : `${name}(`;
    return this.put(conversion) && this.value(found.type, found.address, depth + 1) && this.put(")");
  }
}

/**
 * The entry whose key has this text; undefined when there is none. Scans the map; strings and integers are compared
 * without being written out.
 *
 * @param header address of the map header
 * @param text   as keyText writes it
 */
export function lookupKey(env: ValueEnvironment, map: TypeId, header: Address, text: string): MapEntry | undefined {
  const { memory, types, layout } = env;
  const type = types.get(map);
  const key = type.key === NONE ? undefined : types.get(type.key);
  const wanted = key?.kind === "string" ? unquote(text) : undefined;
  const pattern = key?.kind === "int" || key?.kind === "uint" ? integerBytes(text, key) : undefined;
  if (wanted) return lookupString(env, readMap(memory, types, layout, type, header), wanted);
  for (const entry of readMap(memory, types, layout, type, header)) {
    if (pattern) {
      const bytes = memory.tryBytes(entry.key, pattern.length);
      if (bytes?.every((byte, i) => byte === pattern[i])) return entry;
    } else if (hasKeyText(env, type.key, entry.key, text)) return entry;
  }
  return undefined;
}

/** The entry with these bytes as its key. Keys lie all over the heap: they are compared in the order of their addresses. */
function lookupString(env: ValueEnvironment, entries: Iterable<MapEntry>, wanted: Uint8Array): MapEntry | undefined {
  const { memory } = env;
  // Numbers, not entries: objects that stay would cost more than the search.
  const keys: Address[] = [];
  const values: Address[] = [];
  const starts: Address[] = [];
  for (const entry of entries) {
    if (memory.tryAddress(entry.key + 8) !== wanted.length) continue;
    if (wanted.length === 0) return entry;
    const start = memory.tryAddress(entry.key);
    if (start === undefined) continue;
    keys.push(entry.key);
    values.push(entry.value);
    starts.push(start);
  }
  for (const start of Float64Array.from(starts).sort()) {
    const bytes = memory.tryBytes(start, wanted.length);
    if (!bytes?.every((byte, i) => byte === wanted[i])) continue;
    const at = starts.indexOf(start);
    return { key: keys[at], value: values[at] };
  }
  return undefined;
}

/** An integer as it lies in memory; undefined when the text is none, or none of this type. */
function integerBytes(text: string, { kind, size }: GoType): Uint8Array | undefined {
  if (!/^-?(?:0x[0-9a-f]+|[0-9]+)$/i.test(text)) return undefined;
  const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  const inType = kind === "int" ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
  if (inType !== value) return undefined;
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(i * 8)) & 255n));
}
