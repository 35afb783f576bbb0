import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { readFunctions } from "../../src/runtime/functions.js";
import { KEPT_FRAMES } from "../../src/runtime/limits.js";
import { createUnwinder, keptIndex, type UnwindStart } from "../../src/runtime/unwind.js";
import { MemoryBuilder } from "../support/memory-builder.js";
import { type FunctionToWrite, writeModule } from "../support/pclntab-writer.js";

const TEXT = 0x401000;
const TOP = 1;
const SP_WRITE = 2;

const functions: FunctionToWrite[] = [
  { name: "runtime.goexit", size: 16, flag: TOP, frame: [[0, 16]] },
  {
    name: "main.main",
    size: 64,
    frame: [
      [0, 4],
      [32, 60],
      [0, 64],
    ],
    lines: [
      [10, 32],
      [11, 64],
    ],
  },
  { name: "main.leaf", size: 32, frame: [[0, 32]] },
  {
    name: "main.work",
    size: 64,
    frame: [
      [0, 4],
      [48, 64],
    ],
    deferreturn: 40,
    lines: [
      [20, 16],
      [105, 32],
      [206, 40],
      [21, 64],
    ],
    inlineIndex: [
      [-1, 16],
      [0, 32],
      [1, 40],
      [-1, 64],
    ],
    inlined: [
      { name: "main.outer", parentPc: 4 },
      { name: "main.inner", parentPc: 20 },
    ],
  },
  {
    name: "runtime.sigpanic",
    size: 32,
    frame: [
      [0, 4],
      [16, 32],
    ],
  },
  {
    name: "runtime.asyncPreempt",
    size: 32,
    frame: [
      [0, 4],
      [16, 32],
    ],
  },
  { name: "runtime.gosave", size: 32, flag: SP_WRITE, frame: [[0, 32]] },
  { name: "runtime.external", size: 32 },
  { name: "main.forever", size: 32, frame: [[8, 32]] },
];

function program(arch: "amd64" | "arm64") {
  const builder = new MemoryBuilder();
  const { module, entries } = writeModule(builder, arch, TEXT, ["main.go"], functions);
  const lo = builder.allocate(4096);
  const stack = { lo, hi: lo + 4096 };
  const read = () => {
    const memory = builder.memory();
    const table = readFunctions(memory, [module], ARCHES[arch]);
    return { table, unwinder: createUnwinder(memory, table, ARCHES[arch]) };
  };
  const start = (pc: number, sp: number, rest: Partial<UnwindStart> = {}): UnwindStart => ({
    pc,
    sp,
    lr: 0,
    trap: false,
    syscall: false,
    stack,
    ...rest,
  });
  const at = (name: string, offset: number) => entries[name] + offset;
  return { builder, stack, read, start, at };
}

describe("an amd64 stack", () => {
  const { builder, stack, read, start, at } = program("amd64");
  // main.main (32 bytes) called main.work (48) called main.leaf (0).
  const leaf = stack.hi - 8 - 40 - 56 - 8;
  builder
    .word(leaf, at("main.work", 24))
    .word(leaf + 8 + 48, at("main.main", 20))
    .word(leaf + 8 + 56 + 32, at("runtime.goexit", 1));
  const { table, unwinder } = read();

  it("is walked to its outermost function", () => {
    const { frames, complete, problem } = unwinder.unwind(start(at("main.leaf", 8), leaf));
    expect(problem).toBeUndefined();
    expect(complete).toBe(true);
    expect(frames.map((frame) => frame.fn.name)).toEqual(["main.leaf", "main.work", "main.main", "runtime.goexit"]);
    const [inner, work, main] = frames;
    expect(inner).toMatchObject({ sp: leaf, fp: leaf + 8, varp: leaf, argp: leaf + 8, symbolPc: at("main.leaf", 7), conservative: false });
    expect(work).toMatchObject({
      pc: at("main.work", 24),
      sp: leaf + 8,
      fp: leaf + 64,
      varp: leaf + 48,
      argp: leaf + 64,
      continpc: at("main.work", 24),
    });
    expect(main).toMatchObject({ sp: leaf + 64, fp: leaf + 104, varp: leaf + 64 + 24 });
  });

  it("names inlined calls, innermost first, with the lines of their calls", () => {
    const fn = table.find(at("main.work", 0));
    if (!fn) throw new Error("not found");
    const names = (pc: number) => table.inlinedAt(fn, pc).map((each) => [each.name, each.line, each.inlined]);
    expect(names(at("main.work", 8))).toEqual([["main.work", 20, false]]);
    expect(names(at("main.work", 20))).toEqual([
      ["main.outer", 105, true],
      ["main.work", 20, false],
    ]);
    expect(names(at("main.work", 36))).toEqual([
      ["main.inner", 206, true],
      ["main.outer", 105, true],
      ["main.work", 20, false],
    ]);
  });

  it("finds functions by pc and by name", () => {
    expect(table.find(TEXT - 1)).toBeUndefined();
    expect(table.find(at("main.leaf", 31))?.name).toBe("main.leaf");
    expect(table.find(at("main.forever", 32))).toBeUndefined();
    expect(table.byName("main.leaf")?.entry).toBe(at("main.leaf", 0));
    expect(table.byName("main.leaf")?.end).toBe(at("main.work", 0));
    expect(table.byName("main.none")).toBeUndefined();
  });

  it("of an interrupted goroutine starts at the very instruction, conservatively", () => {
    const [frame] = unwinder.unwind(start(at("main.leaf", 8), leaf, { trap: true })).frames;
    expect(frame).toMatchObject({ symbolPc: at("main.leaf", 8), conservative: true });
  });

  it("of a nil function call starts at the caller", () => {
    const { frames, complete } = unwinder.unwind(start(0, leaf, { trap: true }));
    expect(complete).toBe(true);
    expect(frames.map((frame) => frame.fn.name)).toEqual(["main.work", "main.main", "runtime.goexit"]);
    expect(frames[0]).toMatchObject({ symbolPc: at("main.work", 23), conservative: false });
  });
});

