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

/** How far a key's text has come. */
interface Progress {
  /** Parts that may still be written out. */
  parts: number;
  /** Other keys may have this text: it was cut, not dumped, or a NaN, which equals nothing. */
  isShared: boolean;
}

/**
 * A map key as Go would write it: `"user-5"`, `7`, `main.Key{A: 1, B: "x"}`, `int64(7)` in an interface of another
 * default type, an address for pointers. Parts that were not dumped become `?`. A text that several keys may have ends
 * with where this one lies: `NaN@0xc000012008`.
 */
export function keyText(env: ValueEnvironment, type: TypeId, address: Address): string {
  const progress: Progress = { parts: MOST_PARTS, isShared: false };
  const text = textOf(env, type, address, 0, progress);
  return progress.isShared ? `${text}@${hex(address)}` : text;
}

function unread(progress: Progress): string {
  progress.isShared = true;
  return "?";
}

function textOf(env: ValueEnvironment, id: TypeId, address: Address, depth: number, progress: Progress): string {
  if (id === NONE || depth > DEEPEST) return unread(progress);
  progress.parts--;
  const { memory, types } = env;
  const type = types.get(id);
  try {
    switch (type.kind) {
      case "string": {
        const length = memory.readUint(address + 8, 8);
        const shown = Math.min(length, LONGEST_KEY);
        const bytes = shown === 0 ? new Uint8Array(0) : memory.bytes(memory.readAddress(address), shown);
        if (length > shown) progress.isShared = true;
        return length > shown ? `${quoteBytes(bytes)}…+${length - shown}` : quoteBytes(bytes);
      }
      case "struct": {
        const fields = type.fields.map((field) => `${field.name}: ${textOf(env, field.type, address + field.offset, depth + 1, progress)}`);
        return `${type.name}{${fields.join(", ")}}`;
      }
      case "array": {
        const size = type.element === NONE ? 0 : types.get(type.element).size;
        const elements: string[] = [];
        for (let i = 0; i < type.count; i++) {
          if (progress.parts <= 0) {
            progress.isShared = true;
            elements.push("…");
            break;
          }
          elements.push(textOf(env, type.element, address + i * size, depth + 1, progress));
        }
        return `${type.name}{${elements.join(", ")}}`;
      }
      case "interface": {
        const dynamic = readInterface(env, type, address);
        if (!dynamic) return "nil";
        const inner = textOf(env, dynamic.type, dynamic.address, depth + 1, progress);
        const name = dynamic.type === NONE ? unread(progress) : types.get(dynamic.type).name;
        // Go's default types of literals need no conversion; composite literals carry their type.
        const plain =
          /^(?:int|string|bool)$/.test(name) || inner.startsWith(`${name}{`) || (name === "float64" && /^-?[0-9]+(?:\.|e)/.test(inner));
        if (plain) return inner;
        return /^(?:[*(]|<-|chan\b)/.test(name) ? `(${name})(${inner})` : `${name}(${inner})`;
      }
      default:
        return numberText(env, type, address, progress);
    }
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    return unread(progress);
  }
}

function numberText(env: ValueEnvironment, type: GoType, address: Address, progress: Progress): string {
  const text = scalarText(env.memory, type, address);
  if ((type.kind === "float" || type.kind === "complex") && text?.includes("NaN")) progress.isShared = true;
  return text ?? unread(progress);
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
  const whole = key?.kind === "int" || key?.kind === "uint" ? integer(text) : undefined;
  if (wanted) return lookupString(env, readMap(memory, types, layout, type, header), wanted);
  for (const entry of readMap(memory, types, layout, type, header)) {
    if (whole !== undefined) {
      if (sameInteger(env, entry.key, key?.size ?? 8, whole)) return entry;
    } else if (keyText(env, type.key, entry.key) === text) return entry;
  }
  return undefined;
}

/** The entry with these bytes as its key. Keys lie all over the heap: they are compared in the order of their addresses. */
function lookupString(env: ValueEnvironment, entries: Iterable<MapEntry>, wanted: Uint8Array): MapEntry | undefined {
  const { memory } = env;
  const candidates: MapEntry[] = [];
  const starts: Address[] = [];
  for (const entry of entries) {
    if (memory.tryAddress(entry.key + 8) !== wanted.length) continue;
    if (wanted.length === 0) return entry;
    const start = memory.tryAddress(entry.key);
    if (start === undefined) continue;
    candidates.push(entry);
    starts.push(start);
  }
  for (const start of Float64Array.from(starts).sort()) {
    const bytes = memory.tryBytes(start, wanted.length);
    if (bytes?.every((byte, i) => byte === wanted[i])) return candidates[starts.indexOf(start)];
  }
  return undefined;
}

function integer(text: string): bigint | undefined {
  return /^-?(?:0x[0-9a-f]+|[0-9]+)$/i.test(text) ? (text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text)) : undefined;
}

function sameInteger(env: ValueEnvironment, key: Address, size: number, wanted: bigint): boolean {
  const bytes = env.memory.tryBytes(key, size);
  if (!bytes) return false;
  const pattern = BigInt.asUintN(size * 8, wanted);
  for (let i = 0; i < size; i++) if (bytes[i] !== Number((pattern >> BigInt(i * 8)) & 255n)) return false;
  return true;
}
