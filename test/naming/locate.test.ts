/** From what a person types to an object, and from an address to words, in a heap that a test makes. */

import { describe, expect, test } from "vitest";
import { placeText } from "../../cli/text/address.js";
import { NotFoundError, UsageError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { hex, NONE } from "../../src/base/units.js";
import type { Snapshot } from "../../src/heap/snapshot.js";
import {
  goroutineOf,
  isAddress,
  locate,
  locateNode,
  namesPlace,
  needText,
  pointedBy,
  targetOf,
  wholeNames,
} from "../../src/naming/locate.js";
import {
  NAMED,
  nameObject,
  objectName,
  placeOfAddress,
  readableType,
  selectByType,
  typeName,
  UNSELECTED,
} from "../../src/naming/object-names.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { HeapBuilder } from "../support/heap-builder.js";
import { BUCKET_STRUCTS, layoutOf } from "../support/memory-builder.js";

/** main.users []*User with two users, and main.count: variables of package main in the last page of the memory. */
function program() {
  const heap = new HeapBuilder();
  const { types, memory } = heap;
  const int = types.add("int", "int", 8);
  const string = types.add("string", "string", 16);
  const user = types.add("main.User", "struct", 24, {
    fields: [
      ["ID", 0, int],
      ["Name", 8, string],
    ],
  });
  const pointer = types.add("*main.User", "pointer", 8, { element: user });
  const slice = types.add("[]*main.User", "slice", 24, { element: pointer });
  const array = types.add("[2]*main.User", "array", 16, { element: pointer, count: 2 });
  const any = types.add("interface {}", "interface", 16);
  const [list = NONE] = heap.objects(array, 1);
  const [first = NONE, second = NONE] = heap.objects(user, 2, 32);
  const [lost = NONE] = heap.objects(user, 1, 32);
  heap.points(list, first, 0).points(list, second, 8);
  memory.word(heap.addressOf(second), 42);
  const globals = memory.start + (1 << 22) - 4096;
  memory.words(globals, heap.addressOf(list), 2, 2, 7);
  const variables = [
    { name: "main.users", type: slice, address: globals, size: 24 },
    { name: "main.count", type: int, address: globals + 24, size: 8 },
    { name: "main.none", type: pointer, address: globals + 32, size: 8 },
    { name: "example.com/app/store.Users", type: slice, address: globals, size: 24 },
  ];
  const owners = variables.map((each) => heap.owner("global", each.name, { global: { ...each } as never }));
  heap.owns(owners[0], list);
  const stack = { lo: globals + 1024, hi: globals + 2048 };
  const stackOwner = heap.owner("goroutine", "goroutine 7", { goroutine: 7 });
  const find = (id: number) => goroutines.find((each) => each.id === id);
  const goroutines = [{ id: 7, stack, unwound: () => ({ frames: [] }) }];
  const code = { name: "main.main", entry: 0x401000, end: 0x401040 };
  const built = heap.build({
    maps: mapsOf(layoutOf(BUCKET_STRUCTS)),
    goroutines: { all: goroutines, find } as never,
    variables: {
      global: (name: string) => variables.find((each) => each.name === name),
      globalAt: (at: number) => variables.find((each) => at >= each.address && at < each.address + each.size),
      globalNames: () => variables.map((each) => each.name),
    } as never,
    functions: { find: (pc: number) => (pc >= code.entry && pc < 0x402000 ? code : undefined) } as never,
    symbolAt: (at: number) => (at === globals + 100 ? { name: "type:*main.User" } : undefined) as never,
    closureType: () => NONE,
  });
  Object.assign(built.runtime, { spans: built.heap.objects.spans });
  const snapshot = { ...built, findings: new Findings() } as unknown as Snapshot;
  return { heap, snapshot, globals, stack, stackOwner, owners, list, first, second, lost, type: { int, user, pointer, slice, any }, code };
}

describe("what a person typed", () => {
  const { snapshot, heap, globals, owners, list, second, lost, type, stack, stackOwner } = program();
  const node = (text: string) => locateNode(snapshot, text);
  const { nodeOfObject, nodeOfOwner } = snapshot.heap.graph;

  test("an address is the object it lies in, wherever inside, and where it begins", () => {
    const at = locate(snapshot, hex(heap.addressOf(second) + 9));
    expect(at).toMatchObject({ type: type.user, address: heap.addressOf(second), object: second });
    expect(locate(snapshot, heap.addressOf(second).toString(16)).object).toBe(second);
    expect(() => locate(snapshot, "0x10")).toThrow(NotFoundError);
  });

  test("an expression is a typed place; of a wrong name those like it are offered", () => {
    expect(locate(snapshot, "main.users[1].ID")).toMatchObject({ type: type.int, address: heap.addressOf(second), object: second });
    expect(locate(snapshot, "main.count").object).toBe(NONE);
    const near = (text: string) => {
      try {
        locate(snapshot, text);
        return [];
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        return error.near;
      }
    };
    expect(near("main.user")[0]).toBe("main.users");
    expect(near("mian.cuont")).toEqual([]);
    expect(near("man.count")).toEqual(["main.count"]);
    expect(near("other.Users")).toContain("example.com/app/store.Users");
    expect(() => locate(snapshot, "main.users[")).toThrow(UsageError);
  });

  test("a node is what a pointer leads to, the object that an expression lies in, or the variable itself", () => {
    expect(node("main.users")).toBe(nodeOfOwner(owners[0]));
    expect(node("example.com/app/store.Users")).toBe(nodeOfOwner(owners[0]));
    expect(node("main.users[1]")).toBe(nodeOfObject(second));
    expect(node("main.users[1].ID")).toBe(nodeOfObject(second));
    expect(node("*main.users[1]")).toBe(nodeOfObject(second));
    expect(node(hex(heap.addressOf(lost)))).toBe(nodeOfObject(lost));
    expect(node("main.count")).toBe(nodeOfOwner(owners[1]));
    expect(node("main.none")).toBe(nodeOfOwner(owners[2]));
    // A place on a stack is the goroutine's.
    expect(node(`(*int)(${hex(stack.lo + 8)})`)).toBe(nodeOfOwner(stackOwner));
    expect(() => node(`(*int)(${hex(globals + 100)})`)).toThrow(NotFoundError);
  });

  test("a pointer-like value leads to an object; nil, a number and memory that is not there lead nowhere", () => {
    expect(targetOf(snapshot, { type: type.slice, address: globals })).toBe(list);
    expect(targetOf(snapshot, { type: type.int, address: globals })).toBe(NONE);
    expect(targetOf(snapshot, { type: type.pointer, address: globals + 32 })).toBe(NONE);
    expect(targetOf(snapshot, { type: type.pointer, address: 0xdead000000 })).toBe(NONE);
    const { memory } = snapshot.runtime.process;
    // An interface's pointer is its second word.
    expect(pointedBy(snapshot, { type: type.any, address: globals - 8, memory })).toBe(heap.addressOf(list));
    expect(pointedBy(snapshot, { type: NONE, address: globals, memory })).toBeUndefined();
  });

  test("packages may be written whole or short, of two the one that has the name", () => {
    expect(wholeNames(snapshot, "main.users[0]")).toBe("main.users[0]");
    expect(locate(snapshot, "example.com/app/store.Users[1].ID").object).toBe(second);
  });

  test("what names its own place, what is an address, whose stack it is, and what is missing", () => {
    expect(["(*main.User)(0x10)", "*p", "p.x", "p.Load()", "m.Load(1)", "0x10"].map(namesPlace)).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(["0x10", " c000", "face.x", "g7.main.x", ""].map(isAddress)).toEqual([true, true, false, false, false]);
    expect([goroutineOf(snapshot, "x", stack.lo), goroutineOf(snapshot, "x", stack.hi)]).toEqual([7, undefined]);
    expect(goroutineOf(snapshot, "*g12.main.work.s", 2 ** 53 - 16)).toBe(12);
    expect(needText("x", "why", "of")).toBe("x");
    for (const text of [undefined, "", "  "]) expect(() => needText(text, "why", "of")).toThrow(UsageError);
  });
});

describe("objects in words", () => {
  test("an object by its type, size and evidence; one of no known type is unknown", () => {
    const { snapshot, heap, second, type } = program();
    expect(nameObject(snapshot, second)).toEqual({
      address: hex(heap.addressOf(second)),
      type: "main.User",
      bytes: 32,
      evidence: "pointer",
    });
    expect([typeName(snapshot, NONE), typeName(snapshot, type.user)]).toEqual(["unknown", "main.User"]);
    expect(readableType("hash<string,int>")).not.toBe("");
  });

  test("a full name selects its type alone, anything else is a pattern; the name that is meant fits better", () => {
    const { snapshot, list, first } = program();
    const of = (text: string) => {
      const select = selectByType(snapshot, text);
      return [select(list), select(first)];
    };
    expect(of("main.User")).toEqual([UNSELECTED, NAMED]);
    expect(of("User")).toEqual([1, NAMED]);
    expect(of("Use")).toEqual([1, 1]);
    expect(of("^\\[2\\]")).toEqual([1, UNSELECTED]);
    expect(of("nothing")).toEqual([UNSELECTED, UNSELECTED]);
    expect(() => of("(")).toThrow(UsageError);
  });

  test("a part of a value is not selected, nor named by itself, unless parts are asked for", () => {
    const heap = new HeapBuilder();
    const whole = heap.object(heap.types.add("map[string]int", "map", 48));
    const part = heap.object(heap.types.add("bucket<string,int>", "struct", 64));
    heap.part(part, whole);
    const snapshot = { ...heap.build(), findings: new Findings() } as unknown as Snapshot;
    const select = (text: string, parts: boolean) => [whole, part].map(selectByType(snapshot, text, parts));
    expect([select(".", false), select("bucket", true)]).toEqual([
      [1, UNSELECTED],
      [UNSELECTED, 1],
    ]);
    expect(objectName(snapshot, part, true)).toBe("bucket<string,int>");
    expect(objectName(snapshot, part)).toBe(objectName(snapshot, whole));
  });

  test("an address that is no object is explained by what is there", () => {
    const { snapshot, heap, globals, stack, lost } = program();
    const explain = (address: number) => placeText(placeOfAddress(snapshot, address)).replace(/^0x[0-9a-f]+ /, "");
    expect(explain(0x10)).toBe("is not mapped");
    expect(explain(heap.addressOf(lost) + 64)).toBe("is in the unused tail of a heap span of 32-byte slots");
    expect(explain(heap.addressOf(lost))).toMatch(/^is in a free slot of 32 bytes/);
    expect(explain(stack.lo + 8)).toBe("is on the stack of goroutine 7");
    expect(explain(globals)).toBe("is in the global variable main.users");
    expect(explain(globals + 9)).toBe("is in the global variable main.users, 9 bytes in");
    expect(explain(globals + 100)).toBe("is in the symbol type:*main.User");
    expect(explain(globals + 200)).toBe("is in anonymous memory, outside the Go heap");
  });
});
