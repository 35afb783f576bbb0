import { expect, test } from "vitest";
import { makePage } from "../../cli/text/style.js";
import { deathText } from "../../cli/views/death.js";
import type { Address } from "../../src/base/units.js";
import { causeOfDeath } from "../../src/crash/cause.js";
import { panicRows } from "../../src/crash/panics.js";
import type { Machine } from "../../src/runtime/records/machine.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { TypeBuilder } from "../support/memory-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

const STRING = 0x9000;
const NUMBER = 0x9100;

/** A program with the types string, main.code and any. */
function stopped() {
  const types = new TypeBuilder();
  types.add("string", "string", 16, { rtype: STRING });
  types.add("main.code", "int", 8, { rtype: NUMBER });
  types.add("interface {}", "interface", 16);
  const program = new StoppedProgram();
  program.add("runtime.fatalpanic");
  program.add("main.work");
  const { records } = program;
  const panic = (fields: Readonly<Record<string, number>>, rtype: number, data: Address) => {
    const at = records.make("_panic", fields);
    records.memory.words(at + 8, rtype, data);
    return at;
  };
  const text = (value: string) => {
    const at = records.memory.allocate(16);
    records.memory.string(at, value);
    return at;
  };
  const number = records.memory.allocate(8);
  records.memory.word(number, 7);
  const stop = (id: number, fields: Readonly<Record<string, number>>) =>
    program.stop(
      id,
      [
        ["runtime.fatalpanic", 5],
        ["main.work", 5],
      ],
      fields,
    );
  return { program, records, types, panic, text, number, stop };
}

/** The m of a thread that crashes; 0 where nothing is said. */
function machine(parts: Partial<Machine>): Machine {
  const stack = { address: 1, lo: 0, hi: 0 };
  const base = { address: 0, id: 0, tid: 1, curg: 0, g0: stack, gsignal: stack, processor: 0, lockedg: 0, dying: 0, throwing: 0 };
  return { ...base, caughtSignal: 0, inC: false, extra: false, thread: undefined, ...parts };
}

function causeOf({ program, types }: ReturnType<typeof stopped>, machines: readonly Machine[], process: object = {}) {
  const runtime = program.runtime({
    types,
    binary: { debug: { global: () => ({ type: { size: 64 } }) } } as unknown as GoRuntime["binary"],
  });
  const whole = { ...runtime, process: { ...runtime.process, ...process } } as GoRuntime;
  return causeOfDeath({ runtime: whole, placeOfAddress: () => ({ kind: "manual", address: "0x1" }) }, machines);
}

test("panics as the runtime prints them, the first one first", () => {
  const { program, types, panic, text, number, stop } = stopped();
  const first = panic({ recovered: 1 }, STRING, text("boom\nbang"));
  const second = panic({ link: first }, NUMBER, number);
  const third = panic({ link: second, goexit: 1 }, 0, 0);
  const goroutine = stop(1, { _panic: third });
  const rows = panicRows(program.runtime({ types }), goroutine);
  expect(rows.map(({ text: shown, type, recovered, goexit }) => [shown, type, recovered, goexit])).toEqual([
    ["boom\nbang", "string", true, false],
    ["main.code(7)", "main.code", false, false],
    ["runtime.Goexit", "", false, true],
  ]);
});

