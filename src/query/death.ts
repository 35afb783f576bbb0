// What killed the process: a panic, a fatal error, a signal; or nothing, it was alive when dumped.
import { type Address, type Hex, hex, NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { fatalErrorText, linesBeforeThrow, type PanicRecord, panickingCount, printBacklog, readPanics } from "../runtime/death.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readField } from "../runtime/layout/layout.js";
import { type Machine, readMachines } from "../runtime/machines.js";
import { type SavedSignal, savedSignals } from "../runtime/saved-signals.js";
import { readInterface } from "../value/scalars.js";
import { readValue, summarize } from "../value/value.js";
import { type FrameRow, goroutineReader, stateOf } from "./goroutine-rows.js";
import { explainAddress } from "./object-names.js";
import type { Query } from "./query.js";
import { signalMeaning, signalName } from "./signals.js";

export interface PanicRow {
  /** As the runtime prints it. */
  readonly text: string;
  /** Of the value passed to panic. */
  readonly type: string;
  /** How the type is known: "exact", or "inferred" where the runtime had already replaced an error by its text. */
  readonly typeEvidence: "exact" | "inferred" | "replaced";
  readonly recovered: boolean;
  readonly repanicked: boolean;
  readonly goexit: boolean;
}

export interface SignalRow {
  readonly name: string;
  readonly meaning: string;
  readonly code: number;
  /** Faults: the address, and what lies there. */
  readonly address?: Hex;
  readonly what?: string;
  readonly pc?: Hex;
  /** Of a signal that a process sent; own is this process itself. */
  readonly senderPid?: number;
  readonly sender?: "itself" | "another process" | "the kernel";
}

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
}

const SIGABRT = 6;
const SIGQUIT = 3;
const SIGTRAP = 5;
const SIGSTOP = 19;
const FRAMES = 20;
/** The runtime's own way down: what follows them is the program's. */
const CRASHING =
  /^runtime\.(?:raise|raiseproc|dieFromSignal|crash|fatalpanic|fatalthrow|fatal|throw|systemstack|systemstack_switch|asyncPreempt2?)(?:\.|$)/;

export const death: Query<Record<string, never>, Death> = {
  name: "death",
  summary: "what killed the process: panic, fatal error or signal, and where",
  run: (dump, _args, { findings }) => causeOfDeath(dump, readMachines(dump.runtime, findings)),
};

