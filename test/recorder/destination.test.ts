/** Where a trace went and what of it the process still has: recorders, buffers, writers and files in a memory that a test makes. */
import { expect, test } from "vitest";
import { FormatError, MemoryFault } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { type Address, NONE } from "../../src/base/units.js";
import { findDestination } from "../../src/recorder/destination.js";
import { recorderGenerations } from "../../src/recorder/flight-recorder.js";
import { StructView } from "../../src/recorder/struct-view.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { EV } from "../../src/trace/events.js";
import { writeHeader } from "../../src/trace/format.js";
import { encodeBatch } from "../../src/trace/wire.js";
import { TracerBuilder } from "../support/tracer-builder.js";
import { events, file, THREAD_A, THREAD_B, twoThreads } from "../trace/samples.js";

const UNMAPPED = 0xdead000000;
const batch = (generation: number, m: number, value: number) => encodeBatch(events(generation, m, 1000, [[EV.HeapAlloc, 1, value]]));

class Writers extends TracerBuilder {
  readonly int = this.types.add("int", "int", 8);
  readonly bytes = this.types.add("[]uint8", "slice", 24, { element: this.types.add("uint8", "uint", 1) });
  readonly string = this.types.add("string", "string", 16);
  readonly writer = this.types.add("io.Writer", "interface", 16, { rtype: 0x5000, hasMethods: true });

  struct(name: string, fields: readonly (readonly [string, number, number])[], size: number) {
    return this.types.add(name, "struct", size, { fields });
  }

  bufioWriter() {
    return this.struct(
      "bufio.Writer",
      [
        ["buf", 0, this.bytes],
        ["n", 24, this.int],
        ["wr", 32, this.writer],
      ],
      48,
    );
  }

  /** An itab of io.Writer for a pointer to a struct. */
  itab(struct: number, name: string): Address {
    const rtype = 0x6000 + this.types.count * 0x100;
    this.types.add(name, "pointer", 8, { element: struct, rtype });
    const at = this.records.make("itab", { Inter: 0x5000, Type: rtype });
    this.types.itabs.set(at, rtype);
    return at;
  }

  slice(at: Address, bytes: ArrayLike<number>): void {
    const array = this.records.memory.allocate(bytes.length);
    this.records.memory.bytes(array, bytes).words(at, array, bytes.length, bytes.length);
  }

  /** The variable of package runtime/trace, with trace.Start's writer or a recorder in it. */
  traceVariable(itab: Address, data: Address, recorder: Address = 0): Partial<GoRuntime> {
    const holder = this.struct(
      "trace.FlightRecorder",
      [["r", 0, this.types.add("*trace.recorder", "pointer", 8, { element: this.recorderType() })]],
      8,
    );
    const pointer = this.types.add("*trace.FlightRecorder", "pointer", 8, { element: holder });
    const type = this.struct(
      "struct tracing",
      [
        ["traceStartWriter", 0, this.writer],
        ["flightRecorder", 16, pointer],
      ],
      24,
    );
    const own = recorder === 0 ? 0 : this.records.memory.allocate(8);
    if (own !== 0) this.records.memory.word(own, recorder);
    const at = this.records.memory.allocate(24);
    this.records.memory.words(at, itab, data, own);
    return { variables: { global: (name: string) => (name === "runtime/trace.tracing" ? { type, address: at } : undefined) } as never };
  }

  /** As Go 1.26 has it: batches as [][]byte. */
  recorderType(): number {
    const known = this.types.byName("trace.recorder");
    if (known !== NONE) return known;
    const batches = this.types.add("[][]uint8", "slice", 24, { element: this.bytes });
    const generation = this.struct(
      "trace.rawGeneration",
      [
        ["gen", 0, this.int],
        ["batches", 8, batches],
      ],
      32,
    );
    const ring = this.types.add("[]trace.rawGeneration", "slice", 24, { element: generation });
    return this.struct(
      "trace.recorder",
      [
        ["header", 0, this.int],
        ["ring", 16, ring],
        ["active", 40, generation],
      ],
      72,
    );
  }

