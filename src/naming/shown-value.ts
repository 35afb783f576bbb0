// One value as a tree of named parts, opened to a depth and a page at a time.
import { DumpError } from "../base/errors.js";
import { type Address, type Hex, hex, NONE, type TypeId } from "../base/units.js";
import type { Snapshot } from "../heap/snapshot.js";
import { atomicTarget } from "../runtime/atomic-pointers.js";
import { mapLength, readMap } from "../runtime/maps/maps.js";
import { readSyncMap } from "../runtime/maps/sync-maps.js";
import { readChannel } from "../runtime/records/channel.js";
import type { GoType } from "../runtime/types.js";
import { keyText } from "../value/keys.js";
import { readInterface, scalarText, type ValueEnvironment } from "../value/scalars.js";
import { timeText } from "../value/times.js";
import { INNER_ELEMENTS, MOST_VALUES, STRING_BYTES, WHOLE_STRING_BYTES } from "./limits.js";
import { bytesText, channelText, type MoreOfValue, readClosure, stringText, type TextCut, textFrom } from "./value-texts.js";

/** A value, or a part of one. */
export interface ShownValue {
  /** Field, "[3]", `["key"]`, "" for the value itself. */
  readonly name: string;
  readonly type: string;
  /** One line as Go spells it, safe for a terminal: the scalar, the string as a Go literal, the length of a slice; "" of a map. */
  readonly text: string;
  /** What follows the text, or is all that is known. */
  readonly more?: MoreOfValue;
  /** Of the value behind a pointer, slice, map, channel or func; absent for nil and scalars. */
  readonly address?: Hex;
  /** Entries of a container in all, when there is one. */
  readonly length?: number;
  /** Index of the first child within the container. */
  readonly offset?: number;
  readonly children?: readonly ShownValue[];
}

/** How much of a value is read. */
export interface Page {
  /** Levels opened below the value. */
  readonly depth: number;
  /** First element shown of the value itself. */
  readonly offset: number;
  /** Elements shown of the value itself; 0 = all. */
  readonly top: number;
}

/**
 * Reads the value of a type at an address.
 * @param count  elements of an array of unknown length
 * @param memory that has the address
 */
export function showValue(
  snapshot: Snapshot,
  type: TypeId,
  address: Address,
  page: Page,
  count = 0,
  memory: ValueEnvironment["memory"] = snapshot.runtime.process.memory,
): ShownValue {
  return new ValueWalk(snapshot, page, memory).value("", type, address, page.depth, true, count);
}

/**
 * The map or channel whose header is the object at an address: entries are what a person wants of it, not the runtime's fields.
 * @returns undefined for other types, and where the program has no variable of the map's or channel's type
 */
export function showHeader(snapshot: Snapshot, type: TypeId, header: Address, page: Page): ShownValue | undefined {
  const { types } = snapshot.runtime;
  const id = types.byName(types.get(type).role.readable);
  return id === NONE || id === type
    ? undefined
    : new ValueWalk(snapshot, page, snapshot.runtime.process.memory).header(types.get(id), header, page.depth);
}

/** Names the address of a value; nothing for nil. */
const at = (address: Address): { readonly address?: Hex } => (address > 0 ? { address: hex(address) } : {});
const below = (children: readonly ShownValue[] | undefined) => (children === undefined || children.length === 0 ? {} : { children });

/** Walks one value down to the depth asked for. */
class ValueWalk {
  private readonly snapshot: Snapshot;
  private readonly page: Page;
  private readonly memory: ValueEnvironment["memory"];
  /** Values that may still be read: a wide value is cut even where every level of it is short. */
  private left = MOST_VALUES;
  constructor(snapshot: Snapshot, page: Page, memory: ValueEnvironment["memory"]) {
    this.snapshot = snapshot;
    this.page = page;
    this.memory = memory;
  }

