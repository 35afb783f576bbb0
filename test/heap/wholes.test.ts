import { expect, test } from "vitest";
import { TypingBuilder } from "../support/typing-builder.js";

function program() {
  const builder = new TypingBuilder();
  const { types } = builder;
  const bytes = types.add("[]uint8", "slice", 24, { element: types.add("uint8", "uint", 1) });
  const buffer = types.add("bytes.Buffer", "struct", 40, { fields: [["buf", 0, bytes]] });
  const request = types.add("main.Request", "struct", 64, {
    fields: [
      ["id", 0, types.add("int", "int", 8)],
      ["body", 8, buffer],
    ],
  });
  const pointerTo = (name: string, element: number) => types.add(`*${name}`, "pointer", 8, { element });
  return { builder, buffer, toBuffer: pointerTo("bytes.Buffer", buffer), toRequest: pointerTo("main.Request", request) };
}

test("an object that is a value of several objects has the others as its parts", () => {
  const { builder, toBuffer } = program();
  const [value, array] = [builder.object(48), builder.object(64, { noscan: true })];
  const wholes = builder.root(toBuffer, value).points(value, 0, array).wholes();
  expect([wholes.of(array), wholes.isPart(array), wholes.isPart(value)]).toEqual([value, true, false]);
  expect([wholes.nameOf(value), wholes.nameOf(array)]).toEqual(["bytes.Buffer", "bytes.Buffer"]);
  expect([wholes.partsOf(value), wholes.partsOf(array)]).toEqual([
    { count: 1, bytes: 64 },
    { count: 0, bytes: 0 },
  ]);
  expect(wholes.listParts(value)).toEqual([array]);
});

test("of a value that is a field, its first part stands for it under its name", () => {
  const { builder, toRequest } = program();
  const [request, array] = [builder.object(64), builder.object(64, { noscan: true })];
  const wholes = builder.root(toRequest, request).points(request, 8, array).wholes();
  expect([wholes.of(array), wholes.isPart(array), wholes.nameOf(array)]).toEqual([array, false, "bytes.Buffer"]);
  expect(wholes.nameOf(request)).toBe("main.Request");
  expect(wholes.partsOf(request).count).toBe(0);
});

test("and of one that is a variable", () => {
  const { builder, buffer } = program();
  const array = builder.object(64, { noscan: true });
  expect(builder.root(buffer, array).wholes().nameOf(array)).toBe("bytes.Buffer");
});

test("what only a pointer past its first byte leads to is no part", () => {
  const { builder, toBuffer } = program();
  const [value, array] = [builder.object(48), builder.object(64, { noscan: true })];
  const wholes = builder.root(toBuffer, value).points(value, 0, array, 8).wholes();
  expect(wholes.isPart(array)).toBe(false);
});

test("a slice that is no buffer's has no parts", () => {
  const { builder } = program();
  const { types } = builder;
  const array = builder.object(64, { noscan: true });
  const slice = types.add("[]int", "slice", 24, { element: types.byName("int") });
  const wholes = builder.root(slice, array).wholes();
  expect([wholes.nameOf(array), wholes.isPart(array)]).toEqual(["[]int", false]);
});
