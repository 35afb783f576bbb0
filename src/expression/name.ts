// What an object is called: the Go expression that leads to it from a root.
import { DumpError } from "../base/errors.js";
import { type Address, type Bytes, hex, NONE, type TypeId } from "../base/units.js";
import { atomicTarget } from "../runtime/atomic-pointers.js";
import type { MapBlock } from "../runtime/maps/design.js";
import { trieEntryAt } from "../runtime/maps/sync-maps.js";
import type { GoType } from "../runtime/types.js";
import { enclosing, nameOffset } from "../value/fields.js";
import { keyText } from "../value/keys.js";
import { readInterface, type ValueEnvironment } from "../value/scalars.js";
import type { Inside, Part, Pointer, Step, SyncPart, Via } from "./links.js";
import { bare, movedVariable, placeInBlock } from "./name-texts.js";

export type { Step } from "./links.js";

const POINTER_KINDS = new Set(["pointer", "unsafe.Pointer", "string", "slice", "interface", "map", "chan", "func"]);

/**
 * The Go expression of each object of a path, in the order of steps.
 *
 * An object is named by the pointer that leads to it: `main.global` is the Store, `main.global.sessions["user-5"]` the
 * Session. What hides in Go is hidden here: the header, tables and buckets of a map are all called by the map's name, a
 * slice's array by the slice's. Beyond plain Go: a captured variable is a field of the func value (`s.onClose.ctx`),
 * a channel's buffer is `ch.buf[2]`, what a map's key points to is `m.key["k"]`, a sync.Map's value is `m.Load("k")`.
 * Where the static types do not lead on, the object's own type does: `(*T)(x).f`, `(*T)(0xc000012000).f`.
 *
 * @param rootName    expression of the variable that holds the first pointer: "main.global", "g12.main.worker.s"; "" when it has none
 * @param rootType    its type; NONE when unknown
 * @param rootOffset  offset of the pointer in it
 * @param rootAddress where the variable lies; NONE when unknown, then interfaces in it are typed by the object
 */
export function nameSteps(
  env: ValueEnvironment,
  rootName: string,
  rootType: TypeId,
  rootOffset: Bytes,
  steps: readonly Step[],
  rootAddress: Address = NONE,
): readonly string[] {
  return new PathNaming(env).name(rootName, rootType, rootOffset, steps, rootAddress);
}

/** Goes along the path: enters an object by what leads to it, and leaves it by the slot of the next pointer. */
class PathNaming {
  private readonly env: ValueEnvironment;
  constructor(env: ValueEnvironment) {
    this.env = env;
  }

  name(rootName: string, rootType: TypeId, rootOffset: Bytes, steps: readonly Step[], rootAddress: Address): readonly string[] {
    const slot = rootAddress === NONE ? NONE : rootAddress + rootOffset;
    let via: Via =
      (rootType === NONE ? undefined : this.leaveValue(rootName, rootType, rootOffset, slot)) ??
      (rootName === "" ? { kind: "unknown" } : ({ kind: "pointer", text: rootName, type: NONE, rest: 0, slot } satisfies Pointer));
    return steps.map((step, i) => {
      const inside = this.guarded(() => this.enter(via, step)) ?? { text: this.castText(step), leave: () => undefined };
      if (i < steps.length - 1) {
        const at = step.address + step.slot;
        via = this.guarded(() => inside.leave(at)) ??
          this.guarded(() => this.leaveByOwnType(this.isPointer(via) ? inside.text : undefined, step)) ?? { kind: "unknown" };
      }
      return bare(inside.text);
    });
  }

