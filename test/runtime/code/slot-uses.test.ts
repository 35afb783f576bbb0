// What the code of a function does with a word of its frame: instructions that Go's compiler wrote, as bytes.
import { describe, expect, it } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import { reads, written } from "../../../src/runtime/code/accesses.js";
import { callTarget } from "../../../src/runtime/code/calls.js";
import { decodeAll, type Instruction, type Memory } from "../../../src/runtime/code/instructions.js";
import { machineOf } from "../../../src/runtime/code/machines.js";
import { codeOfFrame } from "../../../src/runtime/code/slot-uses.js";
import type { GoRuntime } from "../../../src/runtime/runtime.js";
import type { Frame } from "../../../src/runtime/unwind.js";

const bytesOf = (hex: string) => Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (each) => Number.parseInt(each, 16));

/** What the code does to words at constant distances from the stack pointer: its steps in one list, and where it ends. */
function stackUses(arch: "amd64" | "arm64", hex: string) {
  const machine = machineOf(ARCHES[arch]);
  const steps = decodeAll(machine, bytesOf(hex), 0);
  const isOnStack = ({ base, index }: Memory) => base === machine.stackPointer && index === -1;
  const uses = steps.flatMap((each) => {
    const found: (readonly [string, number, number])[] = [];
    reads(each, (memory, size) => {
      if (isOnStack(memory)) found.push(["read", memory.offset, size]);
      return false;
    });
    const write = written(each);
    if (write && isOnStack(write.memory)) found.push(["write", write.memory.offset, write.size]);
    if (each.action === "address" && isOnStack(each.of)) found.push(["address", each.of.offset, 0]);
    if (each.action === "add" && each.to === machine.stackPointer) found.push(["move", 0, 0]);
    return found;
  });
  return { size: steps.at(-1)?.next, uses };
}

/** Where the code goes on after it. */
function flowOf(arch: "amd64" | "arm64", hex: string) {
  const machine = machineOf(ARCHES[arch]);
  const steps = decodeAll(machine, bytesOf(hex), 0);
  const last = steps.at(-1) as Instruction;
  const goesOn = !["branch", "jump", "call", "return", "stop"].includes(last.action);
  const target = last.action === "branch" || last.action === "jump" ? last.target : callTarget(last);
  return { size: last.next, flow: goesOn ? "next" : last.action, target, uses: stackUses(arch, hex).uses };
}

