/** Names of types with whole import paths, out of abi.Type records that a test writes. */
import { expect, test } from "vitest";
import { type GoKind, KINDS } from "../../src/runtime/go-types.js";
import { DEEPEST_TYPE_NAME, LONGEST_STRUCTURE, MOST_FIELDS, MOST_PARAMETERS } from "../../src/runtime/limits.js";
import type { Module } from "../../src/runtime/modules.js";
import { TypeNames } from "../../src/runtime/type-names.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder, type Structs, SWISS_STRUCTS } from "../support/memory-builder.js";

const UNCOMMON = 1;
const EXTRA_STAR = 2;
const NAMED = 4;
const EXPORTED = 1;
const EMBEDDED = 8;

interface Parts {
  readonly text?: string;
  readonly flags?: number;
  /** Import path in the uncommon type, which lies so many bytes from the start. */
  readonly path?: readonly [at: number, path: string];
  /** Words behind the fixed part. */
  readonly words?: readonly number[];
}

class Types {
  readonly memory = new MemoryBuilder(0x500000, 1 << 20);
  private readonly structs: Structs;
  private readonly names = new Map<string, number>();

  constructor(structs: Structs = SWISS_STRUCTS) {
    this.structs = structs;
  }

  /** An abi.Name. */
  name(text: string, flags = 0): number {
    const key = `${flags} ${text}`;
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(text);
    const at = this.memory.allocate(bytes.length + 4);
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
    this.memory.bytes(at, [flags, ...length]).bytes(at + 1 + length.length, bytes);
    this.names.set(key, at);
    return at;
  }

  offset(at: number): number {
    return at - this.memory.start;
  }

  add(kind: GoKind, { text, flags = 0, path, words = [] }: Parts = {}): number {
    const at = this.memory.allocate(256);
    this.memory.word(at, 8).uint(at + 20, 1, flags | (path ? UNCOMMON : 0));
    this.memory.uint(at + 23, 1, KINDS.indexOf(kind)).words(at + 48, ...words);
    if (text !== undefined) this.memory.uint(at + 40, 4, this.offset(this.name(text)));
    if (path) this.memory.uint(at + path[0], 4, this.offset(this.name(path[1])));
    return at;
  }

  /** A named type of a package. */
  named(kind: GoKind, text: string, path: string, at = 48): number {
    return this.add(kind, { text, flags: NAMED, path: [at, path] });
  }

  struct(text: string, path: string, ...fields: readonly (readonly [name: string, type: number, flags?: number])[]): number {
    const array = this.memory.allocate(fields.length * 24);
    for (const [i, [name, type, flags]] of fields.entries()) this.memory.words(array + i * 24, this.name(name, flags), type, i * 8);
    return this.add("struct", { text, words: [path === "" ? 0 : this.name(path), array, fields.length] });
  }

  func(text: string, inputs: readonly number[], outputs: readonly number[], { variadic = false, uncommon = false } = {}): number {
    const counts = inputs.length + (outputs.length + (variadic ? 0x8000 : 0)) * 0x10000;
    const at = this.add("func", { text, flags: uncommon ? UNCOMMON : 0, words: [counts] });
    this.memory.words(at + 56 + (uncommon ? 16 : 0), ...inputs, ...outputs);
    return at;
  }

  interface(text: string, path: string, ...methods: readonly (readonly [name: string, type: number, flags?: number])[]): number {
    const array = this.memory.allocate(methods.length * 8);
    for (const [i, [name, type, flags]] of methods.entries())
      this.memory.uint(array + i * 8, 4, this.offset(this.name(name, flags))).uint(array + i * 8 + 4, 4, this.offset(type));
    return this.add("interface", { text, words: [path === "" ? 0 : this.name(path), array, methods.length] });
  }

  /** @param modules  without: types made by reflect, which lie in none */
  read(modules: readonly Partial<Module>[] = [{ types: this.memory.start, etypes: this.memory.start + (1 << 20) }]): TypeNames {
    return new TypeNames(this.memory.memory(), layoutOf(this.structs), modules as Module[]);
  }
}

