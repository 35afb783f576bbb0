/** References to fixed addresses, found in code and followed in the same code linked elsewhere. */
import { expect, test } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import { referencesOf } from "../../../src/runtime/code/machines.js";

const START = 0x401000;
const amd64 = referencesOf(ARCHES.amd64);
const arm64 = referencesOf(ARCHES.arm64);

/** MOVL 0x20(RIP), AX after a NOP of 3 bytes; MOVQ disp(RIP), CX; CMPB $7, disp(RIP); a call, which is no reference; RET. */
function amd64Code(mov: number, cmp: number): Uint8Array {
  const code = new Uint8Array([
    ...[0x0f, 0x1f, 0x00],
    ...[0x8b, 0x05, 0x20, 0, 0, 0],
    ...[0x48, 0x8b, 0x0d, 0, 0, 0, 0],
    ...[0x80, 0x3d, 0, 0, 0, 0, 0x07],
    ...[0xe8, 0x05, 0x00, 0x00, 0x00],
    0xc3,
  ]);
  const view = new DataView(code.buffer);
  view.setInt32(12, mov, true);
  view.setInt32(18, cmp, true);
  return code;
}

test("amd64: operands relative to the next instruction", () => {
  const found = [...amd64.find(amd64Code(0x100, -0x200), START)];
  expect(found).toEqual([
    { at: 5, next: 9, check: 0x058b, address: START + 9 + 0x20 },
    { at: 12, next: 16, check: 0x0d8b48, address: START + 16 + 0x100 },
    { at: 18, next: 23, check: 0x3d80, address: START + 23 - 0x200 },
  ]);
  const moved = amd64Code(0x300, -0x80);
  expect(found.map((each) => amd64.follow(moved, START, each))).toEqual([START + 9 + 0x20, START + 16 + 0x300, START + 23 - 0x80]);
});

test("amd64: other instructions and shorter code lead nowhere", () => {
  const [first, second] = amd64.find(amd64Code(0x100, 0), START);
  const other = amd64Code(0x100, 0);
  other[4] = 0x0d;
  other[9] = 0x4c;
  expect([first && amd64.follow(other, START, first), second && amd64.follow(other, START, second)]).toEqual([undefined, undefined]);
  expect(second && amd64.follow(other.subarray(0, 15), START, second)).toBeUndefined();
});

const adrp = (register: number, pages: number) => (0x90000000 | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5) | register) >>> 0;
const add = (to: number, from: number, value: number) => (0x91000000 | (value << 10) | (from << 5) | to) >>> 0;
/** LDR of 8 bytes, value in units of 8. */
const ldr = (to: number, from: number, value: number) => (0xf9400000 | (value << 10) | (from << 5) | to) >>> 0;
/** LDRB. */
const ldrb = (to: number, from: number, value: number) => (0x39400000 | (value << 10) | (from << 5) | to) >>> 0;
/** MOV X5, X6. */
const OTHER = 0xaa0603e5;

const arm64Code = (...words: number[]) => new Uint8Array(new Uint32Array(words).buffer);

test("arm64: ADRP with an ADD, load or store", () => {
  const code = arm64Code(adrp(0, 5), add(0, 0, 0x18), adrp(27, -3), OTHER, ldr(1, 27, 4), adrp(27, 1), ldrb(2, 27, 5));
  const found = [...arm64.find(code, START)];
  expect(found.map(({ at, next, address }) => [at, next, address])).toEqual([
    [0, 4, START + 5 * 4096 + 0x18],
    [8, 16, START - 3 * 4096 + 32],
    [20, 24, START + 4096 + 5],
  ]);
  const moved = arm64Code(adrp(0, 9), add(0, 0, 0x20), adrp(27, -1), OTHER, ldr(1, 27, 1), adrp(27, 2), ldrb(2, 27, 0));
  expect(found.map((each) => arm64.follow(moved, START, each))).toEqual([START + 9 * 4096 + 0x20, START - 4096 + 8, START + 2 * 4096]);
});

test("arm64: a base that is written in between is no base, and other instructions lead nowhere", () => {
  const branch = 0x14000002;
  expect([...arm64.find(arm64Code(adrp(0, 5), add(0, 1, 8), ldr(1, 0, 4)), START)]).toEqual([]);
  expect([...arm64.find(arm64Code(adrp(0, 5), branch, ldr(1, 0, 4)), START)]).toEqual([]);
  const [first] = arm64.find(arm64Code(adrp(3, 5), ldr(1, 3, 4)), START);
  const others = [
    arm64Code(adrp(4, 5), ldr(1, 4, 4)),
    arm64Code(adrp(3, 5), ldrb(1, 3, 4)),
    arm64Code(add(3, 3, 0), ldr(1, 3, 4)),
    arm64Code(adrp(3, 5)),
  ];
  expect(others.map((code) => first && arm64.follow(code, START, first))).toEqual([undefined, undefined, undefined, undefined]);
});
