import { expect, test } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import type { Process } from "../../../src/process/process.js";
import { applyRecipes, type Follow, type Recipe, symbolAddresses } from "../../../src/runtime/binary/recipes.js";
import { readFunctions } from "../../../src/runtime/functions.js";
import { MemoryBuilder } from "../../support/memory-builder.js";
import { writeModule } from "../../support/pclntab-writer.js";

const VARIABLE = 0xc000080000;
const DATA = [{ start: VARIABLE, end: VARIABLE + 0x1000 }];

/** mov rax, [rip + x] in the first bytes of a function; anything else is other code. */
const follow: Follow = (code, start, { at, next, check }) =>
  code[at - 3] === check ? start + next + new DataView(code.buffer, code.byteOffset).getInt32(at, true) : undefined;

/** Functions of 32 bytes whose code refers to these addresses. */
function program(targets: Readonly<Record<string, number>>) {
  const builder = new MemoryBuilder();
  const names = Object.keys(targets);
  const text = builder.allocate(names.length * 32);
  names.forEach((name, i) => {
    const entry = text + i * 32;
    builder.bytes(entry, [0x48, 0x8b, 0x05]).uint(entry + 3, 4, targets[name] - (entry + 7));
  });
  const { module } = writeModule(
    builder,
    "amd64",
    text,
    [],
    names.map((name) => ({ name, size: 32 })),
  );
  const memory = builder.memory();
  return { memory, functions: readFunctions(memory, [module], ARCHES.amd64) };
}

const recipe = (name: string, more: Partial<Recipe> = {}): Recipe => ({
  variable: "runtime.mheap_",
  function: name,
  size: 32,
  at: 3,
  next: 7,
  addend: 0,
  check: 0x48,
  ...more,
});

test("places that agree give the address, less what the code adds to it", () => {
  const { memory, functions } = program({ "runtime.a": VARIABLE + 16, "runtime.b": VARIABLE + 24, "runtime.c": VARIABLE + 800 });
  const recipes = [recipe("runtime.a", { addend: 16 }), recipe("runtime.b", { addend: 24 }), recipe("runtime.c", { addend: 16 })];
  expect(applyRecipes(memory, functions, recipes, follow, DATA)).toEqual(
    new Map([["runtime.mheap_", { address: VARIABLE, votes: 2, against: 1 }]]),
  );
});

test("as many against as for: nothing is said", () => {
  const { memory, functions } = program({ "runtime.a": VARIABLE, "runtime.b": VARIABLE + 8 });
  expect(applyRecipes(memory, functions, [recipe("runtime.a"), recipe("runtime.b")], follow, DATA).size).toBe(0);
});

test("no function of that name, of another size, with other code, to a place where no variable is", () => {
  const { memory, functions } = program({ "runtime.a": VARIABLE, "runtime.b": VARIABLE - 8 });
  const wrong = [recipe("runtime.z"), recipe("runtime.a", { size: 48 }), recipe("runtime.a", { check: 0x4c }), recipe("runtime.b")];
  expect(applyRecipes(memory, functions, wrong, follow, DATA).size).toBe(0);
  expect(applyRecipes(memory, functions, [...wrong, recipe("runtime.a")], follow, DATA).get("runtime.mheap_")?.votes).toBe(1);
});

test("symbols are told at their places in the process, the first of a name", () => {
  const symbols = [
    { name: "runtime.allgs", address: 0x1000, size: 24 },
    { name: "runtime.allgs", address: 0x2000, size: 24 },
  ];
  const process = { executable: { symbols: () => symbols }, loadBias: 0x500000 } as unknown as Process;
  expect(symbolAddresses(process)).toEqual(new Map([["runtime.allgs", 0x501000]]));
  expect(symbolAddresses({ ...process, executable: undefined }).size).toBe(0);
});
