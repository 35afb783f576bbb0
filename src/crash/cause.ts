// What killed the process: a panic, a fatal error, a signal; or nothing, it was alive when dumped.
import { type Address, counted, NOT_AN_ADDRESS } from "../base/units.js";
import { fatalErrorText, linesBeforeThrow, panickingCount, printBacklog } from "../runtime/death.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { Machine } from "../runtime/records/machine.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { type FrameRow, type GoroutineReader, goroutineReader, stateOf } from "../stacks/goroutine-rows.js";
import { type CFrame, callersInC } from "./c-callers.js";
import { type Culprit, culpritOf } from "./culprit.js";
import { beginning, faultOf, handled, type SignalRow, type SignalSource, signalRow } from "./death-signal.js";
import { LONGEST_SUMMARY, MOST_FRAMES } from "./limits.js";
import { type Breaks, breaksOf } from "./origin.js";
import { type PanicRow, panicRows } from "./panics.js";
import { type Recursion, recursionOf } from "./recursion.js";

/** How the process ended, as far as its memory tells. */
export interface Death {
  readonly kind: "panic" | "fatal error" | "signal" | "alive" | "unknown";
  /** One sentence. */
  readonly summary: string;
  /** The first one first; each was raised while the one before it was being handled. */
  readonly panics: readonly PanicRow[];
  /** Text of a throw. */
  readonly fatalError?: string;
  /** What the runtime printed just before it. */
  readonly details: readonly string[];
  /** The signal that began it, not the abort that the runtime ends itself with. */
  readonly signal?: SignalRow;
  readonly goroutine?: { readonly id: number; readonly state: string };
  /** The innermost function of the program's own, and the frames from there on. */
  readonly top?: FrameRow;
  readonly frames: readonly FrameRow[];
  /** Where it broke, when that is not where it was panicked last: the outermost panic of the stack is the first. */
  readonly origin?: FrameRow;
  /** Where it was panicked again, the first time first: by deferred functions, which may have recovered it. */
  readonly again?: readonly FrameRow[];
  /** With origin: the first panic was recovered by then. */
  readonly recovered?: boolean;
  /** The map, channel or pointer that it died of. */
  readonly culprit?: Culprit;
  /** Of a stack that overflowed. */
  readonly recursion?: Recursion;
  /** Where the signal struck in C code: who had called it, innermost first, as far as the stack's return addresses tell. */
  readonly callersInC?: readonly CFrame[];
}

/** What a debugger leaves in a core of a living process: signal(7). */
const SIGTRAP = 5;
const SIGSTOP = 19;
/** Frames of the answer, from the first that is not the runtime's crashing. */
const FRAMES = 20;
/** The runtime's own way down: what follows them is the program's. */
const CRASHING =
  /^runtime\.(?:raise|raiseproc|dieFromSignal|crash|fatalpanic|fatalthrow|fatal|throw|systemstack|systemstack_switch|asyncPreempt2?)(?:\.|$)/;

/** What every kind of death has. */
type Base = Pick<Death, "details" | "panics" | "goroutine" | "top" | "frames"> & Breaks;

/** Reads no heap. */
export function causeOfDeath(source: SignalSource, machines: readonly Machine[]): Death {
  const { runtime } = source;
  const dying = machines.find((each) => each.dying > 0) ?? machines.find((each) => each.throwing > 0);
  const goroutine = dying && byAddress(runtime, crashingGoroutine(dying));
  const reader = goroutineReader(source);
  const stack = stackOf(reader, goroutine);
  const first = stack.frames.findIndex((each) => !CRASHING.test(each.function));
  const panics = dying && goroutine ? panicRows(runtime, goroutine) : [];
  const breaks = goroutine && panics.length > 0 ? breaksOf(reader, goroutine) : {};
  const base: Base = { details: [], panics, ...stack, frames: stack.frames.slice(Math.max(first, 0)).slice(0, FRAMES), ...breaks };
  if (!dying && panickingCount(runtime) === 0) return withoutRuntime(source, machines, reader, base);

  const broken = breaks.origin ?? stack.top;
  const named = goroutine ? `goroutine ${goroutine.id}${broken ? ` (${broken.function})` : ""}` : "";
  const fault = goroutine ? faultOf(source, goroutine) : undefined;
  if (dying && dying.caughtSignal !== 0) return bySignal(base, beginning(source, machines) ?? fault, named);
  const at = named === "" ? "" : ` in ${named}`;
  const scene = goroutine && { runtime, goroutine, rowsOf: reader.rowsOf };
  if (dying && dying.throwing > 0) return explained(scene, byThrow(base, printBacklog(runtime), fault, at));
  const last = panics.findLast((each) => !each.goexit);
  if (!last) return { ...base, kind: "unknown", summary: `the runtime was crashing${at}; why is not in the core` };
  return explained(scene, {
    ...base,
    kind: "panic",
    summary: `panic: ${beginningOf(last)}${at}`,
    ...(fault && /nil pointer|fault|divide|overflow/.test(last.text) ? { signal: fault } : {}),
  });
}

/** With what it died of by name, where the runtime's words say that there is such a thing. The first panic is the one that counts. */
function explained(scene: Parameters<typeof culpritOf>[0] | undefined, death: Death): Death {
  if (!scene) return death;
  const { runtime, goroutine, rowsOf } = scene;
  const first = death.panics.find((each) => !each.goexit);
  const recovered = death.origin && first ? { recovered: first.recovered } : {};
  const culprit = culpritOf(scene, (death.fatalError ?? first?.text ?? "").replace(/^runtime error: /, ""));
  const recursion = death.fatalError?.startsWith("stack overflow") ? recursionOf(runtime, goroutine, rowsOf) : undefined;
  return { ...death, ...recovered, ...(culprit ? { culprit } : {}), ...(recursion ? { recursion } : {}) };
}