describe("an injected call", () => {
  it("of sigpanic leaves a frame that continues at its deferreturn, or is dead", () => {
    const { builder, stack, read, start, at } = program("amd64");
    const sp = stack.hi - 8 - 40 - 56 - 24;
    builder
      .word(sp + 16, at("main.work", 30))
      .word(sp + 24 + 48, at("main.main", 20))
      .word(sp + 24 + 56 + 32, at("runtime.goexit", 1));
    const { unwinder } = read();
    const { frames } = unwinder.unwind(start(at("runtime.sigpanic", 10), sp));
    expect(frames.map((frame) => frame.continpc)).toEqual([
      at("runtime.sigpanic", 10),
      at("main.work", 41),
      at("main.main", 20),
      at("runtime.goexit", 1),
    ]);
    expect(frames[1]?.symbolPc).toBe(at("main.work", 30));
    expect(frames.some((frame) => frame.conservative)).toBe(false);
    builder
      .word(sp + 16, at("main.leaf", 30))
      .word(sp + 24, at("main.main", 20))
      .word(sp + 24 + 8 + 32, at("runtime.goexit", 1));
    expect(read().unwinder.unwind(start(at("runtime.sigpanic", 10), sp)).frames[1]).toMatchObject({ continpc: 0 });
  });

  it("of asyncPreempt makes itself and its parent conservative, no more", () => {
    const { builder, stack, read, start, at } = program("amd64");
    const sp = stack.hi - 8 - 40 - 56 - 24;
    builder
      .word(sp + 16, at("main.work", 30))
      .word(sp + 24 + 48, at("main.main", 20))
      .word(sp + 24 + 56 + 32, at("runtime.goexit", 1));
    const { frames } = read().unwinder.unwind(start(at("runtime.asyncPreempt", 10), sp));
    expect(frames.map((frame) => frame.conservative)).toEqual([true, true, false, false]);
  });

  it("on arm64 has the link register saved above it", () => {
    const { builder, stack, read, start, at } = program("arm64");
    const sp = stack.hi - 128;
    // asyncPreempt (16) with LR at its bottom; then the handler's 16 bytes with the leaf's own LR; then main.main (32).
    builder
      .word(sp, at("main.leaf", 8))
      .word(sp + 16, at("main.main", 20))
      .word(sp + 32, at("runtime.goexit", 4));
    const { frames, complete, problem } = read().unwinder.unwind(start(at("runtime.asyncPreempt", 8), sp));
    expect(problem).toBeUndefined();
    expect(complete).toBe(true);
    expect(frames.map((frame) => [frame.fn.name, frame.sp - sp])).toEqual([
      ["runtime.asyncPreempt", 0],
      ["main.leaf", 32],
      ["main.main", 32],
      ["runtime.goexit", 64],
    ]);
    expect(frames[2]).toMatchObject({ varp: sp + 64 - 8, argp: sp + 64 + 8 });
  });
});

describe("an arm64 stack", () => {
  it("takes the return address of a leaf from the register", () => {
    const { builder, stack, read, start, at } = program("arm64");
    const sp = stack.hi - 64;
    builder.word(sp, at("runtime.goexit", 4));
    const { frames, complete } = read().unwinder.unwind(start(at("main.leaf", 8), sp, { trap: true, lr: at("main.main", 20) }));
    expect(complete).toBe(true);
    expect(frames.map((frame) => frame.fn.name)).toEqual(["main.leaf", "main.main", "runtime.goexit"]);
  });
});