  generation(at: Address, number: number, batches: readonly ArrayLike<number>[]): void {
    const array = this.records.memory.allocate(batches.length * 24);
    for (const [i, each] of batches.entries()) this.slice(array + i * 24, each);
    this.records.memory.words(at, number, array, batches.length, batches.length);
  }

  /** A recorder that keeps generations 1 and 2, and has begun to receive 3; its address, and where the ring lies. */
  flightRecorder(): { readonly at: Address; readonly ring: Address } {
    const at = this.records.memory.allocate(72);
    const ring = this.records.memory.allocate(3 * 32);
    this.records.memory.bytes(at, writeHeader(26)).words(at + 16, ring, 3, 3);
    this.generation(ring, 1, [batch(1, THREAD_A, 1), [EV.EndOfGeneration]]);
    this.generation(ring + 32, 2, [batch(2, THREAD_A, 2), batch(2, THREAD_B, 3)]);
    this.generation(at + 40, 3, [batch(3, THREAD_A, 4)]);
    return { at, ring };
  }
}

function generationsOf(program: Writers, at: Address) {
  const findings = new Findings();
  const { format, generations } = recorderGenerations(
    program.runtime(),
    new StructView(program.runtime(), program.recorderType(), at),
    findings,
  );
  const told = generations.map(({ number, batches, complete, endMark }) => [number, batches.length, complete, endMark]);
  const counts = generations.map(({ number, batches }) => [number, batches.length]);
  return { format, told, counts, generations, findings: findings.list().map((each) => [each.code, each.partial]) };
}

test("a struct is read field by field; a field that it has not and memory that is not there are errors of their own", () => {
  const program = new Writers();
  const inner = program.struct("main.inner", [["n", 8, program.int]], 16);
  const next = program.types.add("*main.inner", "pointer", 8, { element: inner });
  const outer = program.struct(
    "main.outer",
    [
      ["in", 0, inner],
      ["next", 16, next],
      ["list", 24, program.bytes],
    ],
    48,
  );
  const at = program.records.memory.allocate(48);
  const other = program.records.memory.allocate(16);
  program.records.memory
    .word(at + 8, 41)
    .word(at + 16, other)
    .word(other + 8, 42);
  program.slice(at + 24, [1, 2, 3]);
  const view = new StructView(program.runtime(), outer, at);
  expect([view.has("in"), view.has("out")]).toEqual([true, false]);
  expect([view.inner("in").word("n"), view.target("next")?.word("n"), view.slice("list").length]).toEqual([41, 42, 3]);
  expect(view.slice("list").element).toBe(program.types.byName("uint8"));
  expect(() => view.word("out")).toThrow(FormatError);
  program.records.memory.word(at + 32, 2 ** 40).word(at + 16, 0);
  expect(() => new StructView(program.runtime(), outer, at).slice("list")).toThrow(FormatError);
  expect(new StructView(program.runtime(), outer, at).target("next")).toBeUndefined();
  expect(() => new StructView(program.runtime(), outer, UNMAPPED).word("next")).toThrow(MemoryFault);
});

test("a flight recorder gives its finished generations and the one that it receives", () => {
  const program = new Writers();
  const { at } = program.flightRecorder();
  const { format, told, generations, findings } = generationsOf(program, at);
  expect(format).toBe(26);
  expect(told).toEqual([
    [1, 1, true, true],
    [2, 2, true, false],
    [3, 1, false, false],
  ]);
  expect(generations[1]?.batches.map(({ m, raw }) => [m, raw])).toEqual([
    [THREAD_A, batch(2, THREAD_A, 2)],
    [THREAD_B, batch(2, THREAD_B, 3)],
  ]);
  expect(findings).toEqual([]);
});

