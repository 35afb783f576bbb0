import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { retainedByGroup, treeChildren } from "../../src/graph/retained.js";
import { fixture } from "../support/dump-cache.js";

/** A few numbers that are the same every time. */
function* numbers(seed: number, below: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state % below;
  }
}

describe.each(["zoo-1.26-amd64", "zoo-1.21-amd64", "zoo-1.27-amd64"])("%s", (name) => {
  let dump: Dump;
  beforeAll(async () => {
    const { core, executable } = fixture(name);
    dump = await openDump({ core, executable });
  });
  afterAll(() => dump.close());

  test("what is below the virtual root adds up to the live bytes", () => {
    const { heap, retention } = dump;
    const { parent } = retention.dominators;
    let bytes = 0;
    let objects = 0;
    for (let node = 1; node < parent.length; node++) {
      if (parent[node] !== 0) continue;
      bytes += retention.retained[node];
      objects += retention.objects[node];
    }
    expect(bytes).toBe(heap.liveBytes);
    expect(objects).toBe(heap.liveObjects);
    expect(retention.retained[0]).toBe(heap.liveBytes);
  });

  test("each owner and 1,000 objects retain what a mark without them loses", () => {
    const { heap, retention } = dump;
    const nodes = heap.roots.owners.map((_, owner) => heap.graph.nodeOfOwner(owner));
    const random = numbers(7, heap.objects.count);
    for (let i = 0; i < 1000; i++) nodes.push(heap.graph.nodeOfObject(random.next().value as number));
    // The heaviest objects too: random ones are mostly leaves.
    const heavy = Array.from({ length: heap.objects.count }, (_, id) => heap.graph.nodeOfObject(id));
    heavy.sort((a, b) => retention.retained[b] - retention.retained[a]);
    nodes.push(...heavy.slice(0, 100));
    const wrong = nodes.filter((node) => {
      const expected = heap.tree.parent[node] === NONE ? 0 : retention.recount(node);
      return retention.retained[node] !== expected;
    });
    expect(wrong).toEqual([]);
  });
});

test("a group's nested members count once", () => {
  // 0 -> 1 -> 2 -> 3, 0 -> 4; 1, 3 and 4 are of group 0, 2 of group 1.
  const tree = { parent: Int32Array.of(0, 0, 1, 2, 0), order: Uint32Array.of(0, 1, 2, 3, 4) };
  const retained = Float64Array.of(150, 100, 60, 10, 50);
  expect([...retainedByGroup(tree, retained, Int32Array.of(-1, 0, 1, 0, 0), 2)]).toEqual([150, 60]);
  expect([...treeChildren(tree.parent).children]).toEqual([1, 4, 2, 3]);
});

test("a chain of a million nodes needs no call stack", () => {
  const n = 1_000_000;
  const parent = Int32Array.from({ length: n }, (_, i) => Math.max(0, i - 1));
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const retained = Float64Array.from({ length: n }, (_, i) => n - i);
  const group = new Int32Array(n).fill(0);
  expect(retainedByGroup({ parent, order }, retained, group, 1)[0]).toBe(n);
});
