/** Where values in code come from and go to, on code made by hand. */
import { describe, expect, test } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import type { Value } from "../../../src/runtime/code/flow-values.js";
import { decodeAll } from "../../../src/runtime/code/instructions.js";
import { machineOf } from "../../../src/runtime/code/machines.js";
import { mentionsOf } from "../../../src/runtime/code/mentions.js";
import { type Event, followValues, type Question } from "../../../src/runtime/code/value-flow.js";
import { AX_FROM_SLOT, AX_TO_SLOT, amd64Code, call, leaAx, loadAx, type Piece, RET, storeAx, TEST_AX } from "../../support/amd64-code.js";

const START = 0x401000;
const TYPE = 0x500000;
const VARIABLE = 0x600000;
/** A flag of the runtime, no variable of interest. */
const FLAG = 0x610000;
const NEW = 0x402000;
const OTHER = 0x402100;
const BARRIER = 0x402200;
const THROW = 0x402300;
const READER = 0x402400;

const amd64 = (...pieces: readonly Piece[]) => amd64Code(START, ...pieces);

function question(name: "amd64" | "arm64"): Question {
  const machine = machineOf(ARCHES[name]);
  return {
    machine,
    isVariable: (address) => address >= VARIABLE && address < VARIABLE + 0x1000,
    isTypeWord: (value) => value === TYPE,
    changes: (target) => (target === BARRIER ? (machine.helpers[0]?.changes ?? []) : target === THROW ? "never" : "all"),
    onlyReads: (target) => target === READER,
  };
}

function follow(code: Uint8Array, name: "amd64" | "arm64" = "amd64"): readonly Event[] {
  const asked = question(name);
  return followValues(decodeAll(asked.machine, code, START), asked) ?? [];
}

const stores = (events: readonly Event[]) => events.flatMap((each) => (each.kind === "store" ? [each] : []));
const calls = (events: readonly Event[]) => events.flatMap((each) => (each.kind === "call" ? [each] : []));
/** Of a source what it is, of a number itself. */
const told = (value: Value) => (typeof value === "object" ? `${value.kind} ${value.index} ${value.address.toString(16)}` : value);

