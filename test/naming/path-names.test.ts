/** Paths from a root in words: owners, expressions for each object, parts of values; in a heap that a test makes. */
import { describe, expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { hex, NONE, type NodeId } from "../../src/base/units.js";
import type { RootDescription } from "../../src/heap/roots.js";
import type { Snapshot } from "../../src/heap/snapshot.js";
import {
  castOf,
  describeRoot,
  expressionOf,
  expressionVia,
  namePath,
  nameTarget,
  ownerName,
  rootExpression,
} from "../../src/naming/path-names.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { HeapBuilder } from "../support/heap-builder.js";
import { BUCKET_STRUCTS, layoutOf } from "../support/memory-builder.js";

/** main.head leads to a list of `length` nodes { value int; next *Node; other *Node }. */
function program(length: number) {
  const heap = new HeapBuilder();
  const { types, memory } = heap;
  const int = types.add("int", "int", 8);
  const node = types.add("main.Node", "struct", 24);
  const pointer = types.add("*main.Node", "pointer", 8, { element: node });
  const array = types.add("[]main.Node", "array", 24, { element: node, count: -1 });
  types.change(node, {
    fields: [
      ["value", 0, int],
      ["next", 8, pointer],
      ["other", 16, pointer],
    ],
  });
  const ids = heap.objects(node, length, 32);
  const [lost = NONE, many = NONE] = heap.mixed([NONE, array]);
  for (const [i, id] of ids.entries()) if (i + 1 < length) heap.points(id, ids[i + 1], 8);
  const at = memory.start + (1 << 22) - 64;
  memory.word(at, heap.addressOf(ids[0]));
  const global = { name: "main.head", type: pointer, address: at, size: 8 };
  const owner = heap.owner("global", "main.head", { global } as never);
  heap.owns(owner, ids[0]);
  const built = heap.build({ maps: mapsOf(layoutOf(BUCKET_STRUCTS)) });
  const { graph, types: objectTypes } = built.heap;
  const { first, targets } = graph.referents;
  const offsets = new Uint32Array(targets.length);
  // The only root is row 0; an object's pointer is its second word.
  for (const id of ids) offsets.fill(1, first[graph.nodeOfObject(id)], first[graph.nodeOfObject(id) + 1]);
  const description = {
    owner: built.heap.roots.owners[owner],
    local: undefined,
    frame: undefined,
    goroutine: undefined,
    place: "",
    certain: true,
    slot: at,
    through: [],
  };
  const roots = {
    ...built.heap.roots,
    count: 1,
    value: [heap.addressOf(ids[0])],
    type: [pointer],
    offset: [0],
    certain: [1],
    describe: () => description,
  };
  const changed = {
    roots,
    graph: { ...graph, offsets },
    partWords: { of: () => null },
    typesAlong: () => ({ types: objectTypes, partsOf: () => ({ count: 0, bytes: 0 }) }),
  };
  const snapshot = { ...built, heap: { ...built.heap, ...changed }, findings: new Findings() } as unknown as Snapshot;
  const path: NodeId[] = [0, graph.nodeOfOwner(owner), ...ids.map(graph.nodeOfObject)];
  return { heap, snapshot, ids, lost, many, path, owner, description: description as unknown as RootDescription, global, node, pointer };
}

describe("a path", () => {
  test("begins at its variable, and each object is an expression from there", () => {
    const { snapshot, path, ids, heap } = program(3);
    const named = namePath(snapshot, path);
    expect(named.root).toEqual({ kind: "global", name: "main.head", owner: "main.head", variable: "main.head", certain: true });
    expect(named.steps.map((each) => [each.expression, each.type, each.bytes, each.address])).toEqual([
      ["main.head", "main.Node", 32, hex(heap.addressOf(ids[0]))],
      ["main.head.next", "main.Node", 32, hex(heap.addressOf(ids[1]))],
      ["main.head.next.next", "main.Node", 32, hex(heap.addressOf(ids[2]))],
    ]);
    expect(nameTarget(snapshot, path, false)).toMatchObject({ address: hex(heap.addressOf(ids[2])), steps: 3 });
    expect(nameTarget(snapshot, path.slice(0, 3), true)).toMatchObject({ type: "main.Node", steps: 1 });
  });

  test("that is very long is named by addresses at its far end", () => {
    const { snapshot, path, ids, heap } = program(400);
    const { steps } = namePath(snapshot, path);
    expect(steps).toHaveLength(400);
    expect(steps[299]?.expression).toMatch(/^main\.head(\.next){299}$/);
    expect(steps[300]?.expression).toBe(`(*main.Node)(${hex(heap.addressOf(ids[300]))})`);
    expect(expressionOf(snapshot, ids[10])).toBe(`main.head${".next".repeat(10)}`);
    expect(expressionOf(snapshot, ids[399])).toBe(castOf(snapshot, ids[399]));
  });

  test("whose parts belong to a value leaves these out, unless they are asked for", () => {
    const { snapshot, path } = program(3);
    // The second word of a node leads to a part of it.
    const plan = { stride: 24, words: [0, 1, 0], name: "", inner: [] };
    Object.assign(snapshot.heap, {
      partWords: { of: (type: number) => (snapshot.runtime.types.get(type).name === "main.Node" ? plan : null) },
    });
    const of = (parts: boolean) => namePath(snapshot, path, parts).steps.map((each) => each.expression);
    expect(of(true)).toEqual(["main.head", "main.head.next", "main.head.next.next"]);
    expect(of(false)).toEqual(["main.head"]);
    expect(nameTarget(snapshot, path, false).steps).toBe(1);
  });
});

describe("an object by itself", () => {
  test("is a cast of its address; of an array without a length its first element, of no known type the address", () => {
    const { snapshot, heap, ids, lost, many } = program(1);
    expect(castOf(snapshot, ids[0])).toBe(`(*main.Node)(${hex(heap.addressOf(ids[0]))})`);
    expect(castOf(snapshot, many)).toBe(`(*main.Node)(${hex(heap.addressOf(many))})`);
    expect(castOf(snapshot, lost)).toBe(hex(heap.addressOf(lost)));
    // Garbage has no path.
    expect(expressionOf(snapshot, many)).toBe(castOf(snapshot, many));
  });

  test("is named through each of its referrers by the word that leads to it", () => {
    const { snapshot, ids } = program(2);
    const { nodeOfObject } = snapshot.heap.graph;
    expect(expressionVia(snapshot, nodeOfObject(ids[0]), nodeOfObject(ids[1]), 1)).toBe("main.head.next");
    expect(expressionVia(snapshot, nodeOfObject(ids[0]), nodeOfObject(ids[1]), 2)).toBe("main.head.other");
    const far = program(320);
    expect(expressionVia(far.snapshot, far.path[310], far.path[311], 1)).toBeUndefined();
  });
});

describe("a root", () => {
  test("of a stack says goroutine, function and variable, or the place where none is known", () => {
    const { description } = program(1);
    const owner = { kind: "goroutine", name: "goroutine 7", goroutine: 7 };
    const on = (more: object) => describeRoot({ ...description, owner, ...more } as unknown as RootDescription);
    expect(on({ place: "register rax" })).toMatchObject({ name: "goroutine 7 register rax", variable: "register rax", goroutine: 7 });
    const frame = { fn: { name: "main.work" } };
    expect(on({ frame, place: "stack slot", certain: false })).toMatchObject({
      name: "goroutine 7 main.work stack slot",
      function: "main.work",
      certain: false,
    });
    const local = { variable: { name: "s", function: "main.inlined", certainty: "likely" }, offset: 0 };
    expect(on({ frame, local })).toMatchObject({
      name: "goroutine 7 main.inlined s",
      function: "main.inlined",
      variableCertainty: "likely",
    });
  });

  test("that nothing names is no expression; static data is named by the pointer that leads to it", () => {
    const { snapshot, description, global, node, heap, owner } = program(1);
    const none = { ...description, owner: { kind: "goroutine", name: "goroutine 7", goroutine: 7 } } as unknown as RootDescription;
    expect(rootExpression(snapshot, none)).toMatchObject({ text: "", type: NONE, through: [] });
    expect(rootExpression(snapshot, description)).toMatchObject({ text: "main.head", offset: 0, address: global.address });
    expect(ownerName(snapshot, owner)).toBe("main.head");
    const at = heap.memory.start + (1 << 22) - 32;
    heap.memory.word(global.address, at);
    const inside = { name: "main..stmp_1", type: node, address: at, size: 24, via: { variable: global, offset: 0 } };
    const changed = { ...snapshot, runtime: { ...snapshot.runtime, process: { memory: heap.memory.memory() } } } as unknown as Snapshot;
    const via = {
      ...description,
      owner: { kind: "global", name: "main..stmp_1", global: inside },
      slot: at + 8,
    } as unknown as RootDescription;
    expect(rootExpression(changed, via)).toMatchObject({ text: "main.head", type: node, offset: 8, address: at });
  });
});