  /** Made anew at each use: the memory is the walk's own, which may hold a variable out of registers. */
  private get env() {
    const { runtime } = this.snapshot;
    return { memory: this.memory, types: runtime.types, maps: runtime.maps };
  }

  /**
   * A value and its parts; what cannot be read is told in its place and stops nothing else.
   * @param depth levels still to open
   * @param isWhole it is what was asked for, and gets the whole page; values inside it are short
   * @param count elements of an array of unknown length
   */
  value(name: string, id: TypeId, address: Address, depth: number, isWhole = false, count = 0): ShownValue {
    if (id === NONE) return { name, type: "?", text: "of unknown type", address: hex(address) };
    const type = this.snapshot.runtime.types.get(id);
    if (this.left-- <= 0) return { name, type: type.name, text: "…" };
    try {
      return this.known(name, type, address, depth, isWhole, count);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      return { name, type: type.name, text: `(${error.message})` };
    }
  }

  /** The same for a map or channel whose header is at an address, rather than a pointer to it. */
  header(go: GoType, header: Address, depth: number): ShownValue | undefined {
    const base = { name: "", type: go.name };
    if (go.kind === "map") return this.map(base, go, header, depth, true);
    return go.kind === "chan" ? this.channel(base, go, header, depth, true) : undefined;
  }

  /**
   * By kind. Layouts are the compiler's: string {data, len}, slice {data, len, cap}, a map, chan or func is one pointer.
   * cmd/compile/internal/types/size.go
   */
  private known(name: string, go: GoType, address: Address, depth: number, isWhole: boolean, count: number): ShownValue {
    const { memory } = this.env;
    const base = { name, type: go.name };
    const time = timeText(this.env, go, address);
    if (time !== undefined) return { ...base, text: time };
    switch (go.kind) {
      case "string":
        return { ...base, ...stringText(memory, memory.readAddress(address), memory.readUint(address + 8, 8), this.cut(isWhole)) };
      case "pointer":
        return this.pointer(base, go, memory.readAddress(address), depth, isWhole);
      case "slice": {
        const start = memory.readAddress(address);
        const length = memory.readUint(address + 8, 8);
        const capacity = memory.readUint(address + 16, 8);
        if (start === 0) return { ...base, text: "nil", length: 0 };
        const more = capacity === length ? "" : `, cap ${capacity}`;
        return {
          ...base,
          text: `len ${length}${more}${this.bytesText(go.element, start, length, isWhole)}`,
          ...at(start),
          ...this.elements(go.element, start, length, depth, isWhole),
        };
      }
      case "array": {
        const length = go.count >= 0 ? go.count : count;
        return {
          ...base,
          text: `len ${length}${this.bytesText(go.element, address, length, isWhole)}`,
          ...this.elements(go.element, address, length, depth, isWhole),
        };
      }
      case "struct":
        return this.struct(base, go, address, depth, isWhole);
      case "map":
        return this.map(base, go, memory.readAddress(address), depth, isWhole);
      case "chan":
        return this.channel(base, go, memory.readAddress(address), depth, isWhole);
      case "func":
        return this.closure(base, memory.readAddress(address), depth);
      case "interface": {
        const dynamic = readInterface(this.env, go, address);
        if (!dynamic) return { ...base, text: "nil" };
        if (dynamic.type === NONE) return { ...base, text: "its dynamic type is unknown", address: hex(dynamic.address) };
        const inner = this.value(name, dynamic.type, dynamic.address, depth, isWhole);
        return { ...inner, type: `${go.name}(${inner.type})` };
      }
      default: {
        const text = scalarText(memory, go, address);
        return { ...base, ...(text === undefined ? { text: "", more: { kind: "unknown kind", count: go.size } } : { text }) };
      }
    }
  }

  private cut(isWhole: boolean): TextCut {
    return isWhole ? { from: this.page.offset, most: WHOLE_STRING_BYTES } : { from: 0, most: STRING_BYTES };
  }

