// Every abi.Type of the modules: where debug information would list the types, only the process's own descriptors do. internal/abi/type.go
//
//     [ types ................................................ etypes )
//       abi.Type | abi.Type | names ... | abi.Type | itabs ...
//
// The linker lays descriptors and names out between two addresses, in an order that changes with the release (typelinks list a
// part of them until Go 1.26, none since 1.27). So every word there is tried: a descriptor has a kind, sizes and alignments that
// agree, and a text that begins as texts of its kind do. No table of the linker is believed, and none is needed.
import { lazy } from "../base/lazy.js";
import { type Address, type Bytes, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { KIND_MASK, TFLAG_EXTRA_STAR, TFLAG_NAMED } from "./abi-type.js";
import { KINDS } from "./go-types.js";
import type { Layout } from "./layout/schema.js";
import { MOST_TYPE_BYTES } from "./limits.js";
import type { Module } from "./modules.js";
import { TypeNames } from "./type-names.js";

const CHUNK: Bytes = 1 << 20;
/** The fixed part of an abi.Type: nothing of it may lie behind the end. */
const RECORD: Bytes = 48;
/** abi.TFlag has six bits. */
const FLAGS = 0x3f;

/** What the text of an unnamed type of a kind begins with. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  array: /^\[\d/,
  chan: /^(?:<-)?chan/,
  func: /^func\(/,
  interface: /^interface \{/,
  map: /^map\[/,
  pointer: /^\*/,
  slice: /^\[\]/,
  struct: /^(?:noalg\.)?(?:struct \{|map\.)/,
};

/** The types that the executable describes, by name. */
export interface Descriptors {
  readonly names: TypeNames;
  /** abi.Type of the name; 0 when no module has one. */
  byName(name: string): Address;
  /** abi.Type of the only instantiation of a generic type, "main.List"; 0 when there is none, or more than one. */
  onlyInstantiation(name: string): Address;
  /** Whether one lies at the address. */
  has(address: Address): boolean;
  /** All, ascending. */
  addresses(): readonly Address[];
}

/** Nothing is read before the first question. */
export function readDescriptors(memory: AddressSpace, layout: Layout, modules: readonly Module[]): Descriptors {
  const names = new TypeNames(memory, layout, modules);
  const addresses = lazy((): readonly Address[] => modules.flatMap((module) => [...scan(memory, layout, module, names)]));
  const all = lazy(() => new Set(addresses()));
  /** Of several types of a name the first. */
  const byText = lazy(
    () =>
      new Map(
        addresses()
          .toReversed()
          .map((address) => [names.nameOf(address), address]),
      ),
  );
  const generics = lazy(() => {
    const found = new Map<string, Address>();
    for (const address of addresses()) {
      const generic = /^[^[\]*(){} ]+(?=\[.+\]$)/.exec(names.nameOf(address))?.[0];
      if (generic !== undefined) found.set(generic, found.has(generic) ? 0 : address);
    }
    return found;
  });
  return {
    names,
    addresses,
    has: (address) => all().has(address),
    onlyInstantiation: (name) => generics().get(name) ?? 0,
    byName: (name) => byText().get(name) ?? 0,
  };
}

/** Tries every word between types and etypes. */
function* scan(memory: AddressSpace, layout: Layout, module: Module, names: TypeNames): Iterable<Address> {
  const struct = layout.struct("abiType");
  const [kindAt, flagAt, textAt] = [struct.offset("Kind_"), struct.offset("TFlag"), struct.offset("Str")];
  const { types } = module;
  const end = Math.min(module.etypes, types + MOST_TYPE_BYTES);
  for (let start = types; start < end; start += CHUNK) {
    const bytes = memory.tryBytes(start, Math.min(CHUNK + RECORD, end - start));
    if (!bytes) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < CHUNK && at + RECORD <= bytes.length; at += WORD) {
      const kind = bytes[at + kindAt] & KIND_MASK;
      const flags = bytes[at + flagAt];
      if (kind === 0 || kind >= KINDS.length || flags & ~FLAGS || !isShaped(view, at, flagAt)) continue;
      const offset = view.getUint32(at + textAt, true);
      if (offset === 0 || types + offset >= end) continue;
      const text = names.textAt(types + offset);
      if (text === undefined || !fitsKind(text, KINDS[kind], flags)) continue;
      if (KINDS[kind] === "map") names.learnMap(start + at);
      yield start + at;
    }
  }
}

/** Size_, PtrBytes and the alignments, which stand behind TFlag, agree. */
function isShaped(view: DataView, at: number, flagAt: number): boolean {
  const size = view.getUint32(at, true);
  const sizeAbove = view.getUint32(at + 4, true);
  const pointerBytes = view.getUint32(at + 8, true);
  const align = view.getUint8(at + flagAt + 1);
  const fieldAlign = view.getUint8(at + flagAt + 2);
  return (
    sizeAbove < 256 &&
    (pointerBytes <= size || sizeAbove > 0) &&
    pointerBytes % WORD === 0 &&
    (align === 1 || align === 2 || align === 4 || align === 8) &&
    align === fieldAlign &&
    size % align === 0
  );
}

function fitsKind(text: string, kind: string, flags: number): boolean {
  if (flags & TFLAG_EXTRA_STAR && !text.startsWith("*")) return false;
  if (text === "" || (flags & TFLAG_NAMED) !== 0) return text !== "";
  return BEGINNINGS[kind]?.test(flags & TFLAG_EXTRA_STAR ? text.slice(1) : text) ?? kind === "unsafe.Pointer";
}
