// Structs of programs and of the standard library, read field by field.
import { FormatError } from "../base/errors.js";
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import { readSlice } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { MOST_SLICE } from "./limits.js";

/**
 * A Go struct in the process, its fields read by name. The writers of a trace are types of the standard library and of programs,
 * which the table of the runtime's own structs does not know; their fields come from DWARF or from type descriptors.
 *
 * Every method that takes a name throws FormatError when the struct has no such field, and MemoryFault when it is not in the core.
 */
export class StructView {
  private readonly runtime: GoRuntime;
  readonly type: TypeId;
  readonly address: Address;

  constructor(runtime: GoRuntime, type: TypeId, address: Address) {
    this.runtime = runtime;
    this.type = type;
    this.address = address;
  }

  /** Whether the struct has a field of the name. */
  has(name: string): boolean {
    return this.runtime.types.get(this.type).fields.some((field) => field.name === name);
  }
  private field(name: string) {
    const type = this.runtime.types.get(this.type);
    const found = type.fields.find((field) => field.name === name);
    if (!found) throw new FormatError(type.name, NONE, `has no field ${name}`);
    return found;
  }
  /** Where a field lies. */
  at(name: string): Address {
    return this.address + this.field(name).offset;
  }
  /** A field that is a struct itself. */
  inner(name: string): StructView {
    return new StructView(this.runtime, this.field(name).type, this.at(name));
  }
  /** The first word of a field. */
  word(name: string): Address {
    return this.runtime.process.memory.readAddress(this.at(name));
  }
  /** A field that is a slice: its array, its length in elements, and the type of one. */
  slice(name: string): { readonly array: Address; readonly length: number; readonly element: TypeId } {
    const { length, array } = readSlice(this.runtime.process.memory, this.at(name));
    if (length > MOST_SLICE) throw new FormatError("process memory", NONE, `a slice of ${length} at ${hex(this.at(name))}`);
    return { array, length, element: this.runtime.types.get(this.field(name).type).element };
  }
  /** What a pointer field points to; undefined for nil. */
  target(name: string): StructView | undefined {
    const address = this.word(name);
    return address === 0 ? undefined : new StructView(this.runtime, this.runtime.types.get(this.field(name).type).element, address);
  }
}
