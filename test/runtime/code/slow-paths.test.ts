// Which way of an inlined lock's branch leads to its slow path: code of amd64 as bytes.
import { expect, test } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import { type Code, programOf } from "../../../src/runtime/code/program.js";
import { SlowPaths } from "../../../src/runtime/code/slow-paths.js";
import type { GoFunction } from "../../../src/runtime/functions.js";
import type { GoRuntime } from "../../../src/runtime/runtime.js";

const ENTRY = 0x1000;
const TEST = "4885c0";
const CALL = "e8f0000000";
const NOP = "90";
const RET = "c3";

/** @param regions  from which byte on the code is of which inlined function, in ascending order */
function branchOf(hex: string, regions: Readonly<Record<number, string | undefined>>) {
  const bytes = Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (each) => Number.parseInt(each, 16));
  const fn = { name: "main.f", entry: ENTRY, end: ENTRY + bytes.length } as GoFunction;
  const runtime = { process: { arch: ARCHES.amd64, memory: { tryBytes: () => bytes } } } as unknown as GoRuntime;
  const code = programOf(runtime).read(fn) as Code;
  const asked: number[] = [];
  const slow = new SlowPaths({
    isInlined: (_, pc) => {
      asked.push(pc);
      const starts = Object.keys(regions).map(Number);
      return regions[starts.findLast((each) => each <= pc - ENTRY) ?? -1];
    },
  });
  const at = (offset: number) => code.indexOf(ENTRY + offset);
  return { slow, code, asked, at, taken: (offset: number) => slow.isTaken(code, at(offset)) };
}

test("a branch over the call is passed to come to it, one to the call behind the function's end is taken", () => {
  // TESTQ; JNE over the call; CALL; RET
  expect(branchOf(`${TEST} 7505 ${CALL} ${RET}`, { 0: "Lock", 10: undefined }).taken(3)).toBe(false);
  // TESTQ; JNE to the call; RET; CALL; JMP to RET
  expect(branchOf(`${TEST} 7501 ${RET} ${CALL} ebf8`, { 0: "Lock", 5: undefined, 6: "Lock" }).taken(3)).toBe(true);
});

test("a jump is followed to the call", () => {
  // TESTQ; JNE to RET; JMP over RET; RET; CALL; RET
  expect(branchOf(`${TEST} 7502 eb01 ${RET} ${CALL} ${RET}`, { 0: "Lock", 7: undefined, 8: "Lock" }).taken(3)).toBe(false);
  // The same with a jump to an address in a register, of which nobody knows where it leads.
  expect(branchOf(`${TEST} 7502 ffe1 ${RET} ${CALL} ${RET}`, { 0: "Lock" }).taken(3)).toBeUndefined();
});

test("nothing is said where both ways call or none, of another function's call, or outside inlined code", () => {
  // TESTQ; JNE to the second call; CALL; RET; CALL; RET
  expect(branchOf(`${TEST} 7506 ${CALL} ${RET} ${CALL} ${RET}`, { 0: "Lock" }).taken(3)).toBeUndefined();
  expect(branchOf(`${TEST} 7501 ${NOP} ${RET}`, { 0: "Lock" }).taken(3)).toBeUndefined();
  expect(branchOf(`${TEST} 7505 ${CALL} ${RET}`, { 0: "Lock", 5: "Unlock" }).taken(3)).toBeUndefined();
  expect(branchOf(`${TEST} 7505 ${CALL} ${RET}`, { 0: undefined }).taken(3)).toBeUndefined();
});

test("another branch on the way, or a way of more than 16 instructions, leads to no call", () => {
  // TESTQ; JNE to RET; JE to RET; CALL; RET
  expect(branchOf(`${TEST} 7507 7405 ${CALL} ${RET}`, { 0: "Lock" }).taken(3)).toBeUndefined();
  expect(branchOf(`${TEST} 7514 ${NOP.repeat(15)} ${CALL} ${RET}`, { 0: "Lock" }).taken(3)).toBe(false);
  expect(branchOf(`${TEST} 7515 ${NOP.repeat(16)} ${CALL} ${RET}`, { 0: "Lock" }).taken(3)).toBeUndefined();
});

test("what is no branch has no answer, and a branch is looked at once", () => {
  const { taken, asked } = branchOf(`${TEST} 7505 ${CALL} ${RET}`, { 0: "Lock", 10: undefined });
  expect(taken(0)).toBeUndefined();
  expect(asked).toEqual([]);
  expect(taken(3)).toBe(false);
  const { length } = asked;
  expect([taken(3), asked.length]).toEqual([false, length]);
});
