/** What code made by hand says of the variables that it names, and what of it is believed. */
import { expect, test } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { readCodeGlobals, withCodeGlobals } from "../../src/runtime/code-globals.js";
import type { FunctionTable, GoFunction } from "../../src/runtime/functions.js";
import type { Module } from "../../src/runtime/modules.js";
import type { Variables } from "../../src/runtime/variables.js";
import { amd64Code, call, leaAx, leaBx, loadAx, loadBx, type Piece, RET, storeAx, storeCx, TEST_AX } from "../support/amd64-code.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";
import { spansOf } from "../support/span-builder.js";

const TEXT = 0x401000;
/** Code of one function. */
const STEP = 0x100;
const MASK = 0x430000;
const ARGUMENTS = 0x431000;
const DATA = 0x440000;
const SIZE = 0x400;
/** Descriptors, and an itab. */
const [USER, OTHER, TABLE, POINTER, ITAB, CLOSURE, LEVEL] = [0x420000, 0x420100, 0x420200, 0x420300, 0x420400, 0x420500, 0x420600];
/** Slots of 48 bytes, and slots of 16. */
const [WIDE, NARROW] = [0xc000000000, 0xc000002000];

/** A program of functions; words of data that hold pointers are marked as such. */
class CodeBuilder {
  readonly memory = new MemoryBuilder(0x400000, 1 << 19);
  readonly types = new TypeBuilder();
  private readonly functions: GoFunction[] = [];
  private readonly mask = new Uint8Array(SIZE / 64);

  constructor() {
    const int = this.types.add("int", "int", 8);
    const user = this.types.add("main.User", "struct", 48, { rtype: USER });
    const pointer = this.types.add("*main.User", "pointer", 8, { rtype: POINTER, element: user });
    this.types.change(user, {
      fields: [
        ["id", 0, int],
        ["next", 8, pointer],
        ["rest", 16, int],
      ],
    });
    this.types.add("main.Other", "struct", 48, { rtype: OTHER, fields: [["next", 40, pointer]] });
    const header = this.types.add("map<int,int>", "struct", 48);
    this.types.add("map[int]int", "map", 8, { rtype: TABLE, element: int, key: int, header });
    this.types.add("struct { F uintptr; X0 int }", "struct", 16, { rtype: CLOSURE });
    this.types.itabs.set(ITAB, POINTER);
    const level = this.types.add("main.Level", "string", 16);
    this.types.add("*main.Level", "pointer", 8, { rtype: LEVEL, element: level });
    this.types.add("string", "string", 16);
    for (const name of ["newobject", "makeslice", "mapassign_fast64"]) this.add(`runtime.${name}`, RET);
    this.add("main.(*User).Name", RET);
    this.add("main.print", RET);
    // One argument of two words.
    this.memory.bytes(ARGUMENTS, [0xfe, 0, 8, 8, 8, 0xfd, 0xff]);
  }

  entry(name: string): number {
    return this.functions.find((each) => each.name === name)?.entry ?? 0;
  }

  calls(name: string): Piece {
    return call(this.entry(name));
  }

  add(name: string, ...pieces: readonly Piece[]): void {
    const entry = TEXT + this.functions.length * STEP;
    this.memory.bytes(entry, amd64Code(entry, ...pieces));
    this.functions.push({ name, entry, end: entry + STEP } as GoFunction);
  }

  /** Marks words as pointers, and sets the first. */
  pointer(offset: number, value: number): number {
    this.mask[offset >> 6] |= 1 << ((offset >> 3) & 7);
    this.memory.word(DATA + offset, value);
    return DATA + offset;
  }

  read() {
    this.memory.bytes(MASK, this.mask);
    const end = TEXT + this.functions.length * STEP;
    const module = { text: TEXT, etext: end, types: USER, etypes: 0x421000, rodata: USER, noptrdata: DATA, data: DATA, edata: DATA + SIZE };
    const functions = {
      find: (pc: number) => this.functions.find((each) => pc >= each.entry && pc < each.end),
      funcdata: (fn: GoFunction) => (fn.name === "main.print" ? ARGUMENTS : 0),
    };
    const span = { pages: 1, elements: 100, noscan: false, sizeClass: 5, freeIndex: 100, allocBits: 0, allocCount: 100 };
    const found = readCodeGlobals({
      memory: this.memory.memory(),
      arch: ARCHES.amd64,
      module: {
        ...module,
        bss: DATA + SIZE,
        ebss: DATA + SIZE,
        enoptrbss: DATA + SIZE,
        gcdatamask: { n: SIZE / 8, bytes: MASK },
        gcbssmask: { n: 0, bytes: MASK },
      } as Module,
      functions: functions as unknown as FunctionTable,
      types: this.types,
      spans: spansOf([
        { ...span, base: WIDE, elementSize: 48 },
        { ...span, base: NARROW, elementSize: 16 },
      ]),
      known: { globalAt: () => undefined },
    });
    const told = found.variables.map(({ name, type, by }) => `${name} ${this.types.get(type).name} by ${by}`);
    return { ...found, told };
  }
}

