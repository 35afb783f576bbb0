// sync.Map as key and value addresses: the hash trie, and the two maps that it was before.
import { type Address, type Bytes, hex, NONE, type TypeId, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { atomicTarget } from "../atomic-pointers.js";
import type { GoType, TypeTable } from "../go-types.js";
import { fieldOf, type RoleRow, typeOf } from "../role.js";
import { choose, type Variant } from "../variants/variant.js";
import { type MapEnvironment, readMap } from "./maps.js";

/** Where an entry's key and value lie: both are interfaces (any). */
export interface SyncMapEntry {
  readonly key: Address;
  readonly value: Address;
}

type Reader = (env: MapEnvironment, address: Address) => Iterable<SyncMapEntry>;

/** The map inside a sync.Map, before it was a trie. */
export const INNER_MAP = "map[interface {}]*sync.entry";

/** What sync.Map is made of: nodes of tries, in package concurrent until Go 1.23; and what it was before. */
export const SYNC_MAP_ROLES: readonly RoleRow[] = [
  { kind: "sync.Map", names: /^sync\.Map$/ },
  { kind: "sync.Map part", names: /^sync\.readOnly$/, partOf: () => "sync.Map" },
  // What an entry points to is a box for the value's interface, which nothing else has.
  { kind: "sync.Map part", names: /^sync\.entry$/, partOf: () => "sync.Map", owns: () => true },
  { kind: "hash trie", names: /^internal\/(?:sync|concurrent)\.HashTrieMap\[/ },
  { kind: "trie node", names: /^internal\/(?:sync|concurrent)\.node\[/, partOf: trieOf },
  { kind: "trie entry", names: /^internal\/(?:sync|concurrent)\.entry\[/, partOf: trieOf },
  {
    kind: "trie indirect",
    names: /^internal\/(?:sync|concurrent)\.indirect\[/,
    partOf: trieOf,
    // A node's parent is no part of it.
    owns(types, type, offset) {
      const parent = fieldOf(type, "parent");
      const size = typeOf(types, parent)?.size ?? 0;
      return parent && offset >= parent.offset && offset < parent.offset + size ? false : undefined;
    },
  },
];

/** "sync.Map", or the trie's own type, for a part of it. */
function trieOf(name: string): string {
  const [, of, written] = /^internal\/(sync|concurrent)\.\w+\[(.*)\]$/.exec(name) ?? [];
  const types = written?.replaceAll("go.shape.", "");
  if (types === undefined) return name;
  return types === "interface {},interface {}" ? "sync.Map" : `internal/${of}.HashTrieMap[${types}]`;
}

/**
 * The type of a trie's node, which pointers to it do not tell: its first byte says whether it is an entry. NONE when the program
 * does not describe it.
 */
export function trieNodeType(types: TypeTable, node: TypeId, isEntry: boolean): TypeId {
  const name = types.get(node).name.replace(".node[", isEntry ? ".entry[" : ".indirect[");
  const found = types.byName(name);
  // Since Go 1.27 the linker keeps only the shaped twins of what nothing names.
  return found === NONE ? types.byName(name.replace("[", "[go.shape.").replace(",", ",go.shape.")) : found;
}

/** Chosen by the fields of sync.Map itself. Newest first. */
const SYNC_MAPS: readonly Variant<Reader, { readonly types: TypeTable; readonly type: GoType }>[] = [
  {
    // Since Go 1.24 ("sync: use HashTrieMap"), unless built with GOEXPERIMENT=nosynchashtriemap (gone in 1.26).
    name: "hash trie",
    since: "go1.24",
    source: "internal/sync/hashtriemap.go",
    detect: ({ type }) => fieldOf(type, "m") !== undefined,
    create: ({ types, type }) => trieReader(types, type),
  },
  {
    // Before that: a read-only map and a dirty one, both map[any]*entry.
    name: "read and dirty maps",
    since: "go1.9",
    until: "go1.25",
    source: "sync/map.go, oldmap.go",
    detect: ({ type }) => fieldOf(type, "read") !== undefined && fieldOf(type, "dirty") !== undefined,
    create: ({ types, type }) => twoMapsReader(types, type),
  },
];

/**
 * The entries of a sync.Map; damage ends the walk and is counted in findings.
 *
 * @param type    the struct sync.Map
 * @param address where the struct lies
 * @throws UnsupportedError when the struct is neither of the known forms
 */
export function* readSyncMap(env: MapEnvironment, type: GoType, address: Address): Iterable<SyncMapEntry> {
  const read = choose("sync.Map", SYNC_MAPS, { types: env.types, type });
  try {
    yield* read(env, address);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    env.findings?.add("map", "a map was not read whole", `sync.Map ${hex(address)}: ${error.message}`);
  }
}

/** Levels of a trie over a 64-bit hash, four bits each. */
const LEVELS = 16;
const CHILDREN = 16;

/**
 * Where a trie's entry keeps its overflow pointer, key and value. The executable may describe the entry by its shape
 * only, or not at all: then as Go lays out { node { isEntry bool }; overflow atomic.Pointer; key, value any }.
 */
function entryOffsets(types: TypeTable): { readonly overflow: Bytes; readonly key: Bytes; readonly value: Bytes } {
  for (const any of ["interface {}", "go.shape.interface {}"]) {
    const id = types.byName(`internal/sync.entry[${any},${any}]`);
    const [overflow, key, value] = ["overflow", "key", "value"].map((name) => fieldOf(id === NONE ? undefined : types.get(id), name));
    if (overflow && key && value) return { overflow: overflow.offset, key: key.offset, value: value.offset };
  }
  return { overflow: WORD, key: 2 * WORD, value: 4 * WORD };
}

/** Offsets in the entry that a trie's node is; undefined when it is none, as its first byte says. @throws MemoryFault */
export function trieEntryAt(
  memory: AddressSpace,
  types: TypeTable,
  node: Address,
): { readonly key: Bytes; readonly value: Bytes } | undefined {
  return memory.readUint(node, 1) === 1 ? entryOffsets(types) : undefined;
}

function trieReader(types: TypeTable, type: GoType): Reader {
  const inner = fieldOf(type, "m");
  const trie = typeOf(types, inner);
  const root = fieldOf(trie, "root");
  const rootType = typeOf(types, root);
  const indirect = rootType && atomicTarget(types, rootType);
  const children = fieldOf(indirect?.target, "children");
  const childArray = typeOf(types, children);
  const child = childArray && childArray.element !== NONE ? types.get(childArray.element) : undefined;
  const childTarget = child && atomicTarget(types, child);
  const isEntry = fieldOf(childTarget?.target, "isEntry");
  const entry = entryOffsets(types);
  return function* (env, address) {
    if (!inner || !root || !indirect || !children || !child || !childTarget || !isEntry) {
      env.findings?.add("map", "a map was not read whole", `sync.Map ${hex(address)}: its types are not in DWARF`);
      return;
    }
    const { memory } = env;
    const seen = new Set<Address>();
    const stack = [{ node: memory.readAddress(address + inner.offset + root.offset + indirect.offset), level: 0 }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.node === 0) continue;
      if (seen.has(top.node) || top.level > LEVELS) {
        env.findings?.add("map", "a map was not read whole", `sync.Map ${hex(address)}: a circle at ${hex(top.node)}`);
        continue;
      }
      seen.add(top.node);
      if (memory.readUint(top.node + isEntry.offset, 1) === 0) {
        for (let i = CHILDREN - 1; i >= 0; i--) {
          const node = memory.readAddress(top.node + children.offset + i * child.size + childTarget.offset);
          stack.push({ node, level: top.level + 1 });
        }
        continue;
      }
      yield { key: top.node + entry.key, value: top.node + entry.value };
      stack.push({ node: memory.readAddress(top.node + entry.overflow), level: top.level });
    }
  };
}

function twoMapsReader(types: TypeTable, type: GoType): Reader {
  const read = fieldOf(type, "read");
  const dirty = fieldOf(type, "dirty");
  const readType = typeOf(types, read);
  const readOnly = readType && atomicTarget(types, readType);
  const inner = fieldOf(readOnly?.target, "m");
  const map = typeOf(types, dirty);
  return function* (env, address) {
    if (!read || !dirty || !readOnly || !inner || !map) {
      env.findings?.add("map", "a map was not read whole", `sync.Map ${hex(address)}: its types are not in DWARF`);
      return;
    }
    const { memory } = env;
    const { expunged } = env.maps;
    const expungedValue = expunged === undefined ? undefined : memory.tryAddress(expunged);
    const known = new Set<Address>();
    const readOnlyAt = memory.readAddress(address + read.offset + readOnly.offset);
    const headers = [readOnlyAt === 0 ? 0 : memory.readAddress(readOnlyAt + inner.offset), memory.readAddress(address + dirty.offset)];
    for (const header of headers) {
      for (const found of readMap(env, map, header)) {
        // Both maps share entries; an entry's only word points to the value, nil and expunged say deleted.
        const entry = memory.readAddress(found.value);
        if (known.has(entry)) continue;
        known.add(entry);
        const value = memory.readAddress(entry);
        if (value !== 0 && value !== expungedValue) yield { key: found.key, value };
      }
    }
  };
}
