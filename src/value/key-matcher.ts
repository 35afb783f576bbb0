// What a map key's bytes must be for the key to have a text: most keys are refused by a few bytes, none is written out.
import { type Address, type Bytes, NONE, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { BLOCK } from "../process/address-space.js";
import type { GoType } from "../runtime/types.js";
import { conversionTo, needsNoConversion } from "./keys.js";
import { DEEPEST_KEY, MOST_KEY_ROWS, MOST_TYPE_WORDS } from "./limits.js";
import { unquote } from "./quote.js";
import type { ValueEnvironment } from "./scalars.js";

/** Where user space ends on both architectures, unless a program asks for more: nothing is dumped above it. */
const ADDRESSES = 2 ** 48;

/** Bytes that a part must have. */
interface Near {
  readonly offset: Bytes;
  readonly bytes: Uint8Array;
}

/** What a part must have elsewhere: the bytes that a string points to, the value in an interface. */
interface Far {
  /** Of the word that tells what must be there, in the part. */
  readonly tag: Bytes;
  /** Of the word that leads there. */
  readonly data: Bytes;
  /** undefined: no part with such a word has the text. */
  matcherOf(word: Address): Matcher | undefined;
}

/** What a value must have, to be what the text says. */
interface Matcher {
  readonly near: readonly Near[];
  readonly far: readonly Far[];
  /** Of an interface's value: it is the data word itself. */
  readonly isDirect?: boolean;
}

/** What a key must have. */
export interface KeyMatcher extends Matcher {
  /** The matcher tells the whole text: what passes has it. */
  readonly isWhole: boolean;
}

/** Parts of keys: row numbers of the keys that they belong to, below MOST_KEY_ROWS, and their addresses. */
export interface KeyParts {
  readonly rows: readonly number[];
  readonly at: readonly Address[];
}

/**
 * The matcher for keys with a text; undefined when no key of the type has it. It lets every such key pass, and others
 * where the text does not tell bytes: parts that were cut or not dumped, NaN.
 *
 * @param text as keyText writes it
 */
export function keyMatcher(env: ValueEnvironment, type: TypeId, text: string): KeyMatcher | undefined {
  const reader = new KeyParser(env, text, 0);
  const isWhole = reader.value(type, 0, 0) && reader.at === text.length;
  return reader.isRefused ? undefined : { near: reader.near, far: reader.far, isWhole };
}

/** Whether the bytes at an address are these. */
export function passes(memory: AddressSpace, near: readonly Near[], at: Address): boolean {
  for (const { offset, bytes } of near) {
    const found = memory.tryBytes(at + offset, bytes.length);
    if (!found) return false;
    for (let i = 0; i < bytes.length; i++) if (found[i] !== bytes[i]) return false;
  }
  return true;
}

/** The parts that have elsewhere what they must, in their order. What they lead to is read in the order of addresses. */
export function matchElsewhere(memory: AddressSpace, far: readonly Far[], parts: KeyParts): KeyParts {
  let left = parts;
  for (const each of far) {
    const passed = new Set<number>();
    for (const [matcher, targets] of follow(memory, each, left)) {
      const near = select(targets, inAddressOrder(targets.at), (i) => passes(memory, matcher.near, targets.at[i]));
      for (const row of matchElsewhere(memory, matcher.far, near).rows) passed.add(row);
    }
    const { rows } = left;
    left = select(left, rows.keys(), (i) => passed.has(rows[i]));
  }
  return left;
}

/** Where parts lead to, by what must be there. Parts that lead nowhere, or that cannot have the text, are left out. */
function follow(memory: AddressSpace, far: Far, { rows, at }: KeyParts): Map<Matcher, { rows: number[]; at: Address[] }> {
  const byMatcher = new Map<Matcher, { rows: number[]; at: Address[] }>();
  for (let i = 0; i < at.length; i++) {
    const word = memory.tryAddress(at[i] + far.tag);
    const matcher = word === undefined ? undefined : far.matcherOf(word);
    if (!matcher) continue;
    const target = matcher.isDirect ? at[i] + far.data : memory.tryAddress(at[i] + far.data);
    if (target === undefined || !(target >= 0 && target < ADDRESSES)) continue;
    const targets = byMatcher.get(matcher) ?? { rows: [], at: [] };
    byMatcher.set(matcher, targets);
    targets.rows.push(rows[i]);
    targets.at.push(target);
  }
  return byMatcher;
}

/** Parts of a choice, in an order. */
function select({ rows, at }: KeyParts, order: Iterable<number>, isKept: (i: number) => boolean): KeyParts {
  const kept = { rows: [] as number[], at: [] as Address[] };
  for (const i of order) {
    if (!isKept(i)) continue;
    kept.rows.push(rows[i]);
    kept.at.push(at[i]);
  }
  return kept;
}

/** Indexes of addresses by the blocks that hold them: a block and an index are one exact number. */
function* inAddressOrder(at: readonly Address[]): Iterable<number> {
  const keys = Float64Array.from(at, (address, i) => Math.floor(address / BLOCK) * MOST_KEY_ROWS + i).sort();
  for (const key of keys) yield key % MOST_KEY_ROWS;
}

/** Reads a text as a key of a type, and notes what bytes each part of it asks for. */
class KeyParser {
  readonly near: Near[] = [];
  readonly far: Far[] = [];
  at: number;
  /** No key of the type has the text. */
  isRefused = false;
  private readonly env: ValueEnvironment;
  private readonly text: string;
  constructor(env: ValueEnvironment, text: string, at: number) {
    this.env = env;
    this.text = text;
    this.at = at;
  }

  /** Takes the text of a value whose type and offset in the key are known; false when what follows is not known. */
  value(id: TypeId, offset: Bytes, depth: number): boolean {
    if (this.isNext("?") || this.isNext("…")) return false;
    if (id === NONE || depth > DEEPEST_KEY) return this.refuse();
    const type = this.env.types.get(id);
    switch (type.kind) {
      case "string":
        return this.string(offset);
      case "struct":
        return (
          this.take(`${type.name}{`) &&
          type.fields.every(
            (field, i) => this.take(`${i > 0 ? ", " : ""}${field.name}: `) && this.value(field.type, offset + field.offset, depth + 1),
          ) &&
          this.take("}")
        );
      case "array":
        return this.take(`${type.name}{`) && this.elements(type, offset, depth) && this.take("}");
      case "interface":
        return this.dynamic(type, offset, depth);
      default:
        return this.scalar(type, offset);
    }
  }

  /** Takes a value as it stands in an interface. */
  private boxed(id: TypeId, depth: number): boolean {
    const type = this.env.types.get(id);
    const conversion = conversionTo(type.name);
    if (needsNoConversion(type) || (type.name === "float64" && !this.isNext(conversion))) return this.value(id, 0, depth);
    return this.take(conversion) && this.value(id, 0, depth) && this.take(")");
  }

  /** No key of the type has such a text. */
  private refuse(): false {
    this.isRefused = true;
    return false;
  }

  /** Without taking it. */
  private isNext(part: string): boolean {
    return this.text.startsWith(part, this.at);
  }

  /** Takes just this, or refuses. */
  private take(part: string): boolean {
    if (!this.isNext(part)) return this.refuse();
    this.at += part.length;
    return true;
  }

  /** Takes what matches a sticky pattern. */
  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) this.refuse();
    else this.at += found.length;
    return found;
  }

  /** A string must have the literal's length, and elsewhere its bytes. */
  private string(offset: Bytes): boolean {
    const literal = this.match(/"(?:[^"\\]|\\.)*"/sy);
    const bytes = literal === undefined ? undefined : unquote(literal);
    if (!bytes) return this.refuse();
    if (this.isNext("…")) return false;
    this.near.push({ offset: offset + 8, bytes: littleEndian(BigInt(bytes.length), 8) });
    const matcher = { near: [{ offset: 0, bytes }], far: [] };
    if (bytes.length > 0) this.far.push({ tag: offset, data: offset, matcherOf: () => matcher });
    return true;
  }

  /** What stands between the braces of an array. */
  private elements(type: GoType, offset: Bytes, depth: number): boolean {
    const size = type.element === NONE ? 0 : this.env.types.get(type.element).size;
    for (let i = 0; i < type.count; i++) {
      if (i > 0 && !this.take(", ")) return false;
      if (!this.value(type.element, offset + i * size, depth + 1)) return false;
    }
    return true;
  }

  /** Where the text of an interface's value ends depends on its type: what follows is not known. */
  private dynamic(type: GoType, offset: Bytes, depth: number): boolean {
    const { env, text, at } = this;
    if (/nil(?![\w./])/y.test(text.slice(at, at + 4))) {
      this.near.push({ offset, bytes: new Uint8Array(8) });
      return this.take("nil");
    }
    const known = new Map<Address, Matcher | undefined>();
    const read = (word: Address): Matcher | undefined => {
      const id = env.types.interfaceTarget(word, type.hasMethods);
      if (id === NONE) return undefined;
      const reader = new KeyParser(env, text, at);
      reader.boxed(id, depth + 1);
      return reader.isRefused ? undefined : { near: reader.near, far: reader.far, isDirect: env.types.get(id).isDirect };
    };
    const matcherOf = (word: Address): Matcher | undefined => {
      if (known.has(word)) return known.get(word);
      if (known.size === MOST_TYPE_WORDS) known.clear();
      const matcher = read(word);
      known.set(word, matcher);
      return matcher;
    };
    this.far.push({ tag: offset, data: offset + 8, matcherOf });
    return false;
  }

  /** Complex numbers are left to whoever compares texts: their bytes are not told here. */
  private scalar(type: GoType, offset: Bytes): boolean {
    switch (type.kind) {
      case "bool":
        return this.match(/true|false/y) !== undefined;
      case "int":
      case "uint":
        return this.integer(this.match(/-?(?:0x[0-9a-f]+|[0-9]+)/iy), type, offset);
      case "float": {
        const number = this.match(/NaN|[+-]?(?:Inf|[0-9.]+(?:e[+-][0-9]+)?)/y);
        return number !== undefined && (number === "NaN" || this.float(Number(number.replace("Inf", "Infinity")), type.size, offset));
      }
      case "pointer":
      case "unsafe.Pointer":
      case "func":
      case "chan": {
        const pointer = this.match(/nil|0x[0-9a-f]+/y);
        return this.integer(pointer === "nil" ? "0" : pointer, { kind: "uint", size: 8 }, offset);
      }
      case "complex":
        return false;
      default:
        return this.refuse();
    }
  }

  /** Refused when the type cannot hold it. */
  private integer(text: string | undefined, { kind, size }: Pick<GoType, "kind" | "size">, offset: Bytes): boolean {
    if (text === undefined) return false;
    const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
    const inType = kind === "int" ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
    if (inType !== value) return this.refuse();
    this.near.push({ offset, bytes: littleEndian(value, size) });
    return true;
  }

  /** A float32's text names one float32: rounding the number gives its bytes. */
  private float(value: number, size: Bytes, offset: Bytes): boolean {
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    if (size === 4) view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
    this.near.push({ offset, bytes });
    return true;
  }
}

/** As Go keeps an integer in memory, on amd64 and arm64. */
function littleEndian(value: bigint, size: Bytes): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(i * 8)) & 255n));
}
