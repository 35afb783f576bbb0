import { expect, test } from "vitest";
import type { TypeId } from "../../src/base/units.js";
import { KIND_STEP, POINTER, pointerKinds } from "../../src/heap/pointer-kinds.js";
import { TypeBuilder } from "../support/memory-builder.js";

/** A code in words: "typed main.T", "string", "none". */
function read(types: TypeBuilder, code: number): string {
  const kind = Object.keys(POINTER).find((each) => POINTER[each as keyof typeof POINTER] === code % KIND_STEP) ?? "?";
  const hasTarget = ["typed", "array", "directory", "trieNode"].includes(kind);
  return hasTarget ? `${kind} ${types.get(Math.floor(code / KIND_STEP)).name}` : kind;
}

const wordsOf = (types: TypeBuilder, type: TypeId): string[] =>
  Array.from({ length: Math.floor(types.get(type).size / 8) }, (_, word) => read(types, pointerKinds(types).codeAt(type, word * 8)));

function program() {
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  const t = types.add("main.T", "struct", 16, {
    fields: [
      ["a", 0, int],
      ["b", 8, int],
    ],
  });
  const pointer = types.add("*main.T", "pointer", 8, { element: t });
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  return { types, int, t, pointer, unsafe };
}

test("each kind of value has its pointers where Go has them", () => {
  const { types, int, t, pointer, unsafe } = program();
  const header = types.add("hash<int,int>", "struct", 48);
  expect([int, pointer, unsafe, types.add("*?", "pointer", 8)].map((type) => wordsOf(types, type))).toEqual([
    ["none"],
    ["typed main.T"],
    ["unknown"],
    ["unknown"],
  ]);
  expect(wordsOf(types, types.add("string", "string", 16))).toEqual(["string", "none"]);
  expect(wordsOf(types, types.add("[]main.T", "slice", 24, { element: t }))).toEqual(["array main.T", "none", "none"]);
  expect(wordsOf(types, types.add("any", "interface", 16))).toEqual(["none", "eface"]);
  expect(wordsOf(types, types.add("error", "interface", 16, { hasMethods: true }))).toEqual(["none", "iface"]);
  expect(wordsOf(types, types.add("func()", "func", 8))).toEqual(["func"]);
  expect(wordsOf(types, types.add("map[int]int", "map", 8, { header }))).toEqual(["typed hash<int,int>"]);
  expect(wordsOf(types, types.add("chan int", "chan", 8))).toEqual(["unknown"]);
});

test("words of structs and arrays are those of their fields and elements, to any depth and in types too large for a table", () => {
  const { types, int, pointer } = program();
  const text = types.add("string", "string", 16);
  const inner = types.add("main.Inner", "struct", 24, {
    fields: [
      ["text", 0, text],
      ["p", 16, pointer],
    ],
  });
  const rows = types.add("[2]main.Inner", "array", 48, { element: inner, count: 2 });
  const outer = types.add("main.Outer", "struct", 56, {
    fields: [
      ["n", 0, int],
      ["rows", 8, rows],
    ],
  });
  const words = ["none", "string", "none", "typed main.T", "string", "none", "typed main.T"];
  expect(wordsOf(types, outer)).toEqual(words);
  const large = types.add("[1000]main.Outer", "array", 56_000, { element: outer, count: 1000 });
  const kinds = pointerKinds(types);
  expect(kinds.table(large)).toBeUndefined();
  expect(words.map((_, word) => read(types, kinds.codeAt(large, 55_944 + word * 8)))).toEqual(words);
  expect([...(kinds.table(outer) ?? [])].map((code) => read(types, code))).toEqual(words);
});

test("an empty field at the same offset hides no other", () => {
  const { types, pointer } = program();
  const empty = types.add("[0]*main.T", "array", 0, { element: pointer, count: 0 });
  const guard = types.add("main.Guard", "struct", 8, {
    fields: [
      ["_", 0, empty],
      ["p", 0, pointer],
    ],
  });
  expect(wordsOf(types, guard)).toEqual(["typed main.T"]);
});

test("has pointers: what has a word that points; an empty array and a type that contains itself end the search", () => {
  const { types, int, t, pointer } = program();
  const none = types.add("[0]*main.T", "array", 0, { element: pointer, count: 0 });
  const list = types.add("[]int", "slice", 24, { element: int });
  const node = types.add("main.Node", "struct", 8);
  types.change(node, { fields: [["next", 0, types.add("*main.Node", "pointer", 8, { element: node })]] });
  const kinds = pointerKinds(types);
  expect([int, t, none, pointer, list, node].map(kinds.hasPointers)).toEqual([false, false, false, true, true, true]);
});