/** Reads no heap. */
export function causeOfDeath(dump: Dump, machines: readonly Machine[]): Death {
  const { runtime } = dump;
  const dying = machines.find((each) => each.dying > 0) ?? machines.find((each) => each.throwing > 0);
  const goroutine = dying && byAddress(dump, crashingGoroutine(dying));
  const reader = goroutineReader(dump);
  const allFrames = goroutine ? reader.rowsOf(goroutine.unwound().frames.slice(0, 1000)) : [];
  const where = goroutine ? { goroutine: { id: goroutine.id, state: stateOf(goroutine) } } : {};
  const top = reader.topOf(allFrames);
  const first = Math.max(
    allFrames.findIndex((each) => !CRASHING.test(each.function)),
    0,
  );
  const base = { details: [], panics: [], ...where, ...(top ? { top } : {}), frames: allFrames.slice(first, first + FRAMES) } as const;
  const named = goroutine ? `goroutine ${goroutine.id}${top ? ` (${top.function})` : ""}` : "";
  const at = named === "" ? "" : ` in ${named}`;

  if (!dying && panickingCount(runtime) === 0) return withoutRuntime(dump, machines, base);

  const panics = goroutine ? panicRows(dump, goroutine) : [];
  const fault = goroutine ? faultOf(dump, goroutine) : undefined;
  const caught = dying && dying.caughtSignal !== 0;
  if (caught) {
    const signal = beginning(dump, machines) ?? fault;
    const from =
      signal?.sender === "another process"
        ? `, sent by process ${signal.senderPid}`
        : signal?.sender === "itself"
          ? ", raised by itself"
          : "";
    const name = signal ? `${signal.name}${signal.meaning === "" ? "" : `: ${signal.meaning}`}` : "a fatal signal";
    return {
      ...base,
      kind: "signal",
      summary: `${name}${signal?.address === undefined ? "" : ` at ${signal.address}`}${from}${named === "" ? "" : signal?.sender === "the kernel" ? at : `, which interrupted ${named}`}`,
      panics,
      ...(signal ? { signal } : {}),
    };
  }
  const backlog = printBacklog(runtime);
  const text = dying && dying.throwing > 0 ? fatalErrorText(backlog) : undefined;
  if (text !== undefined || (dying && dying.throwing > 0)) {
    const fatal = text ?? "its text is not in the core";
    return {
      ...base,
      kind: "fatal error",
      summary: `fatal error: ${fatal.split("\n")[0]}${at}`,
      panics,
      fatalError: fatal,
      details: linesBeforeThrow(backlog),
      ...(fault ? { signal: fault } : {}),
    };
  }
  const last = panics.findLast((each) => !each.goexit);
  if (last) {
    const signal = fault && /nil pointer|fault|divide|overflow/.test(last.text) ? fault : undefined;
    return {
      ...base,
      kind: "panic",
      summary: `panic: ${last.text.split("\n")[0]}${last.text.includes("\n") ? " ..." : ""}${at}`,
      panics,
      ...(signal ? { signal } : {}),
    };
  }
  return { ...base, kind: "unknown", summary: `the runtime was crashing${at}; why is not in the core`, panics };
}

/** The runtime did not take part: the kernel or C code ended the process, or it was alive. */
function withoutRuntime(dump: Dump, machines: readonly Machine[], base: Pick<Death, "details" | "panics" | "frames">): Death {
  const { process } = dump;
  const { signal } = process;
  if (!signal || signal.signo === 0 || signal.signo === SIGTRAP || signal.signo === SIGSTOP)
    return { ...base, kind: "alive", summary: "alive when dumped" };
  const thread = process.threads[0];
  const machine = machines.find((each) => each.tid === thread?.tid);
  const goroutine = machine ? byAddress(dump, machine.curg) : undefined;
  const reader = goroutineReader(dump);
  const frames = goroutine ? reader.rowsOf(goroutine.unwound().frames.slice(0, 1000)) : [];
  const top = reader.topOf(frames);
  const row = signalRow(dump, { ...signal, pc: thread?.registers.pc ?? -1, sp: -1, senderUid: undefined });
  const where = goroutine
    ? ` in goroutine ${goroutine.id}`
    : machine
      ? ` in the runtime's thread ${thread?.tid}`
      : ` in thread ${thread?.tid}`;
  return {
    ...base,
    kind: "signal",
    summary: `${row.name}${row.meaning === "" ? "" : `: ${row.meaning}`}${row.address === undefined ? "" : ` at ${row.address}`}${where}`,
    signal: row,
    ...(goroutine ? { goroutine: { id: goroutine.id, state: stateOf(goroutine) } } : {}),
    ...(top ? { top } : {}),
    frames: frames.slice(0, FRAMES),
  };
}

function byAddress(dump: Dump, address: Address): Goroutine | undefined {
  return address > 0 ? dump.runtime.goroutines.all.find((each) => each.address === address) : undefined;
}

/** g of the goroutine that a fatal signal interrupted, or that called the C code it interrupted; else the thread's. runtime/signal_unix.go fatalsignal */
function crashingGoroutine({ caughtSignal, curg, g0, inC }: Machine): Address {
  return caughtSignal === 0 || (caughtSignal === g0.address && inC) ? curg : caughtSignal;
}

