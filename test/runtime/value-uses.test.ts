// What is done with a value that is loaded: code as Go's compiler wrote it, as bytes.
import { describe, expect, it } from "vitest";
import { amd64 } from "../../src/runtime/code/amd64.js";
import { arm64 } from "../../src/runtime/code/arm64.js";
import { decodeAll, type Machine } from "../../src/runtime/code/instructions.js";
import type { Code } from "../../src/runtime/code/program.js";
import { usesAsItIs } from "../../src/runtime/value-uses.js";

const ENTRY = 0x1000;

function uses(machine: Machine, hex: string, isSummand = true): boolean {
  const bytes = Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (each) => Number.parseInt(each, 16));
  const instructions = decodeAll(machine, bytes, ENTRY);
  const code = { instructions, indexOf: (pc: number) => instructions.findIndex((each) => each.pc === pc) } as unknown as Code;
  return usesAsItIs(code, machine, ENTRY, isSummand);
}

describe("a load in amd64 code", () => {
  const load = "488b442428"; // MOVQ 0x28(SP), AX
  it.each([
    ["is passed", "e8f0000000", true],
    ["is returned", "c3", true],
    ["is stored", "4889442430", true],
    ["is counted on: INCQ AX", "48ffc0 4883f809", true],
    ["is compared with another: CMPQ AX, CX; JLT", "4839c8 7c02", true],
    ["is a term of a sum: ADDQ CX, AX; RET", "4801c8 c3", true],
    ["is a term of a sum with a constant: ADDQ CX, AX; LEAQ 1(AX), AX; RET", "4801c8 488d4001 c3", false],
    ["is changed by two: ADDQ $2, AX; RET", "4883c002 c3", false],
    ["is compared for being 5: CMPQ AX, $5; JE", "4883f805 7402 c3", false],
    ["is a flag: TESTB AL, AL; JE; RET", "84c0 7402 c3 c3", false],
    ["is multiplied: IMULQ CX, AX; RET", "480fafc1 c3", false],
  ])("%s", (_, rest, expected) => {
    expect(uses(amd64, load + rest)).toBe(expected);
  });

  it("is no evidence of a parameter as a term of a sum", () => {
    expect(uses(amd64, `${load} 4801c8 c3`, false)).toBe(false);
  });
});

describe("a load in arm64 code", () => {
  it.each([
    ["is a flag: MOVBU 364(RSP), R2; TBZ $0, R2; RET", "e2b34539 42000036 c0035fd6 c0035fd6", false],
    ["is passed: MOVBU 364(RSP), R2; BL", "e2b34539 00000094", true],
    ["is shifted: MOVD 48(RSP), R1; ADD R1<<3, R2, R0; RET", "e11b40f9 400c018b c0035fd6", false],
    ["is multiplied and added: MOVD 48(RSP), R1; MADD R2, R3, R1, R0; RET", "e11b40f9 200c029b c0035fd6", false],
    ["is counted on: MOVD 48(RSP), R1; ADD $1, R1, R0; RET", "e11b40f9 20040091 c0035fd6", true],
  ])("%s", (_, code, expected) => {
    expect(uses(arm64, code)).toBe(expected);
  });
});
