import { expect, test } from "vitest";
import { TypingBuilder } from "../support/typing-builder.js";

/** main.Node { next *Node; name string; any interface {}; run func() }, 48 bytes. */
function program() {
  const builder = new TypingBuilder();
  const { types } = builder;
  const uint8 = types.add("uint8", "uint", 1);
  const int = types.add("int", "int", 8);
  const text = types.add("string", "string", 16);
  const any = types.add("interface {}", "interface", 16);
  const func = types.add("func()", "func", 8);
  const node = types.add("main.Node", "struct", 48);
  const pointer = types.add("*main.Node", "pointer", 8, { element: node, rtype: 0x1000 });
  types.change(node, {
    fields: [
      ["next", 0, pointer],
      ["name", 8, text],
      ["any", 24, any],
      ["run", 40, func],
    ],
  });
  const list = types.add("[]main.Node", "slice", 24, { element: node });
  return { builder, types, uint8, int, text, any, func, node, pointer, list };
}

test("types follow pointers from a root: values, the bytes of strings, arrays of slices", () => {
  const { builder, pointer, list } = program();
  const [root, next, bytes, array] = [builder.object(48), builder.object(48), builder.object(8, { noscan: true }), builder.object(96)];
  builder.root(pointer, root).points(root, 0, next).points(next, 8, bytes).root(list, array);
  expect(builder.typed()).toEqual({
    names: ["main.Node", "main.Node", "string", "[]main.Node"],
    evidence: ["root", "typed referrer", "typed referrer", "root"],
  });
});

test("of what nothing points to, and of what only an untyped pointer points to, nothing is said", () => {
  const { builder, types } = program();
  builder.object(48);
  builder.root(types.add("unsafe.Pointer", "unsafe.Pointer", 8), builder.object(48));
  expect(builder.typed().names).toEqual(["", ""]);
});

test("an object's header outweighs who points to it", () => {
  const { builder, types, pointer } = program();
  const other = types.add("main.Other", "struct", 48, { fields: [["p", 0, pointer]] });
  const id = builder.object(48);
  builder.headed(id, other).root(pointer, id);
  expect(builder.typed()).toEqual({ names: ["main.Other"], evidence: ["malloc header"] });
});

test("a type with pointers cannot lie in a span without, nor in a slot that is smaller", () => {
  const { builder, pointer } = program();
  builder.root(pointer, builder.object(48, { noscan: true })).root(pointer, builder.object(32));
  expect(builder.typed().names).toEqual(["", ""]);
});

test("of a pointer to a whole and one to its first field, the one whose slot it is wins, in any order", () => {
  for (const swapped of [false, true]) {
    const { builder, types, node, pointer } = program();
    const outer = types.add("main.Outer", "struct", 64, { fields: [["node", 0, node]] });
    const toOuter = types.add("*main.Outer", "pointer", 8, { element: outer });
    const id = builder.object(64);
    for (const type of swapped ? [toOuter, pointer] : [pointer, toOuter]) builder.root(type, id);
    expect(builder.typed().names).toEqual(["main.Outer"]);
  }
});

test("of two that are as likely the larger one wins, in any order", () => {
  for (const swapped of [false, true]) {
    const { builder, types, node } = program();
    const larger = types.add("main.Larger", "struct", 64, { fields: [["node", 0, node]] });
    const smaller = types.add("main.Smaller", "struct", 56, { fields: [["node", 0, node]] });
    const pointers = [larger, smaller].map((of) => types.add(`*${types.get(of).name}`, "pointer", 8, { element: of }));
    const id = builder.object(64);
    for (const type of swapped ? pointers.toReversed() : pointers) builder.root(type, id);
    expect(builder.typed().names).toEqual(["main.Larger"]);
  }
});

test("an interface's first word says what its data word points to, pointers and boxed values alike", () => {
  const { builder, types, pointer, int } = program();
  types.change(int, { rtype: 0x2000 });
  types.change(pointer, { rtype: 0x1000 });
  const [holder, pointed, boxed] = [builder.object(48), builder.object(48), builder.object(8, { noscan: true })];
  const [inner] = [builder.object(48)];
  builder.root(pointer, holder).points(holder, 32, pointed).points(holder, 0, inner).points(inner, 32, boxed);
  builder.memory.word(builder.addressOf(holder) + 24, 0x1000).word(builder.addressOf(inner) + 24, 0x2000);
  expect(builder.typed()).toEqual({
    names: ["main.Node", "main.Node", "int", "main.Node"],
    evidence: ["root", "interface", "interface", "typed referrer"],
  });
});

