// Map keys as they stand in an expression.
import { DumpError } from "../base/errors.js";
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import type { GoType } from "../runtime/types.js";
import { DEEPEST_KEY, LONGEST_KEY, MOST_KEY_PARTS } from "./limits.js";
import { quoteBytes } from "./quote.js";
import { readInterface, scalarText, type ValueEnvironment } from "./scalars.js";

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
  private parts = MOST_KEY_PARTS;
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
    if (id === NONE || depth > DEEPEST_KEY) return this.unread();
    this.parts--;
    try {
      return this.known(this.env.types.get(id), address, depth);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      return this.unread();
    }
  }

  /** A value of a known type; every method says false once the text is not the wanted one. */
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

  /** Long strings are cut, and two of them may then have one text. */
  private string(address: Address): boolean {
    const { memory } = this.env;
    const length = memory.readUint(address + 8, 8);
    const shown = Math.min(length, LONGEST_KEY);
    const bytes = shown === 0 ? new Uint8Array(0) : memory.bytes(memory.readAddress(address), shown);
    if (length === shown) return this.put(quoteBytes(bytes));
    this.isShared = true;
    return this.put(`${quoteBytes(bytes)}…+${length - shown}`);
  }

  /** Of an array that is a key; a slice cannot be one. */
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

  /** As Go source would write it: with a conversion, where the literal alone would be of another type. */
  private dynamic(type: GoType, address: Address, depth: number): boolean {
    const found = readInterface(this.env, type, address);
    if (!found) return this.put("nil");
    if (found.type === NONE) return this.unread();
    const { name } = this.env.types.get(found.type);
    const isPlain =
      needsNoConversion(this.env.types.get(found.type)) ||
      (name === "float64" && /^-?[0-9]+(?:\.|e)/.test(keyText(this.env, found.type, found.address)));
    if (isPlain) return this.value(found.type, found.address, depth + 1);
    return this.put(conversionTo(name)) && this.value(found.type, found.address, depth + 1) && this.put(")");
  }
}

/** Go's default types of literals need no conversion in an interface; composite literals carry their type. */
export function needsNoConversion({ kind, name }: GoType): boolean {
  return /^(?:int|string|bool)$/.test(name) || kind === "struct" || kind === "array";
}

/** How a conversion to a type begins: `int64(`, `(*main.T)(`. */
export function conversionTo(name: string): string {
  return /^(?:[*(]|<-|chan\b)/.test(name) ? `(${name})(` : `${name}(`;
}
