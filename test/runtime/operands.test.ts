// Values named by the code that loaded them: a function of amd64 as bytes, its variables as the debug information has them.
import { expect, test } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import type { Address, TypeId } from "../../src/base/units.js";
import type { DwarfVariable, FrameContext, Location } from "../../src/dwarf/dwarf.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import { Operands } from "../../src/runtime/operands.js";
import { mapOperationOf } from "../../src/runtime/operations.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { Frame } from "../../src/runtime/unwind.js";
import { amd64Code, call, leaAx, type Piece } from "../support/amd64-code.js";
import { TypeBuilder } from "../support/memory-builder.js";

const ENTRY: Address = 0x1000;
const CALLEE: Address = 0x8000;
const MAP_TYPE: Address = 0x9000;
const SHOP: Address = 0x5000;
/** DWARF's numbers of registers. System V ABI of amd64 3.6.2 */
const RAX = 0;
const RBX = 3;

/** MOVQ 16(AX), BX; MOVQ 8(BX), CX */
const FIELD_TO_BX = [0x48, 0x8b, 0x58, 0x10];
const FIELD_TO_CX = [0x48, 0x8b, 0x4b, 0x08];
const GLOBAL_TO_BX: Piece = { code: [0x48, 0x8b, 0x1d], to: SHOP + 16 };

interface Program {
  readonly types: TypeBuilder;
  readonly server: TypeId;
  readonly pointer: TypeId;
}

function program(): Program {
  const types = new TypeBuilder();
  types.add("int", "int", 8);
  const map = types.add("map[string]int", "map", 8, { rtype: MAP_TYPE });
  const item = types.add("main.item", "struct", 16);
  const toItem = types.add("*main.item", "pointer", 8, { element: item });
  types.change(item, {
    fields: [
      ["id", 0, types.byName("int")],
      ["next", 8, toItem],
    ],
  });
  const server = types.add("main.server", "struct", 24);
  types.change(server, {
    fields: [
      ["id", 0, types.byName("int")],
      ["first", 8, toItem],
      ["counts", 16, map],
    ],
  });
  return { types, server, pointer: types.add("*main.server", "pointer", 8, { element: server }) };
}

/** A frame that stands behind the code's n-th byte, in a call, or at it, and what of its variables lies in which register. */
function frameOf(
  { types, server }: Program,
  code: Uint8Array,
  at: number,
  inCall: boolean,
  variables: readonly [string, TypeId, number][],
) {
  const fn = { name: "main.f", entry: ENTRY, end: ENTRY + code.length, startLine: 1 };
  const named = variables.map(([name, type, register]) => {
    const place: Location = { kind: "register", register };
    // It lies there when the function begins, and is dead later on.
    const locate = ({ pc }: FrameContext): Location => (pc === ENTRY ? place : { kind: "absent" });
    return { name, type: type as unknown, kind: "parameter", inlineDepth: 0, locate } as unknown as DwarfVariable;
  });
  const callee = { name: "runtime.mapassign_faststr", entry: CALLEE, end: CALLEE + 16 };
  const runtime = {
    process: { arch: ARCHES.amd64, loadBias: 0, memory: { tryBytes: (from: Address) => (from === ENTRY ? code : undefined) } },
    memory: { tryAddress: (from: Address) => (from === SHOP + 16 ? 0x7000 : undefined) },
    types: Object.assign(types, { fromDwarf: (type: unknown) => type as TypeId }),
    functions: { find: (pc: Address) => [fn, callee].find((each) => pc >= each.entry && pc < each.end) },
    binary: { from: "dwarf", debug: { localsAt: () => named, functionAt: () => undefined } },
    variables: { globalAt: (from: Address) => (from >= SHOP ? { name: "main.shop", address: SHOP, size: 24, type: server } : undefined) },
    closureType: () => -1,
  } as unknown as GoRuntime;
  const pc = ENTRY + at;
  const frame = { fn, pc, symbolPc: inCall ? pc - 1 : pc, sp: 0x100, fp: 0x140, argp: 0x140, varp: 0x130 } as unknown as Frame;
  const inner = { fn: callee, pc: CALLEE + 4, symbolPc: CALLEE + 3, sp: 0xc0, fp: 0x100 } as unknown as Frame;
  const goroutine = { id: 1, unwound: () => ({ frames: inCall ? [inner, frame] : [frame] }) } as unknown as Goroutine;
  return { runtime, goroutine, frame };
}

test("an argument is a field of what the base register held when the function began", () => {
  const parts = program();
  const code = amd64Code(ENTRY, FIELD_TO_BX, leaAx(MAP_TYPE), call(CALLEE));
  const { runtime, goroutine, frame } = frameOf(parts, code, code.length, true, [["s", parts.pointer, RAX]]);
  const operands = new Operands(runtime, goroutine, frame);
  expect(operands.argument(1)).toEqual({ expression: "s.counts", type: parts.types.byName("map[string]int") });
  expect(operands.constant(0)).toBe(MAP_TYPE);
  expect(operands.calls().map(({ name }) => name)).toEqual(["runtime.mapassign_faststr"]);
  expect(mapOperationOf(runtime, goroutine)).toMatchObject({
    action: "write",
    operand: { expression: "s.counts" },
    type: parts.types.byName("map[string]int"),
  });
});

test("what nobody named is known by its type alone", () => {
  const parts = program();
  const code = amd64Code(ENTRY, FIELD_TO_BX, leaAx(MAP_TYPE), call(CALLEE));
  const { runtime, goroutine, frame } = frameOf(parts, code, code.length, true, []);
  expect(new Operands(runtime, goroutine, frame).argument(1)).toBeUndefined();
  expect(mapOperationOf(runtime, goroutine)).toMatchObject({ operand: undefined, type: parts.types.byName("map[string]int") });
});

test("a global variable is read where it lies", () => {
  const parts = program();
  const code = amd64Code(ENTRY, GLOBAL_TO_BX, leaAx(MAP_TYPE), call(CALLEE));
  const { runtime, goroutine } = frameOf(parts, code, code.length, true, []);
  expect(mapOperationOf(runtime, goroutine)).toMatchObject({ operand: { expression: "main.shop.counts" }, map: 0x7000 });
});

test("an instruction that faulted: the pointer that it went through, and what it was to reach", () => {
  const parts = program();
  // MOVQ 8(AX), BX; MOVQ 8(BX), CX: the second faults.
  const code = amd64Code(ENTRY, [0x48, 0x8b, 0x58, 0x08], FIELD_TO_CX, [0xc3]);
  const { runtime, goroutine, frame } = frameOf(parts, code, 4, false, [["s", parts.pointer, RAX]]);
  expect(new Operands(runtime, goroutine, frame).faulting()).toEqual({
    base: { expression: "s.first", type: parts.types.byName("*main.item") },
    accessed: "s.first.next",
  });
});

test("two ways that say different things say nothing", () => {
  const parts = program();
  // TESTQ AX, AX; JEQ over MOVQ AX, BX; MOVQ 8(BX), CX: BX is either of two arguments.
  const code = amd64Code(ENTRY, [0x48, 0x85, 0xc0], [0x74, 0x03], [0x48, 0x89, 0xc3], FIELD_TO_CX, [0xc3]);
  const { runtime, goroutine, frame } = frameOf(parts, code, 8, false, [
    ["a", parts.pointer, RAX],
    ["b", parts.pointer, RBX],
  ]);
  expect(new Operands(runtime, goroutine, frame).faulting()).toBeUndefined();
});