test("a func value points to a closure, told by the code at its beginning; what only looks like one is none", () => {
  const { builder, types, pointer } = program();
  const closure = types.add("func main.run.func1", "struct", 16, { fields: [["p", 8, pointer]] });
  builder.closures.set(0x401000, closure);
  const [holder, read, seen, lookalike, captured] = [48, 16, 16, 16, 48].map((size) => builder.object(size));
  const second = builder.object(48);
  builder.root(pointer, holder).points(holder, 40, read).points(holder, 0, second).points(second, 40, seen).points(read, 8, captured);
  builder.memory.word(builder.addressOf(read), 0x401000);
  builder.beginsLikeClosure(seen, closure).beginsLikeClosure(lookalike, closure);
  expect(builder.typed().names).toEqual(["main.Node", "func main.run.func1", "func main.run.func1", "", "main.Node", "main.Node"]);
});

test("a finalizer knows what it is set on", () => {
  const { builder } = program();
  const id = builder.object(48);
  builder.specials.push({ kind: "finalizer", object: builder.addressOf(id), pointerType: 0x1000, pointers: [] });
  expect(builder.typed()).toEqual({ names: ["main.Node"], evidence: ["finalizer"] });
});

test("what is only pointed into is an array of what the pointer says, if that divides the distance", () => {
  const { builder, list, pointer } = program();
  const [sliced, guessed, odd] = [builder.object(192), builder.object(192), builder.object(192)];
  builder.root(list, sliced, 0, 96).root(pointer, guessed, 0, 48).root(pointer, odd, 0, 8);
  expect(builder.typed()).toEqual({
    names: ["[]main.Node", "[]main.Node", ""],
    evidence: ["typed referrer", "guess", "none"],
  });
});

test("small values that share a slot have no one type", () => {
  const { builder, types, int } = program();
  const toInt = types.add("*int", "pointer", 8, { element: int });
  const tiny = { noscan: true, sizeClass: 2 };
  builder.root(toInt, builder.object(16, tiny));
  builder.object(16, tiny);
  builder.root(types.byName("string"), builder.object(16, tiny));
  expect(builder.typed().names).toEqual(["tiny block", "tiny block", "string"]);
});

test("a timer is the larger thing it is allocated in, whether it is pointed to or into", () => {
  const { builder, types } = program();
  const timer = types.add("runtime.timer", "struct", 80, { fields: [["f", 0, types.byName("func()")]] });
  types.add("runtime.timeTimer", "struct", 96, {
    fields: [
      ["c", 0, types.byName("func()")],
      ["timer", 16, timer],
    ],
  });
  const public_ = types.add("time.Timer", "struct", 16, { fields: [["C", 0, types.byName("func()")]] });
  const [toTimer, toPublic] = [timer, public_].map((of) => types.add(`*${types.get(of).name}`, "pointer", 8, { element: of }));
  const heap = types.add("main.Heap", "struct", 16, { fields: [["t", 0, toTimer]] });
  const holder = builder.object(16);
  const [whole, into] = [builder.object(96), builder.object(96)];
  builder.headed(holder, heap).root(toPublic, whole).points(holder, 0, into, 16);
  expect(builder.typed().names).toEqual(["main.Heap", "runtime.timeTimer", "runtime.timeTimer"]);
});

/** The types of map[int]*main.Node, as Go 1.24 has them; a group takes 136 bytes, in a slot of 144. */
function mapTypes(builder: TypingBuilder, pointer: number, groupSize = 136) {
  const { types } = builder;
  const int = types.byName("int");
  const slot = types.add("slot", "struct", 16, {
    fields: [
      ["key", 0, int],
      ["elem", 8, pointer],
    ],
  });
  const slots = types.add("[8]slot", "array", 128, { element: slot, count: 8 });
  const group = types.add("noalg.map.group[int]*main.Node", "struct", groupSize, {
    fields: [
      ["ctrl", 0, int],
      ["slots", 8, slots],
    ],
  });
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  const toGroup = types.add("*group", "pointer", 8, { element: group });
  const groups = types.add("groupReference<int,*main.Node>", "struct", 16, {
    fields: [
      ["data", 0, toGroup],
      ["lengthMask", 8, int],
    ],
  });
  const table = types.add("table<int,*main.Node>", "struct", 32, { fields: [["groups", 16, groups]] });
  const toTable = types.add("*table<int,*main.Node>", "pointer", 8, { element: table });
  const directory = types.add("**table<int,*main.Node>", "pointer", 8, { element: toTable });
  const header = types.add("map<int,*main.Node>", "struct", 48, {
    fields: [
      ["dirPtr", 16, directory],
      ["dirLen", 24, int],
    ],
  });
  const map = types.add("map[int]*main.Node", "map", 8, { key: int, element: pointer, header });
  return { map, header, group, table, unsafe };
}