  private isByte(id: TypeId): boolean {
    return id !== NONE && this.snapshot.runtime.types.get(id).name === "uint8";
  }

  private bytesText(element: TypeId, start: Address, length: number, isWhole: boolean): string {
    return this.isByte(element) ? bytesText(this.memory, start, length, this.cut(isWhole)) : "";
  }

  /** Elements of one type side by side in memory, as many as the page or the bound on inner ones allows. */
  private elements(
    element: TypeId,
    start: Address,
    length: number,
    depth: number,
    isWhole: boolean,
  ): Pick<ShownValue, "length" | "offset" | "children"> {
    if (depth <= 0 || element === NONE) return { length };
    // Bytes inside other values, and those that are text, are told by their text alone.
    if (this.isByte(element) && length > 0) {
      const from = textFrom(this.memory, start, length, this.cut(isWhole));
      if (!isWhole) return { length };
      if (from !== undefined) return { length, ...(from > 0 ? { offset: from } : {}) };
    }
    const { size } = this.snapshot.runtime.types.get(element);
    const [from, to] = this.range(length, isWhole);
    const children: ShownValue[] = [];
    for (let i = from; i < to && this.left > 0; i++) children.push(this.value(`[${i}]`, element, start + i * size, depth - 1));
    return { length, ...(from > 0 ? { offset: from } : {}), ...below(children) };
  }

  /** First element and end of those shown. */
  private range(length: number, isWhole: boolean): readonly [number, number] {
    if (!isWhole) return [0, Math.min(length, INNER_ELEMENTS)];
    const from = Math.min(this.page.offset, length);
    return [from, this.page.top === 0 ? length : Math.min(length, from + this.page.top)];
  }

  /** A pointer is shown with what it points to, for one level of depth. */
  private pointer(base: Pick<ShownValue, "name" | "type">, go: GoType, target: Address, depth: number, isWhole: boolean): ShownValue {
    if (target === 0) return { ...base, text: "nil" };
    // AddressSpace gives NOT_AN_ADDRESS for a word above 2^53, which no user address is.
    if (target < 0) return { ...base, text: "no address" };
    if (depth <= 0 || go.element === NONE) return { ...base, text: hex(target), ...at(target) };
    const inner = this.value("", go.element, target, depth, isWhole);
    // What it points to is shown in its place: *T at an address, and T's parts below.
    return {
      ...inner,
      ...base,
      text: inner.children && inner.text === "" && !inner.more ? `&${hex(target)}` : `&${inner.text}`,
      ...at(target),
    };
  }

  /** A struct, but for those whose fields say nothing: a sync.Map by its entries, atomics by their value. */
  private struct(base: Pick<ShownValue, "name" | "type">, go: GoType, address: Address, depth: number, isWhole: boolean): ShownValue {
    const { memory, types } = this.env;
    if (go.role.kind === "sync.Map") return this.syncMap(base, go, address, depth, isWhole);
    const pointer = go.role.kind === "atomic pointer" ? atomicTarget(types, go) : undefined;
    if (pointer) return this.pointer(base, types.get(pointer.pointer), memory.readAddress(address + pointer.offset), depth, isWhole);
    const named = go.fields.filter((field) => field.name !== "_");
    // atomic.Int64 { _ noCopy; _ align64; v int64 }: the last named field is the value. sync/atomic/type.go
    if (/^sync\/atomic\./.test(go.name) && named.length > 0) {
      const { name: _, ...inner } = this.value(
        "",
        (named.at(-1) as GoType["fields"][number]).type,
        address + (named.at(-1)?.offset ?? 0),
        depth,
      );
      return { ...inner, ...base };
    }
    if (depth <= 0) return { ...base, text: named.length === 0 ? "{}" : "{…}" };
    const children = named.map((field) => this.value(field.name, field.type, address + field.offset, depth - 1));
    return { ...base, text: children.length === 0 ? "{}" : "", ...below(children) };
  }

