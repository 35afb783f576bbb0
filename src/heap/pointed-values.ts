// Values on a stack that are no variables, as the pointers to them say: arrays of slices, closures, headers and groups of maps.
//
// The compiler keeps what does not escape in the frame, without a name in the debug information. The same inference as in the
// heap finds its type: a variable of known type has a pointer into the stack, so there lies what the pointer's type says; and
// from that value on. A guess would be easy to make and hard to see, so each is proved: the collector's own masks (locals and
// stack objects) must have pointers just where the type has them.
import { partitionPoint } from "../base/search.js";
import { type Address, type Bytes, NONE, NOT_AN_ADDRESS, type TypeId, WORD } from "../base/units.js";
import { frameVariables, type MemoryPiece, offsetIn } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { FrameMap } from "../runtime/stack-maps.js";
import type { InnerPointer } from "../runtime/stack-roots.js";
import type { Frame } from "../runtime/unwind.js";
import { InterfaceTypes } from "./interface-types.js";
import { MOST_ROUNDS } from "./limits.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";
import { type StackPath, type StackValue, ValueIndex } from "./stack-value.js";

/** A pointer that lies at an offset of a value of the type. */
interface Holder {
  readonly type: TypeId;
  readonly offset: Bytes;
  /** Another word of the value; undefined when it is not known. */
  word(offset: Bytes): Address | undefined;
}

/** Finds values by worklist: what variables point to, then what the values found so point to. */
export class PointedValues {
  private readonly runtime: GoRuntime;
  private readonly kinds: PointerKinds;
  private readonly goroutine: Goroutine;
  private readonly frames: readonly Frame[];
  private readonly interfaces: InterfaceTypes;
  /** By address, type and size: one address may hold a struct and its first field. */
  private readonly found = new Map<string, StackValue>();

  constructor(runtime: GoRuntime, kinds: PointerKinds, goroutine: Goroutine) {
    this.runtime = runtime;
    this.kinds = kinds;
    this.goroutine = goroutine;
    this.frames = goroutine.unwound().frames;
    this.interfaces = new InterfaceTypes(runtime, kinds);
  }

  /** Those with the shortest way from a variable first, of equal ways that of the outermost frame: the value is its own. */
  find(inner: readonly InnerPointer[], recorded: readonly StackValue[]): readonly StackValue[] {
    const byFrame = new Map<number, InnerPointer[]>();
    for (const each of inner) {
      const others = byFrame.get(each.frame);
      if (others) others.push(each);
      else byFrame.set(each.frame, [each]);
    }
    for (const index of [...byFrame.keys()].sort((a, b) => b - a)) {
      const frame = this.frames[index];
      // The runtime's own variables are named for nobody, and thousands of goroutines wait in the same calls of it.
      if (frame && !frame.fn.name.startsWith("runtime.")) this.ofVariables(frame, byFrame.get(index) ?? []);
    }
    let fresh: readonly StackValue[] = [...recorded, ...this.found.values()];
    for (let round = 0; round < MOST_ROUNDS && fresh.length > 0; round++) {
      const before = this.found.size;
      const index = new ValueIndex(fresh);
      for (const { slot, value } of inner)
        for (const from of index.at(slot)) {
          const offset = (slot - from.address) % this.runtime.types.get(from.type).size;
          const holder = { type: from.type, offset, word: (at: Bytes) => this.runtime.process.memory.tryAddress(slot - offset + at) };
          this.add(holder, value, { variable: undefined, from, slot });
        }
      fresh = [...this.found.values()].slice(before);
    }
    return [...this.found.values()];
  }

  /** What the pointers of a frame's variables lead to. A variable may be in memory, in registers, or in pieces of both. */
  private ofVariables(frame: Frame, inner: readonly InnerPointer[]): void {
    const { memory } = this.runtime.process;
    const isWanted = (type: TypeId) => type !== NONE && this.kinds.hasPointers(type);
    for (const variable of frameVariables(this.runtime, this.goroutine, frame, isWanted).toReversed()) {
      const { place, type } = variable;
      if (place.kind === "bytes") {
        const view = new DataView(place.bytes.buffer, place.bytes.byteOffset, place.bytes.byteLength);
        const word = (at: Bytes) => Number(view.getBigUint64(at, true));
        for (let offset = 0; offset + WORD <= view.byteLength; offset += WORD) {
          const value = word(offset);
          if (value < this.goroutine.stack.lo || value >= this.goroutine.stack.hi) continue;
          this.add({ type, offset, word }, value, {
            variable: { frame, local: { variable, offset } },
            from: undefined,
            slot: NOT_AN_ADDRESS,
          });
        }
        continue;
      }
      for (const { slot, value } of inner) {
        const offset = offsetIn(this.runtime, variable, slot);
        if (offset === undefined) continue;
        const isWhole = place.kind === "memory";
        const word = (at: Bytes) => (isWhole ? memory.tryAddress(slot - offset + at) : this.wordOf(place.pieces ?? [], at));
        const start = isWhole ? { frame, local: { variable, offset } } : undefined;
        this.add({ type, offset, word }, value, { variable: start, from: undefined, slot });
      }
    }
  }

