// Go values as people read them: read from memory as plain data, to a depth, and told in one line.
import { DumpError } from "../base/errors.js";
import { type Address, type Bytes, counted, type Hex, hex, NONE, type TypeId } from "../base/units.js";
import { mapLength, readMap } from "../runtime/maps/maps.js";
import type { GoType } from "../runtime/types.js";
import { VALUE_LIMITS, type ValueLimits } from "./limits.js";
import { isText, printable, quoteBytes } from "./quote.js";
import { readInterface, scalarText, type ValueEnvironment } from "./scalars.js";
import { timeText } from "./times.js";

/** A value as plain data. text is what Go's %v would print for it, strings quoted; addresses are hex. */
export type Value =
  | { readonly kind: "scalar"; readonly type: string; readonly text: string }
  | { readonly kind: "string"; readonly type: string; readonly text: string; readonly length: Bytes; readonly cut: boolean }
  | { readonly kind: "pointer"; readonly type: string; readonly address: Hex; readonly target: Value | undefined }
  | {
      readonly kind: "list";
      readonly type: string;
      readonly address: Hex;
      readonly length: number;
      readonly capacity: number;
      readonly elements: readonly Value[];
    }
  | { readonly kind: "struct"; readonly type: string; readonly fields: readonly { readonly name: string; readonly value: Value }[] }
  | {
      readonly kind: "map";
      readonly type: string;
      readonly address: Hex;
      readonly length: number;
      readonly entries: readonly { readonly key: Value; readonly value: Value }[];
    }
  | { readonly kind: "interface"; readonly type: string; readonly dynamic: string; readonly value: Value | undefined }
  /** Deeper than asked for: there is something, it was not read. */
  | { readonly kind: "deeper"; readonly type: string }
  | { readonly kind: "unreadable"; readonly type: string; readonly reason: string };

/**
 * The value of a type at an address. Memory that was not dumped becomes "unreadable" where it is met.
 *
 * @param depth levels of structs, elements, pointers and interfaces to open; 0 gives scalars, strings and lengths
 */
export function readValue(env: ValueEnvironment, type: TypeId, address: Address, depth: number, limits: ValueLimits = VALUE_LIMITS): Value {
  return new ValueReader(env, limits).read(type, address, depth);
}

/** Reads one value with all that is in it, as far as its limits let it. */
class ValueReader {
  private readonly env: ValueEnvironment;
  private readonly limits: ValueLimits;
  /** Values that may still be read. */
  private left: number;
  constructor(env: ValueEnvironment, limits: ValueLimits) {
    this.env = env;
    this.limits = limits;
    this.left = limits.values;
  }

  /** Damage and bounds become values of their own kind, so that what is around them is read. */
  read(id: TypeId, address: Address, depth: number): Value {
    const name = id === NONE ? "?" : this.env.types.get(id).name;
    if (id === NONE) return { kind: "unreadable", type: name, reason: "its type is unknown" };
    if (this.left-- <= 0) return { kind: "deeper", type: name };
    try {
      return this.readKnown(id, address, depth);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      return { kind: "unreadable", type: name, reason: error.message };
    }
  }

  /** A value of a known type. @throws DumpError where memory is missing */
  private readKnown(id: TypeId, address: Address, depth: number): Value {
    const { memory, types } = this.env;
    const go = types.get(id);
    const type = go.name;
    const time = timeText(this.env, go, address);
    if (time !== undefined) return { kind: "scalar", type, text: time };
    switch (go.kind) {
      case "string":
        return this.string(type, address);
      case "pointer":
        return this.pointer(go, address, depth);
      case "slice": {
        const [length, capacity] = [memory.readUint(address + 8, 8), memory.readUint(address + 16, 8)];
        return this.list(type, go.element, memory.readAddress(address), length, capacity, depth);
      }
      case "array":
        return this.list(type, go.element, address, Math.max(go.count, 0), Math.max(go.count, 0), depth);
      case "struct":
        return this.struct(go, address, depth);
      case "map":
        return this.map(go, memory.readAddress(address), depth);
      case "interface":
        return this.interface(go, address, depth);
      default: {
        const text = scalarText(memory, go, address);
        if (text === undefined) return { kind: "unreadable", type, reason: "its kind is unknown" };
        return { kind: "scalar", type, text };
      }
    }
  }

  /** A string header is two words: where the bytes are, and how many. */
  private string(type: string, address: Address): Value {
    const { memory } = this.env;
    const length = memory.readUint(address + 8, 8);
    const shown = Math.min(length, this.limits.stringBytes);
    const bytes = shown === 0 ? new Uint8Array(0) : memory.bytes(memory.readAddress(address), shown);
    return { kind: "string", type, text: quoteBytes(bytes), length, cut: shown < length };
  }

