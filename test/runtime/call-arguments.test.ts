/** What a frame was called with, by its caller's code: instructions of amd64 that Go's compiler writes, as bytes. */
import { expect, test } from "vitest";
import { ARCHES, type ArchName } from "../../src/base/arch.js";
import { callArguments, constantBefore } from "../../src/runtime/call-arguments.js";
import { type Code, programOf } from "../../src/runtime/code/program.js";
import type { GoFunction } from "../../src/runtime/functions.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { Frame } from "../../src/runtime/unwind.js";

const ENTRY = 0x1000;
const CALLEE = 0x1100;
const SP = 0x8000;
/** Bytes of the caller's frame up to its own arguments. */
const TOP = 0x60;
const bytesOf = (hex: string) => Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (each) => Number.parseInt(each, 16));

interface Objects {
  readonly offset: number;
  readonly size: number;
}

/** A CALL to CALLEE behind so many bytes. */
function callBehind(length: number): string {
  const distance = CALLEE - (ENTRY + length + 5);
  return `e8${Buffer.from(Int32Array.of(distance).buffer).toString("hex")}`;
}

interface Options {
  readonly arch?: ArchName;
  /** The instruction that calls; to CALLEE. */
  readonly call?: string;
  readonly behind?: string;
  /** Of the callee, above the caller's stack pointer. */
  readonly argumentBytes?: number;
  /** Stack objects of the caller, from the end of its locals or, above, from its arguments. */
  readonly objects?: readonly Objects[];
  readonly callee?: Partial<Frame>;
  readonly caller?: Partial<Frame>;
}

/** What the code before a call says of the callee's arguments. */
function callOf(hex: string, options: Options = {}) {
  const { arch = "amd64", argumentBytes = 0, objects = [] } = options;
  const call = options.call ?? callBehind(bytesOf(hex).length);
  const bytes = bytesOf(hex + call + (options.behind ?? "90c3"));
  const pc = ENTRY + bytesOf(hex + call).length;
  const caller = {
    fn: { name: "main.f", entry: ENTRY, end: ENTRY + bytes.length },
    pc,
    symbolPc: pc - 1,
    sp: SP,
    varp: SP + 0x58,
    argp: SP + TOP,
  };
  const callee = { fn: { name: "main.g", entry: CALLEE }, fp: SP, argp: SP };
  const runtime = {
    process: { arch: ARCHES[arch], memory: { tryBytes: () => bytes } },
    goroutines: { stackMaps: { at: () => ({ objects }) } },
  } as unknown as GoRuntime;
  const found = (extra: Partial<Frame> = {}) =>
    callArguments(runtime, { ...callee, ...options.callee, ...extra } as Frame, { ...caller, ...options.caller } as Frame, argumentBytes);
  return { found, first: found()?.word(0), second: found()?.word(1) };
}

const SLOT = { kind: "slot", offset: 0x28, size: 8 };
const LOAD = "488b442428"; // MOVQ 0x28(SP), AX

test("a slot of the caller's frame, a constant, an address in the frame", () => {
  // MOVQ 0x28(SP), AX; MOVL $7, BX
  expect(callOf(`${LOAD} bb07000000`)).toMatchObject({ first: SLOT, second: { kind: "constant", value: 7 } });
  // LEAQ 0x30(SP), AX; LEAQ to its own code, BX
  expect(callOf("488d442430 488d1df4ffffff")).toMatchObject({
    first: { kind: "address", offset: 0x30 },
    second: { kind: "constant", value: ENTRY },
  });
  // MOVQ SP, AX; ADDQ $16, AX
  expect(callOf("4889e0 4883c010").first).toEqual({ kind: "address", offset: 16 });
  // MOVL 0x28(SP), CX; MOVQ CX, AX: of the slot four bytes.
  expect(callOf("8b4c2428 4889c8").first).toEqual({ ...SLOT, size: 4 });
});

test("registers that are copied and counted on are followed back", () => {
  // MOVQ 0x28(SP), CX; MOVL $7, BX; MOVQ CX, AX
  expect(callOf("488b4c2428 bb07000000 4889c8").first).toEqual(SLOT);
  // MOVL $7, CX; MOVQ CX, AX; ADDQ $5, AX
  expect(callOf("b907000000 4889c8 4883c005").first).toEqual({ kind: "constant", value: 12 });
  // MOVL $7, AX; SUBQ $5, AX
  expect(callOf("b807000000 4883e805").first).toEqual({ kind: "constant", value: 2 });
  // What was counted on is in the slot no more.
  expect(callOf(`${LOAD} 4883c005`).first).toBeUndefined();
  // MOVQ 8(CX), AX: memory that is none of the frame's
  expect(callOf("488b4108").first).toBeUndefined();
});

