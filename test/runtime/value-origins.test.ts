// Which instructions made a value that lies in a frame: loops as Go's compiler wrote them, as bytes.
import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import type { ValuePlace } from "../../src/runtime/code/sources.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { Frame } from "../../src/runtime/unwind.js";
import { originsOf } from "../../src/runtime/value-origins.js";

const ENTRY = 0x1000;
const SLOT: ValuePlace = { kind: "slot", offset: 0x30, size: 8 };

/** Of the code of a function, in the call that ends before its n-th byte. */
function originsAt(arch: "amd64" | "arm64", hex: string, at: number, callee = "main.g") {
  const bytes = Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (each) => Number.parseInt(each, 16));
  const fn = { name: "main.f", entry: ENTRY, end: ENTRY + bytes.length };
  const runtime = { process: { arch: ARCHES[arch], memory: { tryBytes: () => bytes } }, functions: { find: () => ({ name: callee }) } };
  return originsOf(runtime as unknown as GoRuntime, { fn, pc: ENTRY + at, symbolPc: ENTRY + at - 1 } as Frame);
}

const makersOf = (origins: ReturnType<typeof originsAt>, place = SLOT) =>
  origins
    ?.of(place)
    ?.makers.map(({ pc, isComputed, isOfThisRound, loop }) => [pc - ENTRY, isComputed, isOfThisRound, loop])
    .sort(([a], [b]) => Number(a) - Number(b));

describe("the origin of a value", () => {
  const call = "e8f0000000";
  // The slot is loaded and compared with 9; JL to 4; RET.
  const end = "488b442430 4883f809 7ce7 c3";

  it("is the step of a loop, made before the call of the round that it comes after", () => {
    // XORL AX, AX; JMP to the load; LEAQ 1(AX), SI; MOVQ SI, 0x30(SP); CALL
    const origins = originsAt("amd64", `31c0 eb0e 488d7001 4889742430 ${call} ${end}`, 18);
    expect(makersOf(origins)).toEqual([[4, true, true, 0]]);
    expect(origins?.loopJumps).toEqual([[ENTRY + 27]]);
  });

  it("is the round before where the step comes after the call, or what the loop began with", () => {
    // XORL AX, AX; JMP to the comparison; MOVQ AX, 0x30(SP); CALL; MOVQ 0x30(SP), AX; INCQ AX; NOP; CMPQ; JL to 4; RET
    const origins = originsAt("amd64", `31c0 eb13 4889442430 ${call} 488b442430 48ffc0 90 4883f809 7ce7 c3`, 14);
    expect(makersOf(origins)).toEqual([
      [0, false, true, -1],
      [19, true, false, 0],
    ]);
    expect(origins?.of(SLOT)?.stays.map(({ pc, place }) => [pc - ENTRY, place.kind])).toEqual([
      [9, "slot"],
      [4, "register"],
      [27, "register"],
      [23, "register"],
    ]);
  });

  it("is a call that gave it, unless the call is one of the runtime's helpers, which keep it", () => {
    // LEAQ 1(AX), CX; CALL; MOVQ CX, 0x30(SP); CALL
    const code = `488d4801 ${call} 48894c2430 ${call}`;
    expect(makersOf(originsAt("amd64", code, 19))).toEqual([[4, false, true, -1]]);
    expect(makersOf(originsAt("amd64", code, 19, "runtime.gcWriteBarrier2"))).toEqual([[0, true, true, -1]]);
  });

  it("does not come out of a call that does not return", () => {
    // INCQ AX; MOVQ AX, 0x30(SP); JE over the next three; INCQ BX; MOVQ BX, 0x30(SP); CALL; CALL
    const code = `48ffc0 4889442430 740d 48ffc3 48895c2430 ${call} ${call}`;
    expect(makersOf(originsAt("amd64", code, 28, "runtime.panicIndex"))).toEqual([[0, true, true, -1]]);
  });

  it("is found in code of arm64", () => {
    // MOVD $0, R0; B to the load; ADD $1, R0, R1; MOVD R1, 48(RSP); BL; MOVD 48(RSP), R0; CMP $9, R0; BLT; RET
    const origins = originsAt("arm64", "000080d2 04000014 01040091 e11b00f9 00040094 e01b40f9 1f2400f1 6bffff54 c0035fd6", 20);
    expect(makersOf(origins)).toEqual([[8, true, true, 0]]);
    expect(origins?.loopJumps).toEqual([[ENTRY + 28]]);
  });

  it("is not known where the frame's place is no instruction", () => {
    expect(originsAt("amd64", "c3", 7)).toBeUndefined();
  });
});