  /** A pointer is opened while levels are left, and its target is one level deeper. */
  private pointer({ name, element }: GoType, address: Address, depth: number): Value {
    const target = this.env.memory.readAddress(address);
    const opened = target > 0 && depth > 0 && element !== NONE ? this.read(element, target, depth - 1) : undefined;
    return { kind: "pointer", type: name, address: hex(target), target: opened };
  }

  /** Of a struct with thousands of fields the first ones. */
  private struct({ name, fields }: GoType, address: Address, depth: number): Value {
    if (depth <= 0 && fields.length > 0) return { kind: "deeper", type: name };
    const shown = fields.slice(0, this.limits.elements);
    return {
      kind: "struct",
      type: name,
      fields: shown.map((field) => ({ name: field.name, value: this.read(field.type, address + field.offset, depth - 1) })),
    };
  }

  /** Entries in the order in which they lie, which is no order of the program's. */
  private map(go: GoType, header: Address, depth: number): Value {
    const entries: { key: Value; value: Value }[] = [];
    if (depth > 0) {
      for (const entry of readMap(this.env, go, header)) {
        if (entries.length === this.limits.elements || this.left <= 0) break;
        entries.push({ key: this.read(go.key, entry.key, depth - 1), value: this.read(go.element, entry.value, depth - 1) });
      }
    }
    return { kind: "map", type: go.name, address: hex(header), length: mapLength(this.env, header), entries };
  }

  /** The value in an interface is as deep as the interface: in Go's eyes it is the same value. */
  private interface(go: GoType, address: Address, depth: number): Value {
    const dynamic = readInterface(this.env, go, address);
    if (!dynamic) return { kind: "scalar", type: go.name, text: "nil" };
    if (dynamic.type === NONE) return { kind: "unreadable", type: go.name, reason: "its dynamic type is unknown" };
    const { name } = this.env.types.get(dynamic.type);
    return { kind: "interface", type: go.name, dynamic: name, value: this.read(dynamic.type, dynamic.address, depth) };
  }

  /** The first elements of an array, or of the one that a slice views. */
  private list(type: string, element: TypeId, address: Address, length: number, capacity: number, depth: number): Value {
    const elements: Value[] = [];
    if (depth > 0 && element !== NONE) {
      const { size } = this.env.types.get(element);
      const shown = Math.min(length, this.limits.elements);
      for (let i = 0; i < shown && this.left > 0; i++) elements.push(this.read(element, address + i * size, depth - 1));
    }
    return { kind: "list", type, address: hex(address), length, capacity, elements };
  }
}

/** The value in one line: {ID:5 Name:"user-5" Tags:[… 2]}; nothing in it moves a terminal. */
export function summarize(value: Value, width = 160): string {
  const text = line(value);
  return text.length <= width ? text : `${[...text].slice(0, width - 1).join("")}…`;
}

/** As %+v prints it, but for what was not read. */
function line(value: Value): string {
  switch (value.kind) {
    case "scalar":
      return value.text;
    case "string":
      return value.cut ? `${value.text}… ${counted(value.length, "byte")}` : value.text;
    case "pointer":
      if (value.address === "0x0") return "nil";
      return value.target && value.target.kind !== "unreadable" && value.target.kind !== "deeper"
        ? `&${line(value.target)}`
        : value.address;
    case "list":
      return bytesText(value) ?? `[${several(value.elements.map(line), value.length)}]`;
    case "struct":
      return `{${value.fields.map((field) => `${printable(field.name)}:${line(field.value)}`).join(" ")}}`;
    case "map":
      if (value.address === "0x0") return "nil";
      return `map[${several(
        value.entries.map((entry) => `${line(entry.key)}:${line(entry.value)}`),
        value.length,
      )}]`;
    case "interface":
      if (!value.value) return "nil";
      return value.value.kind === "string" || value.value.kind === "pointer"
        ? line(value.value)
        : `${printable(value.dynamic)}(${line(value.value)})`;
    case "deeper":
      return "{…}";
    case "unreadable":
      return `(${printable(value.reason)})`;
  }
}

/** Bytes that are text as a string. */
function bytesText({ elements, length }: Value & { readonly kind: "list" }): string | undefined {
  const bytes = elements.map((each) => (each.kind === "scalar" && each.type === "uint8" ? Number(each.text) : Number.NaN));
  if (bytes.some(Number.isNaN) || !isText(Uint8Array.from(bytes))) return undefined;
  const text = quoteBytes(Uint8Array.from(bytes));
  return bytes.length < length ? `${text}… ${counted(length, "byte")}` : text;
}

/** What is shown, and how many there are when that is not all. */
function several(shown: readonly string[], length: number): string {
  if (length === shown.length) return shown.join(" ");
  return shown.length === 0 ? `… ${length}` : `${shown.join(" ")} … ${length}`;
}
