// Where names lead: the places of types, objects and what holds them.
import type { Place } from "../screen.js";

/** The objects of a type. */
export function typePlace(type: string): Place {
  return { screen: "objects", args: { type: exactType(type) } };
}

/** What selects a type and no other: its full name does; objects of no type have a name that is none. */
export function exactType(type: string): string {
  return type.startsWith("unknown") ? "^unknown$" : type;
}

/** An object or variable, by address or expression. */
export function objectPlace(of: string): Place {
  return { screen: "object", args: { of } };
}

/** The dominator tree from an object or variable on. */
export function dominatorsPlace(of: string): Place {
  return { screen: "dominators", args: { of } };
}

/** Why an object is alive. */
export function pathsPlace(address: string): Place {
  return { screen: "paths", args: { address } };
}

/** What an owner's name leads to: a goroutine's stack, or a variable's value. */
export function ownerPlace(owner: string): Place | undefined {
  const goroutine = /^goroutine ([0-9]+)\b/.exec(owner);
  if (goroutine) return { screen: "goroutine", args: { id: Number(goroutine[1]) } };
  return /^[\w./~-]+\.[\w.]+$/.test(owner) ? objectPlace(owner) : undefined;
}
