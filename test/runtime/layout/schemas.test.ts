/** What the schema says of the tracer and of the heap, in debug information that a test writes: names of old and new releases. */
import { expect, test } from "vitest";
import { Findings } from "../../../src/base/findings.js";
import { DW_AT, DW_FORM, DW_OP, DW_TAG } from "../../../src/dwarf/constants.js";
import { type DebugInfo, readDebugInfo } from "../../../src/dwarf/dwarf.js";
import { layoutFromDwarf } from "../../../src/runtime/layout/from-dwarf.js";
import { heapStructs } from "../../../src/runtime/layout/schema-heap.js";
import { tracerLayout, traceStructs } from "../../../src/runtime/layout/schema-trace.js";
import { baseType, expression, structType, type WrittenDie, writeDwarf } from "../../support/dwarf-writer.js";

const BIAS = 0x10000;
const TRACE = 0x500000;

function debugOf(...dies: readonly WrittenDie[]): DebugInfo {
  const words = [baseType("uint64", 8, 7, 11), baseType("uint32", 4, 7, 10), baseType("uint8", 1, 7, 8)];
  const written = writeDwarf([{ version: 5, lowPc: 0x400000, dies: [...words, ...dies] }]);
  return readDebugInfo(written, "test", new Findings()) as DebugInfo;
}

/** A struct of words by these names. */
const words = (name: string, ...fields: readonly string[]): WrittenDie =>
  structType(
    name,
    fields.length * 8,
    fields.map((field, i) => [field, i * 8, "uint64"] as const),
  );

const traceVariable: WrittenDie = {
  tag: DW_TAG.variable,
  attributes: [
    [DW_AT.name, DW_FORM.string, "runtime.trace"],
    [DW_AT.type, DW_FORM.ref_addr, { to: "struct { lock runtime.mutex }" }],
    [DW_AT.location, DW_FORM.block1, expression(DW_OP.addr, BigInt(TRACE))],
  ],
};
const tracer = (...fields: readonly string[]) => words("struct { lock runtime.mutex }", ...fields);

test("the tracer is the variable runtime.trace, laid out as its nameless type says", () => {
  const found = tracerLayout(debugOf(tracer("lock", "reading", "runtime.full", "readerGen", "gen"), traceVariable), BIAS);
  expect(found?.address).toBe(TRACE + BIAS);
  const { struct } = found ?? {};
  expect((["reading", "full", "readerGen", "gen"] as const).map((field) => struct?.offset(field))).toEqual([8, 16, 24, 32]);
  expect([struct?.size, struct?.has("typeTab"), struct?.has("empty")]).toEqual([40, false, false]);
});

test("a program without a tracer, and one of before Go 1.22, have none", () => {
  expect(tracerLayout(debugOf(), BIAS)).toBeUndefined();
  expect(tracerLayout(debugOf(tracer("lock", "reading", "readerGen"), traceVariable), BIAS)).toBeUndefined();
  expect(tracerLayout(debugOf(tracer("lock", "reading", "gen"), traceVariable), BIAS)).toBeUndefined();
});

test("a buffer of the tracer has its fields in a header or, before that, its own", () => {
  const header = words("runtime.traceBufHeader", "link", "lastTime", "pos", "lenPos");
  const place = (debug: DebugInfo) => {
    const struct = layoutFromDwarf(debug, traceStructs, BIAS).struct("traceBuf");
    return (["link", "lastTime", "pos", "lenPos", "arr"] as const).map((field) => struct.offset(field));
  };
  const buffer = structType("runtime.traceBuf", 56, [
    ["_", 0, "uint64"],
    ["traceBufHeader", 8, "runtime.traceBufHeader"],
    ["arr", 48, "uint64"],
  ]);
  expect(place(debugOf(header, buffer))).toEqual([8, 16, 24, 32, 48]);
  expect(place(debugOf(words("runtime.traceBuf", "link", "lastTime", "pos", "lenPos", "arr")))).toEqual([0, 8, 16, 24, 32]);
});

test("a span, a type and the pointer bits of an arena under the names that they had", () => {
  const of = (debug: DebugInfo) => layoutFromDwarf(debug, heapStructs, BIAS);
  const older = of(
    debugOf(
      structType("runtime.mspan", 16, [
        ["state", 4, "uint8"],
        ["startAddr", 8, "uint64"],
      ]),
      words("runtime._type", "size", "ptrdata", "tflag", "kind", "gcdata", "str", "ptrToThis"),
      words("runtime.heapArena", "bitmap", "noMorePtrs"),
    ),
  );
  const newer = of(
    debugOf(
      structType("runtime.mSpanStateBox", 1, [["s", 0, "uint8"]]),
      structType("runtime.mspan", 24, [
        ["startAddr", 0, "uint64"],
        ["state", 9, "runtime.mSpanStateBox"],
        ["largeType", 16, "uint64"],
      ]),
      words("internal/abi.Type", "Size_", "PtrBytes", "TFlag", "Kind_", "GCData", "Str", "PtrToThis"),
      words("runtime.heapArenaPtrScalar", "bitmap", "noMorePtrs"),
      structType("runtime.heapArena", 40, [["heapArenaPtrScalar", 8, "runtime.heapArenaPtrScalar"]]),
    ),
  );
  const spans = [older, newer].map((each) => each.struct("mspan"));
  expect(spans.map((each) => [each.offset("state"), each.width("state"), each.has("largeType")])).toEqual([
    [4, 1, false],
    [9, 1, true],
  ]);
  const type = (["Size_", "PtrBytes", "TFlag", "Kind_", "GCData", "Str", "PtrToThis"] as const).map((field) =>
    [older, newer].map((each) => each.struct("abiType").offset(field)),
  );
  expect(type).toEqual([0, 8, 16, 24, 32, 40, 48].map((at) => [at, at]));
  expect([older, newer].map((each) => each.struct("heapArena").offset("noMorePtrs"))).toEqual([8, 16]);
});

test("a module's tables are told by the names that the runtime has for them", () => {
  const fields = ["pcHeader", "funcnametab", "ftab", "text", "etext", "noptrdata", "ebss", "types", "etypes", "typemap", "next"] as const;
  const module = layoutFromDwarf(debugOf(words("runtime.moduledata", ...fields)), heapStructs, BIAS).struct("moduledata");
  expect(fields.map((field) => module.offset(field))).toEqual(fields.map((_, i) => i * 8));
});