/** The first signal that any thread was handling and that was not sent by the process itself; else the first it sent itself. */
function beginning(dump: Dump, machines: readonly Machine[]): SignalRow | undefined {
  const { process } = dump;
  const saved = machines.flatMap((machine) => {
    const sp = machine.thread?.registers.sp ?? 0;
    return savedSignals(process.memory, sp, machine.gsignal, process.arch).map((signal) => ({ signal, dying: machine.dying > 0 }));
  });
  const fatal = saved.filter(({ signal }) => signal.signo !== 23);
  const foreign = fatal.filter(({ signal }) => signal.code > 0 || signal.senderPid !== process.pid);
  const best =
    foreign.find((each) => each.dying) ??
    foreign[0] ??
    fatal.find((each) => each.dying && (each.signal.signo === SIGABRT || each.signal.signo === SIGQUIT)) ??
    fatal.find((each) => each.dying);
  return best && signalRow(dump, best.signal);
}

function signalRow(dump: Dump, signal: Omit<SavedSignal, "senderPid"> & { readonly senderPid: number | undefined }): SignalRow {
  const { process } = dump;
  const address = signal.address;
  const sender =
    signal.code > 0 || signal.senderPid === undefined
      ? ("the kernel" as const)
      : signal.senderPid === process.pid
        ? ("itself" as const)
        : ("another process" as const);
  return {
    name: signalName(signal.signo),
    meaning: signalMeaning(signal.signo),
    code: signal.code,
    ...(address === undefined ? {} : { address: hex(address), what: describeFault(dump, address) }),
    ...(signal.pc > 0 ? { pc: hex(signal.pc) } : {}),
    ...(signal.senderPid === undefined ? {} : { senderPid: signal.senderPid }),
    sender,
  };
}

/** The fault that became a panic: kept in the g. runtime/signal_unix.go sigpanic */
function faultOf(dump: Dump, goroutine: Goroutine): SignalRow | undefined {
  const { layout, process } = dump.runtime;
  const g = layout.struct("g");
  const signo = readField(process.memory, g, goroutine.address, "sig");
  if (signo === 0 || signo > 64) return undefined;
  const code = readField(process.memory, g, goroutine.address, "sigcode0");
  const pc = readField(process.memory, g, goroutine.address, "sigpc");
  const address = process.memory.readAddress(goroutine.address + g.offset("sigcode1"));
  return {
    name: signalName(signo),
    meaning: signalMeaning(signo),
    code,
    ...(signo === 8 ? {} : { address: hex(address), what: describeFault(dump, address) }),
    pc: hex(pc),
    sender: "the kernel",
  };
}

const NIL_PAGE = 4096;
/** Below stack.lo + this a stack must not grow: the guard. runtime/stack.go stackGuard */
const STACK_GUARD = 4096;

/** What a faulting address is. */
export function describeFault(dump: Dump, address: Address): string {
  if (address < 0) return "an address that no user program has (non-canonical)";
  if (address < NIL_PAGE) return address === 0 ? "a nil pointer" : `${address} bytes behind a nil pointer: a field or element of nil`;
  const near = dump.runtime.goroutines.all.find(({ stack }) => address >= stack.lo - STACK_GUARD && address < stack.lo);
  const inside = dump.runtime.goroutines.all.find(({ stack }) => address >= stack.lo && address < stack.hi);
  if (near && !inside) return `just below the stack of goroutine ${near.id}: its guard`;
  return explainAddress(dump, address);
}

/** Of a value that was panicked again the runtime keeps text in the first record only. */
function panicRows(dump: Dump, goroutine: Goroutine): PanicRow[] {
  const rows: PanicRow[] = [];
  const records = readPanics(dump.runtime, goroutine);
  for (const [index, record] of records.entries()) {
    const before = rows[index - 1];
    const row = panicRow(dump, goroutine, record, index, records.length);
    rows.push(before?.repanicked ? { ...row, text: before.text, type: before.type, typeEvidence: before.typeEvidence } : row);
  }
  return rows;
}

