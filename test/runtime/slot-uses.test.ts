// What the code of a function does with a word of its frame: instructions that Go's compiler wrote, as bytes.
import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { decoderOf } from "../../src/runtime/instructions.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { codeOfFrame } from "../../src/runtime/slot-uses.js";
import type { Frame } from "../../src/runtime/unwind.js";

const bytesOf = (hex: string) => Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (each) => Number.parseInt(each, 16));

function one(arch: "amd64" | "arm64", hex: string) {
  const bytes = bytesOf(hex);
  const found = decoderOf(ARCHES[arch])(new DataView(bytes.buffer), 0);
  return (
    found && { size: found.size, flow: found.flow, target: found.target, ...(found.stack ? { stack: Object.values(found.stack) } : {}) }
  );
}

describe("an instruction of amd64", () => {
  it.each([
    ["MOVQ CX, 0x28(SP)", "48894c2428", ["write", 0x28, 8]],
    ["MOVQ AX, 0x80(SP)", "4889842480000000", ["write", 0x80, 8]],
    ["MOVQ 0x28(SP), AX", "488b442428", ["read", 0x28, 8]],
    ["LEAQ 0x48(SP), CX", "488d4c2448", ["address", 0x48, 0]],
    ["MOVL $1, 0x10(SP)", "c744241001000000", ["write", 0x10, 4]],
    ["MOVB $0, 0x1f(SP)", "c644241f00", ["write", 0x1f, 1]],
    ["MOVZX 0x1f(SP), AX", "0fb644241f", ["read", 0x1f, 8]],
    ["INCQ 0x20(SP)", "48ff442420", ["read", 0x20, 8]],
    ["MOVSD X0, 0x18(SP)", "f20f11442418", ["write", 0x18, 8]],
    ["MOVUPS X15, 0x30(SP)", "440f117c2430", ["write", 0x30, 16]],
    ["MOVSD 0x18(SP), X0", "f20f10442418", ["read", 0x18, 16]],
    ["ADDQ $0x28, SP", "4883c428", ["move", 0, 0]],
    ["SUBQ $0xa8, SP", "4881eca8000000", ["move", 0, 0]],
    ["VMOVDQU Y0, 0x40(SP)", "c5fe7f442440", ["write", 0x40, 32]],
  ])("%s", (_, hex, stack) => {
    expect(one("amd64", hex)).toEqual({ size: hex.length / 2, flow: "next", target: Number.NaN, stack });
  });

  it.each([
    ["CMPQ R12, 0x10(R14)", "4d3b6610", "next", Number.NaN],
    ["MOVUPS X15, 0x10(CX)", "440f117910", "next", Number.NaN],
    ["LEAQ 0x16cea(IP), CX", "488d0dea6c0100", "next", Number.NaN],
    ["MOVQ (SP)(AX*8), CX: not a word known by its place", "488b0cc4", "next", Number.NaN],
    ["MOVQ 8(R12), AX: SIB without SP", "498b442408", "next", Number.NaN],
    ["MOVQ $imm64, AX", "48b80102030405060708", "next", Number.NaN],
    ["TESTQ $1, AX", "48f7c001000000", "next", Number.NaN],
    ["ROUNDSD $1, X0, X1", "660f3a0bc801", "next", Number.NaN],
    ["NOPW 0(AX)(AX*1)", "660f1f840000000000", "next", Number.NaN],
    ["JBE", "0f8642010000", "branch", 0x148],
    ["JNE back", "75f0", "branch", -14],
    ["JMP", "eb10", "jump", 18],
    ["CALL", "e894e8faff", "call", 5 - 333676],
    ["CALL CX", "ffd1", "call", Number.NaN],
    ["JMP CX", "ffe1", "unknown", Number.NaN],
    ["RET", "c3", "end", Number.NaN],
    ["UD2", "0f0b", "end", Number.NaN],
  ])("%s", (_, hex, flow, target) => {
    expect(one("amd64", hex)).toEqual({ size: hex.length / 2, flow, target });
  });

  it("is not guessed where it is not known, or cut off", () => {
    expect(one("amd64", "62f17c48100424")).toBeUndefined();
    expect(one("amd64", "4889")).toBeUndefined();
  });
});

