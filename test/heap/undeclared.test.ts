import { expect, test } from "vitest";
import { TypingBuilder } from "../support/typing-builder.js";

const ITAB = 0x8000;
const USER = 0x1000;
const POINTER = 0x2000;

/** An object of unknown type that holds { itab, *main.User }, { main.User's type, boxed main.User } and a bare pointer. */
function built() {
  const builder = new TypingBuilder();
  const { types } = builder;
  const int = types.add("int", "int", 8);
  const user = types.add("main.User", "struct", 48, { rtype: USER, fields: [["next", 0, int]] });
  const pointer = types.add("*main.User", "pointer", 8, { element: user, rtype: POINTER });
  types.change(user, { fields: [["next", 0, pointer]] });
  types.itabs.set(ITAB, POINTER);
  const [holder, byItab, byType, alone, next] = [48, 48, 48, 48, 48].map((size) => builder.object(size));
  builder.pairs(holder, 0, ITAB, byItab).pairs(holder, 16, USER, byType).points(holder, 40, alone).points(byItab, 0, next);
  return builder;
}

test("in a stripped program a type or an itab before a pointer is an interface, and what is found is followed", () => {
  const builder = built();
  builder.stripped = true;
  expect(builder.typed()).toEqual({
    names: ["", "main.User", "main.User", "", "main.User"],
    evidence: ["none", "interface", "interface", "none", "typed referrer"],
  });
});

test("where there is debug information nothing is taken for an interface that is not declared as one", () => {
  expect(built().typed().names).toEqual(["", "", "", "", ""]);
});

test("a type that the collector takes for a pointer is a value of its own, a *rtype", () => {
  const builder = built();
  builder.stripped = true;
  builder.pointerWords.set(0, [1, 2, 3, 5]);
  expect(builder.typed().names).toEqual(["", "main.User", "", "", "main.User"]);
});

test("a word that is no type says nothing of the pointer behind it", () => {
  const builder = new TypingBuilder();
  builder.stripped = true;
  const [holder, target] = [builder.object(48), builder.object(48)];
  builder.pairs(holder, 0, 0x7777, target);
  expect(builder.typed().names).toEqual(["", ""]);
});
