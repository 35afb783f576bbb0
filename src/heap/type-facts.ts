// What typing asks of a type and of the slot it may lie in, worked out once.
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import { slotSize } from "../runtime/accounting.js";
import type { TypeTable } from "../runtime/types.js";
import type { ObjectTable } from "./objects.js";
import type { TypeSlots } from "./type-slots.js";

/** What the loops ask of a type. */
export interface TypeFacts {
  readonly size: Bytes;
  /** Slot that one value gets without and with a malloc header. */
  readonly slot: Bytes;
  readonly slotWithHeader: Bytes;
  readonly hasPointers: boolean;
  /** The runtime's own view of a map or channel, which does not know keys and elements: gives way to a typed one. */
  readonly isGeneric: boolean;
  /** A channel: of values without pointers it is one noscan allocation. */
  readonly isChannel: boolean;
  /** What is allocated when the type is time.Timer or time.Ticker; else NONE. runtime/time.go timeTimer */
  readonly whole: TypeId;
  readonly table: Int32Array | undefined;
  /** TypeId of "[]T"; NONE until asked. */
  array: TypeId;
}

export class FactsByType {
  /** By TypeId, filled when asked. */
  private readonly known: (TypeFacts | undefined)[] = [];
  private readonly types: TypeTable;
  private readonly slots: TypeSlots;

  constructor(types: TypeTable, slots: TypeSlots) {
    this.types = types;
    this.slots = slots;
  }

  of(type: TypeId): TypeFacts {
    return this.known[type] ?? this.workOut(type);
  }

  /** TypeId of "[]T". */
  arrayOf(element: TypeId): TypeId {
    const facts = this.of(element);
    if (facts.array === NONE) facts.array = this.types.arrayOf(element);
    return facts.array;
  }

  private workOut(type: TypeId): TypeFacts {
    const { size, name } = this.types.get(type);
    const wholeName = name === "time.Timer" ? "runtime.timeTimer" : name === "time.Ticker" ? "runtime.timeTicker" : "";
    const facts: TypeFacts = {
      size,
      slot: size < 16 ? 16 : slotSize(size),
      slotWithHeader: slotSize(size + WORD),
      hasPointers: this.slots.hasPointers(type),
      isGeneric: /^(\[\]\*?)?(internal\/runtime\/maps\.(table|Map)|runtime\.h(map|chan))$/.test(name),
      isChannel: name.startsWith("hchan<") || name === "runtime.hchan",
      whole: wholeName === "" ? NONE : this.types.byName(wholeName),
      table: this.slots.table(type),
      array: NONE,
    };
    this.known[type] = facts;
    return facts;
  }
}

/** Bits of a span's key: no pointers in it; slots begin with a malloc header. */
export const KEY_NOSCAN = 1;
export const KEY_HEADER = 2;
export const KEY_SIZE = 4;

/** [spans] slot size x KEY_SIZE, and the bits. */
export function spanKeys(objects: ObjectTable): Float64Array {
  const { spans, dataStart } = objects;
  const keys = new Float64Array(spans.count);
  for (let span = 0; span < spans.count; span++) {
    keys[span] = spans.elementSize[span] * KEY_SIZE + (dataStart[span] > 0 ? KEY_HEADER : 0) + (spans.spanClass[span] & KEY_NOSCAN);
  }
  return keys;
}

/** A span of this key has the slots that one value of the type gets. */
export function fitsKey(facts: TypeFacts, key: number): boolean {
  const size = Math.floor(key / KEY_SIZE);
  if (key & KEY_HEADER) return facts.slotWithHeader === size;
  return facts.slot === size || (size === 8 && facts.size <= 8);
}
