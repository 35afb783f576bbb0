import { expect, test } from "vitest";
import type { FunctionTable, GoFunction } from "../../src/runtime/functions.js";
import { directCalls } from "../../src/runtime/machine-code.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { MemoryBuilder } from "../support/memory-builder.js";

const TEXT = 0x400000;
const DATA = 0x480000;

/** A function of these bytes at TEXT, and another, empty one 0x1000 above. */
function callsIn(arch: "amd64" | "arm64", code: readonly number[]) {
  const memory = new MemoryBuilder(TEXT, 1 << 16).bytes(TEXT, code).memory();
  const module = { noptrdata: DATA, enoptrbss: DATA + 0x1000 };
  const at = (name: string, entry: number, end: number) => ({ name, entry, end, module }) as unknown as GoFunction;
  const all = [at("main.f", TEXT, TEXT + code.length), at("main.g", TEXT + 0x1000, TEXT + 0x1010)];
  const functions = { find: (pc: number) => all.find((each) => pc >= each.entry && pc < each.end) } as FunctionTable;
  return directCalls({ process: { arch, memory }, functions } as unknown as GoRuntime, all[0]).map(({ pc, target, variable }) => ({
    at: pc - TEXT,
    to: target.name,
    variable,
  }));
}

const int32 = (value: number) => [value, value >> 8, value >> 16, value >> 24].map((each) => each & 0xff);

test("a call on amd64 has the variable whose address was loaded before it", () => {
  // LEAQ main.v(SB), AX; CALL main.g
  const code = [0x48, 0x8d, 0x05, ...int32(DATA + 8 - (TEXT + 7)), 0xe8, ...int32(0x1000 - 12), 0x90];
  expect(callsIn("amd64", code)).toEqual([{ at: 7, to: "main.g", variable: DATA + 8 }]);
});

test("a call into the middle of a function is none, and a far address no argument", () => {
  const middle = [0xe8, ...int32(0x1004 - 5)];
  expect(callsIn("amd64", [...middle, 0x90])).toEqual([]);
  const padding = new Array<number>(40).fill(0x90);
  const code = [0x48, 0x8d, 0x05, ...int32(DATA - (TEXT + 7)), ...padding, 0xe8, ...int32(0x1000 - 52)];
  expect(callsIn("amd64", code)).toEqual([{ at: 47, to: "main.g", variable: undefined }]);
});

test("a call on arm64 has the variable of ADRP and ADD before it", () => {
  const pages = (DATA - TEXT) / 4096;
  const adrp = (0x90000000 | ((pages & 3) << 29) | ((pages >> 2) << 5)) >>> 0;
  const add = 0x91000000 | (8 << 10);
  const call = 0x94000000 | ((0x1000 - 8) / 4);
  expect(callsIn("arm64", [adrp, add, call].flatMap(int32))).toEqual([{ at: 8, to: "main.g", variable: DATA + 8 }]);
  const back = (0x94000000 | (-3 & 0x3ffffff)) >>> 0;
  expect(callsIn("arm64", [...int32(0xd503201f), ...int32(0xd503201f), ...int32(0xd503201f), ...int32(back)])).toEqual([
    { at: 12, to: "main.f", variable: undefined },
  ]);
});
