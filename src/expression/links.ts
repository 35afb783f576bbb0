// How one object of a path leads to the next: what the pointer between them is in, and what it is called.
import type { Address, Bytes, TypeId } from "../base/units.js";
import type { MapPart } from "../runtime/maps/design.js";

/** One object of a path from a root. */
export interface Step {
  readonly address: Address;
  /** NONE when unknown; may be types.arrayOf(element). */
  readonly type: TypeId;
  /** Offset within this object of the pointer to the next one; of no meaning in the last step. */
  readonly slot: Bytes;
  /** The exact pointer value that led to this object: address, or inside the object. */
  readonly pointed: Address;
}

/** A pointer found in a slot: what leads to the next object. */
export interface Pointer {
  readonly kind: "pointer";
  /** Expression of the value that holds the pointer. */
  readonly text: string;
  /** Type of that value: a pointer, slice, map, interface ...; NONE when unknown. */
  readonly type: TypeId;
  /** Offset of the pointer in that value: 8 is an interface's data word. */
  readonly rest: Bytes;
  /** Where the pointer lies; NONE when that is not known. */
  readonly slot: Address;
  /** The value is the map inside a sync.Map: a key is written as .Load(key). */
  readonly sync?: boolean;
}

/** A pointer from one internal part of a map to another. */
export interface Part {
  readonly kind: "part";
  readonly text: string;
  readonly map: TypeId;
  readonly header: Address;
  readonly role: MapPart;
  readonly sync: boolean;
}

/** A pointer to a value kept outside its holder: an indirect map key or value. */
interface Boxed {
  readonly kind: "boxed";
  readonly text: string;
  readonly type: TypeId;
}

/** A pointer between the parts of a sync.Map. */
export interface SyncPart {
  readonly kind: "sync";
  readonly text: string;
  /** What it points to: readOnly, entry or the value's box; NONE in a hash trie, whose nodes say themselves what they are. */
  readonly type: TypeId;
}

/** A pointer to an array of elements that Go types as unsafe.Pointer: a channel's buffer. */
interface Elements {
  readonly kind: "elements";
  readonly text: string;
  readonly element: TypeId;
}

/** A pointer of which nothing is known. */
interface Unknown {
  readonly kind: "unknown";
}

/** What leads from one object of a path to the next. */
export type Via = Pointer | Part | Boxed | SyncPart | Elements | Unknown;

/** An object that was entered: its expression, and how its slots are named. */
export interface Inside {
  readonly text: string;
  /** The pointer at a slot's address; undefined when the slot is not what the path says. */
  leave(slot: Address): Via | undefined;
}
