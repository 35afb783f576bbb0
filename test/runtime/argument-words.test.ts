/** Arguments as tracebacks print them, from tables that a test writes. runtime/traceback.go printArgs */
import { expect, test } from "vitest";
import { argumentWords, storedArguments } from "../../src/runtime/argument-words.js";
import type { FunctionTable } from "../../src/runtime/functions.js";
import type { Frame } from "../../src/runtime/unwind.js";
import { MemoryBuilder } from "../support/memory-builder.js";

const UNMAPPED = 0xdead000000;
const END = 0xff;

/** A frame whose function has these tables; live: FUNCDATA_ArgLiveInfo, of which the index chooses bits. */
function frame(info: readonly number[] | number, words: readonly number[], { live = [] as number[], index = -1, begun = true } = {}) {
  const memory = new MemoryBuilder();
  const put = (bytes: readonly number[]) => {
    const at = memory.allocate(bytes.length);
    memory.bytes(at, bytes);
    return at;
  };
  const table = typeof info === "number" ? info : put(info);
  const liveTable = live.length === 0 ? 0 : put(live);
  const argp = memory.allocate(words.length * 8);
  memory.words(argp, ...words);
  const functions = {
    funcdata: (_: unknown, kind: number) => (kind === 5 ? table : kind === 6 ? liveTable : 0),
    pcdata: () => index,
    spDelta: () => (begun ? 32 : 0),
  } as unknown as FunctionTable;
  const at = { fn: {}, pc: 0x401010, symbolPc: 0x401010, argp } as unknown as Frame;
  return { text: argumentWords(memory.memory(), functions, at), stored: storedArguments(memory.memory(), functions, at) };
}

test("words by their size, aggregates in braces, and signs where there are more", () => {
  expect(frame([0, 8, 8, 1, END], [0xc000012000, 0x1ff]).text).toBe("0xc000012000, 0xff");
  expect(frame([0xfe, 0, 8, 0xfe, 8, 4, 0xfd, 0xfd, 16, 8, 0xfc, END], [1, 2, 3]).text).toBe("{0x1, {0x2}}, 0x3, ...");
  expect(frame([0xfe, 0xfd, 0xfb, END], []).text).toBe("{}, _");
  expect(frame([END], []).text).toBe("");
});

test("a word that may be stale has a question mark, and is not taken for what was passed", () => {
  // The first is on the stack; of the two from offset 8 on bits tell, of which only the second is set.
  const info = [0, 8, 8, 8, 16, 8, END];
  const { text, stored } = frame(info, [1, 2, 3], { live: [8, 0b10], index: 1 });
  expect(text).toBe("0x1, 0x2?, 0x3");
  expect(stored.map((each) => each.offset)).toEqual([0, 16]);
  // Without an index all of them are there.
  expect(frame(info, [1, 2, 3], { live: [8, 0b10], index: -1 }).text).toBe("0x1, 0x2, 0x3");
  // Before the frame is made nothing is stored.
  expect(frame(info, [1, 2, 3], { begun: false }).stored).toEqual([]);
});

test("a function without a table has no words; a table or a word that is not in the core, and one without an end, are no error", () => {
  expect(frame(0, [1])).toEqual({ text: "", stored: [] });
  expect(frame(UNMAPPED, [1]).text).toBe("");
  expect(frame([0, 8, 0, 8], [5]).text.startsWith("0x5, 0x5")).toBe(true);
  const memory = new MemoryBuilder();
  const last = memory.start + (1 << 20) - 3;
  memory.bytes(last, [0, 8, END]);
  const functions = { funcdata: (_: unknown, kind: number) => (kind === 5 ? last : 0), pcdata: () => -1, spDelta: () => 8 };
  const lost = { fn: {}, pc: 1, symbolPc: 1, argp: UNMAPPED } as unknown as Frame;
  expect(argumentWords(memory.memory(), functions as unknown as FunctionTable, lost)).toBe("_");
});
