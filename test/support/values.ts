/** What dumps/testdata/values says of its variables through reflection, and how a shown value is held against it. */
import { valueText } from "../../cli/views/show.js";
import { type Address, counted, type TypeId } from "../../src/base/units.js";
import type { Dump } from "../../src/dump.js";
import type { ShownValue } from "../../src/naming/shown-value.js";
import { readField } from "../../src/runtime/layout/layout.js";
import { mapDesign } from "../../src/runtime/maps/designs.js";
import { quoteBytes } from "../../src/value/quote.js";

/** One value as Go's reflection sees it. */
export interface SaidValue {
  readonly type: string;
  /** reflect.Kind: "ptr", "struct", "uint8" ... */
  readonly kind: string;
  readonly text?: string;
  readonly address?: string;
  readonly length?: number;
  readonly capacity?: number;
  readonly target?: SaidValue;
  readonly fields?: readonly SaidMember[];
  readonly elements?: readonly SaidValue[];
  readonly entries?: readonly SaidMember[];
}

interface SaidMember {
  readonly name: string;
  readonly value: SaidValue;
}

/** Elements that show opens of containers inside a value. */
const INNER = 8;
/** Bytes of a string key that show writes out. */
const KEY_BYTES = 1024;

/** Called for every part that was compared, with a Go expression that has to lead to it. */
export type Visit = (expression: string, said: SaidValue, shown: ShownValue) => void;

/** What show says that reflection does not; empty when they agree. */
export function differences(expression: string, said: SaidValue, shown: ShownValue, captures: boolean, visit: Visit = () => {}): string[] {
  const found: string[] = [];
  new Comparison(found, captures, visit).value(expression, said, shown, true);
  return found;
}

class Comparison {
  private readonly found: string[];
  private readonly captures: boolean;
  private readonly visit: Visit;
  constructor(found: string[], captures: boolean, visit: Visit) {
    this.found = found;
    this.captures = captures;
    this.visit = visit;
  }

  value(path: string, said: SaidValue, shown: ShownValue, whole = false): void {
    this.same(`${path}: type`, shown.type, this.typeOf(said));
    this.visit(path, said, shown);
    this.parts(path, said, shown, whole);
  }

  private parts(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    const { type, kind, text, target } = said;
    if (text === "nil" && kind !== "string") this.same(path, valueText(shown), text);
    else if (type === "time.Time") this.time(path, said, shown);
    else if (type === "sync.Map" || kind === "map") this.map(path, said, shown, whole);
    else if (type.startsWith("sync/atomic.")) this.atomic(path, said, shown, whole);
    else if (kind === "interface" && target) this.parts(`${path}.(${target.type})`, target, shown, whole);
    else if (kind === "ptr") this.pointer(path, said, shown, whole);
    else if (kind === "chan") this.channel(path, said, shown, whole);
    else if (kind === "func") this.func(path, said, shown);
    else if (kind === "slice" || kind === "array") this.list(path, said, shown, whole);
    else if (kind === "struct") this.struct(path, said, shown);
    else this.same(path, valueText(shown), text);
  }

  private pointer(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    if (!valueText(shown).startsWith("&")) this.found.push(`${path}: ${valueText(shown)} is no &`);
    if (!said.target) return;
    // The address shown is the pointer's: where the target refers to is not told again.
    const { address: _, ...target } = said.target;
    // The words for what its text leaves out are in the text now.
    const { more: _more, ...plain } = shown;
    const text = valueText(shown).slice(1);
    const isAddress = target.kind === "struct" && (said.address === undefined ? /^0x[0-9a-f]+$/.test(text) : text === said.address);
    const isThrough = target.kind === "struct" || target.kind === "array";
    this.parts(isThrough ? path : `(*${path})`, target, { ...plain, text: isAddress ? "" : text }, whole);
  }