/** The first line, as far as a sentence may hold it, with the length of all where it may not; " ..." where more lines follow. */
function beginningOf({ text, wholeBytes }: PanicRow): string {
  const [line] = text.split("\n", 1);
  const shown = line.slice(0, LONGEST_SUMMARY).replace(/[\ud800-\udbff]$/, "");
  if (shown.length < line.length) return `${shown}... (${counted(wholeBytes ?? Buffer.byteLength(text), "byte")})`;
  return shown === text ? text : `${shown} ...`;
}

/** The goroutine with its frames, innermost first; no frames when it is not known. */
function stackOf(reader: GoroutineReader, goroutine: Goroutine | undefined): Pick<Death, "goroutine" | "top" | "frames"> {
  if (!goroutine) return { frames: [] };
  const frames = reader.rowsOf(goroutine.unwound().frames.slice(0, MOST_FRAMES));
  const top = reader.topOf(frames);
  return { goroutine: { id: goroutine.id, state: stateOf(goroutine) }, ...(top ? { top } : {}), frames };
}

/** @param named the goroutine that was interrupted; "" when it is not known */
function bySignal(base: Base, signal: SignalRow | undefined, named: string): Death {
  const where = named === "" ? "" : signal?.sender === "the kernel" ? ` in ${named}` : `, which interrupted ${named}`;
  return {
    ...base,
    kind: "signal",
    summary: `${signal ? signalText(signal) : "a fatal signal"}${where}`,
    ...(signal ? { signal } : {}),
  };
}

/** "SIGSEGV: segmentation violation at 0x10, raised by itself". */
function signalText({ name, meaning, address, sender, senderPid }: SignalRow): string {
  const from = sender === "another process" ? `, sent by process ${senderPid}` : sender === "itself" ? ", raised by itself" : "";
  return `${name}${meaning === "" ? "" : `: ${meaning}`}${address === undefined ? "" : ` at ${address}`}${from}`;
}

/**
 * A throw, or fatal: what it printed is in the runtime's backlog of printed text. runtime/panic.go throw, runtime/print.go recordForPanic
 */
function byThrow(base: Base, backlog: string, fault: SignalRow | undefined, at: string): Death {
  const fatalError = fatalErrorText(backlog) ?? "its text is not in the core";
  return {
    ...base,
    kind: "fatal error",
    summary: `fatal error: ${fatalError.split("\n")[0]}${at}`,
    fatalError,
    details: linesBeforeThrow(backlog),
    ...(fault ? { signal: fault } : {}),
  };
}

/** The runtime did not take part: the kernel or C code ended the process, or it was alive. */
function withoutRuntime(source: SignalSource, machines: readonly Machine[], reader: GoroutineReader, base: Base): Death {
  const { runtime } = source;
  const { signal, threads } = runtime.process;
  if (!signal || signal.signo === 0 || signal.signo === SIGTRAP || signal.signo === SIGSTOP)
    return { ...base, kind: "alive", summary: "alive when dumped" };
  const thread = threads[0];
  const machine = machines.find((each) => each.tid === thread?.tid);
  const { pc, sp } = thread?.registers ?? { pc: NOT_AN_ADDRESS, sp: NOT_AN_ADDRESS };
  const first = (thread && handled(runtime, thread, machine, signal)) ?? { ...signal, pc, sp, senderUid: undefined };
  const row = signalRow(source, first);
  const goroutine = machine ? byAddress(runtime, machine.curg) : undefined;
  const stack = stackOf(reader, goroutine);
  const callers = callersInC(runtime, first.pc, first.sp);
  const inC = !machine || machine.extra || row.pc === undefined || !runtime.functions.find(Number(row.pc));
  const at = inC && row.at !== undefined ? ` in ${row.at.replace(/\+0x[0-9a-f]+$/, "")}` : "";
  const cThread = thread?.tid === runtime.process.pid ? "the main thread, which is C's" : `thread ${thread?.tid}, which C created`;
  const where = goroutine
    ? ` in goroutine ${goroutine.id}`
    : !machine || machine.extra
      ? `${at}${at === "" ? " in" : ", on"} ${cThread}`
      : ` in the runtime's thread ${thread?.tid}`;
  return {
    ...base,
    kind: "signal",
    summary: `${signalText(row)}${where}`,
    signal: row,
    ...stack,
    frames: stack.frames.slice(0, FRAMES),
    ...(callers.length > 0 ? { callersInC: callers } : {}),
  };
}

/** The goroutine of an address of runtime.g; undefined for 0 and for what is in no table. */
function byAddress(runtime: GoRuntime, address: Address): Goroutine | undefined {
  return address > 0 ? runtime.goroutines.all.find((each) => each.address === address) : undefined;
}

/** g of the goroutine that a fatal signal interrupted, or that called the C code it interrupted; else the thread's. runtime/signal_unix.go fatalsignal */
function crashingGoroutine({ caughtSignal, curg, g0, inC }: Machine): Address {
  return caughtSignal === 0 || (caughtSignal === g0.address && inC) ? curg : caughtSignal;
}