  /** Entries of a map, in the order in which they lie in memory: Go's own order is random. */
  private map(base: Pick<ShownValue, "name" | "type">, go: GoType, header: Address, depth: number, isWhole: boolean): ShownValue {
    if (header === 0) return { ...base, text: "nil", length: 0 };
    const length = mapLength(this.env, header);
    const facts = { ...base, text: "", more: { kind: "entries", count: length } as const, ...at(header), length };
    if (depth <= 0) return facts;
    const entries = readMap({ ...this.env, findings: this.snapshot.findings }, go, header);
    return { ...facts, ...this.entries(entries, length, go.key, go.element, depth, isWhole) };
  }

  /** Keys and values of a sync.Map are of type any, whatever the program keeps in it. */
  private syncMap(base: Pick<ShownValue, "name" | "type">, go: GoType, address: Address, depth: number, isWhole: boolean): ShownValue {
    const { types } = this.env;
    const entries = [...readSyncMap(this.env, go, address)];
    const any = ["interface {}", "any"].map((name) => types.byName(name)).find((id) => id !== NONE) ?? NONE;
    const facts = { ...base, text: "", more: { kind: "entries", count: entries.length } as const, length: entries.length };
    return depth <= 0 ? facts : { ...facts, ...this.entries(entries, entries.length, any, any, depth, isWhole) };
  }

  /** Pairs as children named by their keys, "[\"user-5\"]". */
  private entries(
    entries: Iterable<{ readonly key: Address; readonly value: Address }>,
    length: number,
    key: TypeId,
    element: TypeId,
    depth: number,
    isWhole: boolean,
  ): Pick<ShownValue, "offset" | "children"> {
    const [from, to] = this.range(length, isWhole);
    const children: ShownValue[] = [];
    let index = 0;
    for (const entry of entries) {
      if (index >= to || this.left <= 0) break;
      if (index++ >= from) children.push(this.value(`[${keyText(this.env, key, entry.key)}]`, element, entry.value, depth - 1));
    }
    return { ...(from > 0 ? { offset: from } : {}), ...below(children) };
  }

  /** A channel by what is in its buffer and who waits at it. runtime/chan.go hchan */
  private channel(base: Pick<ShownValue, "name" | "type">, go: GoType, header: Address, depth: number, isWhole: boolean): ShownValue {
    if (header === 0) return { ...base, text: "nil" };
    const { runtime } = this.snapshot;
    const channel = readChannel(runtime, header);
    const { length, capacity, buffer, receiveIndex } = channel;
    const shown = { ...base, text: channelText(runtime, channel), ...at(header), length };
    if (depth <= 0 || capacity === 0 || go.element === NONE) return shown;
    const { size } = runtime.types.get(go.element);
    const [from, to] = this.range(Math.min(length, capacity), isWhole);
    const children: ShownValue[] = [];
    // In the order in which they would be received; the name is the place in the buffer.
    for (let i = from; i < to && this.left > 0; i++) {
      const slot = (receiveIndex + i) % capacity;
      children.push(this.value(`.buf[${slot}]`, go.element, buffer + slot * size, depth - 1));
    }
    return { ...shown, ...(from > 0 ? { offset: from } : {}), ...below(children) };
  }

  /** A func value points to a closure object: the code's address, then what was captured. runtime/runtime2.go funcval */
  private closure(base: Pick<ShownValue, "name" | "type">, address: Address, depth: number): ShownValue {
    if (address === 0) return { ...base, text: "nil" };
    const { text, captures, gaps } = readClosure(this.snapshot.runtime, this.memory, address);
    return {
      ...base,
      text,
      ...(gaps === 0 ? {} : { more: { kind: "uncaptured", count: gaps } }),
      ...at(address),
      ...below(depth <= 0 ? [] : captures.map((each) => this.value(each.name, each.type, address + each.offset, depth - 1))),
    };
  }
}
