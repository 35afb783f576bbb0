import { beforeAll, describe, expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import type { Dump } from "../../src/dump.js";
import type { Csr } from "../../src/graph/graph.js";
import { retainedByGroup, treeChildren } from "../../src/graph/retained.js";
import { openFixture } from "../support/dump-cache.js";

/** A few numbers that are the same every time. */
function* numbers(seed: number, below: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state % below;
  }
}

/** Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm; by repeated intersection in reverse postorder. */
function iterativeDominators(referents: Csr, referrers: Csr): Int32Array {
  const { nodeCount, first, targets } = referents;
  const place = new Int32Array(nodeCount).fill(NONE);
  const seen = new Uint8Array(nodeCount);
  const postorder: number[] = [];
  const stack: number[] = [0];
  const next = first.slice();
  seen[0] = 1;
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (next[node] < first[node + 1]) {
      const target = targets[next[node]++];
      if (seen[target] === 0) {
        seen[target] = 1;
        stack.push(target);
      }
    } else {
      place[node] = postorder.length;
      postorder.push(node);
      stack.pop();
    }
  }
  const parent = new Int32Array(nodeCount).fill(NONE);
  parent[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = postorder.length - 2; i >= 0; i--) {
      const node = postorder[i];
      let found = NONE;
      for (let e = referrers.first[node]; e < referrers.first[node + 1]; e++) {
        const referrer = referrers.targets[e];
        if (parent[referrer] === NONE) continue;
        if (found === NONE) {
          found = referrer;
          continue;
        }
        let other = referrer;
        while (found !== other) {
          while (place[found] < place[other]) found = parent[found];
          while (place[other] < place[found]) other = parent[other];
        }
      }
      if (parent[node] !== found) {
        parent[node] = found;
        changed = true;
      }
    }
  }
  return parent;
}

describe.each(["zoo-1.26-amd64", "zoo-1.21-amd64", "zoo-1.27-amd64"])("%s", (name) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture(name);
  });

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

  test("a second algorithm finds the same dominators", () => {
    const { heap, retention } = dump;
    expect(iterativeDominators(heap.graph.referents, retention.referrers)).toEqual(retention.dominators.parent);
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
