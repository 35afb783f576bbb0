// What values in chunks of package arena point to: the value at an address is what a pointer from outside, or from another value, says.
import { type Address, NONE, NOT_AN_ADDRESS, type ObjectId, type TypeId, WORD } from "../base/units.js";
import { hasChunks } from "./arena-chunks.js";
import { OFFSET_MASK } from "./edges.js";
import { BY_REFERRER } from "./evidence.js";
import { dataAddress, infer, type TypingState, typeAt } from "./inference.js";
import { MOST_CHUNK_VALUES } from "./limits.js";
import { KIND_STEP, POINTER } from "./pointer-kinds.js";
import type { RootTable } from "./roots.js";

/** Values of one type, one behind the other. */
interface Values {
  readonly address: Address;
  readonly type: TypeId;
  readonly count: number;
}

/** Values that are known, over several rounds: what they point to may point into chunks again. */
export class ArenaValues {
  private readonly typing: TypingState;
  private readonly roots: RootTable;
  private readonly seen = new Set<string>();
  private left = MOST_CHUNK_VALUES;

  constructor(typing: TypingState, roots: RootTable) {
    this.typing = typing;
    this.roots = roots;
  }

  /** Types what all values point to that typed objects, roots and other values lead to. @returns whether there are new ones */
  follow(): boolean {
    if (!hasChunks(this.typing.objects)) return false;
    const before = this.seen.size;
    const { roots } = this;
    for (let row = 0; row < roots.count; row++)
      if (this.isChunk(roots.object[row])) this.add({ code: roots.code[row], slot: roots.slot[row], value: roots.value[row] });
    this.fromObjects();
    return this.seen.size > before;
  }

  private fromObjects(): void {
    const { edges, edgeOffsets, objectNode, objects, runtime, kinds, facts } = this.typing;
    for (let id = 0; id < objects.count; id++) {
      const type = typeAt(this.typing, id);
      const size = type < 0 || this.isChunk(id) ? 0 : facts.of(type).size;
      if (size < WORD) continue;
      const node = objectNode + id;
      for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
        if (!this.isChunk(edges.targets[edge] - objectNode)) continue;
        const word = edgeOffsets[edge] & OFFSET_MASK;
        const offset = word * WORD - objects.dataStart[objects.spanOf(id)];
        const slot = objects.addressOf(id) + word * WORD;
        this.add({ code: kinds.codeAt(type, offset % size), slot, value: runtime.process.memory.tryAddress(slot) ?? 0 });
      }
    }
  }

  /** A pointer into a chunk, and all that is known by it. */
  private add(first: { readonly code: number; readonly slot: Address; readonly value: Address }): void {
    const open = [first];
    for (let at = open.pop(); at; at = open.pop()) {
      const values = this.valuesOf(at.code, at.slot, at.value);
      const key = values && `${values.address} ${values.type} ${values.count}`;
      if (!values || !key || this.seen.has(key)) continue;
      this.seen.add(key);
      this.eachPointer(values, (code, slot) => {
        const value = this.typing.runtime.process.memory.tryAddress(slot) ?? 0;
        const id = value > 0 ? this.typing.objects.find(value) : NONE;
        if (id === NONE) return;
        if (this.isChunk(id)) open.push({ code, slot, value });
        else infer(this.typing, code, id, value !== dataAddress(this.typing, id), slot, BY_REFERRER);
      });
    }
  }

  /** What a pointer says that it leads to; undefined when it says nothing, or what has no pointers. */
  private valuesOf(code: number, slot: Address, value: Address): Values | undefined {
    const { runtime, kinds, interfaces, facts } = this.typing;
    const { memory } = runtime.process;
    const kind = code % KIND_STEP;
    const target = (code - kind) / KIND_STEP;
    const known = (type: TypeId, count: number): Values | undefined =>
      type !== NONE && kinds.hasPointers(type) && facts.of(type).size >= WORD ? { address: value, type, count } : undefined;
    if (kind === POINTER.typed) return known(target, 1);
    if (slot === NOT_AN_ADDRESS) return undefined;
    // After a slice's pointer come its length and capacity.
    if (kind === POINTER.array) return known(target, memory.tryAddress(slot + 2 * WORD) ?? 0);
    if (kind !== POINTER.eface && kind !== POINTER.iface) return undefined;
    const dynamic = interfaces.of(memory.tryAddress(slot - WORD) ?? 0, kind === POINTER.iface);
    return dynamic.kind === "typed" ? known(dynamic.type, 1) : undefined;
  }

  /** As far as the chunk goes that they begin in. */
  private eachPointer({ address, type, count }: Values, visit: (code: number, slot: Address) => void): void {
    const { objects, kinds, facts } = this.typing;
    const { spans } = objects;
    const span = spans.find(address);
    const { size } = facts.of(type);
    const end = Math.min(spans.base[span] + spans.elementSize[span], address + size * count);
    for (let at = address; at + size <= end && this.left-- > 0; at += size) {
      for (let offset = 0; offset < size; offset += WORD) {
        const code = kinds.codeAt(type, offset);
        if (code !== POINTER.none && code !== POINTER.unknown) visit(code, at + offset);
      }
    }
  }

  private isChunk(id: ObjectId): boolean {
    return this.typing.objects.spans.userArena[this.typing.objects.spanOf(id)] !== 0;
  }
}
