// The threads of the operating system: what each one was doing, its registers, its stack.
import { cut, USUAL_TOP } from "../base/rows.js";
import { type Hex, hex } from "../base/units.js";
import { placeOf } from "../crash/death-signal.js";
import { signalName } from "../crash/signal-names.js";
import type { Dump } from "../dump.js";
import type { Registers, Thread } from "../process/process.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { type Machine, readMachines } from "../runtime/records/machine.js";
import { interruptedRegisters, savedSignals } from "../runtime/signal-frame.js";
import { createUnwinder } from "../runtime/unwind.js";
import { type FrameRow, type GoroutineReader, goroutineReader } from "../stacks/goroutine-rows.js";
import { MOST_THREAD_FRAMES } from "./limits.js";
import type { Query } from "./query.js";

/** Where a thread stood, or was interrupted. */
interface ThreadStop {
  /** By its stack pointer: what the thread was running. */
  readonly on: "goroutine" | "scheduler" | "signal handler" | "C" | "not of Go";
  readonly pc: Hex;
  readonly sp: Hex;
  /** Function, or file and offset, at pc. */
  readonly at: string;
  /** Of the stack it stood on; [] in C code, whose stack is not unwound. */
  readonly frames: readonly FrameRow[];
}

export interface ThreadRow extends ThreadStop {
  readonly tid: number;
  /** The runtime's number of it (m); absent for a thread that C started. */
  readonly m?: number;
  /** The goroutine that the thread had, running or in a system call. */
  readonly goroutine?: number;
  /** In a handler: the signals it was handling, the first one first. */
  readonly signals: readonly string[];
  /** m.dying: it was printing the panic or fatal error. runtime/panic.go startpanic_m */
  readonly dying: boolean;
  /** m.incgo: it was in a cgo call. */
  readonly inC: boolean;
  /** In a handler: what the first signal interrupted. */
  readonly interrupted?: ThreadStop;
  /** Of the thread's goroutine, while the thread stood elsewhere for it: in C code, in the runtime. */
  readonly goroutineFrames: readonly FrameRow[];
  /** General registers of NT_PRSTATUS by name, "rip"; of where the thread stood, not of what a signal interrupted. */
  readonly registers: Readonly<Record<string, Hex>>;
}

/** Threads of the operating system as the core has them (NT_PRSTATUS), each with the runtime's m where there is one. */
export interface Threads {
  /** The one that took the signal first. */
  readonly rows: readonly ThreadRow[];
  /** Threads of the runtime that the core has no registers of. */
  readonly missing: number;
  /** Whether the text shows them: what the arguments said. */
  readonly registers: boolean;
}

export interface ThreadsArgs {
  /** Shown by the text; the answer has them always. */
  readonly registers?: boolean;
  /** 0 = all; 20 when absent. */
  readonly top?: number;
}

/** On a thread that C made, the top of g0's stack is the address of a local: that frame and its callers are above. runtime/proc.go mstart0 */
const ABOVE_G0 = 512;

/** Where the kernel enters the runtime with a signal. runtime/sys_linux_amd64.s */
const SIGNAL_ENTRY: ReadonlySet<string> = new Set(["runtime.sigtramp", "runtime.cgoSigtramp"]);

export const threads: Query<ThreadsArgs, Threads> = {
  name: "threads",
  summary: "each thread: what it ran, its registers and stack",
  run(dump, { top = USUAL_TOP, registers = false }, { findings }) {
    const machines = readMachines(dump.runtime, findings);
    const byTid = new Map(machines.map((each) => [each.tid, each]));
    const reader = goroutineReader(dump);
    const all = dump.process.threads;
    const rows = cut(all, top).map((thread) => threadRow(dump, thread, byTid.get(thread.tid), reader));
    return { rows, missing: machines.filter((each) => each.tid !== 0 && !each.thread).length, registers };
  },
};

/** One thread. In a signal handler its registers are the handler's; those that the signal interrupted lie on the signal stack. */
function threadRow(dump: Dump, thread: Thread, machine: Machine | undefined, reader: GoroutineReader): ThreadRow {
  const { registers } = thread;
  const { memory, arch } = dump.process;
  const goroutine = machine && machine.curg > 0 ? dump.runtime.goroutines.all.find((each) => each.address === machine.curg) : undefined;
  const stopAt = (at: Registers) => threadStop(dump, at, machine, goroutine, reader);
  const stop = stopAt(registers);
  const handles = machine !== undefined && stop.on === "signal handler";
  const before = handles ? interruptedRegisters(memory, registers.sp, machine.gsignal, arch) : undefined;
  const interrupted = before && stopAt(before);
  const elsewhere = goroutine && (interrupted ?? stop).on !== "goroutine";
  return {
    tid: thread.tid,
    ...(machine ? { m: machine.id } : {}),
    ...stop,
    ...(goroutine ? { goroutine: goroutine.id } : {}),
    signals: handles ? savedSignals(memory, registers.sp, machine.gsignal, arch).map((each) => signalName(each.signo)) : [],
    dying: (machine?.dying ?? 0) > 0,
    inC: machine?.inC ?? false,
    ...(interrupted ? { interrupted } : {}),
    goroutineFrames: elsewhere ? reader.rowsOf(goroutine.unwound().frames).slice(0, MOST_THREAD_FRAMES) : [],
    registers: Object.fromEntries(registers.names.map((name) => [name, `0x${(registers.byName(name) ?? 0n).toString(16)}`])),
  };
}

/** Where a set of registers stood, told by the stack that its stack pointer is in: the goroutine's, the signal stack, or else g0's. */
function threadStop(
  dump: Dump,
  { pc, sp, lr }: Registers,
  machine: Machine | undefined,
  goroutine: Goroutine | undefined,
  reader: GoroutineReader,
): ThreadStop {
  const { functions, modules } = dump.runtime;
  const { memory, arch } = dump.process;
  // A core without the table of functions still tells where Go's code was.
  const inText = modules.some(({ minpc, maxpc }) => pc >= minpc && pc < maxpc);
  const within = (stack: { readonly lo: number; readonly hi: number }) => sp > stack.lo && sp <= stack.hi;
  const inGo = functions.find(pc) !== undefined;
  const known: ThreadStop["on"] | undefined =
    goroutine && within(goroutine.stack) ? "goroutine" : machine && within(machine.gsignal) ? "signal handler" : undefined;
  const stack = known === "goroutine" ? goroutine?.stack : known === "signal handler" ? machine?.gsignal : machine?.g0;
  const frames =
    stack && inGo
      ? createUnwinder(memory, functions, arch).unwind({
          pc,
          sp,
          lr: Math.max(lr, 0),
          trap: true,
          syscall: false,
          stack: { lo: stack.lo, hi: Math.max(stack.hi, sp) + (stack === machine?.g0 ? ABOVE_G0 : 0) },
        }).frames
      : [];
  // On a thread that C created the handler runs on C's stack.
  const inHandler = SIGNAL_ENTRY.has(frames.at(-1)?.fn.name ?? "");
  const on = known ?? (inHandler ? "signal handler" : inGo || (inText && machine) ? "scheduler" : machine ? "C" : "not of Go");
  return { on, pc: hex(pc), sp: hex(sp), at: placeOf(dump.runtime, pc), frames: reader.rowsOf(frames).slice(0, MOST_THREAD_FRAMES) };
}