describe("a broken stack", () => {
  const { builder, stack, read, start, at } = program("amd64");
  const sp = stack.hi - 8 - 40 - 8;
  const ends = (write: () => void, from: UnwindStart) => {
    write();
    const { frames, complete, problem } = read().unwinder.unwind(from);
    return { names: frames.map((frame) => frame.fn.name), complete, problem };
  };

  it("gives the frames so far and says why it stopped", () => {
    expect(ends(() => builder.word(sp, 0x1234), start(at("main.leaf", 8), sp))).toEqual({
      names: ["main.leaf"],
      complete: false,
      problem: "return address 0x1234 of main.leaf is in no Go function",
    });
    expect(ends(() => builder.word(sp, 2n ** 60n), start(at("main.leaf", 8), sp)).problem).toContain("no return address of main.leaf");
    expect(ends(() => builder.word(sp, 0), start(at("main.leaf", 8), sp)).problem).toContain("no outermost function");
    expect(ends(() => {}, start(0x99, sp)).problem).toBe("pc 0x99 is in no Go function");
    expect(ends(() => {}, start(at("main.leaf", 8), stack.lo - 8)).problem).toContain("is outside the stack");
    expect(ends(() => {}, start(at("runtime.external", 8), sp)).problem).toBe("runtime.external has no frame table");
    expect(ends(() => builder.word(sp, at("main.work", 20)), start(at("main.leaf", 8), sp)).problem).toContain("leaves the stack");
  });

  it("is not trusted past a function that writes SP", () => {
    builder.word(sp, at("main.main", 20)).word(sp + 8 + 32, at("runtime.goexit", 1));
    const { unwinder } = read();
    expect(unwinder.unwind(start(at("runtime.gosave", 8), sp)).complete).toBe(true);
    expect(unwinder.unwind(start(at("runtime.gosave", 8), sp, { trap: true })).problem).toContain("moves the stack pointer");
  });

  it("of one function for ever ends at the stack's end", () => {
    for (let at8 = stack.lo; at8 < stack.hi; at8 += 8) builder.word(at8, at("main.forever", 8));
    const { frames, complete } = read().unwinder.unwind(start(at("main.forever", 8), stack.lo + 8));
    expect(complete).toBe(false);
    expect(frames.length).toBe(255);
  });

  it("of any words neither hangs nor throws", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<"amd64" | "arm64">("amd64", "arm64"),
        fc.array(fc.oneof(fc.integer({ min: TEXT - 4, max: TEXT + 400 }), fc.maxSafeNat()), { minLength: 1, maxLength: 64 }),
        fc.integer({ min: TEXT, max: TEXT + 380 }),
        fc.boolean(),
        (arch, words, pc, trap) => {
          const broken = program(arch);
          for (let i = 0; i < 512; i++) broken.builder.word(broken.stack.lo + i * 8, words[i % words.length]);
          const { frames } = broken.read().unwinder.unwind(broken.start(pc, broken.stack.lo + 8, { trap }));
          expect(frames.length).toBeLessThanOrEqual(512 + 17);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a very deep stack", () => {
  it("keeps the frames at either end", () => {
    const builder = new MemoryBuilder(0xc000000000, 1 << 20);
    const { module, entries } = writeModule(builder, "amd64", TEXT, ["main.go"], functions);
    const size = 16 * (2 * KEPT_FRAMES + 500);
    const lo = builder.allocate(size + 64);
    const hi = lo + size + 8;
    for (let address = lo + 8; address < lo + size; address += 16) builder.word(address, entries["main.forever"] + 8);
    builder.word(lo + size - 8, entries["runtime.goexit"] + 1);
    const memory = builder.memory();
    const unwinder = createUnwinder(memory, readFunctions(memory, [module], ARCHES.amd64), ARCHES.amd64);
    const pc = entries["main.forever"] + 8;
    const start = { pc, sp: lo, lr: 0, trap: false, syscall: false, stack: { lo, hi } };
    const { frames, omitted, complete, problem } = unwinder.unwind(start);
    expect(problem).toBeUndefined();
    expect(complete).toBe(true);
    expect(frames.length).toBe(2 * KEPT_FRAMES);
    const total = frames.length + omitted;
    let depth = 0;
    let wrong = 0;
    unwinder.walk(start, (frame) => {
      const index = keptIndex(depth++, total);
      if (index >= 0 && frames[index]?.sp !== frame.sp) wrong++;
    });
    expect([depth, wrong]).toEqual([total, 0]);
    expect(frames.at(-1)?.fn.name).toBe("runtime.goexit");
  });
});