test("a bucket's pointer to the next one is a number where keys and values have no pointers", () => {
  const { types, int, pointer } = program();
  const bucketOf = (name: string, key: TypeId) => {
    const bucket = types.add(name, "struct", 24);
    const next = types.add(`*${name}`, "pointer", 8, { element: bucket });
    types.change(bucket, {
      fields: [
        ["keys", 8, key],
        ["overflow", 16, next],
      ],
    });
    return bucket;
  };
  const { hasPointers } = pointerKinds(types);
  expect(
    [bucketOf("bucket<int,int>", int), bucketOf("bucket<*main.T,int>", pointer), bucketOf("main.bucket", int)].map(hasPointers),
  ).toEqual([false, true, true]);
});

test("where the declared type says less, the runtime's knowledge of its own types decides", () => {
  const { types, int, pointer, unsafe } = program();
  const bucket = types.add("bucket<int,main.T>", "struct", 32);
  const buckets = types.add("*bucket<int,main.T>", "pointer", 8, { element: bucket });
  const lists = types.add("runtime.mapextra", "struct", 24, {
    fields: [
      ["overflow", 0, unsafe],
      ["oldoverflow", 8, unsafe],
      ["nextOverflow", 16, unsafe],
    ],
  });
  const toLists = types.add("*runtime.mapextra", "pointer", 8, { element: lists });
  const hash = types.add("hash<int,main.T>", "struct", 32, {
    fields: [
      ["count", 0, int],
      ["buckets", 8, buckets],
      ["oldbuckets", 16, buckets],
      ["extra", 24, toLists],
    ],
  });
  expect(wordsOf(types, hash)).toEqual(["none", "array bucket<int,main.T>", "array bucket<int,main.T>", "typed mapextra<int,main.T>"]);
  expect(wordsOf(types, types.byName("mapextra<int,main.T>"))).toEqual([
    "typed []*bucket<int,main.T>",
    "typed []*bucket<int,main.T>",
    "typed bucket<int,main.T>",
  ]);
  expect(
    wordsOf(
      types,
      types.add("map.bucket[int]main.T", "struct", 16, {
        fields: [
          ["keys", 0, int],
          ["overflow", 8, unsafe],
        ],
      }),
    ),
  ).toEqual(["none", "typed map.bucket[int]main.T"]);
  expect(
    wordsOf(
      types,
      types.add("map<int,main.T>", "struct", 16, {
        fields: [
          ["used", 0, int],
          ["dirPtr", 8, pointer],
        ],
      }),
    ),
  ).toEqual(["none", "directory map<int,main.T>"]);
  const local = types.add("sync.poolLocal", "struct", 128);
  expect(
    wordsOf(
      types,
      types.add("sync.Pool", "struct", 24, {
        fields: [
          ["local", 0, unsafe],
          ["size", 8, int],
          ["victim", 16, unsafe],
        ],
      }),
    ),
  ).toEqual([`array ${types.get(local).name}`, "none", "array sync.poolLocal"]);
  expect(
    wordsOf(
      types,
      types.add("sync.eface", "struct", 16, {
        fields: [
          ["typ", 0, unsafe],
          ["val", 8, unsafe],
        ],
      }),
    ),
  ).toEqual(["unknown", "eface"]);
  expect(
    wordsOf(
      types,
      types.add("hchan<main.T>", "struct", 16, {
        fields: [
          ["n", 0, int],
          ["buf", 8, unsafe],
        ],
      }),
    ),
  ).toEqual(["none", "array main.T"]);
});

test("an atomic pointer is a pointer to its parameter, by its first field or by its name; a trie's node is not typed by it", () => {
  const { types, pointer, unsafe } = program();
  const empty = types.add("[0]*main.T", "array", 0, { element: pointer, count: 0 });
  expect(
    wordsOf(
      types,
      types.add("sync/atomic.Pointer[main.T]", "struct", 8, {
        fields: [
          ["_", 0, empty],
          ["v", 0, unsafe],
        ],
      }),
    ),
  ).toEqual(["typed main.T"]);
  expect(wordsOf(types, types.add("internal/runtime/atomic.Pointer[main.T]", "struct", 8, { fields: [["u", 0, unsafe]] }))).toEqual([
    "typed main.T",
  ]);
  const node = types.add("internal/sync.node[int,int]", "struct", 8);
  expect(wordsOf(types, types.add("*node", "pointer", 8, { element: node }))).toEqual(["trieNode internal/sync.node[int,int]"]);
  expect(wordsOf(types, types.add("main.Pointer[sync/atomic.Pointer[main.T]]", "struct", 8, { fields: [["u", 0, unsafe]] }))).toEqual([
    "unknown",
  ]);
});
