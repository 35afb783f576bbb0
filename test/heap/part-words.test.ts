import { expect, test } from "vitest";
import type { TypeId } from "../../src/base/units.js";
import { PART_WORD, PartWordsByType } from "../../src/heap/part-words.js";
import { pointerKinds } from "../../src/heap/pointer-kinds.js";
import { TypeBuilder } from "../support/memory-builder.js";

function program() {
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  const uint8 = types.add("uint8", "uint", 1);
  const pointer = types.add("*main.T", "pointer", 8, { element: types.add("main.T", "struct", 16) });
  const bytes = types.add("[]uint8", "slice", 24, { element: uint8 });
  const words = (type: TypeId) => new PartWordsByType(types, pointerKinds(types)).of(type);
  return { types, int, pointer, bytes, words };
}

test("a value without parts has no words that lead to any", () => {
  const { types, pointer, bytes, words } = program();
  expect(
    words(
      types.add("main.Plain", "struct", 32, {
        fields: [
          ["p", 0, pointer],
          ["b", 8, bytes],
        ],
      }),
    ),
  ).toBeNull();
});

test("a builder owns its bytes, and nothing else; as a field it is a value inside", () => {
  const { types, int, pointer, bytes, words } = program();
  const builder = types.add("strings.Builder", "struct", 32, {
    fields: [
      ["addr", 0, pointer],
      ["buf", 8, bytes],
    ],
  });
  expect(words(builder)).toEqual({
    stride: 32,
    words: Int32Array.of(PART_WORD.none, PART_WORD.own, PART_WORD.none, PART_WORD.none),
    inner: [],
    name: "strings.Builder",
  });
  const outer = types.add("main.Page", "struct", 48, {
    fields: [
      ["n", 0, int],
      ["text", 8, builder],
    ],
  });
  expect(words(outer)).toMatchObject({ name: "main.Page", inner: [{ name: "strings.Builder", start: 8 }] });
  expect(words(outer)?.words[2]).toBe(PART_WORD.inner);
});

test("of an array of such values each is one, by where it begins; the words repeat", () => {
  const { types, pointer, bytes, words } = program();
  const buffer = types.add("bytes.Buffer", "struct", 40, {
    fields: [
      ["buf", 0, bytes],
      ["off", 24, pointer],
    ],
  });
  const array = types.add("[]bytes.Buffer", "array", 40, { element: buffer, count: -1 });
  expect(words(array)).toMatchObject({ stride: 40, name: "[]bytes.Buffer", inner: [{ name: "bytes.Buffer", start: 0 }] });
});

test("a trie's indirect node owns its children, not its parent", () => {
  const { types, int, words } = program();
  const of = "interface {},interface {}";
  const node = types.add(`internal/sync.node[${of}]`, "struct", 8, { fields: [["isEntry", 0, int]] });
  const toNode = types.add("*node", "pointer", 8, { element: node });
  const indirect = types.add(`internal/sync.indirect[${of}]`, "struct", 24);
  const toIndirect = types.add("*indirect", "pointer", 8, { element: indirect });
  types.change(indirect, {
    fields: [
      ["node", 0, node],
      ["parent", 8, toIndirect],
      ["child", 16, toNode],
    ],
  });
  expect(words(indirect)).toMatchObject({ name: "sync.Map", words: Int32Array.of(PART_WORD.none, PART_WORD.none, PART_WORD.own) });
});

test("a bucket leads to the next one, and to no key or value", () => {
  const { types, pointer, words } = program();
  const bucket = types.add("bucket<*main.T,int>", "struct", 16);
  types.change(bucket, {
    fields: [
      ["keys", 0, pointer],
      ["overflow", 8, types.add("*bucket", "pointer", 8, { element: bucket })],
    ],
  });
  expect(words(bucket)).toMatchObject({ name: "map[*main.T]int", words: Int32Array.of(PART_WORD.none, PART_WORD.own) });
});
