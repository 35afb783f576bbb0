import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { Findings } from "../../src/base/findings.js";
import type { Address } from "../../src/base/units.js";
import type { Process, Registers } from "../../src/process/process.js";
import { readFunctions } from "../../src/runtime/functions.js";
import { readGoroutines } from "../../src/runtime/goroutines.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { type StackPointers, type StackRoot, stackRoots } from "../../src/runtime/stack-roots.js";
import { layoutOf, MemoryBuilder } from "../support/memory-builder.js";
import { type FunctionToWrite, writeModule } from "../support/pclntab-writer.js";

const TEXT = 0x401000;
const HEAP = 0xc800000000;

const STRUCTS = {
  g: [
    256,
    {
      "stack.lo": [0, 8],
      "stack.hi": [8, 8],
      _panic: [32, 8],
      _defer: [40, 8],
      m: [48, 8],
      "sched.sp": [56, 8],
      "sched.pc": [64, 8],
      "sched.ctxt": [80, 8],
      "sched.lr": [96, 8],
      syscallsp: [112, 8],
      syscallpc: [120, 8],
      atomicstatus: [144, 4],
      goid: [152, 8],
      waitsince: [160, 8],
      waitreason: [168, 1],
      asyncSafePoint: [169, 1],
      gopc: [176, 8],
      startpc: [184, 8],
      parentGoid: [192, 8],
      lockedm: [200, 8],
      "xRegs.state": [208, 8],
    },
  ],
  m: [128, { g0: [0, 8], gsignal: [8, 8], curg: [16, 8], procid: [24, 8], vdsoSP: [32, 8], vdsoPC: [40, 8] }],
  xRegState: [32, {}],
  _defer: [48, { heap: [0, 1], sp: [8, 8], fn: [24, 8], link: [32, 8] }],
  _panic: [48, { arg: [8, 16], link: [24, 8], recovered: [40, 1], goexit: [41, 1] }],
} as const;

const functions: FunctionToWrite[] = [
  { name: "runtime.goexit", size: 16, flag: 1, frame: [[0, 16]] },
  {
    name: "main.main",
    size: 64,
    frame: [
      [0, 4],
      [64, 64],
    ],
    args: 16,
    stackMapIndex: [
      [0, 20],
      [1, 40],
      [2, 64],
    ],
    localMaps: ["0000", "0110", "0000"],
    argumentMaps: ["01", "10", "00"],
    // Two objects of two words at the start of the locals.
    stackObjects: [
      { offset: -56, size: 16, mask: "01" },
      { offset: -40, size: 16, mask: "11" },
    ],
  },
  {
    name: "main.park",
    size: 32,
    frame: [
      [0, 4],
      [16, 32],
    ],
    stackMapIndex: [[0, 32]],
    localMaps: ["0"],
  },
  {
    name: "main.bare",
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
      [24, 32],
    ],
  },
];

interface World {
  readonly builder: MemoryBuilder;
  readonly g: Address;
  readonly stack: { readonly lo: Address; readonly hi: Address };
  at(name: string, offset: number): Address;
  set(field: keyof (typeof STRUCTS.g)[1], value: number): void;
  thread(sp: Address, pc: Address, registers?: Readonly<Record<string, bigint>>): void;
  roots(): StackPointers & { findings: Findings };
}

function world(arch: "amd64" | "arm64" = "amd64"): World {
  const builder = new MemoryBuilder();
  const { module, entries } = writeModule(builder, arch, TEXT, ["main.go"], functions);
  const g = builder.allocate(256);
  const m = builder.allocate(128);
  const signalG = builder.allocate(256);
  const lo = builder.allocate(2048);
  const signalStack = builder.allocate(4096);
  const allgs = builder.allocate(24);
  const list = builder.allocate(8);
  builder.words(allgs, list, 1, 1).word(list, g);
  const [, fields] = STRUCTS.g;
  const set = (field: keyof typeof fields, value: number) => {
    const [offset, width] = fields[field];
    if (width === 8) builder.word(g + offset, value);
    else builder.uint(g + offset, width, value);
  };
  set("stack.lo", lo);
  set("stack.hi", lo + 2048);
  set("goid", 7);
  set("atomicstatus", 4);
  set("m", m);
  builder.words(m, 0, signalG, g, 42).words(signalG, signalStack, signalStack + 4096);
  let threads: { tid: number; signal: number; registers: Registers }[] = [];
  return {
    builder,
    g,
    stack: { lo, hi: lo + 2048 },
    at: (name, offset) => entries[name] + offset,
    set,
    thread(sp, pc, registers = {}) {
      const names = Object.keys(registers);
      threads = [
        {
          tid: 42,
          signal: 6,
          registers: { pc, sp, fp: 0, lr: -1, g, names, byName: (name) => registers[name], byDwarfNumber: () => undefined },
        },
      ];
    },
    roots() {
      const findings = new Findings();
      const memory = builder.memory();
      const process = { memory, arch: ARCHES[arch], threads } as unknown as Process;
      const layout = { ...layoutOf(STRUCTS), global: (name: string) => (name === "runtime.allgs" ? allgs : undefined) } as Layout;
      const table = readFunctions(memory, [module], ARCHES[arch]);
      const goroutines = readGoroutines(process, layout, table, [module], findings);
      const goroutine = goroutines.find(7);
      if (!goroutine) throw new Error("goroutine 7 is lost");
      return { ...stackRoots({ process, memory: process.memory, layout, goroutines }, goroutine), findings };
    },
  };
}

