import { expect, test } from "vitest";
import { type Address, NONE } from "../../src/base/units.js";
import { DATA_BYTES } from "../../src/naming/limits.js";
import { bytesText, readClosure, stringText, textFrom } from "../../src/naming/value-texts.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

function bytesAt(content: string | readonly number[]) {
  const builder = new MemoryBuilder();
  const bytes = typeof content === "string" ? [...new TextEncoder().encode(content)] : content;
  const at = builder.allocate(bytes.length);
  builder.bytes(at, bytes);
  return { memory: builder.memory(), at, length: bytes.length };
}

test("a string is a Go literal; what is cut off its end is counted, what is left out before it is an offset", () => {
  const { memory, at, length } = bytesAt('say "hi"\n');
  expect(stringText(memory, at, length, { from: 0, most: 100 })).toEqual({ text: '"say \\"hi\\"\\n"', length: 9 });
  expect(stringText(memory, at, length, { from: 0, most: 3 })).toEqual({
    text: '"say"',
    more: { kind: "cut", count: 9 },
    length: 9,
  });
  expect(stringText(memory, at, length, { from: 4, most: 100 })).toEqual({ text: '"\\"hi\\"\\n"', length: 9, offset: 4 });
  expect(stringText(memory, at, length, { from: 50, most: 100 })).toEqual({ text: '""', length: 9, offset: 9 });
  expect(() => stringText(memory, 0x10, 4, { from: 0, most: 100 })).toThrow();
});

test("bytes that are text are shown like one, from where it is asked for", () => {
  const { memory, at, length } = bytesAt("GET / HTTP/1.1");
  expect(bytesText(memory, at, length, { from: 0, most: 100 })).toBe('  "GET / HTTP/1.1"');
  expect(bytesText(memory, at, length, { from: 4, most: 3 })).toBe('  "/ H"…');
  expect([textFrom(memory, at, length, { from: 4, most: 3 }), textFrom(memory, at, length, { from: 99, most: 3 })]).toEqual([
    4,
    length - 1,
  ]);
});

test("of bytes that are no text the first are shown; of none, and of those not in the core, nothing", () => {
  const { memory, at, length } = bytesAt(Array.from({ length: DATA_BYTES + 1 }, () => 0xff));
  expect(textFrom(memory, at, length, { from: 0, most: 100 })).toBeUndefined();
  expect(bytesText(memory, at, length, { from: 0, most: 100 })).toBe(`  "${"\\xff".repeat(DATA_BYTES)}"…`);
  expect([bytesText(memory, at, 0, { from: 0, most: 100 }), bytesText(memory, 0x10, 8, { from: 0, most: 100 })]).toEqual(["", ""]);
});

/** main.serve.func1, whose closures are of a type with these captured variables; its code is at 0x4000. */
function closure(captured: readonly (readonly [string, number])[], code: Address = 0x4000) {
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  const fields = [["F", 0, int] as const, ...captured.map(([name, offset]) => [name, offset, int] as const)];
  const type = captured.length === 0 ? NONE : types.add("struct { F uintptr; ... }", "struct", 64, { fields });
  const builder = new MemoryBuilder();
  const at = builder.allocate(64);
  builder.word(at, code);
  const runtime = {
    types,
    functions: {
      find: (pc: Address) => (pc >= 0x4000 && pc < 0x4100 ? { name: "main.serve.func1", entry: 0x4000 } : undefined),
      lineAt: () => ({ file: "serve.go", line: 12 }),
    },
    closureType: () => type,
  } as unknown as GoRuntime;
  const { text, captures, gaps } = readClosure(runtime, builder.memory(), at);
  return { text, names: captures.map(({ name }) => name), gaps };
}

test("a closure is its function with the place, and the variables it captured", () => {
  expect(closure([])).toEqual({ text: "main.serve.func1  serve.go:12", names: [], gaps: 0 });
  expect(closure([["conn", 8]])).toEqual({ text: "main.serve.func1  serve.go:12", names: ["conn"], gaps: 0 });
});

test("words of a closure that no captured variable has are counted; code that no function begins at is an address", () => {
  const gap = closure([
    ["conn", 8],
    ["limit", 32],
  ]);
  expect(gap).toMatchObject({ text: "main.serve.func1  serve.go:12", gaps: 16 });
  expect([closure([], 0x4008).text, closure([], 0x9000).text]).toEqual(["code at 0x4008", "code at 0x9000"]);
});