test("a named type has its whole path, and the star that its text shares with the pointer is not its own", () => {
  const types = new Types();
  const decoder = types.named("struct", "json.Decoder", "encoding/json", 80);
  const starred = types.add("struct", { text: "*json.Number", flags: NAMED | EXTRA_STAR, path: [80, "encoding/json"] });
  const generic = types.named("struct", "list.List[go.shape.int]", "example.com/list", 80);
  const shape = types.named("struct", "go.shape.struct { a.x int }", "go.shape", 80);
  const int = types.add("int", { text: "int", flags: NAMED });
  const names = types.read();
  expect([decoder, starred, generic, shape, int].map((each) => names.nameOf(each))).toEqual([
    "encoding/json.Decoder",
    "encoding/json.Number",
    "example.com/list.List[go.shape.int]",
    "go.shape.struct { a.x int }",
    "int",
  ]);
});

test.each<[GoKind, number]>([
  ["struct", 80],
  ["pointer", 56],
  ["func", 56],
  ["slice", 56],
  ["array", 72],
  ["chan", 64],
  ["interface", 80],
  ["int", 48],
  ["string", 48],
])("the path of a named %s lies behind its record", (kind, at) => {
  const types = new Types();
  const type = types.named(kind, "b.T", "example.com/a/b", at);
  expect(types.read().nameOf(type)).toBe("example.com/a/b.T");
});

test("the path of a named map lies behind the record of its design", () => {
  const swiss = new Types();
  const ofSwiss = swiss.named("map", "b.T", "example.com/a/b", 112);
  expect(swiss.read().nameOf(ofSwiss)).toBe("example.com/a/b.T");
  const buckets = new Types({ ...BUCKET_STRUCTS, bucketMapType: [88, {}] });
  const ofBuckets = buckets.named("map", "b.T", "example.com/a/b", 88);
  expect(buckets.read().nameOf(ofBuckets)).toBe("example.com/a/b.T");
});

test("a type without a name is put together of its parts", () => {
  const types = new Types();
  const int = types.add("int", { text: "int", flags: NAMED });
  const decoder = types.named("struct", "json.Decoder", "encoding/json", 80);
  const pointer = types.add("pointer", { text: "*json.Decoder", words: [decoder] });
  const receive = types.add("chan", { text: "<-chan json.Decoder", words: [decoder, 1] });
  const slice = types.add("slice", { text: "[]*json.Decoder", words: [pointer] });
  const rows: [number, string][] = [
    [pointer, "*encoding/json.Decoder"],
    [slice, "[]*encoding/json.Decoder"],
    [types.add("array", { text: "[7]json.Decoder", words: [decoder, slice, 7] }), "[7]encoding/json.Decoder"],
    [receive, "<-chan encoding/json.Decoder"],
    [types.add("chan", { text: "chan<- json.Decoder", words: [decoder, 2] }), "chan<- encoding/json.Decoder"],
    [types.add("chan", { text: "chan json.Decoder", words: [decoder, 3] }), "chan encoding/json.Decoder"],
    [types.add("chan", { text: "chan (<-chan json.Decoder)", words: [receive, 3] }), "chan (<-chan encoding/json.Decoder)"],
    [types.add("map", { text: "map[int]*json.Decoder", words: [int, pointer] }), "map[int]*encoding/json.Decoder"],
    [types.func("func(json.Decoder)", [decoder], []), "func(encoding/json.Decoder)"],
    [types.func("func(json.Decoder) int", [decoder, int], [int]), "func(encoding/json.Decoder, int) int"],
    [
      types.func("func(...*json.Decoder) (int, int)", [int, slice], [int, int], { variadic: true, uncommon: true }),
      "func(int, ...*encoding/json.Decoder) (int, int)",
    ],
  ];
  const names = types.read();
  expect(rows.map(([type]) => names.nameOf(type))).toEqual(rows.map(([, name]) => name));
});

test("a text without a package is the name, whatever the parts", () => {
  const types = new Types();
  const odd = types.named("struct", "json.Decoder", "encoding/json", 80);
  expect(types.read().nameOf(types.add("pointer", { text: "*int", words: [odd] }))).toBe("*int");
});

