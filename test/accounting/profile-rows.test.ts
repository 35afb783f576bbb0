/** Profiles in rows: figures scaled as runtime/pprof scales them, stacks and places folded; in a program that a test makes. */
import { describe, expect, test } from "vitest";
import { contentionProfile } from "../../src/accounting/contention-profile.js";
import { heapProfile, scaleSample } from "../../src/accounting/heap-profile.js";
import { profileFrames } from "../../src/accounting/profile-frames.js";
import { ProfileBuilder } from "../support/profile-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

const fail = () => expect.fail("nothing is damaged");

function program() {
  const stopped = new StoppedProgram();
  const add = (name: string) => stopped.add(name).entry + 8;
  const pcs = {
    newobject: add("runtime.newobject"),
    grow: add("internal/runtime/maps.(*Map).grow"),
    append: add("bytes.growSlice"),
    add: add("main.(*Store).add"),
    other: add("main.other"),
    main: add("main.main"),
    exit: add("runtime.goexit"),
  };
  const profile = new ProfileBuilder(stopped.records).list(1).list(2).list(3);
  return { stopped, pcs, profile };
}

describe("a sample", () => {
  test("stands for as many objects as it took to take one of its size", () => {
    // Of objects of the rate's size, 1 - 1/e are sampled. runtime/pprof/protomem.go scaleHeapSample
    expect(scaleSample(10, 10 * 512, 512)).toEqual({ objects: 15, bytes: 8099 });
    expect(scaleSample(1, 8, 524_288)).toEqual({ objects: 65_536, bytes: 524_292 });
    expect(scaleSample(3, 3 * 2 ** 30, 524_288)).toEqual({ objects: 3, bytes: 3 * 2 ** 30 });
  });
  test("stands for itself where all are taken, or nobody knows how many; none for none", () => {
    for (const rate of [1, 0, -1]) expect(scaleSample(3, 24, rate)).toEqual({ objects: 3, bytes: 24 });
    expect(scaleSample(0, 0, 512)).toEqual({ objects: 0, bytes: 0 });
  });
});

describe("frames", () => {
  const { stopped, pcs } = program();
  const frames = profileFrames(stopped.runtime());
  const names = (list: readonly { readonly function: string }[]) => list.map((each) => each.function);

  test("of an allocation begin behind the runtime, of a wait with it, and none ends in goexit", () => {
    const stack = [pcs.newobject, pcs.grow, pcs.append, pcs.newobject, pcs.add, pcs.exit];
    expect(names(frames.ofAllocation(stack))).toEqual(["bytes.growSlice", "runtime.newobject", "main.(*Store).add"]);
    expect(names(frames.ofWait(stack.slice(3)))).toEqual(["runtime.newobject", "main.(*Store).add"]);
    expect(names(frames.ofAllocation([pcs.newobject, pcs.exit]))).toEqual(["runtime.newobject"]);
  });

  test("are where the program's innermost function is, with the library's function that did it", () => {
    const site = (...stack: number[]) => frames.site(frames.ofWait(stack));
    expect(site(pcs.newobject, pcs.add, pcs.main)).toEqual({ function: "main.(*Store).add", file: "/src/app/main.go", line: 7 });
    expect(site(pcs.append, pcs.add)).toMatchObject({ function: "main.(*Store).add", through: "bytes.growSlice" });
    expect(site(pcs.append)).toMatchObject({ function: "bytes.growSlice" });
    expect(site(pcs.append)).not.toHaveProperty("through");
    expect(site()).toBeUndefined();
  });
});

describe("the heap profile", () => {
  const { stopped, pcs, profile } = program();
  stopped.records.global("runtime.MemProfileRate", 1);
  stopped.records.global("runtime.mProfCycle", 0);
  profile.heap(64, [pcs.newobject, pcs.add, pcs.main], [10, 4, 640, 256]);
  // Of another size, and 5 objects that are not published yet.
  profile.heap(32, [pcs.newobject, pcs.add, pcs.main], [2, 0, 64, 0], [0, 0, 0, 0], [5, 0, 160, 0]);
  profile.heap(32, [pcs.append, pcs.add, pcs.other], [1, 1, 32, 32]);
  // Nothing of it is published yet.
  profile.heap(16, [pcs.other], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [7, 0, 112, 0]);

  test("has a row for each stack of which something is published", () => {
    const { rows, total, later, rate } = heapProfile(stopped.runtime(), "stack", false, fail);
    expect(rate).toBe(1);
    expect(rows.map(({ frames = [], ...row }) => ({ ...row, frames: frames.map((each) => each.function) }))).toMatchObject([
      { frames: ["bytes.growSlice", "main.(*Store).add", "main.other"], inuseObjects: 0, inuseBytes: 0, allocObjects: 1, allocBytes: 32 },
      {
        frames: ["main.(*Store).add", "main.main"],
        inuseObjects: 8,
        inuseBytes: 448,
        allocObjects: 12,
        allocBytes: 704,
        sampled: { inuse: 8, allocs: 12 },
      },
    ]);
    expect(total).toEqual({ inuseObjects: 8, inuseBytes: 448, allocObjects: 13, allocBytes: 736, sampled: { inuse: 8, allocs: 13 } });
    expect(later).toEqual({ objects: 12, bytes: 272 });
  });

  test("has what came later until now, and nothing is later than that", () => {
    const { total, rows } = heapProfile(stopped.runtime(), "stack", true, fail);
    expect(rows).toHaveLength(3);
    expect(total).toMatchObject({ inuseObjects: 20, allocObjects: 25 });
  });

  test("has a row for each place, through no library's function where several were gone through", () => {
    const { rows } = heapProfile(stopped.runtime(), "site", false, fail);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ site: { function: "main.(*Store).add" }, inuseObjects: 8, allocObjects: 13 });
    expect(rows[0]?.site).not.toHaveProperty("through");
    expect(rows[0]).not.toHaveProperty("frames");
  });
});

describe("the profiles of waiting", () => {
  const { stopped, pcs, profile } = program();
  profile.wait(2, [pcs.newobject, pcs.add, pcs.main], 2, 3000);
  profile.wait(2, [pcs.append, pcs.add, pcs.main], 1.5, 1000);

  test("have ticks only where nobody measured them", () => {
    const { rows, total, ticksPerSecond } = contentionProfile(stopped.runtime(), "block", "stack", fail);
    expect(ticksPerSecond).toBeUndefined();
    expect(rows.map(({ frames, contentions, cycles }) => [frames?.[0]?.function, contentions, cycles])).toEqual([
      ["bytes.growSlice", 1, 1000],
      ["runtime.newobject", 2, 3000],
    ]);
    expect(total).toEqual({ contentions: 3, cycles: 4000 });
    expect(contentionProfile(stopped.runtime(), "mutex", "stack", fail).rows).toEqual([]);
  });

  test("have times where they did, cut off as the files are", () => {
    stopped.records.global("runtime.ticks", 0, 0, 0, 3e9);
    const { rows, total } = contentionProfile(stopped.runtime(), "block", "site", fail);
    expect(rows).toEqual([
      {
        site: { function: "main.(*Store).add", file: "/src/app/main.go", line: 7 },
        contentions: 3,
        cycles: 4000,
        delayNanoseconds: 1333,
      },
    ]);
    expect(total.delayNanoseconds).toBe(1333);
  });
});