  /** Memory that was not dumped makes a name less good, never an error. */
  private guarded<T>(work: () => T | undefined): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof DumpError) return undefined;
      throw error;
    }
  }

  private type(id: TypeId): GoType | undefined {
    return id === NONE ? undefined : this.env.types.get(id);
  }

  /** Whether the value that led here is a pointer that Go can convert. */
  private isPointer(via: Via): boolean {
    const kind = via.kind === "pointer" ? this.type(via.type)?.kind : undefined;
    return kind === "pointer" || kind === "unsafe.Pointer";
  }

  // ── entering an object ──────────────────────────────────────────────────────────────────────

  /** What an object is called, by what leads to it. */
  private enter(via: Via, step: Step): Inside {
    switch (via.kind) {
      case "pointer":
        return this.enterPointer(via, step);
      case "part":
        return this.enterPart(via, step);
      case "boxed":
        return this.insideValue(via.text, via.text, via.type, step.pointed);
      case "sync":
        return { text: via.text, leave: (slot) => this.leaveSync(via, step.pointed, slot) };
      case "elements":
        return { text: via.text, leave: (slot) => this.leaveElements(via.text, via.element, slot - step.pointed, slot) };
      case "unknown":
        return { text: this.castText(step), leave: () => undefined };
    }
  }

  /** By a value of the program: what the object is called depends on what kind of pointer it is. */
  private enterPointer(via: Pointer, step: Step): Inside {
    const holder = this.type(via.type);
    const text = movedVariable(via.text);
    switch (holder?.kind) {
      case "pointer":
        return this.insideValue(text, this.target(via.text, holder.element), holder.element, step.pointed);
      case "slice":
        return { text, leave: (slot) => this.leaveElements(text, holder.element, slot - step.pointed, slot) };
      case "map":
        return { text, leave: (slot) => this.leaveHeader(text, via.type, step.pointed, slot, via.sync ?? false) };
      case "chan":
        return { text, leave: (slot) => this.leaveChannel(text, holder, slot - step.pointed, slot) };
      case "func":
        return this.insideValue(text, text, step.pointed === step.address ? step.type : NONE, step.pointed);
      case "interface":
        return via.rest === 8 ? this.enterInterface(via, holder, step) : { text, leave: () => undefined };
      default:
        return { text, leave: () => undefined };
    }
  }

  /** An object that begins with a value of a known type. @param target  the value, ready for .field */
  private insideValue(text: string, target: string, type: TypeId, base: Address): Inside {
    return { text, leave: (slot) => this.leaveValue(target, type, slot - base, slot) };
  }

  /** As a type assertion. When the interface cannot be read, a pointer to the object's own type is taken for what it holds. */
  private enterInterface(via: Pointer, holder: GoType, step: Step): Inside {
    const dynamic = via.slot === NONE ? undefined : this.guarded(() => readInterface(this.env, holder, via.slot - 8));
    if (dynamic && dynamic.type !== NONE) {
      const text = `${via.text}.(${this.env.types.get(dynamic.type).name})`;
      if (!dynamic.direct) return this.insideValue(text, text, dynamic.type, step.pointed);
      const place = nameOffset(this.env.types, dynamic.type, 0);
      return this.enterPointer({ kind: "pointer", text: text + place.text, type: place.leaf, rest: 0, slot: via.slot }, step);
    }
    const own = this.type(step.type);
    const pointer = own ? this.env.types.byName(`*${own.name}`) : NONE;
    if (!own || pointer === NONE) return { text: via.text, leave: () => undefined };
    return this.enterPointer({ kind: "pointer", text: `${via.text}.(*${own.name})`, type: pointer, rest: 0, slot: via.slot }, step);
  }

  /** A map's parts are all called by the map's name. */
  private enterPart(via: Part, step: Step): Inside {
    const { text } = via;
    if (via.role === "blocks") return { text, leave: (slot) => this.leaveBlock(via, step.pointed, slot) };
    return { text, leave: (slot) => this.nextPart(via, undefined, slot - step.pointed) };
  }

  // ── leaving it by a slot ────────────────────────────────────────────────────────────────────

  /** A slot of a value of a known type. text is an expression of the value, to which .field and [i] can be added. */
  private leaveValue(text: string, type: TypeId, offset: Bytes, slot: Address): Via | undefined {
    const { types } = this.env;
    const own = this.type(type);
    if (!own || offset < 0 || (offset >= own.size && own.count !== -1)) return undefined;
    const place = nameOffset(types, type, offset);
    const leaf = this.type(place.leaf);
    if (!leaf || !POINTER_KINDS.has(leaf.kind)) return undefined;
    const special = enclosing(types, type, offset, ({ role }) => role.kind === "sync.Map" || role.kind === "atomic pointer");
    if (special && types.get(special.leaf).role.kind === "sync.Map") {
      const map = text + special.text;
      if (leaf.kind === "map") return { kind: "pointer", text: map, type: place.leaf, rest: 0, slot, sync: true };
      return { kind: "sync", text: map, type: this.syncTarget(special.leaf, special.rest) };
    }
    const pointer = special && atomicTarget(types, types.get(special.leaf));
    if (pointer) return { kind: "pointer", text: `${text}${special.text}.Load()`, type: pointer.pointer, rest: 0, slot };
    return { kind: "pointer", text: text + place.text, type: place.leaf, rest: place.rest, slot };
  }

  /** A slot of a slice's array; offset counts from the slice's first element. */
  private leaveElements(text: string, element: TypeId, offset: Bytes, slot: Address): Via | undefined {
    const size = this.type(element)?.size ?? 0;
    if (size === 0 || offset < 0) return undefined;
    const index = Math.floor(offset / size);
    return this.leaveValue(`${text}[${index}]`, element, offset - index * size, slot);
  }

  /** The header's buffer holds elements, which Go's declaration of it does not say. */
  private leaveChannel(text: string, channel: GoType, offset: Bytes, slot: Address): Via | undefined {
    const via = this.leaveValue(text, channel.header, offset, slot);
    if (via?.kind !== "pointer" || via.text !== `${text}.buf`) return via;
    return { kind: "elements", text: via.text, element: channel.element };
  }

  /** From a map's header to its blocks or tables; what the words of a header are the map's design says. */
  private leaveHeader(text: string, map: TypeId, header: Address, slot: Address, sync: boolean): Via | undefined {
    const role = this.env.maps.design.partOfHeader(this.env, header, slot - header);
    return role && { kind: "part", text, map, header, sync, role };
  }

  /** What a part's pointer to another part leads to. */
  private nextPart(via: Part, block: MapBlock | undefined, offset: Bytes): Part | undefined {
    const role = this.env.maps.design.partOfPart(via.role, block, offset);
    return role && { ...via, role };
  }

  /** A slot of a bucket or group: base is the start of any block of the same array. */
  private leaveBlock(via: Part, base: Address, slot: Address): Via | undefined {
    const { memory, maps, types } = this.env;
    const map = types.get(via.map);
    const block = maps.design.block(this.env, map);
    if (!block) return undefined;
    const start = base + Math.floor((slot - base) / block.size) * block.size;
    const offset = slot - start;
    const next = this.nextPart(via, block, offset);
    if (next) return next;
    const found = placeInBlock(block, offset, types.get(map.key).size, types.get(map.element).size);
    if (!found) return undefined;
    const keySlot = start + block.keys + found.index * block.keyStride;
    const key = keyText(this.env, map.key, block.indirectKey ? memory.readAddress(keySlot) : keySlot);
    if (found.part === "key") {
      const text = `${via.text}.key[${key}]`;
      return block.indirectKey ? { kind: "boxed", text, type: map.key } : this.leaveValue(text, map.key, found.rest, slot);
    }
    if (via.sync) return { kind: "sync", text: `${via.text}.Load(${key})`, type: this.type(map.element)?.element ?? NONE };
    const text = `${via.text}[${key}]`;
    return block.indirectValue ? { kind: "boxed", text, type: map.element } : this.leaveValue(text, map.element, found.rest, slot);
  }

  /** What the atomic.Pointer at an offset of a sync.Map's part points to; NONE when that is a trie's node. */
  private syncTarget(type: TypeId, offset: Bytes): TypeId {
    const { types } = this.env;
    const atomic = enclosing(types, type, offset, ({ role }) => role.kind === "atomic pointer");
    const target = atomic && atomicTarget(types, types.get(atomic.leaf))?.target;
    return target && !target.role.kind.startsWith("trie") ? target.id : NONE;
  }

  /** A slot of a part of a sync.Map: its read-only map, an entry or the value's box; or a node of its hash trie. */
  private leaveSync(via: SyncPart, base: Address, slot: Address): Via | undefined {
    const { memory, types } = this.env;
    const { text } = via;
    const offset = slot - base;
    const own = this.type(via.type);
    if (own?.kind === "interface") return { kind: "pointer", text, type: via.type, rest: offset, slot };
    if (own) {
      const place = nameOffset(types, via.type, offset);
      if (this.type(place.leaf)?.kind === "map") return { kind: "pointer", text, type: place.leaf, rest: 0, slot, sync: true };
      return { kind: "sync", text, type: this.syncTarget(via.type, offset) };
    }
    const entry = trieEntryAt(memory, types, base);
    if (!entry || offset < entry.key) return via;
    const any = ["interface {}", "any"].map((name) => types.byName(name)).find((id) => id !== NONE) ?? NONE;
    const key = keyText(this.env, any, base + entry.key);
    if (offset < entry.value) return this.leaveValue(`${text}.key[${key}]`, any, offset - entry.key, slot);
    return this.leaveValue(`${text}.Load(${key})`, any, offset - entry.value, slot);
  }

  /** The slot by the object's own type, where the types on the way did not lead on. */
  private leaveByOwnType(text: string | undefined, step: Step): Via | undefined {
    const own = this.type(step.type);
    if (!own) return undefined;
    const slot = step.address + step.slot;
    if (own.kind === "array" && own.count === -1) {
      const size = this.type(own.element)?.size ?? 0;
      if (size === 0) return undefined;
      const index = Math.floor(step.slot / size);
      const start = step.address + index * size;
      const cast = this.target(`(*${this.env.types.get(own.element).name})(${hex(start)})`, own.element);
      return this.leaveValue(cast, own.element, step.slot - index * size, slot);
    }
    const inner = text !== undefined && step.pointed === step.address ? bare(text) : hex(step.address);
    return this.leaveValue(this.target(`(*${own.name})(${inner})`, step.type), step.type, step.slot, slot);
  }

  // ── texts ───────────────────────────────────────────────────────────────────────────────────

  /** The expression of what a pointer points to, ready for .field or [i]; Go follows pointers to structs and arrays itself. */
  private target(pointer: string, type: TypeId): string {
    const variable = movedVariable(pointer);
    if (variable !== pointer) return variable;
    const kind = this.type(type)?.kind;
    return kind === "struct" || kind === "array" ? pointer : `(*${pointer})`;
  }

  /** The object by its address and own type; without a type that Go could name, by its address alone. */
  private castText(step: Step): string {
    const own = this.type(step.type);
    if (!own) return `unsafe.Pointer(${hex(step.address)})`;
    const name = own.kind === "array" && own.count === -1 ? this.env.types.get(own.element).name : own.name;
    // Blocks that only the runtime knows have no type that Go code could name.
    if (this.env.types.byName(name) === NONE || own.kind === "unknown") return `unsafe.Pointer(${hex(step.address)})`;
    return `(*${name})(${hex(step.address)})`;
  }
}