function panicRow(dump: Dump, goroutine: Goroutine, record: PanicRecord, index: number, count: number): PanicRow {
  const { types, layout } = dump.runtime;
  const env = { memory: dump.process.memory, types, layout };
  const facts = { recovered: record.recovered, repanicked: record.repanicked, goexit: record.goexit };
  if (record.goexit) return { text: "runtime.Goexit", type: "", typeEvidence: "exact", ...facts };
  const any = types.byName("interface {}");
  if (any === NONE) return { text: "(its value cannot be read)", type: "?", typeEvidence: "exact", ...facts };
  const text = panicText(dump, any, record.value);
  const dynamic = readInterface(env, types.get(any), record.value);
  const stored = !dynamic ? "nil" : dynamic.type === NONE ? "?" : types.get(dynamic.type).name;
  const passed = stored === "string" ? passedType(dump, goroutine, count - 1 - index) : undefined;
  if (passed && passed.type !== stored) return { text, type: passed.type, typeEvidence: passed.evidence, ...facts };
  return { text, type: stored, typeEvidence: stored === "string" && !passed ? "replaced" : "exact", ...facts };
}

/** As runtime.printpanicval writes it; strings bare, named types as T(value). */
function panicText(dump: Dump, any: number, address: Address): string {
  const { types, layout } = dump.runtime;
  const env = { memory: dump.process.memory, types, layout };
  const value = readValue(env, any, address, 3);
  if (value.kind !== "interface" || !value.value) return summarize(value, 1000);
  const { dynamic } = value;
  const inner = value.value;
  if (inner.kind === "string") {
    const bare = textOf(dump, any, address) ?? inner.text;
    return dynamic === "string" ? bare : `${dynamic}("${bare}")`;
  }
  const shown = summarize(inner, 1000);
  if (inner.kind === "scalar")
    return /^(?:bool|u?int(?:8|16|32|64|ptr)?|float(?:32|64)|complex(?:64|128))$/.test(dynamic) ? shown : `${dynamic}(${shown})`;
  return `(${dynamic}) ${shown}`;
}

const LONGEST_TEXT = 1 << 16;

/** The raw text of a string in an interface. */
function textOf(dump: Dump, any: number, address: Address): string | undefined {
  const { types, layout } = dump.runtime;
  const { memory } = dump.process;
  const dynamic = readInterface({ memory, types, layout }, types.get(any), address);
  const at = dynamic ? memory.tryAddress(dynamic.address) : undefined;
  if (!dynamic || at === undefined || !memory.tryBytes(dynamic.address + 8, 8)) return undefined;
  const bytes = memory.tryBytes(at, Math.min(memory.readUint(dynamic.address + 8, 8), LONGEST_TEXT));
  return bytes && new TextDecoder().decode(bytes);
}

/** Type of the value passed to the n-th innermost panic: the runtime replaces errors in its record, the argument of gopanic stays. */
function passedType(
  dump: Dump,
  goroutine: Goroutine,
  depth: number,
): { readonly type: string; readonly evidence: "exact" | "inferred" } | undefined {
  const { types } = dump.runtime;
  const { memory } = dump.process;
  const frames = goroutine.unwound().frames.filter((frame) => frame.fn.name === "runtime.gopanic");
  const frame = frames[depth];
  if (!frame) return undefined;
  const argument = frameVariables(dump.runtime, frame, undefined).find((each) => each.name === "e" && each.inlineDepth === 0);
  const place = argument?.place;
  const known =
    place?.kind === "memory"
      ? memory.tryAddress(place.address)
      : place?.kind === "bytes"
        ? Number(new DataView(place.bytes.buffer).getBigUint64(0, true))
        : undefined;
  // Its slot above the frame: written on entry, though no table says that it still holds.
  const word = known ?? memory.tryAddress(frame.argp) ?? 0;
  const isType = word > 0 && dump.runtime.modules.some((each) => word >= each.types && word < each.etypes);
  const type = isType ? types.byRtype(word) : NONE;
  return type === NONE ? undefined : { type: types.get(type).name, evidence: known === undefined ? "inferred" : "exact" };
}
