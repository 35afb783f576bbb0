import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { silent } from "../../src/base/progress.js";
import { type Address, NONE, type TypeId } from "../../src/base/units.js";
import { numberObjects } from "../../src/heap/objects.js";
import { KIND_STEP, POINTER, pointerKinds } from "../../src/heap/pointer-kinds.js";
import { collectRoots } from "../../src/heap/roots.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { PAGE } from "../../src/runtime/spans.js";
import type { SpecialRoot } from "../../src/runtime/specials.js";
import type { PointerMasks } from "../../src/runtime/variants/pointer-masks.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";
import { spansOf } from "../support/span-builder.js";

const HEAP: Address = 0xc000000000;
/** Data, bss and their masks lie behind the heap's span. */
const DATA = HEAP + PAGE;
const BSS = DATA + 0x100;
const MASKS = DATA + 0x400;

/** Four objects of 64 bytes whose first word is a pointer; data of 8 words, bss of 4, of which the masks name some. */
class Program {
  readonly types = new TypeBuilder();
  readonly memory = new MemoryBuilder(HEAP, 4 * PAGE);
  readonly findings = new Findings();
  readonly globals: { name: string; address: Address; size: number; type: TypeId }[] = [];
  readonly specials: SpecialRoot[] = [];
  readonly parameters = new Map<Address, TypeId>();
  readonly node: TypeId;
  readonly pointer: TypeId;
  mask: Address = MASKS;

  constructor() {
    this.node = this.types.add("main.Node", "struct", 64);
    this.pointer = this.types.add("*main.Node", "pointer", 8, { element: this.node, rtype: 0x1000 });
    this.types.change(this.node, { fields: [["next", 0, this.pointer]] });
    this.memory.bytes(MASKS, [0b0000_0111]).bytes(MASKS + 8, [0b0000_0001]);
  }

  object(index: number): Address {
    return HEAP + index * 64;
  }

  global(name: string, address: Address, type: TypeId): this {
    this.globals.push({ name, address, size: this.types.get(type).size, type });
    return this;
  }

  roots() {
    const memory = this.memory.memory();
    const span = { base: HEAP, pages: 1, elementSize: 64, elements: 4, noscan: false, sizeClass: 6 };
    const spans = spansOf([{ ...span, freeIndex: 4, allocBits: 0, allocCount: 4 }]);
    const masks: PointerMasks = {
      kindOf: () => "bitmap",
      spanBits(_spans, _span, _bytes, bits) {
        for (let word = 0; word < 32; word += 8) bits[word >>> 5] |= 1 << (word & 31);
        return true;
      },
      typeMask: () => undefined,
    };
    const objects = numberObjects(memory, spans, masks, this.findings);
    const module = {
      data: DATA,
      edata: DATA + 64,
      gcdatamask: { n: 8, bytes: this.mask },
      bss: BSS,
      ebss: BSS + 32,
      gcbssmask: { n: 4, bytes: this.mask + 8 },
      noptrdata: DATA,
      enoptrbss: BSS + 32,
    };
    const runtime = {
      binary: { from: "dwarf" },
      types: this.types,
      process: { memory },
      memory,
      modules: [module],
      pointerMasks: masks,
      specials: this.specials,
      goroutines: { all: [], find: () => undefined },
      variables: { globalAt: (at: Address) => this.globals.find(({ address, size }) => at >= address && at < address + size) },
      symbolAt: (at: Address) => (at >= BSS ? { name: "main..stmp_1" } : undefined),
      parameterType: (pc: Address) => this.parameters.get(pc) ?? NONE,
    } as unknown as GoRuntime;
    return collectRoots(runtime, objects, pointerKinds(this.types), this.findings, silent);
  }

  /** Rows as "owner: object, meaning". */
  rows(): string[] {
    const roots = this.roots();
    return Array.from({ length: roots.count }, (_, row) => {
      const code = roots.code[row];
      const kind = Object.keys(POINTER).find((each) => POINTER[each as keyof typeof POINTER] === code % KIND_STEP);
      const target = kind === "typed" ? ` ${this.types.get(Math.floor(code / KIND_STEP)).name}` : "";
      return `${roots.owners[roots.owner[row]].name}: ${roots.object[row]}, ${kind}${target}`;
    });
  }
}

