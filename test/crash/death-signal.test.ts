import { expect, test } from "vitest";
import { hex } from "../../src/base/units.js";
import { beginning, faultOf, handled, placeOf, type SignalSource, signalRow } from "../../src/crash/death-signal.js";
import type { Machine } from "../../src/runtime/records/machine.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { writeSignalFrame } from "../support/signal-frames.js";
import { StoppedProgram } from "../support/stopped-program.js";

const NONE = { lo: 0, hi: 0 };

function sourceOf(program: StoppedProgram, parts: Partial<GoRuntime> = {}): SignalSource {
  return { runtime: program.runtime(parts), placeOfAddress: (address) => ({ kind: "manual", address: hex(address) }) };
}

const signal = { signo: 11, code: 1, address: 0x10, senderPid: undefined, senderUid: undefined, pc: 0, sp: 0 };

test("who sent a signal, and what lies at the address of a fault", () => {
  const program = new StoppedProgram();
  const work = program.add("main.work");
  const source = sourceOf(program);
  expect(signalRow(source, { ...signal, pc: work.entry + 4 })).toEqual({
    name: "SIGSEGV",
    meaning: "segmentation violation",
    code: 1,
    address: "0x10",
    place: { kind: "nil", address: "0x10", offset: 16 },
    pc: `0x${(work.entry + 4).toString(16)}`,
    at: "main.work+0x4",
    sender: "the kernel",
  });
  expect(signalRow(source, { ...signal, address: 0 }).place).toEqual({ kind: "nil", address: "0x0", offset: 0 });
  expect(signalRow(source, { ...signal, address: 0x7000 }).place).toEqual({ kind: "manual", address: "0x7000" });
  expect(signalRow(source, { ...signal, address: -1 })).not.toHaveProperty("address");
  const sent = (senderPid: number) => signalRow(source, { ...signal, signo: 6, code: 0, address: undefined, senderPid });
  expect([sent(77).sender, sent(1).sender, sent(1).senderPid]).toEqual(["itself", "another process", 1]);
});

test("just below a stack is its guard", () => {
  const program = new StoppedProgram();
  const goroutine = program.stop(18, []);
  const what = signalRow(sourceOf(program), { ...signal, address: goroutine.stack.lo - 8 }).place;
  expect(what).toEqual({ kind: "stack-guard", address: hex(goroutine.stack.lo - 8), goroutine: 18 });
});

test("the fault that became a panic; of a division the address says nothing", () => {
  const program = new StoppedProgram();
  const work = program.add("main.work");
  const faulted = program.stop(1, [], { sig: 11, sigcode0: 1, sigcode1: 0x18, sigpc: work.entry });
  const divided = program.stop(2, [], { sig: 8, sigcode0: 1, sigcode1: 0x18, sigpc: work.entry });
  const calm = program.stop(3, []);
  const source = sourceOf(program);
  expect(faultOf(source, faulted)).toMatchObject({ name: "SIGSEGV", address: "0x18", at: "main.work+0x0", sender: "the kernel" });
  expect(faultOf(source, divided)).toMatchObject({ name: "SIGFPE" });
  expect(faultOf(source, divided)).not.toHaveProperty("address");
  expect(faultOf(source, calm)).toBeUndefined();
});

test("a place of the code: of Go, of C by its symbol, of a library by its file, or nothing but the number", () => {
  const program = new StoppedProgram();
  const runtime = program.runtime({
    symbolAt: (address) => (address === 0x5004 ? ({ name: "pump.cold", address: 0x5000 } as ReturnType<GoRuntime["symbolAt"]>) : undefined),
  });
  const files = [{ path: "/lib/libc.so.6", start: 0x7000, end: 0x8000, offset: 0x100 }];
  const places = { ...runtime, process: { files } } as unknown as GoRuntime;
  expect([0x5004, 0x7010, 0x9000].map((pc) => placeOf(places, pc))).toEqual(["pump+0x4", "libc.so.6+0x110", "0x9000"]);
});

/** A thread that stands in the handler of a signal, which interrupted it at pc. */
function handling(program: StoppedProgram, pc: number, signo: number, code: number, value: number, dying = 0) {
  const stack = program.records.memory.allocate(0x8000);
  writeSignalFrame(program.records.memory, "amd64", { at: stack + 0x1000, pc, sp: stack + 0x7000, signo, code: code >>> 0, value });
  return { thread: { tid: 1, registers: { sp: stack } }, gsignal: NONE, dying } as unknown as Machine;
}

test("of the signals that threads handle the one from outside began it, not those that the crash sent", () => {
  const program = new StoppedProgram();
  const [work, raise] = [program.add("main.work"), program.add("runtime.raise")];
  // The walk over a stack goes upwards, and these lie one above the other: the crashing thread's is the highest.
  const quit = handling(program, work.entry, 3, -6, 77);
  const abort = handling(program, raise.entry + 4, 6, -6, 77, 1);
  expect(beginning(sourceOf(program), [quit])).toBeUndefined();
  expect(beginning(sourceOf(program), [abort, quit])).toMatchObject({ name: "SIGABRT", sender: "itself" });
  const fault = handling(program, work.entry + 4, 11, 1, 0x18);
  expect(beginning(sourceOf(program), [quit, abort, fault])).toMatchObject({ name: "SIGSEGV", address: "0x18", at: "main.work+0x4" });
});

test("a signal that the handler raised again began as the one it was handling", () => {
  const program = new StoppedProgram();
  const machine = handling(program, 0x5000, 11, 1, 0x18);
  const last = { signo: 11, code: -6, senderPid: 77 } as unknown as Parameters<typeof handled>[3];
  const { process } = program.runtime();
  const thread = machine.thread as NonNullable<Machine["thread"]>;
  expect(handled({ process }, thread, machine, last)).toMatchObject({ signo: 11, pc: 0x5000, address: 0x18 });
  expect(handled({ process }, thread, machine, { ...last, code: 1 })).toBeUndefined();
});