test("batches without a header of their own get the one that stands beside them", () => {
  const program = new Writers();
  const data = [EV.HeapAlloc, 1, 9];
  const element = program.struct(
    "trace.batch",
    [
      ["m", 0, program.int],
      ["time", 8, program.int],
      ["data", 16, program.bytes],
    ],
    40,
  );
  const batches = program.types.add("[]trace.batch", "slice", 24, { element });
  const generation = program.struct(
    "trace.generation",
    [
      ["gen", 0, program.int],
      ["batches", 8, batches],
    ],
    32,
  );
  const ring = program.types.add("[]trace.generation", "slice", 24, { element: generation });
  const type = program.struct(
    "xexp.recorder",
    [
      ["header", 0, program.int],
      ["ring", 16, ring],
      ["active", 40, generation],
    ],
    72,
  );
  const at = program.records.memory.allocate(72);
  const array = program.records.memory.allocate(2 * 40);
  program.records.memory.words(at + 40, 5, array, 2, 2);
  program.records.memory.words(array, 77, 1234).words(array + 40, 2 ** 53, 1234);
  program.records.memory.word(array + 40, -1n);
  for (const each of [array, array + 40]) program.slice(each + 16, data);
  const runtime = program.runtime();
  const { format, generations } = recorderGenerations(runtime, new StructView(runtime, type, at), new Findings());
  expect(format).toBeUndefined();
  expect(generations[0]?.batches.map(({ generation: number, m, time, data: bytes }) => [number, m, time, [...bytes]])).toEqual([
    [5, 77, 1234, data],
    [5, NONE, 1234, data],
  ]);
});

test("damage costs a batch, or a generation, never the others: and it is told", () => {
  const lostBatch = new Writers();
  const { at: first, ring } = lostBatch.flightRecorder();
  const batches = Number(lostBatch.runtime().memory.readAddress(ring + 32 + 8));
  lostBatch.records.memory.word(batches, UNMAPPED);
  expect(generationsOf(lostBatch, first)).toMatchObject({
    counts: [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
    findings: [["trace-held-batch", true]],
  });

  const lostGeneration = new Writers();
  const { at: second, ring: itsRing } = lostGeneration.flightRecorder();
  lostGeneration.records.memory.word(itsRing + 16, 2 ** 40);
  expect(generationsOf(lostGeneration, second)).toMatchObject({
    counts: [
      [2, 2],
      [3, 1],
    ],
    findings: [["trace-held", true]],
  });

  const lostRing = new Writers();
  const { at: third } = lostRing.flightRecorder();
  lostRing.records.memory.word(third + 16, UNMAPPED);
  expect(generationsOf(lostRing, third)).toMatchObject({ counts: [[3, 1]], findings: [["trace-held", true]] });
  lostRing.records.memory.word(third + 24, 2 ** 40);
  expect(generationsOf(lostRing, third)).toMatchObject({ counts: [[3, 1]], findings: [["trace-held", true]] });

  // A recorder that is not in the core has nothing.
  expect(generationsOf(lostRing, UNMAPPED)).toMatchObject({ format: undefined, counts: [], findings: [["trace-held", true]] });
});

test("the variable of runtime/trace names the recorder or the writer", () => {
  const program = new Writers();
  const { at } = program.flightRecorder();
  const recorder = findDestination(program.runtime(program.traceVariable(0, 0, at)), 0, new Findings());
  expect(recorder).toMatchObject({ kind: "flight recorder", name: "runtime/trace.FlightRecorder", format: 26 });
  expect(recorder.generations?.map((each) => each.number)).toEqual([1, 2, 3]);

  const inner = program.struct("os.file", [["name", 0, program.string]], 16);
  const osFile = program.struct("os.File", [["file", 0, program.types.add("*os.file", "pointer", 8, { element: inner })]], 8);
  const own = program.records.memory.allocate(16);
  const data = program.records.memory.allocate(8);
  program.records.memory.word(data, own).string(own, "/tmp/app.trace");
  const itab = program.itab(osFile, "*os.File");
  const found = () => findDestination(program.runtime(program.traceVariable(itab, data)), 0, new Findings());
  expect(found()).toMatchObject({ kind: "file", name: "*os.File /tmp/app.trace", generations: undefined });
  program.records.memory.word(own + 8, 2 ** 40);
  expect(found()).toMatchObject({ kind: "file", name: "*os.File ?" });
  expect(findDestination(program.runtime(), 0, new Findings())).toMatchObject({ kind: "unknown", name: "" });
  // The variable names a recorder that is not in the core.
  const findings = new Findings();
  const parts = program.traceVariable(0, 0, at);
  const { address = 0 } = parts.variables?.global("runtime/trace.tracing") ?? {};
  program.records.memory.word(address + 16, UNMAPPED);
  expect(findDestination(program.runtime(parts), 0, findings)).toMatchObject({ kind: "unknown" });
  expect(findings.list()).toMatchObject([{ code: "trace-writer", partial: true }]);
});

test("a buffer keeps the whole trace; a bufio.Writer what it has not passed on, and says to whom", () => {
  const program = new Writers();
  const buffer = program.struct(
    "bytes.Buffer",
    [
      ["buf", 0, program.bytes],
      ["off", 24, program.int],
    ],
    32,
  );
  const bufferItab = program.itab(buffer, "*bytes.Buffer");
  const at = program.records.memory.allocate(32);
  program.slice(at, [9, 9, 9, 9, ...file(26, [twoThreads(26)])]);
  program.records.memory.word(at + 24, 4);
  const found = findDestination(program.runtime(program.traceVariable(bufferItab, at)), 0, new Findings());
  expect(found).toMatchObject({ kind: "buffer", name: "*bytes.Buffer", format: 26, generations: [{ number: 1, complete: true }] });

  const writer = program.bufioWriter();
  const writerItab = program.itab(writer, "*bufio.Writer");
  const second = program.records.memory.allocate(48);
  program.slice(second, [1, 2, 3, 4, 5, 6]);
  program.records.memory.words(second + 24, 4, bufferItab, at);
  const pending = () => findDestination(program.runtime(program.traceVariable(writerItab, second)), 0, new Findings());
  expect(pending()).toMatchObject({ kind: "buffered writer", name: "*bufio.Writer to *bytes.Buffer", pending: Uint8Array.of(1, 2, 3, 4) });
  // More than the buffer holds is damage: no byte beyond it is taken.
  program.records.memory.word(second + 24, 2 ** 50);
  expect(pending().pending).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));

  // A writer that cannot be read is named all the same, and the loss is told.
  const findings = new Findings();
  program.records.memory.word(at, UNMAPPED);
  expect(findDestination(program.runtime(program.traceVariable(bufferItab, at)), 0, findings)).toMatchObject({
    kind: "writer",
    name: "*bytes.Buffer",
  });
  expect(findings.list()).toMatchObject([{ code: "trace-writer", partial: true }]);
});

