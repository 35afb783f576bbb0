import { expect, test } from "vitest";
import { TypingBuilder } from "../support/typing-builder.js";

/** main.Node { next *Node; any interface {} }, 32 bytes. */
function program() {
  const builder = new TypingBuilder();
  const { types } = builder;
  const any = types.add("interface {}", "interface", 16);
  const node = types.add("main.Node", "struct", 32);
  const pointer = types.add("*main.Node", "pointer", 8, { element: node, rtype: 0x1000 });
  types.change(node, {
    fields: [
      ["next", 0, pointer],
      ["any", 8, any],
    ],
  });
  return { builder, types, node, pointer };
}

test("each object of a path is of the type that the pointer before it says, as typing the whole heap finds", () => {
  const { builder, pointer } = program();
  const [first, second, third] = [builder.object(32), builder.object(32), builder.object(32)];
  builder.root(pointer, first).points(first, 0, second).points(second, 16, third);
  builder.memory.word(builder.addressOf(second) + 8, 0x1000);
  const names = ["main.Node", "main.Node", "main.Node"];
  expect(builder.along(0, [first, second, third])?.map(({ name }) => name)).toEqual(names);
  expect(builder.typed().names).toEqual(names);
});

test("a path does not tell where a step has no type, or lies in a slot of another size", () => {
  const { builder, types, pointer } = program();
  const [known, untyped, larger] = [builder.object(32), builder.object(32), builder.object(64)];
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  builder.root(unsafe, untyped).root(pointer, known).root(pointer, larger);
  expect(builder.along(0, [untyped])).toBeUndefined();
  expect(builder.along(1, [known])).toEqual([{ name: "main.Node", parts: 0 }]);
  expect(builder.along(2, [larger])).toBeUndefined();
});

test("parts of a value on the path are found beside it", () => {
  const { builder, types } = program();
  const bytes = types.add("[]uint8", "slice", 24, { element: types.add("uint8", "uint", 1) });
  const buffer = types.add("bytes.Buffer", "struct", 40, { fields: [["buf", 0, bytes]] });
  const [value, array] = [builder.object(48), builder.object(64, { noscan: true })];
  builder.root(types.add("*bytes.Buffer", "pointer", 8, { element: buffer }), value).points(value, 0, array);
  expect(builder.along(0, [value])).toEqual([{ name: "bytes.Buffer", parts: 64 }]);
});
