// What an address is, in words and as plain data.
import { type Address, type Hex, hex, NONE, type ObjectId, type TypeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { ObjectTypes } from "../heap/evidence.js";
import { parseRegExp } from "./patterns.js";

export interface NamedObject {
  readonly address: Hex;
  readonly type: string;
  readonly bytes: number;
  readonly evidence: string;
}

export function typeName(dump: Dump, type: TypeId): string {
  return type === NONE ? "unknown" : dump.runtime.types.get(type).name;
}

const MAP_HEADER = /^(?:map|hash)<(.*)>$/;

/** "map[string]int" for what the runtime calls map<string,int>; other names as they are. */
export function readableType(name: string): string {
  const inside = MAP_HEADER.exec(name)?.[1];
  if (inside === undefined) return name;
  let depth = 0;
  for (let i = 0; i < inside.length; i++) {
    const character = inside[i];
    if ("[({<".includes(character)) depth++;
    else if ("])}>".includes(character)) depth--;
    else if (character === "," && depth === 0) return `map[${inside.slice(0, i)}]${inside.slice(i + 1)}`;
  }
  // A map type that reflection made: the header carries its name.
  return inside.startsWith("map[") ? inside : name;
}

/** Selects types: a type's full name selects that type only, anything else is a regular expression. Types the objects. @throws UsageError */
export function typePattern(dump: Dump, text: string): (name: string) => boolean {
  const isMeant = (name: string) => name === text || readableType(name) === text;
  // Closures and the parts of maps get their types while objects are typed.
  if (dump.heap.types.type.length > 0)
    for (let type = 0; type < dump.runtime.types.count; type++) if (isMeant(dump.runtime.types.get(type).name)) return isMeant;
  const pattern = parseRegExp(text);
  return (name) => pattern.test(name);
}

export function nameObject(dump: Dump, id: ObjectId, types: ObjectTypes = dump.heap.types): NamedObject {
  const { objects } = dump.heap;
  return {
    address: hex(objects.addressOf(id)),
    type: typeName(dump, types.type[id]),
    bytes: objects.sizeOf(id),
    evidence: types.evidenceOf(id),
  };
}

/** What lies at an address that is no object: a free slot, a stack, a variable, code, nothing. */
export function explainAddress(dump: Dump, address: Address): string {
  const { runtime, process } = dump;
  const mapping = process.memory.find(address);
  if (!mapping) return `${hex(address)} is not mapped`;
  const { spans } = runtime;
  const span = spans.find(address);
  if (span !== NONE) {
    const slot = Math.floor((address - spans.base[span]) / spans.elementSize[span]);
    if (slot >= spans.elements[span])
      return `${hex(address)} is in the unused tail of a heap span of ${spans.elementSize[span]}-byte slots`;
    return `${hex(address)} is in a free slot of ${spans.elementSize[span]} bytes: nothing is allocated there (a freed object, or never used)`;
  }
  const goroutine = runtime.goroutines.all.find((each) => address >= each.stack.lo && address < each.stack.hi);
  if (goroutine) return `${hex(address)} is on the stack of goroutine ${goroutine.id}`;
  const global = runtime.variables.globalAt(address);
  if (global)
    return `${hex(address)} is in the global variable ${global.name}${address > global.address ? `, ${address - global.address} bytes in` : ""}`;
  const fn = runtime.functions.find(address);
  if (fn && fn.name !== "" && address < fn.end) return `${hex(address)} is code of ${fn.name}`;
  const symbol = runtime.symbolAt(address);
  if (symbol) return `${hex(address)} is in the symbol ${symbol.name}`;
  const { manual } = spans;
  for (let i = 0; i < manual.length; i += 2) {
    if (address >= manual[i] && address < manual[i + 1])
      return `${hex(address)} is in memory of the Go runtime (free stacks, GC work buffers)`;
  }
  const what = mapping.path || "anonymous memory";
  return `${hex(address)} is in ${what}, ${mapping.backing === "not-dumped" ? "which is not in the core" : "outside the Go heap"}`;
}