test("a writer that hands on to itself ends", () => {
  const program = new Writers();
  const writer = program.bufioWriter();
  const itab = program.itab(writer, "*bufio.Writer");
  const at = program.records.memory.allocate(48);
  program.slice(at, [1]);
  program.records.memory.words(at + 24, 1, itab, at);
  expect(findDestination(program.runtime(program.traceVariable(itab, at)), 0, new Findings())).toMatchObject({ kind: "buffered writer" });
});

test("before Go 1.25 the writer is on the stack of the goroutine that reads the trace, or in its closure", () => {
  const program = new Writers();
  const other = program.struct("main.sink", [["n", 0, program.int]], 8);
  const itab = program.itab(other, "*main.sink");
  const lo = program.records.memory.allocate(256);
  const entry = 0x401000;
  const reader = program.goroutine(7, { status: "waiting", startPc: entry, stack: { lo, hi: lo + 256 } });
  const data = program.records.memory.allocate(16);
  const find = () => findDestination(program.runtime(), reader.address, new Findings());
  expect(find()).toMatchObject({ kind: "unknown" });
  const closure = program.records.memory.allocate(24);
  program.records.memory.words(closure, entry, itab, data).word(lo + 64, closure);
  expect(find()).toMatchObject({ kind: "writer", name: "*main.sink" });
  program.records.memory.word(lo + 64, 0).words(lo + 128, itab, data);
  expect(find()).toMatchObject({ kind: "writer", name: "*main.sink" });
  // An itab of another interface is no writer.
  program.records.memory.word(itab, 0x7000);
  expect(find()).toMatchObject({ kind: "unknown" });
});
