// What the program calls the locks, channels and groups that are waited for, without reading the heap.
//
// An expression ("main.app.store.mu") where pointers lead to the thing from a global variable; else the type and the field that it
// is ("main.Store.mu"), which a variable of a frame that has it tells; else the variable that holds it ("out").
import { partitionPoint } from "../base/search.js";
import { type Address, type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import { type FrameVariable, frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GoType, TypeTable } from "../runtime/types.js";
import type { Variables } from "../runtime/variables.js";
import { programTest } from "../stacks/program-functions.js";
import { enclosing, nameOffset } from "../value/fields.js";
import type { WaitGroup, WaitKind } from "./groups.js";
import { DEEPEST_POINTER, MOST_ELEMENTS, MOST_FRAMES_SEARCHED, MOST_MEMBERS_SEARCHED, MOST_POINTERS_FOLLOWED } from "./limits.js";

/** What one thing is called. */
export interface WaitName {
  readonly text: string;
  /** "expression": it leads there, `show` takes it. "field": its type and field. "variable": a local variable has it. "": none is known. */
  readonly kind: "expression" | "field" | "variable" | "";
}

/** What names are found in; a GoRuntime is one. */
export type NameSource = Pick<GoRuntime, "types" | "variables" | "memory">;

type Memory = NameSource["memory"];

const SYNC_TYPES: Partial<Record<WaitKind, string>> = {
  mutex: "sync.Mutex",
  rwmutex: "sync.RWMutex",
  waitgroup: "sync.WaitGroup",
  cond: "sync.Cond",
};
const NAMELESS: WaitName = { text: "", kind: "" };

/** The names of all groups; each is looked for once, on every goroutine's stack only while it has none. */
export function waitNames(runtime: GoRuntime, groups: readonly WaitGroup[]): (group: WaitGroup) => WaitName {
  const located = groups.filter((each) => each.address > 0);
  const kinds = new Map(located.map((each) => [each.address, each.kind]));
  const isProgram = programTest(runtime);
  const found = globalNames(runtime, kinds, (name) => isProgram({ function: name, file: "" }));
  for (const group of located) {
    if (found.has(group.address)) continue;
    for (const { goroutine } of group.members.slice(0, MOST_MEMBERS_SEARCHED)) {
      const name = nameInFrames(runtime, goroutine, group);
      if (name) found.set(group.address, name);
      if (name?.kind === "field") break;
    }
    const first = group.members[0]?.goroutine;
    const byReceiver = found.has(group.address) || !first ? undefined : nameByReceiver(runtime, first, group);
    if (byReceiver) found.set(group.address, byReceiver);
  }
  return ({ address }) => found.get(address) ?? NAMELESS;
}

/** A value of a known type, and the expression that leads to it. */
interface Reached {
  readonly address: Address;
  readonly type: TypeId;
  readonly text: string;
  readonly depth: number;
}

/** The things among wanted addresses that lie in a value, or that a word of it points to. */
class Wanted {
  private readonly kinds: ReadonlyMap<Address, WaitKind>;
  private readonly sorted: readonly Address[];
  private readonly types: TypeTable;

  constructor(kinds: ReadonlyMap<Address, WaitKind>, types: TypeTable) {
    this.kinds = kinds;
    this.sorted = [...kinds.keys()].sort((a, b) => a - b);
    this.types = types;
  }

  has(address: Address): boolean {
    return this.kinds.has(address);
  }

  /** What a pointer leads to: a channel, a lock in the struct there, or all that is there. */
  pointedTo({ address, isChannel, text, target }: Pointer): string {
    if (isChannel) return text;
    const sync = SYNC_TYPES[this.kinds.get(address) as WaitKind];
    const [first] = target;
    const place =
      first && this.types.get(first.type).name !== sync ? enclosing(this.types, first.type, 0, (each) => each.name === sync) : undefined;
    return place ? `${first?.text}${place.text}` : `*${text}`;
  }

  /** Those inside a value, each with its path in it. */
  *inside(address: Address, type: TypeId): Iterable<readonly [Address, string]> {
    const { size } = this.types.get(type);
    let at = partitionPoint(this.sorted.length, (index) => this.sorted[index] < address);
    for (; at < this.sorted.length && this.sorted[at] < address + size; at++) {
      const wanted = this.sorted[at];
      yield [wanted, pathOf(this.types, type, wanted - address, this.kinds.get(wanted) as WaitKind)];
    }
  }
}

/** ".mu": of an embedded lock too, which a method of its struct locks. */
function pathOf(types: TypeTable, type: TypeId, offset: Bytes, kind: WaitKind): string {
  const place = enclosing(types, type, offset, (each) => each.name === SYNC_TYPES[kind]) ?? nameOffset(types, type, offset, NONE);
  return place.text;
}

/**
 * Breadth first from the global variables, the program's before the library's: the shortest expression is the one people would write.
 * Maps are not followed: their entries are of the heap.
 */
export function globalNames(
  source: NameSource,
  kinds: ReadonlyMap<Address, WaitKind>,
  isProgram: (name: string) => boolean,
): Map<Address, WaitName> {
  const { types, variables, memory } = source;
  const wanted = new Wanted(kinds, types);
  const found = new Map<Address, WaitName>();
  const seen = new Set<Address>();
  let level = startOf(variables, isProgram);
  for (let depth = 0; depth < DEEPEST_POINTER && level.length > 0 && found.size < kinds.size; depth++) {
    const next: Reached[] = [];
    for (const value of level) {
      for (const [address, path] of wanted.inside(value.address, value.type)) name(found, address, value.text + path);
      for (const pointer of pointersOf(types, memory, value)) {
        if (wanted.has(pointer.address)) name(found, pointer.address, wanted.pointedTo(pointer));
        const target = pointer.isChannel || seen.has(pointer.address) || seen.size >= MOST_POINTERS_FOLLOWED ? undefined : pointer.target;
        if (!target) continue;
        seen.add(pointer.address);
        next.push(...target);
      }
    }
    level = next;
  }
  return found;
}

/** The first name stays: it is the shortest. */
function name(found: Map<Address, WaitName>, address: Address, text: string): void {
  if (!found.has(address)) found.set(address, { text, kind: "expression" });
}

function startOf(variables: Variables, isProgram: (name: string) => boolean): Reached[] {
  const all = variables.globalNames().filter((each) => !each.startsWith("runtime."));
  return [...all.filter(isProgram), ...all.filter((each) => !isProgram(each))].flatMap((text) => {
    const global = variables.global(text);
    return global ? [{ address: global.address, type: global.type, text, depth: 0 }] : [];
  });
}

/** A word of a value that points somewhere. */
interface Pointer {
  readonly address: Address;
  readonly isChannel: boolean;
  /** The expression that has the pointer. */
  readonly text: string;
  /** What it leads to; of a slice each element, at most MOST_ELEMENTS. */
  readonly target: readonly Reached[];
}

/** Pointers, channels and slices in a value, down through structs and small arrays. */
function* pointersOf(types: TypeTable, memory: Memory, { address, type, text, depth }: Reached, fields = 0): Iterable<Pointer> {
  const { kind, fields: parts, element, count, size } = types.get(type);
  if (fields > DEEPEST_POINTER) return;
  if (kind === "struct") {
    for (const field of parts)
      if (field.type !== NONE && hasPointers(types.get(field.type)))
        yield* pointersOf(
          types,
          memory,
          { address: address + field.offset, type: field.type, text: `${text}.${field.name}`, depth },
          fields + 1,
        );
  } else if (kind === "array" && element !== NONE && hasPointers(types.get(element))) {
    const step = types.get(element).size;
    for (let at = 0; at < Math.min(count, MOST_ELEMENTS); at++)
      yield* pointersOf(types, memory, { address: address + at * step, type: element, text: `${text}[${at}]`, depth }, fields + 1);
  } else if (size >= WORD && (kind === "pointer" || kind === "chan" || kind === "slice")) {
    const to = memory.tryAddress(address) ?? 0;
    if (to <= 0) return;
    const isChannel = kind === "chan";
    const target =
      isChannel || element === NONE ? [] : kind === "slice" ? elements() : [{ address: to, type: element, text, depth: depth + 1 }];
    yield { address: to, isChannel, text, target };

    function elements(): Reached[] {
      const length = Math.min(memory.tryAddress(address + WORD) ?? 0, MOST_ELEMENTS);
      const step = types.get(element).size;
      return Array.from({ length: step > 0 ? Math.max(length, 0) : 0 }, (_, at) => ({
        address: to + at * step,
        type: element,
        text: `${text}[${at}]`,
        depth: depth + 1,
      }));
    }
  }
}

/** Whether pointers may be in a value of a type. */
function hasPointers({ kind }: GoType): boolean {
  return kind === "struct" || kind === "array" || kind === "pointer" || kind === "chan" || kind === "slice";
}

/** "main.(*Store).Add": of a method of a pointer, package and type. */
const POINTER_METHOD = /^(.*)\.\(\*([^()]+)\)\.[^.]+$/;

/**
 * A lock in an object of the heap by the type of a method's receiver on the stack: where the object can be no smaller, and the type has
 * such a lock at that place. It may be another object of another type with a lock there: hence asked only where no variable tells.
 */
function nameByReceiver({ types, spans }: GoRuntime, goroutine: Goroutine, group: WaitGroup): WaitName | undefined {
  const sync = SYNC_TYPES[group.kind];
  const span = spans.find(group.address);
  const size = span === NONE ? 0 : spans.elementSize[span];
  if (sync === undefined || size === 0) return undefined;
  const offset = (group.address - spans.base[span]) % size;
  for (const { fn } of goroutine.unwound().frames.slice(0, MOST_FRAMES_SEARCHED)) {
    const method = POINTER_METHOD.exec(fn.name);
    if (!method || /^(?:runtime|(?:internal\/)?sync)$/.test(method[1] ?? "")) continue;
    const type = types.byName(`${method[1]}.${method[2]}`);
    if (type === NONE || types.get(type).size > size || offset >= types.get(type).size) return undefined;
    const place = enclosing(types, type, offset, (each) => each.name === sync);
    return place && place.text !== "" && place.rest === 0 ? { text: `${types.get(type).name}${place.text}`, kind: "field" } : undefined;
  }
  return undefined;
}

/** The variable of one of its frames that has the thing, or points to what has it. */
function nameInFrames(runtime: GoRuntime, goroutine: Goroutine, group: WaitGroup): WaitName | undefined {
  let variable: WaitName | undefined;
  for (const frame of goroutine.unwound().frames.slice(0, MOST_FRAMES_SEARCHED)) {
    if (frame.fn.name.startsWith("runtime.") || /^(?:internal\/)?sync\./.test(frame.fn.name)) continue;
    for (const each of frameVariables(runtime, goroutine, frame, (type) => hasPointers(runtime.types.get(type))).toReversed()) {
      const name = nameInVariable(runtime, each, group);
      if (name?.kind === "field") return name;
      variable ??= name;
    }
  }
  return variable;
}

function nameInVariable({ types, memory }: NameSource, { name, type, place }: FrameVariable, group: WaitGroup): WaitName | undefined {
  if (place.kind !== "memory")
    return place.kind === "bytes" ? nameOfWord(types, memory, type, wordOf(place.bytes), name, group) : undefined;
  const { kind } = types.get(type);
  if (kind === "pointer" || kind === "chan") return nameOfWord(types, memory, type, memory.tryAddress(place.address) ?? 0, name, group);
  return kind === "struct" ? inStruct(types, memory, type, place.address, group) : undefined;
}

function wordOf(bytes: Uint8Array): Address {
  if (bytes.length < WORD) return 0;
  const word = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  return word < 1n << 53n ? Number(word) : 0;
}

/** Of a pointer or channel with this value. "&x" is a variable that escaped to the heap. */
function nameOfWord(types: TypeTable, memory: Memory, type: TypeId, value: Address, name: string, group: WaitGroup): WaitName | undefined {
  const { kind, element } = types.get(type);
  if (value <= 0) return undefined;
  if (
    value === group.address &&
    (kind === "chan" || types.get(element).kind !== "struct" || types.get(element).name === SYNC_TYPES[group.kind])
  )
    return { text: name.replace(/^&/, ""), kind: "variable" };
  if (kind !== "pointer" || element === NONE) return undefined;
  const { kind: pointed } = types.get(element);
  if (pointed === "chan" && memory.tryAddress(value) === group.address) return { text: name.replace(/^&/, ""), kind: "variable" };
  return pointed === "struct" ? inStruct(types, memory, element, value, group) : undefined;
}

/** "main.Store.mu": the thing lies in a struct, or a field of it points to it. */
function inStruct(types: TypeTable, memory: Memory, type: TypeId, address: Address, group: WaitGroup): WaitName | undefined {
  const { name, size } = types.get(type);
  const offset = group.address - address;
  if (offset >= 0 && offset < size) {
    const path = pathOf(types, type, offset, group.kind);
    return path === "" ? undefined : { text: `${name}${path}`, kind: "field" };
  }
  const sync = SYNC_TYPES[group.kind];
  for (const pointer of pointersOf(types, memory, { address, type, text: name, depth: 0 })) {
    for (const target of pointer.target) {
      const at = group.address - target.address;
      const within =
        at >= 0 && at < types.get(target.type).size ? enclosing(types, target.type, at, (each) => each.name === sync) : undefined;
      if (within && within.text !== "") return { text: `${target.text}${within.text}`, kind: "field" };
    }
    if (pointer.address === group.address) return { text: pointer.text, kind: "field" };
  }
  return undefined;
}
