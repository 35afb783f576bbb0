// A set that is handed out sweep by sweep while it grows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NONE } from "../../src/base/units.js";
import { Worklist } from "../../src/graph/worklist.js";
import { cpuSeconds } from "../support/cpu.js";

describe("a worklist", () => {
  it("hands out every number that is added, also while it is emptied", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(499), { maxLength: 6 }), { minLength: 500, maxLength: 500 }), fc.nat(499), (edges, from) => {
        const wanted = new Set([from]);
        for (const node of wanted) for (const target of edges[node]) wanted.add(target);
        const worklist = new Worklist(500);
        const met: number[] = [];
        const seen = new Set([from]);
        worklist.push(from);
        for (let node = worklist.next(); node !== NONE; node = worklist.next()) {
          met.push(node);
          for (const target of edges[node]) {
            if (seen.has(target)) continue;
            seen.add(target);
            worklist.push(target);
          }
        }
        expect(met.length).toBe(wanted.size);
        expect(new Set(met)).toEqual(wanted);
        expect(worklist.next()).toBe(NONE);
      }),
    );
  });

  it("starts anew when it was empty", () => {
    const worklist = new Worklist(100);
    for (const [more, order] of [
      [
        [7, 3, 99],
        [3, 7, 99],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ]) {
      for (const id of more) worklist.push(id);
      expect(order.map(() => worklist.next())).toEqual(order);
      expect(worklist.next()).toBe(NONE);
    }
  });

  it("follows a chain that runs backwards without a sweep for each link", () => {
    const count = 2_000_000;
    const worklist = new Worklist(count);
    worklist.push(count - 1);
    let met = 0;
    const seconds = cpuSeconds(() => {
      for (let id = worklist.next(); id !== NONE; id = worklist.next()) {
        met++;
        if (id > 0) worklist.push(id - 1);
      }
    });
    expect(met).toBe(count);
    expect(seconds).toBeLessThan(20);
  });
});
