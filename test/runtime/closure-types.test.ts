/** What closures hold, from the names of debug information and from the code that makes them: code as bytes. */
import { expect, test } from "vitest";
import { ARCHES, type ArchName } from "../../src/base/arch.js";
import { NONE } from "../../src/base/units.js";
import { closureTypes } from "../../src/runtime/closure-types.js";
import type { FunctionTable, GoFunction } from "../../src/runtime/functions.js";
import { FARTHEST_CAPTURE } from "../../src/runtime/limits.js";
import type { Variables } from "../../src/runtime/variables.js";
import { amd64Code, call, leaAx, leaBx, type Piece, RET } from "../support/amd64-code.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

const TEXT = 0x401000;
const STEP = 0x200;
const [PAIR, ONE, PLAIN] = [0x420000, 0x420100, 0x420200];
const NEWOBJECT = call(TEXT + 0x10);

class Closures {
  readonly memory = new MemoryBuilder(0x400000, 1 << 18);
  readonly types = new TypeBuilder();
  readonly captures = new Map<number, readonly { name: string; offset: number; type: number }[]>();
  private readonly functions: GoFunction[] = [];
  readonly int = this.types.add("int", "int", 8);
  readonly uintptr = this.types.add("uintptr", "uint", 8);
  readonly bool = this.types.add("bool", "bool", 1);
  arch: ArchName = "amd64";

  constructor() {
    const closure = (name: string, rtype: number, ...fields: (readonly [string, number, number])[]) =>
      this.types.add(name, "struct", 24, { rtype, fields: [["F", 0, this.uintptr], ...fields] });
    closure("struct { F uintptr; X0 int; X1 bool }", PAIR, ["X0", 8, this.int], ["X1", 16, this.bool]);
    closure("noalg.struct { main.F uintptr; X0 bool }", ONE, ["X0", 8, this.bool]);
    closure("struct { G uintptr; X0 int }", PLAIN, ["X0", 8, this.int]);
    this.add("runtime.newobject", RET);
  }

  add(name: string, ...pieces: readonly Piece[]): number {
    return this.addBytes(name, (entry) => amd64Code(entry, ...pieces));
  }

  addBytes(name: string, code: (entry: number) => Uint8Array): number {
    const entry = TEXT + this.functions.length * STEP;
    this.memory.bytes(entry, code(entry));
    const module = { text: TEXT, etext: 0x410000, types: PAIR, etypes: 0x421000 };
    this.functions.push({ name, entry, end: entry + STEP, module } as GoFunction);
    return entry;
  }

  ask(): (entry: number) => number {
    const functions = {
      find: (pc: number) => this.functions.find((each) => pc >= each.entry && pc < each.end),
      byName: (name: string) => this.functions.find((each) => each.name === name),
    } as unknown as FunctionTable;
    const variables = { captures: (entry: number) => this.captures.get(entry) } as unknown as Variables;
    return closureTypes({ memory: this.memory.memory(), arch: ARCHES[this.arch] }, functions, this.types, variables);
  }

  /** Name, size and fields of the type of the closure whose code begins there. */
  of(entry: number) {
    const type = this.types.get(this.ask()(entry));
    return [type.name, type.size, ...type.fields.slice(1).map((each) => `${each.name} ${this.types.get(each.type).name} +${each.offset}`)];
  }
}

/** A function and the closure that it makes of a type. */
function made(closures: Closures, rtype: number, between: readonly Piece[] = []): number {
  const inner = closures.add("main.f.func1", RET);
  closures.add("main.f", leaAx(rtype), NEWOBJECT, ...between, leaBx(inner), RET);
  return inner;
}

test("captures have the compiler's names out of the type that the maker allocates", () => {
  const closures = new Closures();
  const inner = made(closures, PAIR);
  expect(closures.of(inner)).toEqual(["func main.f.func1", 24, "X0 int +8", "X1 bool +16"]);
  const type = closures.types.get(closures.ask()(inner));
  expect([type.kind, type.fields[0]]).toEqual(["struct", { name: "F", offset: 0, type: closures.uintptr, embedded: false }]);
});

test("debug information names them, as far as it has them", () => {
  const closures = new Closures();
  const inner = made(closures, PAIR);
  closures.captures.set(inner, [{ name: "&count", offset: 8, type: closures.uintptr }]);
  expect(closures.of(inner)).toEqual(["func main.f.func1", 24, "&count uintptr +8", "X1 bool +16"]);
  // Nobody makes this one on the heap: what debug information says is all.
  const alone = closures.add("main.g.func1", RET);
  closures.captures.set(alone, [{ name: "done", offset: 8, type: closures.bool }]);
  expect(closures.of(alone)).toEqual(["func main.g.func1", 16, "done bool +8"]);
});