  /** A word of a variable of which only these pieces are known. */
  private wordOf(pieces: readonly MemoryPiece[], offset: Bytes): Address | undefined {
    const piece = pieces.find((each) => offset >= each.offset && offset + WORD <= each.offset + each.size);
    return piece && this.runtime.process.memory.tryAddress(piece.address + offset - piece.offset);
  }

  /** The first way to a value is kept: it is the shortest. */
  private add(holder: Holder, address: Address, via: StackPath): void {
    const value = this.targetOf(holder, address);
    const key = value && `${value.address} ${value.type} ${value.size}`;
    if (key && !this.found.has(key)) this.found.set(key, { ...value, via });
  }

  /** What a holder's pointer says that it leads to, unless the stack's pointer masks disagree. */
  private targetOf({ type, offset, word }: Holder, address: Address): Omit<StackValue, "via"> | undefined {
    const { types } = this.runtime;
    const code = this.kinds.codeAt(type, offset);
    const kind = code % KIND_STEP;
    const target = (code - kind) / KIND_STEP;
    let element: TypeId = NONE;
    let count = 1;
    if (kind === POINTER.typed) element = target;
    else if (kind === POINTER.array) {
      element = target;
      // After a slice's pointer come its length and capacity; of a map's buckets on a stack there is one.
      if (types.get(type).role.kind !== "map header") count = word(offset + 2 * WORD) ?? word(offset + WORD) ?? 0;
    } else if (kind === POINTER.func) element = this.closureAt(address);
    else if (kind === POINTER.directory) element = this.runtime.maps.design.directory(types, target)?.block ?? NONE;
    else if (kind === POINTER.eface || kind === POINTER.iface) {
      const dynamic = this.interfaces.of(word(offset - WORD) ?? 0, kind === POINTER.iface);
      element = dynamic.kind === "func" ? this.closureAt(address) : dynamic.type;
    }
    if (element === NONE || !this.kinds.hasPointers(element)) return undefined;
    const size = types.get(element).size * count;
    return size > 0 && this.isLaidOut(element, address, size) ? { address, size, type: element } : undefined;
  }

  /** The type of the closure whose first word, its code, lies at the address; NONE. */
  private closureAt(address: Address): TypeId {
    return this.runtime.closureType(this.runtime.process.memory.tryAddress(address) ?? 0);
  }

  /** The collector sees pointers there exactly where the type, repeated, has them. */
  private isLaidOut(type: TypeId, address: Address, size: Bytes): boolean {
    const live = this.pointersOf(address, size);
    if (!live) return false;
    const stride = this.runtime.types.get(type).size;
    for (let at = 0; at < size; at += WORD) {
      if (live.has(at) !== (this.kinds.codeAt(type, at % stride) !== POINTER.none)) return false;
    }
    return true;
  }

  /** Offsets of the live pointers in a stack object, a part of one, or a part of a frame's locals; undefined for anything else. */
  private pointersOf(address: Address, size: Bytes): ReadonlySet<Bytes> | undefined {
    const inside = (offsets: Iterable<Bytes>, base: Address): ReadonlySet<Bytes> => {
      const out = new Set<Bytes>();
      for (const each of offsets) if (base + each >= address && base + each < address + size) out.add(base + each - address);
      return out;
    };
    const index = partitionPoint(this.frames.length, (at) => this.frames[at].sp <= address) - 1;
    const own = this.frames[index];
    // An argument whose address is taken lies in the caller's frame.
    for (const frame of [own, this.frames[index - 1]]) {
      if (!frame) continue;
      for (const object of this.mapOf(frame)?.objects ?? []) {
        const start = (object.offset < 0 ? frame.varp : frame.argp) + object.offset;
        if (address >= start && address < start + object.size)
          return address + size <= start + object.size ? inside(object.pointers, start) : undefined;
      }
    }
    const map = own && this.mapOf(own);
    return own && map && address + size <= own.varp ? inside(map.locals, own.varp) : undefined;
  }

  /** undefined for frames that were preempted at a place without a map. */
  private mapOf(frame: Frame): FrameMap | undefined {
    const map = frame.conservative ? undefined : this.runtime.goroutines.stackMaps.at(frame);
    return map?.known ? map : undefined;
  }
}
