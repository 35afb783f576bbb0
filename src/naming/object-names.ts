// What objects and addresses are called, as plain data.
import type { AddressPlace } from "../base/address-place.js";
import { realName } from "../base/package-names.js";
import { type Address, type Hex, hex, NONE, type ObjectId, type TypeId } from "../base/units.js";
import type { ObjectTypes } from "../heap/evidence.js";
import type { Snapshot } from "../heap/snapshot.js";
import { labelIndex } from "../heap/wholes.js";
import { roleOf } from "../runtime/roles.js";
import { parseRegExp } from "./patterns.js";

/** What a Go programmer calls a type: see TypeRole. */
export function readableType(name: string): string {
  return roleOf(name).readable;
}

/** An object with what is told of it everywhere. */
export interface NamedObject {
  readonly address: Hex;
  readonly type: string;
  /** With those of its parts, where those are folded into it. */
  readonly bytes: number;
  /** Further objects of the value: tables and groups of a map, the buffer of a channel. */
  readonly parts?: number;
  readonly evidence: string;
}

/** The runtime's name of a type; "unknown" of none. */
export function typeName(snapshot: Snapshot, type: TypeId): string {
  return type === NONE ? "unknown" : snapshot.runtime.types.get(type).name;
}

/** How well a type's name fits what was asked for. */
export const UNSELECTED = 0;
/** The pattern matches some of the name. */
const MENTIONED = 1;
/** The text or pattern is the type's own name. */
export const NAMED = 2;

/**
 * Selects objects by type: a type's full name selects that type only, anything else is a regular expression. A value of several
 * objects is selected by what a programmer calls it, and by the object that stands for it; with parts, every object is
 * selected by the runtime's own name of its type. Types the objects. @throws UsageError
 *
 * @returns for an object: UNSELECTED, MENTIONED where the pattern matches some of the name, NAMED where it is the type's own name
 */
export function selectByType(snapshot: Snapshot, text: string, parts = false): (id: ObjectId) => number {
  const { heap, runtime } = snapshot;
  const { type } = heap.types;
  const wholes = parts ? undefined : heap.wholes;
  // Closures and the parts of maps get their types while objects are typed.
  const names = Array.from({ length: runtime.types.count }, (_, each) => runtime.types.get(each).name);
  const labels = wholes?.labels ?? [];
  const whole = snapshot.runtime.names.expand(realName(text));
  const isMeant = (name: string) => name === whole || readableType(name) === whole;
  const isExact = names.some(isMeant) || labels.includes(whole);
  const pattern = isExact ? undefined : parseRegExp(text);
  const formCloseness = (name: string): number => {
    const match = pattern?.exec(name);
    if (!match) return UNSELECTED;
    const isWhole = match.index + match[0].length === name.length && /(?:^|[./])$/.test(name.slice(0, match.index));
    return isWhole && /^[\w./~%-]+(?:\[.*\])?$/.test(name) ? NAMED : MENTIONED;
  };
  const closeness = (name: string): number => {
    const short = snapshot.runtime.names.shorten(name);
    return Math.max(formCloseness(name), short === name ? UNSELECTED : formCloseness(short));
  };
  const matches = (name: string): number => {
    if (!pattern) return isMeant(name) ? NAMED : UNSELECTED;
    return Math.max(closeness(name), parts ? UNSELECTED : closeness(readableType(name)));
  };
  const byType = Uint8Array.from(names, matches);
  const byLabel = labels.map(matches);
  const unknown = matches("unknown");
  return (id) => {
    const entry = wholes ? wholes.column[id] : NONE;
    if (entry >= 0) return UNSELECTED;
    if (entry < NONE) return byLabel[labelIndex(entry)] ?? UNSELECTED;
    return type[id] === NONE ? unknown : byType[type[id]];
  };
}

/** What an object is called: the value that it stands for or is a part of; with parts, by its own type. */
export function objectName(snapshot: Snapshot, id: ObjectId, parts = false): string {
  return parts ? typeName(snapshot, snapshot.heap.types.type[id]) : snapshot.heap.wholes.nameOf(id);
}

/** The object by itself, without its parts. */
export function nameObject(snapshot: Snapshot, id: ObjectId, types: ObjectTypes = snapshot.heap.types): NamedObject {
  const { objects } = snapshot.heap;
  return {
    address: hex(objects.addressOf(id)),
    type: readableType(typeName(snapshot, types.type[id])),
    bytes: objects.sizeOf(id),
    evidence: types.evidenceOf(id),
  };
}

/** What lies at an address that is no object: a free slot, a stack, a variable, code, nothing. */
export function placeOfAddress({ runtime }: Pick<Snapshot, "runtime">, at: Address): AddressPlace {
  const address = hex(at);
  const mapping = runtime.process.memory.find(at);
  if (!mapping) return { kind: "unmapped", address };
  const { spans } = runtime;
  const span = spans.find(at);
  if (span !== NONE) {
    const slotBytes = spans.elementSize[span];
    const slot = Math.floor((at - spans.base[span]) / slotBytes);
    return { kind: slot >= spans.elements[span] ? "span-tail" : "free-slot", address, slotBytes };
  }
  const goroutine = runtime.goroutines.all.find((each) => at >= each.stack.lo && at < each.stack.hi);
  if (goroutine) return { kind: "stack", address, goroutine: goroutine.id };
  const global = runtime.variables.globalAt(at);
  if (global) return { kind: "global", address, name: global.name, offset: at - global.address };
  const fn = runtime.functions.find(at);
  if (fn && fn.name !== "" && at < fn.end) return { kind: "code", address, function: fn.name };
  const symbol = runtime.symbolAt(at);
  if (symbol) return { kind: "symbol", address, name: realName(symbol.name) };
  const { manual } = spans;
  for (let i = 0; i < manual.length; i += 2) if (at >= manual[i] && at < manual[i + 1]) return { kind: "manual", address };
  return { kind: "mapping", address, path: mapping.path, dumped: mapping.backing !== "not-dumped" };
}