describe("an instruction of amd64", () => {
  it.each([
    ["MOVQ CX, 0x28(SP)", "48894c2428", ["write", 0x28, 8]],
    ["MOVQ AX, 0x80(SP)", "4889842480000000", ["write", 0x80, 8]],
    ["MOVQ 0x28(SP), AX", "488b442428", ["read", 0x28, 8]],
    ["LEAQ 0x48(SP), CX", "488d4c2448", ["address", 0x48, 0]],
    ["MOVL $1, 0x10(SP)", "c744241001000000", ["write", 0x10, 4]],
    ["MOVB $0, 0x1f(SP)", "c644241f00", ["write", 0x1f, 1]],
    ["MOVZX 0x1f(SP), AX", "0fb644241f", ["read", 0x1f, 1]],
    ["INCQ 0x20(SP)", "48ff442420", ["read", 0x20, 8], ["write", 0x20, 8]],
    ["ADDQ AX, 0x20(SP)", "4801442420", ["read", 0x20, 8], ["write", 0x20, 8]],
    ["BTQ $3, 0x20(SP)", "480fba64242003", ["read", 0x20, 8]],
    ["SETEQ 0x1f(SP)", "0f9444241f", ["write", 0x1f, 1]],
    ["MOVSS X0, 0x18(SP)", "f30f11442418", ["write", 0x18, 4]],
    ["ADDQ 0x20(SP), AX", "4803442420", ["read", 0x20, 8]],
    ["MOVSD X0, 0x18(SP)", "f20f11442418", ["write", 0x18, 8]],
    ["MOVUPS X15, 0x30(SP)", "440f117c2430", ["write", 0x30, 16]],
    ["MOVSD 0x18(SP), X0", "f20f10442418", ["read", 0x18, 16]],
    ["ADDQ $0x28, SP", "4883c428", ["move", 0, 0]],
    ["SUBQ $0xa8, SP", "4881eca8000000", ["move", 0, 0]],
    ["VMOVDQU Y0, 0x40(SP)", "c5fe7f442440", ["write", 0x40, 32]],
  ])("%s", (_, hex, ...uses) => {
    expect(stackUses("amd64", hex)).toEqual({ size: hex.length / 2, uses });
  });

  it.each([
    ["CMPQ R12, 0x10(R14)", "4d3b6610", "next", undefined],
    ["MOVUPS X15, 0x10(CX)", "440f117910", "next", undefined],
    ["LEAQ 0x16cea(IP), CX", "488d0dea6c0100", "next", undefined],
    ["MOVQ (SP)(AX*8), CX: not a word known by its place", "488b0cc4", "next", undefined],
    ["MOVQ 8(R12), AX: SIB without SP", "498b442408", "next", undefined],
    ["MOVQ $imm64, AX", "48b80102030405060708", "next", undefined],
    ["TESTQ $1, AX", "48f7c001000000", "next", undefined],
    ["ROUNDSD $1, X0, X1", "660f3a0bc801", "next", undefined],
    ["NOPW 0(AX)(AX*1)", "660f1f840000000000", "next", undefined],
    ["JBE", "0f8642010000", "branch", 0x148],
    ["JNE back", "75f0", "branch", -14],
    ["JMP", "eb10", "jump", 18],
    ["CALL", "e894e8faff", "call", 5 - 333676],
    ["CALL CX", "ffd1", "call", undefined],
    ["JMP CX", "ffe1", "jump", undefined],
    ["RET", "c3", "return", undefined],
    ["UD2", "0f0b", "stop", undefined],
  ])("%s", (_, hex, flow, target) => {
    expect(flowOf("amd64", hex)).toEqual({ size: hex.length / 2, flow, target, uses: [] });
  });

  it("is not guessed where it is not known, or cut off", () => {
    expect(stackUses("amd64", "f3d6")).toEqual({ size: undefined, uses: [] });
    expect(stackUses("amd64", "4889")).toEqual({ size: undefined, uses: [] });
  });
});

describe("an instruction of arm64", () => {
  it.each([
    ["MOVD R0, 24(RSP)", "e00f00f9", ["write", 24, 8]],
    ["MOVD 24(RSP), R0", "e00f40f9", ["read", 24, 8]],
    ["MOVB R1, 15(RSP)", "e13f0039", ["write", 15, 1]],
    ["MOVBU 15(RSP), R1", "e13f4039", ["read", 15, 1]],
    ["FMOVD F0, 16(RSP)", "e00b00fd", ["write", 16, 8]],
    ["STP (R0, R1), 32(RSP)", "e00702a9", ["write", 32, 8], ["write", 40, 8]],
    ["LDP 32(RSP), (R0, R1)", "e00742a9", ["read", 32, 8], ["read", 40, 8]],
    ["FMOVQ 32(RSP), F0", "e00bc03d", ["read", 32, 16]],
    ["LDADDALD R1, (RSP), R0", "e003e1f8", ["read", 0, 8], ["write", 0, 8]],
    ["ADD $80, RSP, RSP", "ff430191", ["move", 0, 0]],
    ["MOVD.P 80(RSP), R30", "fe0745f8", ["read", 0, 8], ["move", 0, 0]],
  ])("%s", (_, hex, ...uses) => {
    expect(stackUses("arm64", hex)).toEqual({ size: 4, uses });
  });

  it.each([
    ["B", "04000014", "jump", 16],
    ["BL", "ffffff97", "call", -4],
    ["BNE", "81feff54", "branch", -48],
    ["CBZ", "400000b4", "branch", 8],
    ["BLR", "20003fd6", "call", undefined],
    ["RET", "c0035fd6", "return", undefined],
    ["MOVD (R1), R0", "200040f9", "next", undefined],
  ])("%s", (_, hex, flow, target) => {
    expect(flowOf("arm64", hex)).toEqual({ size: 4, flow, target, uses: [] });
  });
});