test("of a text longer than 64 KiB the beginning, and how long it is; a summary is a sentence", () => {
  const world = stopped();
  const long = `caf\u00e9 ${"0123456789".repeat(7000)}`;
  const at = world.text(long);
  const panicked = (id: number, text: Address) => world.stop(id, { _panic: world.panic({}, STRING, text) });
  const rowOf = (id: number, text: Address) => panicRows(world.program.runtime({ types: world.types }), panicked(id, text))[0];
  expect(rowOf(1, at)).toMatchObject({ text: Buffer.from(long).subarray(0, 65_536).toString(), wholeBytes: 70_006 });
  expect(rowOf(2, world.text("short"))).not.toHaveProperty("wholeBytes");
  const death = causeOf(world, [machine({ dying: 1, curg: panicked(3, at).address })]);
  expect(death.summary).toBe(`panic: ${long.slice(0, 300)}... (70,006 bytes) in goroutine 3 (main.work)`);
  const shown = deathText(death, makePage(80, false));
  expect(shown).toContain("     ... 70,006 bytes in all; --json gives the first 65,536 bytes");
  expect(Math.max(...shown.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("of a value that was panicked again the first record has the text", () => {
  const { program, types, panic, text, number, stop } = stopped();
  const first = panic({ repanicked: 1 }, STRING, text("boom"));
  const goroutine = stop(1, { _panic: panic({ link: first }, NUMBER, number) });
  const rows = panicRows(program.runtime({ types }), goroutine);
  expect(rows.map((each) => [each.text, each.type, each.repanicked])).toEqual([
    ["boom", "string", true],
    ["boom", "string", false],
  ]);
});

test("a panic: its text, where it was, and the fault that became one", () => {
  const world = stopped();
  const { address } = world.stop(18, { _panic: world.panic({}, STRING, world.text("runtime error: nil pointer\nmore")), sig: 11 });
  const death = causeOf(world, [machine({ dying: 1, curg: address })]);
  expect(death).toMatchObject({
    kind: "panic",
    summary: "panic: runtime error: nil pointer ... in goroutine 18 (main.work)",
    goroutine: { id: 18, state: "sync.Mutex.Lock" },
    signal: { name: "SIGSEGV" },
  });
  // The runtime's own way down is left out.
  expect(death.frames.map((each) => each.function)).toEqual(["main.work"]);
});

test("a throw: the last words of the runtime", () => {
  const world = stopped();
  const { address } = world.stop(18, {});
  const backlog = world.records.global("runtime.printBacklog", ...Array<number>(8).fill(0));
  const words = "runtime: bad stack\nfatal error: all is lost\n";
  world.records.memory.bytes(backlog, new TextEncoder().encode(words));
  world.records.global("runtime.printBacklogIndex", words.length);
  expect(causeOf(world, [machine({ throwing: 2, curg: address })])).toMatchObject({
    kind: "fatal error",
    summary: "fatal error: all is lost in goroutine 18 (main.work)",
    fatalError: "all is lost",
    details: ["runtime: bad stack"],
  });
});

test("a fatal signal that the runtime caught: of the goroutine it interrupted", () => {
  const world = stopped();
  const interrupted = world.stop(18, { sig: 11, sigcode0: 1, sigcode1: 0x18 });
  const death = causeOf(world, [machine({ dying: 1, caughtSignal: interrupted.address, curg: 5 })]);
  expect(death).toMatchObject({
    kind: "signal",
    summary: "SIGSEGV: segmentation violation at 0x18 in goroutine 18 (main.work)",
    goroutine: { id: 18 },
  });
});

test("the runtime was crashing, and why is not in the core", () => {
  const world = stopped();
  expect(causeOf(world, [machine({ dying: 1, curg: world.stop(18, {}).address })])).toMatchObject({
    kind: "unknown",
    summary: "the runtime was crashing in goroutine 18 (main.work); why is not in the core",
  });
});

test("the runtime took no part: alive, or ended by the kernel", () => {
  const world = stopped();
  const { address } = world.stop(18, {});
  expect(causeOf(world, [machine({ curg: address })])).toMatchObject({ kind: "alive", summary: "alive when dumped", frames: [] });
  const registers = { pc: 0x5000, sp: 0x100 };
  const process = { signal: { signo: 9, code: 0, senderPid: 1, address: undefined }, threads: [{ tid: 1, registers }] };
  expect(causeOf(world, [machine({ curg: address })], process)).toMatchObject({
    kind: "signal",
    summary: "SIGKILL: killed, sent by process 1 in goroutine 18",
    goroutine: { id: 18 },
  });
  expect(causeOf(world, [], process).summary).toBe("SIGKILL: killed, sent by process 1 in 0x5000, on thread 1, which C created");
});