describe("an instruction of arm64", () => {
  it.each([
    ["MOVD R0, 24(RSP)", "e00f00f9", ["write", 24, 8]],
    ["MOVD 24(RSP), R0", "e00f40f9", ["read", 24, 8]],
    ["MOVB R1, 15(RSP)", "e13f0039", ["write", 15, 1]],
    ["MOVBU 15(RSP), R1", "e13f4039", ["read", 15, 1]],
    ["FMOVD F0, 16(RSP)", "e00b00fd", ["write", 16, 8]],
    ["STP (R0, R1), 32(RSP)", "e00702a9", ["write", 32, 16]],
    ["LDP 32(RSP), (R0, R1)", "e00742a9", ["read", 32, 16]],
    ["ADD $40, RSP, R0", "e0a30091", ["address", 40, 0]],
    ["ADD $80, RSP, RSP", "ff430191", ["move", 0, 0]],
    ["MOVD.P 80(RSP), R30", "fe0745f8", ["move", 0, 0]],
  ])("%s", (_, hex, stack) => {
    expect(one("arm64", hex)).toEqual({ size: 4, flow: "next", target: Number.NaN, stack });
  });

  it.each([
    ["B", "04000014", "jump", 16],
    ["BL", "ffffff97", "call", -4],
    ["BNE", "81feff54", "branch", -48],
    ["CBZ", "400000b4", "branch", 8],
    ["BLR", "20003fd6", "call", Number.NaN],
    ["RET", "c0035fd6", "end", Number.NaN],
    ["MOVD (R1), R0", "200040f9", "next", Number.NaN],
  ])("%s", (_, hex, flow, target) => {
    expect(one("arm64", hex)).toEqual({ size: 4, flow, target });
  });
});

const ENTRY = 0x1000;
const SP = 0x8000;

/** The frame of amd64 code that stands behind its n-th byte, in a call. */
function frameOf(hex: string, at: number) {
  const bytes = bytesOf(hex);
  const fn = { name: "main.f", entry: ENTRY, end: ENTRY + bytes.length };
  const runtime = {
    process: { arch: ARCHES.amd64, memory: { tryBytes: () => bytes } },
    functions: { find: (pc: number) => ({ name: pc === ENTRY + 0x100 ? "runtime.gopanic" : "main.g" }) },
  } as unknown as GoRuntime;
  return codeOfFrame(runtime, { fn, pc: ENTRY + at, symbolPc: ENTRY + at - 1, sp: SP } as Frame);
}

describe("a word of a frame", () => {
  const call = "e8f0000000";

  it("is needed where an instruction to come reads it before it is written", () => {
    // CALL; MOVQ 8(SP), AX; MOVQ AX, 16(SP); RET
    const code = frameOf(`${call} 488b442408 4889442410 c3`, 5);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [ENTRY + 5], nextRound: [] });
    expect(code?.usesOf(SP + 16, 8)).toEqual({ soon: [], nextRound: [] });
    expect(code?.writersOf(SP + 16, 8)).toEqual({ writes: [ENTRY + 10], isShared: false });
  });

  it("may be needed in the next round of a loop only", () => {
    // MOVQ 8(SP), AX; CALL; JMP to the start
    const code = frameOf(`488b442408 ${call} ebf4`, 10);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [], nextRound: [ENTRY] });
  });

  it("is needed when one of two ways reads it", () => {
    // CALL; JE +6; MOVQ AX, 8(SP); RET; MOVQ 8(SP), AX; RET
    const code = frameOf(`${call} 7406 4889442408 c3 488b442408 c3`, 5);
    expect(code?.usesOf(SP + 8, 8)).toEqual({ soon: [ENTRY + 13], nextRound: [] });
  });

  it("is not known of behind a call that does not return, or code that goes anywhere", () => {
    expect(frameOf("e8fb000000 488b442408 c3", 5)?.usesOf(SP + 8, 8)).toBeUndefined();
    expect(frameOf(`${call} ffe1`, 5)?.usesOf(SP + 8, 8)).toBeUndefined();
  });
});
