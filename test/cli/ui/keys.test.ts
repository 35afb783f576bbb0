import fc from "fast-check";
import { expect, test } from "vitest";
import { makeKeyReader } from "../../../cli/ui/keys.js";

test("a chunk of many keys is many keys", () => {
  const reader = makeKeyReader();
  expect(reader.read("jjé世/x\r")).toEqual(["j", "j", "é", "世", "/", "x", "enter"]);
  expect(reader.read("\u001b[A\u001b[B\u001bOC\u001b[6~\u001b[1;5D\u001b[Z\u0004\u007f\t")).toEqual([
    "up",
    "down",
    "right",
    "pagedown",
    "left",
    "shift-tab",
    "ctrl-d",
    "backspace",
    "tab",
  ]);
  expect(reader.isHolding()).toBe(false);
});

test("a lone escape is the escape key once nothing follows it", () => {
  const reader = makeKeyReader();
  expect(reader.read("\u001b")).toEqual([]);
  expect(reader.isHolding()).toBe(true);
  expect(reader.flush()).toEqual(["escape"]);
  expect(reader.read("\u001b\u001b[A")).toEqual(["escape", "up"]);
});

test("pasted text is one key, whatever is in it", () => {
  const reader = makeKeyReader();
  expect(reader.read("a\u001b[200~q\r\nq")).toEqual(["a"]);
  expect(reader.read("uit\u001b[201~b")).toEqual(["paste:q\r\nquit", "b"]);
});

test("where a terminal cuts its bytes into chunks does not matter", () => {
  const piece = fc.constantFrom(
    "j",
    "世",
    "\u001b[A",
    "\u001b[15~",
    "\u001bOD",
    "\u001b",
    "\r",
    "\u001b[200~p\u001b[201~",
    "[",
    "\u001b[1;2C",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat({ max: 60 }), { maxLength: 6 }), (pieces, cuts) => {
      const text = `${pieces.join("")}.`;
      const whole = makeKeyReader();
      const cut = makeKeyReader();
      const places = [...new Set([0, ...cuts.filter((at) => at < text.length), text.length])].sort((a, b) => a - b);
      const keys = places.slice(1).flatMap((to, index) => cut.read(text.slice(places[index], to)));
      expect(keys).toEqual(whole.read(text));
    }),
  );
});
