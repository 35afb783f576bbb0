/** What dumps/testdata/values says of its variables through reflection, and how a shown value is held against it. */
import type { ShownValue } from "../../src/query/shown-value.js";
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
    if (text === "nil" && kind !== "string") this.same(path, shown.text, text);
    else if (type === "time.Time") this.time(path, said, shown);
    else if (type === "sync.Map" || kind === "map") this.map(path, said, shown, whole);
    else if (type.startsWith("sync/atomic.")) this.atomic(path, said, shown, whole);
    else if (kind === "interface" && target) this.parts(`${path}.(${target.type})`, target, shown, whole);
    else if (kind === "ptr") this.pointer(path, said, shown, whole);
    else if (kind === "chan") this.channel(path, said, shown, whole);
    else if (kind === "func") this.func(path, said, shown);
    else if (kind === "slice" || kind === "array") this.list(path, said, shown, whole);
    else if (kind === "struct") this.struct(path, said, shown);
    else this.same(path, shown.text, text);
  }

  private pointer(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    if (!shown.text.startsWith("&")) this.found.push(`${path}: ${shown.text} is no &`);
    if (!said.target) return;
    // The address shown is the pointer's: where the target refers to is not told again.
    const { address: _, ...target } = said.target;
    const text = shown.text.slice(1);
    const isAddress = target.kind === "struct" && (said.address === undefined ? /^0x[0-9a-f]+$/.test(text) : text === said.address);
    const isThrough = target.kind === "struct" || target.kind === "array";
    this.parts(isThrough ? path : `(*${path})`, target, { ...shown, text: isAddress ? "" : text }, whole);
  }

  private struct(path: string, said: SaidValue, shown: ShownValue): void {
    const fields = said.fields ?? [];
    this.same(path, shown.text, fields.length === 0 ? "{}" : "");
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
    this.same(path, shown.text, `len ${length}${capacity === length ? "" : `, cap ${capacity}`}${text}`);
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
    this.same(path, shown.text, `${said.length} entries`);
    this.same(`${path}: length`, shown.length, said.length);
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    const children = shown.children ?? [];
    this.same(`${path}: entries`, children.length, whole ? entries.length : Math.min(entries.length, INNER));
    const left = new Map<string, SaidValue[]>();
    for (const { name, value } of entries) left.set(`[${name}]`, [...(left.get(`[${name}]`) ?? []), value]);
    for (const child of children) {
      const candidates = left.get(child.name) ?? [];
      if (candidates.length === 0) this.found.push(`${path}: no key ${child.name}`);
      const key = child.name.slice(1, -1);
      const expression = said.type === "sync.Map" ? `${path}.Load(${key})` : `${path}[${key}]`;
      // Keys that read alike (NaN): the first value that agrees.
      const at =
        candidates.length < 2 ? 0 : candidates.findIndex((each) => differences(expression, each, child, this.captures).length === 0);
      const [value] = candidates.splice(Math.max(0, at), 1);
      if (value) this.value(expression, value, child);
    }
  }

  private channel(path: string, said: SaidValue, shown: ShownValue, whole: boolean): void {
    const { length, capacity } = said;
    this.same(path, shown.text.split(",")[0], capacity === 0 ? "unbuffered" : `${length} of ${capacity} buffered`);
    this.same(`${path}: length`, shown.length, length);
    if (said.address !== undefined) this.same(`${path}: address`, shown.address, said.address);
    this.elements(path, said.elements ?? [], shown, whole, () => undefined);
  }

  private func(path: string, said: SaidValue, shown: ShownValue): void {
    this.same(path, shown.text.split("  ")[0], said.text);
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
    this.same(path, shown.text, `${said.text}${zone}`);
  }

  /** An interface's type with the dynamic one in brackets, as show prints it. */
  private typeOf(said: SaidValue): string {
    return said.kind === "interface" && said.target ? `${said.type}(${this.typeOf(said.target)})` : said.type;
  }

  private same(what: string, shown: unknown, said: unknown): void {
    if (shown !== said) this.found.push(`${what}: ${JSON.stringify(shown)}, is ${JSON.stringify(said)}`);
  }
}