test("words of data and bss that the masks name are roots of the variables they lie in, with what they mean", () => {
  const program = new Program();
  const pair = program.types.add("main.Pair", "struct", 16, {
    fields: [
      ["a", 0, program.pointer],
      ["b", 8, program.types.add("unsafe.Pointer", "unsafe.Pointer", 8)],
    ],
  });
  program.global("main.pair", DATA, pair).global("main.last", DATA + 16, program.pointer);
  program.memory.words(DATA, program.object(0), program.object(1), program.object(2), program.object(3)).word(BSS, program.object(3));
  expect(program.rows()).toEqual([
    "main.pair: 0, typed main.Node",
    "main.pair: 1, unknown",
    "main.last: 2, typed main.Node",
    "main..stmp_1: 3, unknown",
  ]);
  const roots = program.roots();
  expect([...roots.slot]).toEqual([DATA, DATA + 8, DATA + 16, BSS]);
  expect([...roots.type]).toEqual([pair, pair, program.pointer, NONE]);
  expect([...roots.offset]).toEqual([0, 8, 0, 0]);
  expect(roots.describe(1)).toMatchObject({ place: "global", certain: true, slot: DATA + 8, frame: undefined, goroutine: undefined });
});

test("nil, and what points to no object, is no root", () => {
  const program = new Program().global("main.v", DATA, new Program().pointer);
  program.memory.words(DATA, 0, DATA, 0x401000);
  expect(program.rows()).toEqual([]);
});

test("data whose mask is not in the core is taken word by word, which is told, and the answer partial", () => {
  const program = new Program();
  program.mask = 0x10;
  program.memory.word(DATA, program.object(0));
  expect(program.rows()).toEqual(["data 0xc000002000: 0, unknown"]);
  expect(program.findings.list().map(({ code, partial }) => [code, partial])).toEqual([["data-mask-missing", true]]);
});

test("a finalizer holds its closure, and what its object points to, but not the object", () => {
  const program = new Program();
  program.memory.word(program.object(0), program.object(1));
  const pointers = [{ slot: 0x900, value: program.object(2), role: "fn" }] as const;
  program.specials.push({ kind: "finalizer", object: program.object(0), pointerType: 0x1000, pointers });
  const name = `finalizer of 0x${program.object(0).toString(16)}`;
  expect(program.rows()).toEqual([`${name}: 2, func`, `${name}: 1, typed main.Node`]);
});

test("an object with a finalizer does not hold itself", () => {
  const program = new Program();
  program.memory.word(program.object(0), program.object(0));
  program.specials.push({ kind: "finalizer", object: program.object(0), pointerType: 0x1000, pointers: [] });
  expect(program.rows()).toEqual([]);
});

test("a cleanup's argument is of the type that its function takes; entries of a queue have one owner", () => {
  const program = new Program();
  program.memory.word(program.object(2), 0x401000);
  program.parameters.set(0x401000, program.node);
  const call = (object: Address, first: number) =>
    ({
      kind: object === 0 ? "cleanup-queue" : "cleanup",
      object,
      pointerType: 0,
      pointers: [
        { slot: 0x900, value: program.object(first), role: "fn" },
        { slot: 0x908, value: program.object(3), role: "arg" },
      ],
    }) as const;
  program.specials.push(call(0, 2), call(program.object(0), 2), call(0, 1));
  const cleanup = `cleanup of 0x${program.object(0).toString(16)}`;
  expect(program.rows()).toEqual([
    "cleanup queue: 2, func",
    "cleanup queue: 3, typed main.Node",
    "cleanup queue: 1, func",
    "cleanup queue: 3, unknown",
    `${cleanup}: 2, func`,
    `${cleanup}: 3, typed main.Node`,
  ]);
});