const summary = (roots: readonly StackRoot[]) => roots.map(({ value, what, frame, certain }) => [value - HEAP, what, frame, certain]);

/** main.park called by main.main at offset 30 (stack map 1): every word of both frames a different heap pointer. */
function parked(w: World, call = 30) {
  const sp = w.stack.hi - 200;
  for (let i = 0; sp + i * 8 < w.stack.hi; i++) w.builder.word(sp + i * 8, HEAP + i * 8);
  w.builder.word(sp + 16, w.at("main.main", call)).word(sp + 24 + 64, w.at("runtime.goexit", 1));
  w.set("sched.sp", sp);
  w.set("sched.pc", w.at("main.park", 10));
  // main.main: sp + 24, varp = sp + 24 + 56, argp = sp + 96.
  return { sp, main: sp + 24, varp: sp + 80, argp: sp + 96 };
}

describe("the roots of a parked goroutine", () => {
  it("are the words that the stack maps of its calls name", () => {
    const w = world();
    const { sp, varp, argp } = parked(w);
    const { roots, findings } = w.roots();
    expect(summary(roots)).toEqual([
      [varp - 24 - sp, "local", 1, true],
      [varp - 16 - sp, "local", 1, true],
      [argp - sp, "argument", 1, true],
    ]);
    expect(roots[0]?.slot).toBe(varp - 24);
    expect(findings.list()).toEqual([]);
  });

  it("depend on the call it stands at: the map is that of the call instruction, not of the return address", () => {
    const w = world();
    const { argp, sp } = parked(w, 20);
    expect(summary(w.roots().roots)).toEqual([[argp + 8 - sp, "argument", 1, true]]);
  });

  it("follow pointers into stack objects, and leave objects alone that nothing points to", () => {
    const w = world();
    const { sp, varp } = parked(w);
    // A live local points into the middle of the second object; a word of that one to the first.
    w.builder.word(varp - 24, varp - 40 + 8).word(varp - 40, varp - 56);
    const { roots, inner } = w.roots();
    expect(inner).toEqual([
      { slot: varp - 24, value: varp - 32, frame: 1 },
      { slot: varp - 40, value: varp - 56, frame: 1 },
    ]);
    expect(summary(roots)).toEqual([
      [varp - 16 - sp, "local", 1, true],
      [varp + 16 - sp, "argument", 1, true],
      [varp - 32 - sp, "stack object", 1, true],
      [varp - 48 - sp, "stack object", 1, true],
    ]);
  });

  it("include the context register, defers and their records", () => {
    const w = world();
    parked(w, 50);
    const heapDefer = w.builder.allocate(48);
    const stackDefer = w.stack.hi - 64;
    w.set("sched.ctxt", HEAP + 1000);
    w.set("_defer", stackDefer);
    w.builder.words(stackDefer, 0, 0, 0, HEAP + 2000, heapDefer);
    w.builder.words(heapDefer, 1, 0, 0, HEAP + 3000, 0);
    expect(summary(w.roots().roots)).toEqual([
      [1000, "ctxt", -1, true],
      [2000, "defer", -1, true],
      [heapDefer - HEAP, "defer", -1, true],
      [3000, "defer", -1, true],
      [heapDefer - HEAP, "defer", -1, true],
    ]);
  });

  it("survive a list of defers that bites its tail", () => {
    const w = world();
    parked(w, 50);
    const record = w.builder.allocate(48);
    w.set("_defer", record);
    w.builder.words(record, 0, 0, 0, HEAP, record);
    expect(w.roots().roots.length).toBe(2);
  });

  it("include the values of panics", () => {
    const w = world();
    parked(w, 50);
    const panic = w.stack.lo + 64;
    w.set("_panic", panic);
    w.builder.words(panic, 0, 0x500000, HEAP + 5000, 0);
    expect(summary(w.roots().roots)).toContainEqual([5000, "panic", -1, true]);
  });

  it("are read conservatively where a stack map is missing, and that is told", () => {
    const w = world();
    const sp = w.stack.hi - 200;
    w.builder.words(sp, HEAP, HEAP + 8, w.at("runtime.goexit", 1));
    w.set("sched.sp", sp);
    w.set("sched.pc", w.at("main.bare", 10));
    const { roots, findings } = w.roots();
    expect(summary(roots)).toEqual([[0, "conservative", 0, false]]);
    expect(findings.list().map((each) => [each.code, each.example])).toEqual([
      ["stack-map-missing", `main.bare at 0x${w.at("main.bare", 10).toString(16)}`],
    ]);
  });
});