test("what the maker's code says of others is not taken", () => {
  const nothing = ["func main.f.func1", 8];
  // Of a struct that is no closure.
  expect(((closures) => closures.of(made(closures, PLAIN)))(new Closures())).toEqual(nothing);
  // The type may be one that is never compared, and name its package.
  expect(((closures) => closures.of(made(closures, ONE)))(new Closures())).toEqual(["func main.f.func1", 16, "X0 bool +8"]);
  // Another closure's code comes first: the type was that one's.
  const closures = new Closures();
  const other = closures.add("main.f.func2", RET);
  expect(closures.of(made(closures, PAIR, [leaBx(other)]))).toEqual(nothing);
  // The address of a function that lies too far behind the type.
  const nops = (count: number) => [new Array<number>(count).fill(0x90)];
  const between = (count: number) => ((each) => each.of(made(each, PAIR, nops(count))))(new Closures());
  // LEAQ of 7 bytes, CALL of 5.
  expect(between(FARTHEST_CAPTURE - 12)).toHaveLength(4);
  expect(between(FARTHEST_CAPTURE - 11)).toEqual(nothing);
});

test("the maker is the function around it by name, or the one around that when it was inlined", () => {
  const closures = new Closures();
  const inner = closures.add("example.com/a.b/pkg.f.func2.deferwrap1", RET);
  closures.add("example.com/a.b/pkg.f", leaAx(PAIR), NEWOBJECT, leaBx(inner), RET);
  expect(closures.of(inner)).toHaveLength(4);
  closures.add("example.com/a.b/pkg.f.func2", RET);
  expect(closures.of(inner)).toHaveLength(4);
  const both = closures.add("main.f.func2.deferwrap1", RET);
  closures.add("main.f", leaAx(PAIR), NEWOBJECT, leaBx(both), RET);
  closures.add("main.f.func2", leaAx(ONE), NEWOBJECT, leaBx(both), RET);
  expect(closures.of(both)).toHaveLength(3);
});

test("a method value holds its receiver, a pointer or a value", () => {
  const closures = new Closures();
  const shape = closures.types.add("example.com/x.T", "struct", 40);
  closures.types.add("*example.com/x.T", "pointer", 8, { element: shape });
  expect(closures.of(closures.add("example.com/x.(*T).Close-fm", RET))).toEqual([
    "func example.com/x.(*T).Close-fm",
    16,
    "R *example.com/x.T +8",
  ]);
  expect(closures.of(closures.add("example.com/x.T.Size-fm", RET))).toEqual(["func example.com/x.T.Size-fm", 48, "R example.com/x.T +8"]);
  expect(closures.of(closures.add("example.com/x.(*Gone).Close-fm", RET))).toEqual(["func example.com/x.(*Gone).Close-fm", 8]);
});

test("an address inside a function, or of none, is no closure; each is made once", () => {
  const closures = new Closures();
  const inner = made(closures, PAIR);
  const ask = closures.ask();
  expect([ask(inner + 1), ask(0x500000)]).toEqual([NONE, NONE]);
  const { count } = closures.types;
  const first = ask(inner);
  expect([ask(inner), closures.types.count]).toEqual([first, count + 1]);
});

test("code of arm64 forms an address of its page and the rest", () => {
  const closures = new Closures();
  closures.arch = "arm64";
  const inner = closures.addBytes("main.f.func1", () => Uint8Array.of(0xc0, 0x03, 0x5f, 0xd6));
  closures.addBytes("main.f", (entry) => {
    const words: number[] = [];
    // ADRP register, page; ADD $rest, register
    const form = (register: number, to: number) => {
      const pages = (to >> 12) - ((entry + words.length * 4) >> 12);
      words.push(0x90000000 + (pages & 3) * 2 ** 29 + ((pages >> 2) & 0x7ffff) * 32 + register);
      words.push(0x91000000 + (to & 0xfff) * 1024 + register * 33);
    };
    form(0, PAIR);
    form(1, inner);
    return new Uint8Array(Uint32Array.from(words).buffer);
  });
  expect(closures.of(inner)).toEqual(["func main.f.func1", 24, "X0 int +8", "X1 bool +16"]);
});
