import { expect, test } from "vitest";
import type { Address } from "../../src/base/units.js";
import { readDescriptors } from "../../src/runtime/descriptors.js";
import { KINDS } from "../../src/runtime/go-types.js";
import type { Module } from "../../src/runtime/modules.js";
import { layoutOf, MemoryBuilder, SWISS_STRUCTS } from "../support/memory-builder.js";

const UNCOMMON = 1;
const EXTRA_STAR = 2;
const NAMED = 4;

/** A module's [types, etypes): descriptors and names as the linker lays them out. */
class Section {
  readonly builder = new MemoryBuilder();
  readonly types: Address = this.builder.allocate(64);
  private end = this.types;

  name(text: string, flags = 0): Address {
    const at = this.builder.allocate(text.length + 2);
    this.builder.bytes(at, [flags, text.length, ...Buffer.from(text)]);
    this.end = at + text.length + 2;
    return at;
  }

  /** @param behind  words after the fixed part */
  type(kind: (typeof KINDS)[number], text: string, { size = 8, flags = 0, behind = [] as number[], path = "" } = {}): Address {
    const record = { struct: 80, func: 56, array: 72, chan: 64, interface: 80, map: 112 }[kind as string] ?? 56;
    const at = this.builder.allocate(record + 64);
    const name = this.name(text);
    const packagePath = path === "" ? 0 : this.name(path) - this.types;
    const all = flags | (path === "" ? 0 : UNCOMMON);
    this.builder
      .words(at, size, 0)
      .uint(at + 20, 1, all)
      .uint(at + 21, 1, 8)
      .uint(at + 22, 1, 8)
      .uint(at + 23, 1, KINDS.indexOf(kind));
    this.builder.uint(at + 40, 4, name - this.types).words(at + 48, ...behind);
    if (path !== "") this.builder.uint(at + (record === 56 && kind === "int" ? 48 : record), 4, packagePath);
    return at;
  }

  read() {
    const module = { types: this.types, etypes: this.end } as Module;
    return readDescriptors(this.builder.memory(), layoutOf(SWISS_STRUCTS), [module]);
  }
}

test("names have whole import paths, also those that are put together", () => {
  const made = new Section();
  const decoder = made.type("struct", "*json.Decoder", { flags: NAMED | EXTRA_STAR, path: "encoding/json" });
  const pointer = made.type("pointer", "*json.Decoder", { behind: [decoder] });
  const text = made.type("string", "string", { flags: NAMED, size: 16 });
  const slice = made.type("slice", "[]*json.Decoder", { size: 24, behind: [pointer] });
  const chan = made.type("chan", "<-chan *json.Decoder", { behind: [pointer, 1] });
  const map = made.type("map", "map[string]*json.Decoder", { behind: [text, pointer, 0] });
  const { names, addresses } = made.read();
  expect([decoder, pointer, text, slice, chan, map].map((each) => names.nameOf(each))).toEqual([
    "encoding/json.Decoder",
    "*encoding/json.Decoder",
    "string",
    "[]*encoding/json.Decoder",
    "<-chan *encoding/json.Decoder",
    "map[string]*encoding/json.Decoder",
  ]);
  expect(addresses()).toEqual([decoder, pointer, text, slice, chan, map]);
});

test("fields of structs, parameters of functions, a block of a map", () => {
  const made = new Section();
  const decoder = made.type("struct", "json.Decoder", { flags: NAMED, path: "encoding/json" });
  const key = made.type("int", "int", { flags: NAMED });
  const fields = made.builder.allocate(48);
  made.builder.words(fields, made.name("Key", 1), key, 0, made.name("rest"), decoder, 8);
  const struct = made.type("struct", "struct { Key int; rest json.Decoder }", { size: 16, behind: [made.name("main"), fields, 2, 2] });
  const func = made.type("func", "func(int, ...json.Decoder) json.Decoder");
  const rest = made.type("slice", "[]json.Decoder", { size: 24, behind: [decoder] });
  made.builder
    .uint(func + 48, 2, 2)
    .uint(func + 50, 2, 0x8001)
    .words(func + 56, key, rest, decoder);
  const group = made.type("struct", "map.group[int]json.Decoder", { size: 72 });
  made.type("map", "map[int]json.Decoder", { behind: [key, decoder, group] });
  const { names, byName } = made.read();
  expect(names.nameOf(struct)).toBe("struct { Key int; main.rest encoding/json.Decoder }");
  expect(names.nameOf(func)).toBe("func(int, ...encoding/json.Decoder) encoding/json.Decoder");
  expect(byName("map.group[int]encoding/json.Decoder")).toBe(group);
  expect(byName("encoding/json.Encoder")).toBe(0);
});

test("words that only look like a descriptor are none", () => {
  const made = new Section();
  const good = made.type("int", "main.Count", { flags: NAMED });
  const sizes = made.type("int", "main.Wide", { flags: NAMED });
  made.builder.words(sizes, 8, 16); // more bytes of pointers than bytes
  const aligned = made.type("int", "main.Odd", { flags: NAMED });
  made.builder.uint(aligned + 21, 1, 3);
  const text = made.type("slice", "map[int]int", { size: 24 });
  const flags = made.type("int", "main.Flags", { flags: 0x84 });
  const { addresses, byName } = made.read();
  expect(addresses()).toEqual([good]);
  expect([sizes, aligned, text, flags].map((each) => addresses().includes(each))).toEqual([false, false, false, false]);
  expect(byName("main.Count")).toBe(good);
});

test("a type that contains itself by no name has an end", () => {
  const made = new Section();
  const pointer = made.type("pointer", "*main.x.y");
  made.builder.words(pointer + 48, pointer);
  expect(made.read().names.nameOf(pointer)).toBe("*?");
});