test("fields and methods: with their package where they are not exported, embedded ones by their type alone", () => {
  const types = new Types();
  const decoder = types.named("struct", "json.Decoder", "encoding/json", 80);
  const int = types.add("int", { text: "int", flags: NAMED });
  const fields = [
    ["Decoder", decoder, EXPORTED | EMBEDDED],
    ["Count", int, EXPORTED],
    ["rest", int],
  ] as const;
  const struct = types.struct("struct { json.Decoder; ...", "example.com/p", ...fields);
  const noalg = types.struct("noalg.struct { json.Decoder; ...", "", ...fields);
  const empty = types.struct("noalg.struct {} .", "");
  const call = types.func("func(json.Decoder)", [decoder], [int]);
  const face = types.interface("interface { a.b() }", "example.com/p", ["Read", call, EXPORTED], ["close", call]);
  const any = types.interface("interface {} .", "");
  const names = types.read();
  expect([struct, noalg, empty, face, any].map((each) => names.nameOf(each))).toEqual([
    "struct { encoding/json.Decoder; Count int; example.com/p.rest int }",
    "noalg.struct { encoding/json.Decoder; Count int; rest int }",
    "noalg.struct {}",
    "interface { Read(encoding/json.Decoder) int; example.com/p.close(encoding/json.Decoder) int }",
    "interface {}",
  ]);
});

test("the block of a map has the names of the map's key and value once the map is known", () => {
  const types = new Types();
  const decoder = types.named("struct", "json.Decoder", "encoding/json", 80);
  const block = (prefix: string) => types.struct(`${prefix}[string]json.Decoder`, "", ["slots", decoder]);
  const [bucket, group, unknown] = [block("map.bucket"), block("noalg.map.group"), block("map.group")];
  const string = types.add("string", { text: "string", flags: NAMED });
  const names = types.read();
  for (const each of [bucket, group]) names.learnMap(types.add("map", { words: [string, decoder, each] }));
  expect([bucket, group, unknown].map((each) => names.nameOf(each))).toEqual([
    "map.bucket[string]encoding/json.Decoder",
    "noalg.map.group[string]encoding/json.Decoder",
    "map.group[string]json.Decoder",
  ]);
});

test("names as long as Go writes them, of two bytes of length", () => {
  const types = new Types();
  const text = `main.${"x".repeat(300)}`;
  const names = types.read();
  expect([names.textAt(types.name(text)), names.textAt(types.name("é")), names.textAt(0x10)]).toEqual([text, "é", undefined]);
});

test("types outside of all modules are named by their parts, without text", () => {
  const types = new Types();
  const int = types.add("int", { text: "int", flags: NAMED });
  const parts = types.add("pointer", { words: [int] });
  const none = types.read([]);
  expect([none.nameOf(int), none.nameOf(parts), none.moduleOf(int)]).toEqual(["reflect int", "*reflect int", undefined]);
});

test("what is no type has no name; a part that is none is a question mark; what is damaged has its text", () => {
  const types = new Types();
  const names = types.read();
  expect([0, 0x500001, 0x900000, types.memory.allocate(256)].map((each) => names.nameOf(each))).toEqual(["", "", "", ""]);
  expect(names.nameOf(types.add("pointer", { text: "*a.B", words: [0x900000] }))).toBe("*?");
  // An array of parameters that ends with the memory: the record is the last thing in it.
  const last = types.memory.start + (1 << 20) - 64;
  types.memory
    .word(last, 8)
    .uint(last + 23, 1, KINDS.indexOf("func"))
    .uint(last + 48, 2, 9);
  types.memory.uint(last + 40, 4, types.offset(types.name("func(a.B)")));
  expect(types.read().nameOf(last)).toBe("func(a.B)");
});

test("bounds: a type in itself, a deep one, a long one, one with too many parts", () => {
  const types = new Types();
  const circle = types.add("pointer", { text: "*a.B" });
  types.memory.word(circle + 48, circle);
  let deep = types.add("int", { text: "int", flags: NAMED });
  for (let i = 0; i < DEEPEST_TYPE_NAME + 1; i++) deep = types.add("pointer", { text: "*a.B", words: [deep] });
  const long = types.named("struct", `a.${"x".repeat(LONGEST_STRUCTURE)}`, "p/a", 80);
  const many = types.add("func", { text: "func(a.B)", words: [MOST_PARAMETERS + 1] });
  const wide = types.add("interface", { text: "interface { a.b() }", words: [0, 0x500000, MOST_FIELDS + 1] });
  const names = types.read();
  expect(names.nameOf(circle)).toBe("*?");
  expect(names.nameOf(deep)).toBe(`${"*".repeat(DEEPEST_TYPE_NAME + 1)}...`);
  expect(names.nameOf(types.add("pointer", { text: "*a.B", words: [long] }))).toBe(`*p/a.${"x".repeat(LONGEST_STRUCTURE - 4)}...`);
  expect([names.nameOf(many), names.nameOf(wide)]).toEqual(["func(...)", "interface { ... }"]);
});
