import { expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { type Address, type TypeId, WORD } from "../../src/base/units.js";
import { pointerKinds } from "../../src/heap/pointer-kinds.js";
import { findStatics, readDataWords } from "../../src/heap/statics.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

const DATA: Address = 0x600000;
const BSS = DATA + 0x200;
const MASKS = DATA + 0x800;

/** 64 words of data and 8 of bss, each of them a pointer for the collector unless the test says otherwise. */
class Program {
  readonly types = new TypeBuilder();
  readonly memory = new MemoryBuilder(DATA, 0x1000);
  readonly findings = new Findings();
  private readonly globals: { readonly name: string; readonly address: Address; readonly size: number; readonly type: TypeId }[] = [];
  readonly node = this.types.add("main.Node", "struct", 16);
  readonly pointer = this.types.add("*main.Node", "pointer", 8, { element: this.node, rtype: 0x9000 });
  private readonly mask: Address;

  constructor(mask = MASKS) {
    this.mask = mask;
    this.types.change(this.node, {
      fields: [
        ["next", 0, this.pointer],
        ["value", 8, this.types.add("int", "int", 8)],
      ],
    });
    this.memory.bytes(MASKS, new Array(16).fill(0xff));
  }

  global(name: string, address: Address, type: TypeId): this {
    this.globals.push({ name, address, size: this.types.get(type).size, type });
    return this;
  }

  private runtime(): GoRuntime {
    const memory = this.memory.memory();
    const module = {
      data: DATA,
      edata: DATA + 0x200,
      gcdatamask: { n: 64, bytes: this.mask },
      bss: BSS,
      ebss: BSS + 64,
      gcbssmask: { n: 8, bytes: this.mask + 8 },
      noptrdata: DATA,
      enoptrbss: BSS + 64,
    };
    const variables = { globalAt: (at: Address) => this.globals.find(({ address, size }) => at >= address && at < address + size) };
    return { types: this.types, process: { memory }, modules: [module], variables } as unknown as GoRuntime;
  }

  words() {
    return readDataWords(this.runtime(), this.findings);
  }

  /** "name: type, via" of the variable that holds an address. */
  at(address: Address): string {
    const found = findStatics(this.runtime(), pointerKinds(this.types), this.words()).at(address);
    return found
      ? `${found.name}: ${this.types.get(found.type).name}, ${found.size} bytes${found.via ? `, +${found.via.offset}` : ""}`
      : "";
  }
}

test("words are those that the masks name and that hold an address, in ascending order", () => {
  const program = new Program();
  program.memory.bytes(MASKS, [0b0000_1101]).bytes(MASKS + 8, [0b10]);
  program.memory
    .words(DATA, 0x11, 0x22, 0, 0x44)
    .words(BSS, 0x55, 0x66)
    .word(DATA + 8 * WORD, -1);
  const { slot, value, count } = program.words();
  expect(count).toBe(3);
  expect([[...slot], [...value]]).toEqual([
    [DATA, DATA + 3 * WORD, BSS + WORD],
    [0x11, 0x44, 0x66],
  ]);
});

test("where masks are not in the core each word may be a pointer, which makes a partial answer", () => {
  const program = new Program(0x100);
  program.memory.words(DATA, 0x11, 0, 0x33);
  const { slot, certain } = program.words();
  expect([[...slot], [...certain]]).toEqual([
    [DATA, DATA + 2 * WORD],
    [0, 0],
  ]);
  expect(program.findings.list()).toMatchObject([{ code: "data-mask-missing", partial: true, count: 2 }]);
});

test("data without a name is of the type that a pointer to it says, and so on along the pointers in it", () => {
  const program = new Program();
  const [first, second] = [DATA + 0x100, DATA + 0x180];
  program.global("main.list", DATA, program.pointer);
  program.memory.word(DATA, first).word(first, second);
  expect(program.at(DATA)).toBe("main.list: *main.Node, 8 bytes");
  expect(program.at(first + 8)).toBe("main.list: main.Node, 16 bytes, +0");
  expect(program.at(second)).toBe("main.list: main.Node, 16 bytes, +0");
  expect(program.at(second + 16)).toBe("");
});

test("a slice's array is as long as its capacity, an interface's value of the type that its first word names", () => {
  const program = new Program();
  const [array, boxed] = [DATA + 0x100, DATA + 0x1c0];
  program.global("main.slice", DATA, program.types.add("[]main.Node", "slice", 24, { element: program.node }));
  program.global("main.any", DATA + 0x40, program.types.add("interface {}", "interface", 16));
  program.memory.words(DATA, array, 1, 5).words(DATA + 0x40, 0x9000, boxed);
  expect(program.at(array + 79)).toBe("main.slice: []main.Node, 80 bytes, +0");
  expect(program.at(array + 80)).toBe("");
  expect(program.at(boxed)).toBe("main.any: main.Node, 16 bytes, +8");
});

test("a pointer to a variable that has a name gives no other one", () => {
  const program = new Program();
  program.global("main.p", DATA, program.pointer).global("main.node", DATA + 0x100, program.node);
  program.memory.word(DATA, DATA + 0x100);
  expect(program.at(DATA + 0x100)).toBe("main.node: main.Node, 16 bytes");
});