test("each kind of evidence", () => {
  const code = new CodeBuilder();
  const at = (offset: number) => code.pointer(offset, WIDE);
  code.add("main.allocate", leaAx(USER), code.calls("runtime.newobject"), storeAx(at(0x8)), RET);
  code.add("main.receive", loadAx(at(0x10)), code.calls("main.(*User).Name"), leaAx(DATA + 0x20), code.calls("main.(*User).Name"), RET);
  at(0x28);
  code.add("main.assign", leaAx(TABLE), loadBx(at(0x60)), code.calls("runtime.mapassign_fast64"), RET);
  code.add("main.show", leaAx(ITAB), loadBx(at(0x70)), code.calls("main.print"), RET);
  code.add("main.NewUser", leaAx(USER), code.calls("runtime.newobject"), RET);
  code.add("main.construct", code.calls("main.NewUser"), storeAx(at(0x80)), RET);
  code.add("main.(*User).Keep", storeAx(at(0x90)), RET);
  code.add(
    "main.make",
    leaAx(POINTER),
    code.calls("runtime.makeslice"),
    storeAx(at(0xa0)),
    storeCx(DATA + 0xa8),
    storeCx(DATA + 0xb0),
    RET,
  );
  code.memory.words(DATA + 0xa8, 3, 6);
  const closure = DATA + 0x300;
  code.memory.word(closure, TEXT);
  code.add("main.close", leaAx(CLOSURE), code.calls("runtime.newobject"), storeAx(code.pointer(0xc0, closure)), RET);
  const { told, contradicted, misfits } = code.read();
  expect(told).toEqual([
    "data+0x8 *main.User by allocation",
    "data+0x10 *main.User by receiver",
    "data+0x20 main.User by receiver",
    "data+0x60 map[int]int by operand",
    "data+0x70 *main.User by interface",
    "data+0x80 *main.User by result",
    "data+0x90 *main.User by argument",
    "data+0xa0 []*main.User by allocation",
    "data+0xc0 func by allocation",
  ]);
  expect([contradicted, misfits]).toEqual([0, 0]);
});

test("a pointer may be converted to be what an interface holds: a named string is told as a string", () => {
  const code = new CodeBuilder();
  code.add("main.flag", leaAx(LEVEL), leaBx(code.pointer(0x8, 0)), code.calls("main.print"), RET);
  expect(code.read().told).toEqual(["data+0x8 string by interface"]);
});

test("two types of one variable: none of them", () => {
  const code = new CodeBuilder();
  const at = code.pointer(0x8, WIDE);
  for (const type of [USER, OTHER]) code.add(`main.f${type}`, leaAx(type), code.calls("runtime.newobject"), storeAx(at), RET);
  expect(code.read()).toMatchObject({ told: [], contradicted: 1, misfits: 0 });
});

test("what the process contradicts: the object's size, the collector's mask, a slice longer than its capacity, a func that is no code", () => {
  const code = new CodeBuilder();
  code.add("main.size", leaAx(USER), code.calls("runtime.newobject"), storeAx(code.pointer(0x8, NARROW)), RET);
  // The second word of a User is a pointer: here the third is.
  code.pointer(0x30, WIDE);
  code.add("main.mask", leaAx(DATA + 0x20), code.calls("main.(*User).Name"), RET);
  code.add("main.make", leaAx(USER), code.calls("runtime.makeslice"), storeAx(code.pointer(0x80, WIDE)), RET);
  code.memory.words(DATA + 0x88, 3, 1);
  code.add("main.close", leaAx(CLOSURE), code.calls("runtime.newobject"), storeAx(code.pointer(0xc0, MASK)), RET);
  expect(code.read()).toMatchObject({ told: [], contradicted: 0, misfits: 4 });
});

test("a value that may be the whole around a first field, and what an interface holds, say nothing", () => {
  const code = new CodeBuilder();
  // The compiler checks a pointer before it takes the address of a field.
  code.add("main.first", loadAx(code.pointer(0x8, WIDE)), TEST_AX, code.calls("main.(*User).Name"), RET);
  const data = code.pointer(0x28, WIDE);
  code.add("main.any", leaAx(USER), storeAx(data - 8), code.calls("runtime.newobject"), storeAx(data), RET);
  expect(code.read().told).toEqual([]);
});

test("found variables are asked for by address and by name, after those that are known", () => {
  const code = new CodeBuilder();
  code.add("main.allocate", leaAx(USER), code.calls("runtime.newobject"), storeAx(code.pointer(0x8, WIDE)), RET);
  const found = code.read();
  const own = { name: "runtime.x", address: DATA + 0x100, size: 8, type: 0 };
  const known = {
    globalAt: (address: number) => (address === own.address ? own : undefined),
    global: (name: string) => (name === own.name ? own : undefined),
    globalNames: () => [own.name],
  } as unknown as Variables;
  let reads = 0;
  const variables = withCodeGlobals(known, { data: DATA, edata: DATA + SIZE, bss: DATA + SIZE, ebss: DATA + SIZE } as Module, () => {
    reads++;
    return found;
  });
  expect([variables.globalAt(own.address), variables.globalAt(DATA + 2 * SIZE), variables.global("main.x"), reads]).toEqual([
    own,
    undefined,
    undefined,
    0,
  ]);
  expect(variables.globalAt(DATA + 0xc)?.name).toBe("data+0x8");
  expect([variables.globalAt(DATA + 0x10), variables.global("data+0x8")?.address, variables.global("data+0x9")]).toEqual([
    undefined,
    DATA + 8,
    undefined,
  ]);
  expect([variables.globalNames(), reads]).toEqual([["runtime.x", "data+0x8"], 1]);
});
