import { expect, test } from "vitest";
import { COMMANDS } from "../../../cli/commands/index.js";
import { isAt, ownerPlace, places, typePlace } from "../../../cli/ui/places.js";
import { allScreens } from "../../../cli/ui/screens/index.js";

test("every place leads to a screen that there is", () => {
  const names = allScreens(COMMANDS).map(({ name }) => name);
  for (const name of Object.keys(places)) expect(names).toContain(name);
  expect(places.refs({ of: "main.x", out: true })).toEqual({ screen: "refs", args: { of: "main.x", out: true } });
});

test("a value's place has no offset at its beginning", () => {
  expect(places.object("main.x")).toEqual({ screen: "object", args: { of: "main.x" } });
  expect(places.object("main.x", 200)).toEqual({ screen: "object", args: { of: "main.x", offset: 200 } });
});

test("names of owners lead to stacks and values, and those of no type to objects of none", () => {
  expect(ownerPlace("goroutine 17, main.worker")).toEqual(places.goroutine(17));
  expect(ownerPlace("example.com/shop.cart.items")).toEqual(places.object("example.com/shop.cart.items"));
  expect(ownerPlace("finalizers")).toBeUndefined();
  expect(typePlace("unknown, 64 bytes").args).toEqual({ type: "^unknown$" });
  expect(isAt(places.goroutine(1), "goroutine")).toBe(true);
  expect(isAt(undefined, "goroutine")).toBe(false);
});
