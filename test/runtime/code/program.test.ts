import { beforeAll, describe, expect, test } from "vitest";
import type { Dump } from "../../../src/dump.js";
import { amd64 } from "../../../src/runtime/code/amd64.js";
import { arm64 } from "../../../src/runtime/code/arm64.js";
import { decodeAll } from "../../../src/runtime/code/instructions.js";
import { programOf } from "../../../src/runtime/code/program.js";
import { openFixture } from "../../support/dump-cache.js";

const at = 0x400000;

function decode(machine: typeof amd64, ...bytes: number[]) {
  return decodeAll(machine, Uint8Array.from(bytes), at);
}

test("amd64: operands", () => {
  const register = (number: number) => ({ kind: "register", register: number });
  const memory = (base: number, offset: number, index = -1, scale = 1) => ({ kind: "memory", base, index, scale, offset });
  // MOVQ 0x18(SP), AX; LEAQ 0x8(AX), CX; MOVQ DX, 0x8(CX)
  expect(decode(amd64, 0x48, 0x8b, 0x44, 0x24, 0x18)).toMatchObject([{ action: "move", to: register(0), from: memory(4, 0x18), size: 8 }]);
  expect(decode(amd64, 0x48, 0x8d, 0x48, 0x08)).toMatchObject([{ action: "address", to: 1, of: memory(0, 8) }]);
  expect(decode(amd64, 0x48, 0x89, 0x51, 0x08)).toMatchObject([{ action: "move", to: memory(1, 8), from: register(2), size: 8 }]);
  // LEAQ 0x10(IP), AX: relative to the end; MOVQ (R8)(R9*8), R10; LOCK CMPXCHGL SI, 0x8(DX)
  expect(decode(amd64, 0x48, 0x8d, 0x05, 0x10, 0, 0, 0)).toMatchObject([{ action: "address", to: 0, of: memory(-1, at + 7 + 0x10) }]);
  expect(decode(amd64, 0x4f, 0x8b, 0x14, 0xc8)).toMatchObject([{ action: "move", to: register(10), from: memory(8, 0, 9, 8) }]);
  expect(decode(amd64, 0xf0, 0x0f, 0xb1, 0x72, 0x08)).toMatchObject([{ action: "clobber", writes: { memory: memory(2, 8), size: 4 } }]);
  // CMPB $0, 0x7(SP); JEQ; CALL; RET; UD2
  expect(decode(amd64, 0x80, 0x7c, 0x24, 0x07, 0x00, 0x74, 0x02)).toMatchObject([
    { action: "compare", a: memory(4, 7), size: 1, mask: false },
    { action: "branch", target: at + 9, condition: "equal" },
  ]);
  expect(decode(amd64, 0xe8, 0x10, 0, 0, 0, 0xc3, 0x0f, 0x0b).map((each) => each.action)).toEqual(["call", "return", "stop"]);
});

test("arm64: operands", () => {
  const words = (...list: number[]) => list.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]);
  const register = (number: number) => ({ kind: "register", register: number });
  const memory = (base: number, offset: number) => ({ kind: "memory", base, index: -1, scale: 1, offset });
  // LDR X0, [SP, #24]; ADD X1, X0, #8; STP X29, X30, [SP, #-16]!
  expect(decode(arm64, ...words(0xf9400fe0))).toMatchObject([{ action: "move", to: register(0), from: memory(31, 24), size: 8 }]);
  expect(decode(arm64, ...words(0x91002001))).toMatchObject([{ action: "add", to: 1, a: register(0), b: { value: 8 }, sign: 1 }]);
  expect(decode(arm64, ...words(0xa9bf7bfd))).toMatchObject([
    { action: "add", to: 31, b: { value: -16 } },
    { action: "move", to: memory(31, 0), from: register(29) },
    { action: "move", to: memory(31, 8), from: register(30) },
  ]);
  // MOV X2, X3; ADRP X0, +1 page; CBZ X1, +8; BL +16; RET; CASAL W1, W2, [X0]
  expect(decode(arm64, ...words(0xaa0303e2))).toMatchObject([{ action: "move", to: register(2), from: register(3) }]);
  expect(decode(arm64, ...words(0xb0000000))).toMatchObject([{ action: "move", to: register(0), from: { value: at + 4096 } }]);
  expect(decode(arm64, ...words(0xb4000041)).at(-1)).toMatchObject({ action: "branch", target: at + 8, condition: "equal" });
  expect(decode(arm64, ...words(0x94000004, 0xd65f03c0))).toMatchObject([{ action: "call", target: at + 16 }, { action: "return" }]);
  expect(decode(arm64, ...words(0x88e1fc02))).toMatchObject([{ action: "clobber", writes: { memory: memory(0, 0), size: 4 } }]);
});

test("arm64: constants that ORR makes, as an assembler writes them", () => {
  const made = (word: number) => decode(arm64, word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24);
  const CONSTANTS = [
    [0xb27c03e0, 16],
    [0xb24003e0, 1],
    [0xb2403fe0, 0xffff],
    [0xb27cefe0, -16],
    [0x320f3fe0, 0xfffe0001],
    [0x3200f3e0, 0x55555555],
    [0x320107e0, 0x80000001],
    [0x32171fe0, 0x1fe00],
  ] as const;
  for (const [word, value] of CONSTANTS) expect([word, made(word)]).toMatchObject([word, [{ action: "move", from: { value } }]]);
  // More than JavaScript's numbers hold; ORR with a register.
  for (const word of [0xb200f3e0, 0xb27c0020]) expect(made(word)).toMatchObject([{ action: "clobber", registers: [0] }]);
});

describe.each(["demo-1.26-amd64", "zoo-1.21-amd64", "zoo-1.27-amd64", "zoo-1.26-arm64"])("%s", (name) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture(name);
  });

  test("the code of every function is read to its end, and each of its lines begins with an instruction", () => {
    const { runtime } = dump;
    const program = programOf(runtime);
    const { minpc, maxpc } = runtime.modules[0];
    let functions = 0;
    const wrong: string[] = [];
    for (let fn = runtime.functions.find(minpc); fn; fn = fn.end < maxpc ? runtime.functions.find(fn.end) : undefined) {
      // Assembly may have data between its instructions, and instructions that no compiler uses.
      const file = runtime.functions.lineAt(fn, fn.entry).file;
      if (file.endsWith(".s") || file === "" || fn.end - fn.entry < 4) continue;
      const code = program.read(fn);
      functions++;
      const last = code?.instructions.at(-1);
      const starts = runtime.functions.lineStarts(fn).filter((each) => code?.indexOf(each) === -1);
      if (starts.length > 0 || last?.next !== fn.end)
        wrong.push(`${fn.name} ${starts[0]?.toString(16)} ${last?.next.toString(16)} ${fn.end.toString(16)}`);
    }
    expect(functions).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
  });
});