describe("a preempted goroutine", () => {
  it("has every word of its two innermost frames taken as a possible pointer, and its vector registers", () => {
    const w = world();
    const sp = w.stack.hi - 200;
    for (let i = 0; sp + i * 8 < w.stack.hi; i++) w.builder.word(sp + i * 8, HEAP + i * 8);
    w.builder.word(sp + 24, w.at("main.main", 30)).word(sp + 32 + 64, w.at("runtime.goexit", 1));
    w.set("sched.sp", sp);
    w.set("sched.pc", w.at("runtime.asyncPreempt", 10));
    w.set("asyncSafePoint", 1);
    const vectors = w.builder.allocate(32);
    w.set("xRegs.state", vectors);
    w.builder.words(vectors, 0, HEAP + 9000, 0, 1);
    const slots = (from: number, to: number) => Array.from({ length: (to - from) / 8 }, (_, i) => from + i * 8);
    const { roots } = w.roots();
    expect(roots.every((root) => !root.certain)).toBe(true);
    expect(roots.filter((root) => root.what === "conservative").map((root) => root.slot - sp)).toEqual([
      ...slots(0, 16),
      ...slots(32, 88),
      104,
      112,
    ]);
    expect(roots.filter((root) => root.what === "register").map((root) => [root.value - HEAP, root.register])).toEqual([[9000, "vector"]]);
  });
});

describe("a running goroutine", () => {
  it("on its own stack starts at the thread's registers, which may hold pointers", () => {
    const w = world();
    const { sp } = parked(w);
    w.set("atomicstatus", 2);
    w.thread(sp, w.at("main.park", 10), { rbx: BigInt(HEAP + 7000), rip: BigInt(HEAP), fs_base: BigInt(HEAP) });
    const { roots } = w.roots();
    expect(roots.filter((root) => root.what === "register").map((root) => [root.value - HEAP, root.register, root.slot])).toEqual([
      [7000, "rbx", -1],
    ]);
    expect(roots.filter((root) => root.frame === 0 && root.what === "conservative").length).toBeGreaterThan(0);
    expect(roots.filter((root) => root.frame === 1).every((root) => root.certain)).toBe(true);
  });

  for (const arch of ["amd64", "arm64"] as const) {
    it(`in a signal handler starts where the signal found it (${arch})`, () => {
      const w = world(arch);
      const sp = w.stack.hi - 200;
      w.builder
        .word(sp, w.at("main.main", 28))
        .word(sp + 16, w.at("runtime.goexit", 4))
        .word(sp + 24 + 64, w.at("runtime.goexit", 1));
      if (arch === "amd64") w.builder.word(sp + 16, w.at("main.main", 30));
      w.set("atomicstatus", 2);
      const signalStack = w.stack.lo + 2048;
      const context = (at: Address, savedSp: Address, register: number) => {
        w.builder.words(at + 16, signalStack, 0, 4096);
        if (arch === "amd64")
          w.builder
            .word(at + 40 + 11 * 8, register)
            .word(at + 160, savedSp)
            .word(at + 168, w.at("main.park", 10));
        else
          w.builder
            .word(at + 184 + 3 * 8, register)
            .word(at + 432, savedSp)
            .word(at + 440, w.at("main.park", 8));
      };
      context(signalStack + 3000, sp, HEAP + 100);
      context(signalStack + 1000, signalStack + 2000, HEAP + 200);
      w.thread(signalStack + 500, 0x99);
      const registers = w.roots().roots.filter((root) => root.what === "register");
      expect(registers.map((root) => [root.value - HEAP, root.register])).toContainEqual([100, arch === "amd64" ? "rbx" : "x3"]);
      expect(registers.map((root) => root.value)).not.toContain(HEAP + 200);
    });
  }

  it("on the thread's own stack starts where it left; without a thread that is a finding", () => {
    const w = world();
    const { sp } = parked(w);
    w.set("atomicstatus", 2);
    w.thread(0x7000, 0x99);
    expect(summary(w.roots().roots).length).toBe(3);
    w.set("sched.sp", 0);
    expect(
      w
        .roots()
        .findings.list()
        .map((each) => [each.code, each.partial]),
    ).toEqual([["stack-incomplete", true]]);
    expect(w.roots().roots).toEqual([]);
    w.set("syscallsp", sp);
    w.set("syscallpc", w.at("main.park", 10));
    expect(summary(w.roots().roots).length).toBe(3);
  });
});
