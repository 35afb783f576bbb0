// What typing asks of a type and of the slot it may lie in, worked out once.
import { type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import { slotSize } from "../runtime/accounting.js";
import type { Directory } from "../runtime/maps/design.js";
import type { Maps } from "../runtime/maps/maps.js";
import type { TypeTable } from "../runtime/types.js";
import type { ObjectTable } from "./objects.js";
import type { PointerKinds } from "./pointer-kinds.js";

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
  /** The larger type that is allocated for a value of this one; NONE. See RoleRules.allocatedAs. */
  readonly whole: TypeId;
  readonly table: Int32Array | undefined;
  /** TypeId of "[]T"; NONE until asked. */
  array: TypeId;
}

/** Facts of all types, each worked out when it is first asked for. */
export class FactsByType {
  /** By TypeId, filled when asked. */
  private readonly known: (TypeFacts | undefined)[] = [];
  private readonly types: TypeTable;
  private readonly kinds: PointerKinds;

  private readonly maps: Maps;
  /** By the map's header struct. */
  private readonly directories = new Map<TypeId, Directory | undefined>();

  constructor(types: TypeTable, maps: Maps, kinds: PointerKinds) {
    this.types = types;
    this.maps = maps;
    this.kinds = kinds;
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

  /** What a map's header may point to, by the header's struct; undefined when the types of it are not known. */
  directoryOf(header: TypeId): Directory | undefined {
    let known = this.directories.get(header);
    if (!known) {
      known = this.maps.design.directory(this.types, header);
      this.directories.set(header, known);
    }
    return known;
  }

  private workOut(type: TypeId): TypeFacts {
    const { size, role } = this.types.get(type);
    const facts: TypeFacts = {
      size,
      slot: size < 16 ? 16 : slotSize(size),
      slotWithHeader: slotSize(size + WORD),
      hasPointers: this.kinds.hasPointers(type),
      isGeneric: role.isGeneric === true,
      isChannel: role.kind === "channel",
      whole: role.allocatedAs === undefined ? NONE : this.types.byName(role.allocatedAs),
      table: this.kinds.table(type),
      array: NONE,
    };
    this.known[type] = facts;
    return facts;
  }
}

/** Bit of a span's key: no pointers in it. The runtime's own bit of a span class. */
export const KEY_NOSCAN = 1;
/** Slots begin with a malloc header. */
export const KEY_HEADER = 2;
/** The slot's size is the key divided by this; a double holds any. */
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

/** A span of this key has the slots that one value of the type gets. Slots of 8 bytes are for values of up to a word. */
export function fitsKey(facts: TypeFacts, key: number): boolean {
  const size = Math.floor(key / KEY_SIZE);
  if (key & KEY_HEADER) return facts.slotWithHeader === size;
  return facts.slot === size || (size === 8 && facts.size <= 8);
}
