// Go types, interned: from DWARF where the executable describes them, from abi.Type where only the process does.
import type { Findings } from "../base/findings.js";
import { type Address, NONE, type TypeId, WORD } from "../base/units.js";
import type { DwarfType } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import { isDirect as isDirectByAbi, readAbiHeader } from "./abi-type.js";
import { type AbiReader, abiReader } from "./abi-types.js";
import type { Binary } from "./binary/binary.js";
import { type Descriptors, readDescriptors } from "./descriptors.js";
import { dwarfParts } from "./dwarf-types.js";
import type { GoField, GoType, TypeParts, TypeRole, TypeTable } from "./go-types.js";
import { readField } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import type { Module } from "./modules.js";
import { roleOf } from "./roles.js";

export type { GoField, GoType, TypeTable } from "./go-types.js";

/** A type whose parts are made when they are asked for, each once: the types of a program are a graph with circles. */
class LazyType implements GoType {
  readonly id: TypeId;
  private readonly parts: TypeParts;
  private knownFields: readonly GoField[] | undefined;
  private knownElement: TypeId | undefined;
  private knownKey: TypeId | undefined;
  private knownHeader: TypeId | undefined;
  private knownRole: TypeRole | undefined;
  private knownDirect: boolean | undefined;
  private readonly direct: (type: GoType) => boolean;
  constructor(id: TypeId, parts: TypeParts, direct: (type: GoType) => boolean) {
    this.id = id;
    this.parts = parts;
    this.direct = direct;
  }
  get name() {
    return this.parts.name;
  }
  get kind() {
    return this.parts.kind;
  }
  get size() {
    return this.parts.size;
  }
  get rtype() {
    return this.parts.rtype;
  }
  get count() {
    return this.parts.count ?? 0;
  }
  get hasMethods() {
    return this.parts.hasMethods ?? false;
  }
  get element() {
    this.knownElement ??= this.parts.element?.() ?? NONE;
    return this.knownElement;
  }
  get key() {
    this.knownKey ??= this.parts.key?.() ?? NONE;
    return this.knownKey;
  }
  get header() {
    this.knownHeader ??= this.parts.header?.() ?? NONE;
    return this.knownHeader;
  }
  get isDirect() {
    this.knownDirect ??= this.direct(this);
    return this.knownDirect;
  }
  get role() {
    this.knownRole ??= roleOf(this.parts.name);
    return this.knownRole;
  }
  get fields() {
    this.knownFields ??= this.parts.fields?.() ?? [];
    return this.knownFields;
  }
}

/** What damage left of a type: nothing. */
const UNKNOWN: GoType = new LazyType(NONE, { name: "?", kind: "unknown", size: 0, rtype: 0 }, () => false);

/** Types are interned at first sight; nothing is read before it is asked for. @param bias  load bias: DWARF's addresses are link-time ones */
export function readTypes(
  memory: AddressSpace,
  layout: Layout,
  modules: readonly Module[],
  binary: Binary,
  bias: Address,
  findings: Findings,
): TypeTable {
  return new Types(memory, layout, modules, binary, bias, findings);
}

class Types implements TypeTable {
  private readonly memory: AddressSpace;
  private readonly layout: Layout;
  private readonly binary: Binary;
  private readonly descriptors: Descriptors;
  private readonly bias: Address;
  /** The executable's, undefined when it was not found. */
  private readonly main: Module | undefined;
  private readonly abi: AbiReader;
  /** By TypeId. */
  private readonly rows: GoType[] = [];
  private readonly byDie = new Map<number, TypeId>();
  private readonly byAddress = new Map<Address, TypeId>();
  private readonly byText = new Map<string, TypeId>();
  private readonly firstWords = new Map<Address, "type" | "itab" | undefined>();
  private readonly derivedTypes = new Map<string, TypeId>();
  private readonly isDirect = (type: GoType): boolean => {
    const header = type.rtype === 0 ? undefined : readAbiHeader(this.memory, this.layout, type.rtype);
    return header ? isDirectByAbi(header) : isPointerShaped(this, type, 0);
  };

  constructor(memory: AddressSpace, layout: Layout, modules: readonly Module[], binary: Binary, bias: Address, findings: Findings) {
    this.memory = memory;
    this.layout = layout;
    this.binary = binary;
    this.bias = bias;
    this.main = modules[0];
    this.descriptors = readDescriptors(memory, layout, modules);
    this.abi = abiReader(memory, layout, this.descriptors.names, findings);
  }

  /** Ids are 0 to count - 1; the count grows while types are met. */
  get count(): number {
    return this.rows.length;
  }

  get(id: TypeId): GoType {
    return this.rows[id] ?? UNKNOWN;
  }

  /** By DWARF's name, import path whole; NONE when there is none. Of several types of a name the first that was met. */
  byName(name: string): TypeId {
    const known = this.byText.get(name);
    if (known !== undefined) return known;
    const described = this.describedByName(name);
    if (described !== NONE) return described;
    const die = this.binary.debug.type(name);
    return die ? this.fromDwarf(die) : NONE;
  }

  /** Tables know the runtime's types only, and no type of the program's own: there the descriptors are asked first. */
  private describedByName(name: string): TypeId {
    const address = this.binary.from === "tables" ? this.descriptors.byName(name) : 0;
    return address === 0 ? NONE : this.byRtype(address);
  }