test("a map's header leads to its one group, or to tables and their groups; the parts are one value", () => {
  const { builder, pointer } = program();
  const { map } = mapTypes(builder, pointer);
  const [small, group, node] = [builder.object(48), builder.object(144), builder.object(48)];
  const [large, directory, table, groups] = [builder.object(48), builder.object(16), builder.object(32), builder.object(288)];
  builder.root(map, small).points(small, 16, group).points(group, 16, node);
  builder.root(map, large).points(large, 16, directory).points(directory, 0, table).points(table, 16, groups);
  const { names } = builder.typed();
  expect(names).toEqual([
    "map<int,*main.Node>",
    "noalg.map.group[int]*main.Node",
    "main.Node",
    "map<int,*main.Node>",
    "[]*table<int,*main.Node>",
    "table<int,*main.Node>",
    "[]noalg.map.group[int]*main.Node",
  ]);
  const wholes = builder.wholes();
  expect([0, 1, 2, 3, 4, 5, 6].map((id) => wholes.of(id))).toEqual([small, small, node, large, large, large, large]);
  expect(wholes.nameOf(groups)).toBe("map[int]*main.Node");
  expect(wholes.partsOf(large)).toEqual({ count: 3, bytes: 16 + 32 + 288 });
  expect(wholes.listParts(small)).toEqual([group]);
});

test("where a group's slot is as large as some directory, the first word tells them apart", () => {
  const { builder, pointer } = program();
  const { map } = mapTypes(builder, pointer, 128);
  const [small, group, large, directory, table] = [48, 128, 48, 128, 32].map((size) => builder.object(size));
  builder.root(map, small).points(small, 16, group);
  builder.memory.word(builder.addressOf(group), 0x8080808080808011n);
  builder.root(map, large).points(large, 16, directory).points(directory, 0, table);
  const { names } = builder.typed();
  expect([names[group], names[directory]]).toEqual(["noalg.map.group[int]*main.Node", "[]*table<int,*main.Node>"]);
});

test("a node of a trie says itself whether it is an entry", () => {
  const builder = new TypingBuilder();
  const { types } = builder;
  const of = "interface {},interface {}";
  const bool = types.add("bool", "bool", 1);
  const any = types.add("interface {}", "interface", 16);
  const node = types.add(`internal/sync.node[${of}]`, "struct", 1, { fields: [["isEntry", 0, bool]] });
  const toNode = types.add("*node", "pointer", 8, { element: node });
  types.add(`internal/sync.entry[${of}]`, "struct", 48, {
    fields: [
      ["node", 0, node],
      ["key", 16, any],
      ["value", 32, any],
    ],
  });
  types.add(`internal/sync.indirect[${of}]`, "struct", 144, {
    fields: [
      ["node", 0, node],
      ["child", 24, toNode],
    ],
  });
  const [indirect, entry] = [builder.object(144), builder.object(48)];
  builder.root(toNode, indirect).points(indirect, 24, entry);
  builder.memory.uint(builder.addressOf(entry), 1, 1);
  expect(builder.typed().names).toEqual([`internal/sync.indirect[${of}]`, `internal/sync.entry[${of}]`]);
});

test("a channel's buffer is an array of its elements, with pointers or without", () => {
  const { builder, types, pointer, int } = program();
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  const channelOf = (element: number, name: string) => {
    const header = types.add(`hchan<${name}>`, "struct", 96, { fields: [["buf", 16, unsafe]] });
    return types.add(`chan ${name}`, "chan", 8, { element, header });
  };
  const [pointers, buffer, numbers] = [builder.object(96), builder.object(64), builder.object(112, { noscan: true })];
  builder.root(channelOf(pointer, "*main.Node"), pointers).points(pointers, 16, buffer).root(channelOf(int, "int"), numbers);
  expect(builder.typed().names).toEqual(["hchan<*main.Node>", "[]*main.Node", "hchan<int>"]);
  expect(builder.wholes().nameOf(buffer)).toBe("chan *main.Node");
});