test("a slot that is written before the call holds another value", () => {
  expect(callOf(`${LOAD} 48895c2428`).first).toBeUndefined(); // MOVQ BX, 0x28(SP)
  expect(callOf(`${LOAD} 885c242f`).first).toBeUndefined(); // MOVB BL, 0x2f(SP)
  expect(callOf(`${LOAD} 48895c2430`).first).toEqual(SLOT); // MOVQ BX, 0x30(SP)
  expect(callOf(`${LOAD} 48895cd410`).first).toBeUndefined(); // MOVQ BX, 0x10(SP)(DX*8)
  expect(callOf(`48895c2428 ${LOAD}`).first).toEqual(SLOT); // stored before it is loaded
});

test("slots that the callee may write, or who has their address, are not believed", () => {
  expect(callOf(LOAD, { argumentBytes: 0x28 }).first).toEqual(SLOT);
  expect(callOf(LOAD, { argumentBytes: 0x30 }).first).toBeUndefined();
  // LEAQ 0x20(SP), CX: of unknown extent, to the end of the locals.
  expect(callOf(`488d4c2420 ${LOAD}`).first).toBeUndefined();
  expect(callOf(`488d4c2430 ${LOAD}`).first).toEqual(SLOT);
  // The same as an object of 8 bytes, or of 16.
  const object = (size: number) => ({ objects: [{ offset: 0x20 - 0x58, size }] });
  expect(callOf(`488d4c2420 ${LOAD}`, object(8)).first).toEqual(SLOT);
  expect(callOf(`488d4c2420 ${LOAD}`, object(16)).first).toBeUndefined();
  // An object whose address is taken elsewhere; one of the caller's arguments.
  expect(callOf(LOAD, { objects: [{ offset: 0x28 - 0x58, size: 8 }] }).first).toBeUndefined();
  expect(callOf("488b442468", { objects: [{ offset: 8, size: 8 }] }).first).toBeUndefined();
  expect(callOf("488b442468", { objects: [{ offset: 16, size: 8 }] }).first).toMatchObject({ offset: 0x68 });
  // MOVQ SP, CX: the whole frame is shared; not with the frame pointer, LEAQ 0x20(SP), BP.
  expect(callOf(`4889e1 ${LOAD}`).first).toBeUndefined();
  expect(callOf(`488d6c2420 ${LOAD}`).first).toEqual(SLOT);
  // Above the frame an address has no end.
  expect(callOf("488d4c2460 488b442468").first).toBeUndefined();
});

test("code that can have come another way says nothing", () => {
  // A branch behind the call leads to between the load and the call: JNE
  expect(callOf(`90 ${LOAD} 90`, { behind: "75f8 c3" }).first).toBeUndefined();
  // To the load itself: then what came before does not count, and the load does.
  expect(callOf(`90 ${LOAD}`, { behind: "75f4 c3" }).first).toEqual(SLOT);
  // JMP CX: a table of jumps
  expect(callOf(LOAD, { behind: "ffe1 c3" }).found()).toBeUndefined();
  // Another call, or a jump, between.
  expect(callOf(`${LOAD} e800010000`).first).toBeUndefined();
  expect(callOf(`${LOAD} eb00`).first).toBeUndefined();
});

test("the call itself: of this function, or of one whose address was in a register", () => {
  expect(callOf(LOAD).found()?.isDirect).toBe(true);
  expect(callOf(LOAD, { call: "ffd1" }).found()?.isDirect).toBe(false); // CALL CX
  expect(callOf(LOAD, { callee: { fn: { entry: CALLEE + 16 } as GoFunction } }).found()).toBeUndefined();
  // Not the frame that it called; interrupted, not in a call; no call before the place.
  expect(callOf(LOAD, { callee: { fp: SP + 8 } }).found()).toBeUndefined();
  expect(callOf(LOAD, { caller: { symbolPc: ENTRY + 10 } }).found()).toBeUndefined();
  expect(callOf(LOAD, { call: "9090909090" }).found()).toBeUndefined();
  expect(callOf(LOAD).found()?.word(99)).toBeUndefined();
});

test("what a call was made with is read once for each place and callee", () => {
  const { found } = callOf(LOAD, { call: "ffd1" });
  expect(found()).toBe(found());
  expect(found({ fn: { entry: CALLEE + 16 } as GoFunction })).not.toBe(found());
});

test("on arm64 arguments are in R0 and up", () => {
  // MOVD 40(RSP), R0; MOVD $3, R1; BL
  const { first, second } = callOf("e01740f9 610080d2", { arch: "arm64", call: "3e000094", behind: "c0035fd6" });
  expect([first, second]).toEqual([SLOT, { kind: "constant", value: 3 }]);
});

test("a constant before any instruction", () => {
  const bytes = bytesOf("b807000000 4889c1 488b5c2428 c3");
  const fn = { name: "main.f", entry: ENTRY, end: ENTRY + bytes.length } as GoFunction;
  const { read, machine } = programOf({ process: { arch: ARCHES.amd64, memory: { tryBytes: () => bytes } } } as unknown as GoRuntime);
  const code = read(fn) as Code;
  const [ax, bx, cx] = [0, 3, 1];
  expect([ax, cx, bx].map((each) => constantBefore(code, machine, 3, each))).toEqual([7, 7, undefined]);
  expect(constantBefore(code, machine, 1, cx)).toBeUndefined();
});