  onlyInstantiation(name: string): TypeId {
    const address = this.descriptors.onlyInstantiation(name);
    return address === 0 ? NONE : this.byRtype(address);
  }

  /** By the address of an abi.Type: DWARF's description where it has one, else the record itself. NONE when neither is there. */
  readonly byRtype = (address: Address): TypeId => {
    const known = this.byAddress.get(address);
    if (known !== undefined) return known;
    const { debug } = this.binary;
    const { main } = this;
    let id = NONE;
    if (main && address >= main.types && address < main.etypes) {
      const die = debug.typeByRuntimeOffset(address - main.types) ?? debug.typeByRuntimeOffset(address - this.bias);
      if (die) id = this.fromDwarf(die);
    }
    if (id === NONE) {
      this.byAddress.set(address, NONE); // the name of a type that reflect made holds others, never itself
      const parts = this.abi.parts(address, this);
      if (parts) id = this.add(parts);
    }
    this.byAddress.set(address, id);
    return id;
  };

  /**
   * The dynamic type of an interface value: its first word is a type for `any`, an itab for interfaces with methods. runtime/runtime2.go
   * iface, eface
   */
  firstWord(word: Address): "type" | "itab" | undefined {
    if (!this.firstWords.has(word)) this.firstWords.set(word, this.findFirstWord(word));
    return this.firstWords.get(word);
  }

  private findFirstWord(word: Address): "type" | "itab" | undefined {
    const { descriptors, memory, layout } = this;
    if (word % WORD !== 0 || !descriptors.names.moduleOf(word)) return undefined;
    if (descriptors.has(word)) return "type";
    const struct = layout.struct("itab");
    const isItab =
      memory.tryBytes(word, struct.size) !== undefined &&
      descriptors.has(readField(memory, struct, word, "Type")) &&
      descriptors.has(readField(memory, struct, word, "Inter"));
    return isItab ? "itab" : undefined;
  }

  interfaceTarget(word: Address, isItab: boolean): TypeId {
    const rtype = isItab ? itabType(this.memory, this.layout, word) : word;
    return rtype > 0 ? this.byRtype(rtype) : NONE;
  }

  /** By DIE. Where the process has an abi.Type of it, both ways lead to one id. */
  readonly fromDwarf = (type: DwarfType): TypeId => {
    const known = this.byDie.get(type.offset);
    if (known !== undefined) return known;
    const described = this.describedByName(type.name);
    if (described !== NONE) {
      this.byDie.set(type.offset, described);
      return described;
    }
    const id = this.add(dwarfParts(type, this.rtypeOf(type), this.fromDwarf));
    this.byDie.set(type.offset, id);
    const { rtype } = this.rows[id];
    if (rtype > 0 && !this.byAddress.has(rtype)) this.byAddress.set(rtype, id);
    return id;
  };

  /** A type that neither DWARF nor the process has; its name is not found by byName. */
  synthetic(parts: TypeParts): TypeId {
    this.rows.push(new LazyType(this.rows.length, parts, this.isDirect));
    return this.rows.length - 1;
  }

  /** The array behind a slice, count -1: its length is not part of any type. */
  arrayOf(element: TypeId): TypeId {
    return this.derived(element, "array", () => {
      const { name, size } = this.get(element);
      return this.synthetic({ name: `[]${name}`, kind: "array", size, rtype: 0, count: -1, element: () => element });
    });
  }

  /** What was made of a type for a purpose, made once. */
  derived(of: TypeId, as: string, make: () => TypeId): TypeId {
    const key = `${of} ${as}`;
    let id = this.derivedTypes.get(key);
    if (id === undefined) {
      id = make();
      this.derivedTypes.set(key, id);
    }
    return id;
  }

  /** Appends a row; the first of a name is found by it. */
  private add(parts: TypeParts): TypeId {
    const id = this.synthetic(parts);
    if (!this.byText.has(parts.name)) this.byText.set(parts.name, id);
    return id;
  }

  /** Address of the abi.Type that DWARF names, 0 for none. */
  private rtypeOf({ runtimeType }: DwarfType): Address {
    const { main, bias } = this;
    if (runtimeType === 0 || !main) return 0;
    // Go 1.21 and 1.22 write an absolute link-time address for uintptr.
    return runtimeType >= main.types - bias ? runtimeType + bias : main.types + runtimeType;
  }
}

/** abi.Type of the dynamic type behind an itab; 0 = none. */
function itabType(memory: AddressSpace, layout: Layout, itab: Address): Address {
  const struct = layout.struct("itab");
  return memory.tryBytes(itab, struct.size) ? readField(memory, struct, itab, "Type") : 0;
}

/** What takes one word, a pointer. cmd/compile types.IsDirectIface */
export function isPointerShaped(types: TypeTable, type: GoType, depth: number): boolean {
  if (depth > 16) return false;
  switch (type.kind) {
    case "pointer":
    case "unsafe.Pointer":
    case "func":
    case "chan":
    case "map":
      return true;
    case "struct":
      return type.fields.length === 1 && type.fields[0].type !== NONE && isPointerShaped(types, types.get(type.fields[0].type), depth + 1);
    case "array":
      return type.count === 1 && type.element !== NONE && isPointerShaped(types, types.get(type.element), depth + 1);
    default:
      return false;
  }
}