describe("amd64", () => {
  test("a call's result is stored, past the write barrier and on both ways", () => {
    const events = follow(
      amd64(
        leaAx(TYPE),
        call(NEW),
        { code: [0x83, 0x3d], to: FLAG, behind: [0] },
        [0x75, 0x08], // JNE to the barrier
        storeAx(VARIABLE),
        RET,
        call(BARRIER),
        [0x49, 0x89, 0x03], // MOVQ AX, (R11)
        [0xeb, 0xee], // JMP back to the store
      ),
    );
    expect(calls(events).map((each) => [each.target, each.passed[0]])).toEqual([[NEW, TYPE]]);
    expect(stores(events).map((each) => [each.address, told(each.value)])).toEqual([[VARIABLE, "result 0 402000"]]);
  });

  test("a result is spilled over another call, a shift in between", () => {
    const code = amd64(call(NEW), AX_TO_SLOT, [0x48, 0xc1, 0xe1, 0x03], call(OTHER), AX_FROM_SLOT, storeAx(VARIABLE), RET);
    expect(stores(follow(code)).map((each) => told(each.value))).toEqual(["result 0 402000"]);
  });

  test("a slot whose address a call gets may have another value afterwards, unless the function only reads", () => {
    const lea = [0x48, 0x8d, 0x44, 0x24, 0x08]; // LEAQ 8(SP), AX
    const past = (target: number) => amd64(call(NEW), AX_TO_SLOT, lea, call(target), AX_FROM_SLOT, storeAx(VARIABLE), RET);
    expect(stores(follow(past(OTHER))).map((each) => told(each.value))).toEqual([undefined]);
    expect(stores(follow(past(READER))).map((each) => told(each.value))).toEqual(["result 0 402000"]);
  });

  test("two ways with different values tell nothing, nil and a value the value", () => {
    // TEST; JE over the rest: XOR or call of another
    const both = (other: Piece, length: number) =>
      amd64(call(NEW), AX_TO_SLOT, TEST_AX, [0x74, length], other, AX_TO_SLOT, AX_FROM_SLOT, storeAx(VARIABLE), RET);
    expect(stores(follow(both(call(OTHER), 10))).map((each) => told(each.value))).toEqual([undefined]);
    expect(stores(follow(both([0x31, 0xc0], 7))).map((each) => told(each.value))).toEqual(["result 0 402000"]);
  });

  test("a loop forgets what one round changes", () => {
    // store; call; jump back: at the first store AX is an argument, later a result
    const code = amd64(storeAx(VARIABLE), call(OTHER), [0xeb, 0xf2]);
    expect(stores(follow(code)).map((each) => told(each.value))).toEqual([undefined]);
  });

  test("what is passed is a variable's address or its value, looked at before or not", () => {
    const events = follow(
      amd64(leaAx(VARIABLE), call(OTHER), loadAx(VARIABLE + 8), call(OTHER), loadAx(VARIABLE + 16), TEST_AX, call(OTHER), RET),
    );
    const passed = calls(events).map((each) => each.passed[0]);
    expect(passed.map(told)).toEqual([VARIABLE, "variable 0 600008", "variable 0 600010"]);
    expect(passed.map((each) => typeof each === "object" && Number.isFinite(each.usedAt))).toEqual([false, false, true]);
  });

  test("two words side by side in memory, and a call that does not return", () => {
    const slot16 = [0x48, 0x89, 0x44, 0x24, 0x10]; // MOVQ AX, 16(SP)
    const events = follow(amd64(leaAx(TYPE), AX_TO_SLOT, loadAx(VARIABLE), slot16, call(THROW), storeAx(VARIABLE)));
    const pairs = events.flatMap((each) => (each.kind === "pair" ? [[each.first, told(each.second)]] : []));
    expect(pairs).toEqual([[TYPE, "variable 0 600000"]]);
    expect(stores(events)).toEqual([]);
  });

  test("mentions: the operands of a range, and no call", () => {
    const code = amd64(leaAx(VARIABLE), call(VARIABLE), storeAx(FLAG), loadAx(VARIABLE + 8));
    const found = mentionsOf("amd64")(code, START, VARIABLE, VARIABLE + 0x1000);
    expect(found).toEqual([
      { offset: 2, target: VARIABLE },
      { offset: 21, target: VARIABLE + 8 },
    ]);
  });
});

describe("arm64", () => {
  const pages = (to: number, at: number) => to / 4096 - Math.floor((START + at) / 4096);
  const adrp = (register: number, to: number, at: number) => {
    const n = pages(to, at);
    return (0x90000000 | ((n & 3) << 29) | (((n >> 2) & 0x7ffff) << 5) | register) >>> 0;
  };
  const bl = (to: number, at: number) => (0x94000000 | (((to - START - at) / 4) & 0x3ffffff)) >>> 0;
  /** STR of 8 bytes, value in units of 8. */
  const str = (from: number, base: number, value: number) => (0xf9000000 | (value << 10) | (base << 5) | from) >>> 0;
  const words = (...all: number[]) => new Uint8Array(new Uint32Array(all).buffer);

  test("a call's result is stored", () => {
    const code = words(adrp(0, TYPE, 0), bl(NEW, 4), adrp(27, VARIABLE, 8), str(0, 27, 2), 0xd65f03c0);
    const events = follow(code, "arm64");
    expect(calls(events).map((each) => each.passed[0])).toEqual([TYPE]);
    expect(stores(events).map((each) => [each.address, told(each.value)])).toEqual([[VARIABLE + 16, "result 0 402000"]]);
    expect(mentionsOf("arm64")(code, START, VARIABLE, VARIABLE + 8).map(({ offset }) => offset)).toEqual([8]);
  });
});