  private struct(path: string, said: SaidValue, shown: ShownValue): void {
    const fields = said.fields ?? [];
    this.same(path, valueText(shown), fields.length === 0 ? "{}" : "");
    this.members(path, fields, shown, (name) => `${path}.${name}`);
  }

  private members(path: string, fields: readonly SaidMember[], shown: ShownValue, expression: (name: string) => string): void {
    const children = shown.children ?? [];
    this.same(`${path}: fields`, children.map((child) => child.name).join(" "), fields.map((field) => field.name).join(" "));
    fields.forEach(({ name, value }, i) => {
      if (children[i]?.name === name) this.value(expression(name), value, children[i]);
    });
  }

  private list(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    const { length = 0, capacity = 0, elements = [] } = said;
    const isBytes = elements[0]?.type === "uint8";
    const bytes = Uint8Array.from(elements.slice(0, 64), (element) => Number(element.text));
    const text = isBytes ? `  ${quoteBytes(bytes)}${length > 64 ? "…" : ""}` : "";
    this.same(path, valueText(shown), `len ${length}${capacity === length ? "" : `, cap ${capacity}`}${text}`);
    this.same(`${path}: length`, shown.length, length);
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    if (isBytes && !whole) return;
    this.elements(path, elements, shown, whole, (i) => `[${i}]`);
  }

  private elements(
    path: string,
    said: readonly SaidValue[],
    shown: ShownValue,
    whole: boolean,
    name: (i: number) => string | undefined,
  ): void {
    const children = shown.children ?? [];
    const wanted = whole ? said : said.slice(0, INNER);
    this.same(`${path}: elements`, children.length, wanted.length);
    wanted.forEach((element, i) => {
      if (!children[i]) return;
      const expected = name(i);
      if (expected !== undefined) this.same(`${path}: name`, children[i].name, expected);
      this.value(`${path}${children[i].name}`, element, children[i]);
    });
  }