const ENTRY = 0x1000;
const SP = 0x8000;

/** The code of a frame that stands behind the n-th byte, in a call. */
function frameOf(hex: string, at: number, arch: "amd64" | "arm64" = "amd64") {
  const bytes = bytesOf(hex);
  const fn = { name: "main.f", entry: ENTRY, end: ENTRY + bytes.length };
  const runtime = {
    process: { arch: ARCHES[arch], memory: { tryBytes: () => bytes } },
    functions: { find: (pc: number) => ({ name: pc === ENTRY + 0x100 ? "runtime.gopanic" : "main.g" }) },
  } as unknown as GoRuntime;
  return codeOfFrame(runtime, { fn, pc: ENTRY + at, symbolPc: ENTRY + at - 1, sp: SP } as Frame);
}

describe("a word of a frame", () => {
  const call = "e8f0000000";

  it("is needed where an instruction to come reads it before it is written", () => {
    // CALL; MOVQ 8(SP), AX; MOVQ AX, 16(SP); RET
    const code = frameOf(`${call} 488b442408 4889442410 c3`, 5);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [ENTRY + 5], nextRound: [], beside: [] });
    expect(code?.usesOf(SP + 16, 8)).toEqual({ soon: [], nextRound: [], beside: [] });
    expect(code?.writersOf(SP + 16, 8)).toEqual({ writes: [ENTRY + 10], isShared: false });
  });

  it("may be needed in the next round of a loop only", () => {
    // MOVQ 8(SP), AX; CALL; JMP to the start
    const code = frameOf(`488b442408 ${call} ebf4`, 10);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [], nextRound: [ENTRY], beside: [] });
  });

  it("is needed when one of two ways reads it", () => {
    // CALL; JE +6; MOVQ AX, 8(SP); RET; MOVQ 8(SP), AX; RET
    const code = frameOf(`${call} 7406 4889442408 c3 488b442408 c3`, 5);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [ENTRY + 13], nextRound: [], beside: [] });
  });

  it("is not known of behind a call that does not return, or code that goes anywhere", () => {
    expect(frameOf("e8fb000000 488b442408 c3", 5)?.usesOf(SP + 8, 8)).toBeUndefined();
    expect(frameOf(`${call} ffe1`, 5)?.usesOf(SP + 8, 8)).toBeUndefined();
  });

  it("is written by instructions that read it first, and shared when its address is taken", () => {
    // CALL; INCQ 8(SP); LEAQ 16(SP), CX; RET
    const code = frameOf(`${call} 48ff442408 488d4c2410 c3`, 5);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [ENTRY + 5], nextRound: [], beside: [] });
    expect(code?.writersOf(SP + 8, 8)).toEqual({ writes: [ENTRY + 5], isShared: false });
    expect(code?.usesOf(SP + 16, 8)).toEqual({ soon: [ENTRY + 10], nextRound: [], beside: [] });
    expect(code?.writersOf(SP + 16, 8)).toEqual({ writes: [], isShared: true });
  });

  it("is overwritten word by word where two are one variable", () => {
    // BL; STP (R0, R1), 32(RSP); LDP 32(RSP), (R0, R1); RET
    const code = frameOf("41000094 e00702a9 e00742a9 c0035fd6", 4, "arm64");
    expect(code?.usesOf(SP + 32, 16)).toEqual({ soon: [], nextRound: [], beside: [] });
    expect(code?.writersOf(SP + 32, 16)).toEqual({ writes: [ENTRY + 4, ENTRY + 4], isShared: false });
    // BL; ADD $40, RSP, R0; RET
    const taken = frameOf("41000094 e0a30091 c0035fd6", 4, "arm64");
    expect(taken?.usesOf(SP + 40, 8)).toEqual({ soon: [ENTRY + 4], nextRound: [], beside: [] });
    expect(taken?.writersOf(SP + 40, 8)).toEqual({ writes: [], isShared: true });
  });
});
