import { expect, test } from "vitest";
import { Findings } from "../../../src/base/findings.js";
import { mapsOf } from "../../../src/runtime/maps/maps.js";
import { readSyncMap } from "../../../src/runtime/maps/sync-maps.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder, TypeBuilder } from "../../support/memory-builder.js";

const BUCKETS = layoutOf(BUCKET_STRUCTS);

function atomicPointer(types: TypeBuilder, target: number): number {
  const name = types.get(target).name;
  const pointer = types.add(`*${name}`, "pointer", 8, { element: target });
  const empty = types.add(`[0]*${name}`, "array", 0, { element: pointer });
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  return types.add(`sync/atomic.Pointer[${name}]`, "struct", 8, {
    fields: [
      ["_", 0, empty],
      ["v", 0, unsafe],
    ],
  });
}

/** sync.Map of Go 1.24: a trie; nodes are typed *node whatever they are. */
function trie() {
  const types = new TypeBuilder();
  const builder = new MemoryBuilder();
  const bool = types.add("bool", "bool", 1);
  const any = "interface {},interface {}";
  const node = types.add(`internal/sync.node[${any}]`, "struct", 1, { fields: [["isEntry", 0, bool]] });
  const children = types.add("[16]", "array", 128, { element: atomicPointer(types, node), count: 16 });
  const indirect = types.add(`internal/sync.indirect[${any}]`, "struct", 152, {
    fields: [
      ["node", 0, node],
      ["children", 24, children],
    ],
  });
  const map = types.add(`internal/sync.HashTrieMap[${any}]`, "struct", 48, { fields: [["root", 16, atomicPointer(types, indirect)]] });
  const sync = types.add("sync.Map", "struct", 48, { fields: [["m", 0, map]] });
  const at = builder.allocate(48);
  const makeNode = () => builder.allocate(152);
  const child = (of: number, i: number, to: number) => builder.word(of + 24 + i * 8, to);
  const entry = (key: number, overflow = 0) => {
    const here = builder.allocate(48);
    builder
      .uint(here, 1, 1)
      .word(here + 8, overflow)
      .words(here + 16, 0x111, key, 0x111, key * 10);
    return here;
  };
  const read = () => {
    const memory = builder.memory();
    const findings = new Findings();
    const keys = [...readSyncMap({ memory, types, maps: mapsOf(BUCKETS), findings }, types.get(sync), at)].map((found) => {
      expect(memory.readUint(found.value + 8, 8)).toBe(memory.readUint(found.key + 8, 8) * 10);
      return memory.readUint(found.key + 8, 8);
    });
    return {
      keys,
      findings: findings
        .list()
        .map((finding) => finding.example)
        .join(),
    };
  };
  return { builder, at, makeNode, child, entry, read };
}

test("a hash trie gives its entries, those of an overflow chain too", () => {
  const { builder, at, makeNode, child, entry, read } = trie();
  const [root, inner] = [makeNode(), makeNode()];
  builder.word(at + 16, root);
  child(root, 0, entry(1));
  child(root, 7, inner);
  child(inner, 15, entry(2, entry(3)));
  expect(read()).toEqual({ keys: [1, 2, 3], findings: "" });
});

test("an unused sync.Map is empty", () => {
  expect(trie().read()).toEqual({ keys: [], findings: "" });
});

test("a circle in the trie ends, and is told", () => {
  const { builder, at, makeNode, child, entry, read } = trie();
  const root = makeNode();
  builder.word(at + 16, root);
  child(root, 0, entry(1));
  child(root, 1, root);
  const { keys, findings } = read();
  expect(keys).toEqual([1]);
  expect(findings).toContain("circle");
});

test("a trie that leads out of the dump is told, not thrown", () => {
  const { builder, at, read } = trie();
  builder.word(at + 16, 0xdead000);
  expect(read().findings).toContain("not mapped");
});

test("the two maps before Go 1.24 give each live entry once", () => {
  const types = new TypeBuilder();
  const builder = new MemoryBuilder();
  const any = types.add("interface {}", "interface", 16);
  const entryType = types.add("sync.entry", "struct", 8, { fields: [["p", 0, atomicPointer(types, any)]] });
  const pointer = types.add("*sync.entry", "pointer", 8, { element: entryType });
  const map = types.add("map[interface {}]*sync.entry", "map", 8, { key: any, element: pointer });
  const readOnly = types.add("sync.readOnly", "struct", 16, { fields: [["m", 0, map]] });
  const sync = types.add("sync.Map", "struct", 40, {
    fields: [
      ["read", 8, atomicPointer(types, readOnly)],
      ["dirty", 16, map],
    ],
  });
  const expungedGlobal = builder.allocate(8);
  const expunged = builder.allocate(16);
  builder.word(expungedGlobal, expunged);
  const entry = (value: number) => {
    const at = builder.allocate(8);
    builder.word(at, value);
    return at;
  };
  const box = (value: number) => {
    const at = builder.allocate(16);
    builder.words(at, 0x111, value);
    return at;
  };
  const header = (entries: readonly number[]) => {
    const [at, bucket] = [builder.allocate(48), builder.allocate(8 + 8 * 24 + 8)];
    builder.word(at, entries.length).word(at + 16, bucket);
    entries.forEach((to, i) => {
      builder.uint(bucket + i, 1, 5).word(bucket + 136 + i * 8, to);
    });
    return at;
  };
  const [live, deleted, gone, fresh] = [entry(box(1)), entry(0), entry(expunged), entry(box(2))];
  const only = builder.allocate(16);
  builder.word(only, header([live, deleted, gone]));
  const at = builder.allocate(40);
  builder.word(at + 8, only).word(at + 16, header([live, fresh]));
  const layout = { ...BUCKETS, global: (name: string) => (name === "sync.expunged" ? expungedGlobal : undefined) };
  const memory = builder.memory();
  const findings = new Findings();
  const values = [...readSyncMap({ memory, types, maps: mapsOf(layout), findings }, types.get(sync), at)].map(({ value }) =>
    memory.readUint(value + 8, 8),
  );
  expect(values).toEqual([1, 2]);
  expect(findings.list()).toEqual([]);
});

test("a struct that is neither form is refused by name", () => {
  const types = new TypeBuilder();
  const other = types.get(types.add("sync.Map", "struct", 8));
  expect(() => [...readSyncMap({ memory: new MemoryBuilder().memory(), types, maps: mapsOf(BUCKETS) }, other, 0xc000000040)]).toThrow(
    "hash trie (since go1.24)",
  );
});