  private map(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    const entries = said.entries ?? [];
    this.same(path, valueText(shown), counted(said.length ?? 0, "entry", "entries"));
    this.same(`${path}: length`, shown.length, said.length);
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    const children = shown.children ?? [];
    this.same(`${path}: entries`, children.length, whole ? entries.length : Math.min(entries.length, INNER));
    this.same(`${path}: different keys`, new Set(children.map((child) => child.name)).size, children.length);
    const left = new Map<string, SaidValue[]>();
    for (const { name, value } of entries) {
      const key = `[${cutKey(name)}]`;
      left.set(key, [...(left.get(key) ?? []), value]);
    }
    for (const child of children) {
      const candidates = left.get(child.name.replace(/((?:NaN|…).*)@0x[0-9a-f]+\]$/, "$1]")) ?? [];
      if (candidates.length === 0) this.found.push(`${path}: no key ${child.name}`);
      const key = child.name.slice(1, -1);
      const expression = said.type === "sync.Map" ? `${path}.Load(${key})` : `${path}[${key}]`;
      // Keys that read alike: the first value that agrees.
      const at =
        candidates.length < 2 ? 0 : candidates.findIndex((each) => differences(expression, each, child, this.captures).length === 0);
      const [value] = candidates.splice(Math.max(0, at), 1);
      if (value) this.value(expression, value, child);
    }
  }

  private channel(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    const { length, capacity } = said;
    this.same(path, valueText(shown).split(",")[0], capacity === 0 ? "unbuffered" : `${length} of ${capacity} buffered`);
    this.same(`${path}: length`, shown.length, length);
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    this.elements(path, said.elements ?? [], shown, whole, () => undefined);
  }

  private func(path: string, said: SaidValue, shown: ShownValue): void {
    this.same(path, valueText(shown).split("  ")[0], said.text);
    this.same(`${path}: address`, shown.address, said.address);
    // In the order in which the compiler has laid them out.
    const children = [...(shown.children ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    const fields = [...(said.fields ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (this.captures) this.members(path, fields, { ...shown, children }, (name) => `${path}.${name}`);
  }

  private atomic(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    const target = said.target as SaidValue;
    if (said.type.startsWith("sync/atomic.Pointer[")) this.parts(`${path}.Load()`, target, shown, whole);
    else this.parts(`${path}.v`, target, shown, whole);
  }

  private time(path: string, said: SaidValue, shown: ShownValue): void {
    const location = said.fields?.[0].value.text?.slice(1, -1);
    const isZero = said.text === "0001-01-01T00:00:00Z" && location === "UTC";
    const zone = isZero ? " (zero)" : location === "UTC" ? "" : ` (shown in UTC; its location is ${location})`;
    this.same(path, valueText(shown), `${said.text}${zone}`);
  }

  /** An interface's type with the dynamic one in brackets, as show prints it. */
  private typeOf(said: SaidValue): string {
    return said.kind === "interface" && said.target ? `${said.type}(${this.typeOf(said.target)})` : said.type;
  }

  private same(what: string, shown: unknown, said: unknown): void {
    if (shown !== said) this.found.push(`${what}: ${JSON.stringify(shown)}, is ${JSON.stringify(said)}`);
  }
}

/** A long string key as show cuts it; the program's are plain ASCII. */
function cutKey(name: string): string {
  const length = name.length - 2;
  return name.startsWith('"') && length > KEY_BYTES ? `${name.slice(0, KEY_BYTES + 1)}"…+${length - KEY_BYTES}` : name;
}

/**
 * What the runtime is doing with a map: of buckets "growing", "to the same size", "partly moved", "overflow"; of tables
 * "one group", "one table", "full table", "several tables", "table in several slots", "deleted".
 */
export function mapStates(dump: Dump, type: TypeId, header: Address): string[] {
  const { runtime, process } = dump;
  const { memory } = process;
  const { types, layout } = runtime;
  const design = mapDesign(layout);
  const block = design.block({ memory, types }, types.get(type));
  if (!block) return [];
  const states = new Set<string>();
  if (design.name === "buckets") {
    const struct = layout.struct("hmap");
    const field = (name: "B" | "flags" | "buckets" | "oldbuckets") => readField(memory, struct, header, name);
    const isSameSize = (field("flags") & 8) !== 0;
    const count = field("buckets") === 0 ? 0 : 2 ** field("B");
    for (let i = 0; i < count; i++) if (memory.readAddress(field("buckets") + (i + 1) * block.size - 8) !== 0) states.add("overflow");
    if (field("oldbuckets") === 0) return [...states];
    states.add(isSameSize ? "to the same size" : "growing");
    const moved = Array.from({ length: isSameSize ? count : count / 2 }, (_, i) => {
      const [first] = memory.bytes(field("oldbuckets") + i * block.size, 1);
      return first > 1 && first < 5;
    });
    if (new Set(moved).size === 2) states.add("partly moved");
    return [...states];
  }
  const map = layout.struct("swissMap");
  const table = layout.struct("swissTable");
  const directory = readField(memory, map, header, "dirPtr");
  const length = readField(memory, map, header, "dirLen");
  if (length === 0) return ["one group"];
  const tables = Array.from({ length }, (_, i) => memory.readAddress(directory + i * 8));
  const different = new Set(tables);
  states.add(different.size === 1 ? "one table" : "several tables");
  if (different.size > 1 && different.size < length) states.add("table in several slots");
  for (const at of different) {
    const groups = readField(memory, table, at, "groups.lengthMask") + 1;
    let used = 0;
    for (let g = 0; g < groups; g++) {
      for (const control of memory.bytes(readField(memory, table, at, "groups.data") + g * block.size, 8)) {
        if (control < 0x80) used++;
        if (control === 0xfe) states.add("deleted");
      }
    }
    if (groups === 128 && used === 896) states.add("full table");
  }
  return [...states];
}
