// What killed the process: a panic, a fatal error, a signal; or nothing, it was alive when dumped.
import { type Address, NONE, NOT_AN_ADDRESS } from "../base/units.js";
import { type CFrame, callersInC } from "../crash/c-callers.js";
import { beginning, faultOf, handled, type SignalRow, signalRow } from "../crash/death-signal.js";
import type { Dump } from "../dump.js";
import { fatalErrorText, linesBeforeThrow, type PanicRecord, panickingCount, printBacklog, readPanics } from "../runtime/death.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { type Machine, readMachines } from "../runtime/machines.js";
import { type FrameRow, goroutineReader, stateOf } from "../stacks/goroutine-rows.js";
import { readInterface } from "../value/scalars.js";
import { readValue, summarize } from "../value/value.js";
import type { Query } from "./query.js";

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
  /** Where the signal struck in C code: who had called it, innermost first, as far as the stack's return addresses tell. */
  readonly callersInC?: readonly CFrame[];
}

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
  const { pc, sp } = thread?.registers ?? { pc: NOT_AN_ADDRESS, sp: NOT_AN_ADDRESS };
  const last = { ...signal, pc, sp, senderUid: undefined };
  const first = (thread && handled(dump, thread, machine, signal)) ?? last;
  const row = signalRow(dump, first);
  const goroutine = machine ? byAddress(dump, machine.curg) : undefined;
  const reader = goroutineReader(dump);
  const frames = goroutine ? reader.rowsOf(goroutine.unwound().frames.slice(0, 1000)) : [];
  const top = reader.topOf(frames);
  const callers = callersInC(dump, first.pc, first.sp);
  const inC = !machine || machine.extra || row.pc === undefined || !dump.runtime.functions.find(Number(row.pc));
  const at = inC && row.at !== undefined ? ` in ${row.at.replace(/\+0x[0-9a-f]+$/, "")}` : "";
  const where = goroutine
    ? ` in goroutine ${goroutine.id}`
    : !machine || machine.extra
      ? `${at}${at === "" ? " in" : ", on"} thread ${thread?.tid}, which C created`
      : ` in the runtime's thread ${thread?.tid}`;
  const from =
    row.sender === "itself" ? ", raised by itself" : row.sender === "another process" ? `, sent by process ${row.senderPid}` : "";
  return {
    ...base,
    kind: "signal",
    summary: `${row.name}${row.meaning === "" ? "" : `: ${row.meaning}`}${row.address === undefined ? "" : ` at ${row.address}`}${from}${where}`,
    signal: row,
    ...(goroutine ? { goroutine: { id: goroutine.id, state: stateOf(goroutine) } } : {}),
    ...(top ? { top } : {}),
    frames: frames.slice(0, FRAMES),
    ...(callers.length > 0 ? { callersInC: callers } : {}),
  };
}

function byAddress(dump: Dump, address: Address): Goroutine | undefined {
  return address > 0 ? dump.runtime.goroutines.all.find((each) => each.address === address) : undefined;
}

/** g of the goroutine that a fatal signal interrupted, or that called the C code it interrupted; else the thread's. runtime/signal_unix.go fatalsignal */
function crashingGoroutine({ caughtSignal, curg, g0, inC }: Machine): Address {
  return caughtSignal === 0 || (caughtSignal === g0.address && inC) ? curg : caughtSignal;
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
  const { types, maps } = dump.runtime;
  const env = { memory: dump.process.memory, types, maps };
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
  const { types, maps } = dump.runtime;
  const env = { memory: dump.process.memory, types, maps };
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
  const { types, maps } = dump.runtime;
  const { memory } = dump.process;
  const dynamic = readInterface({ memory, types, maps }, types.get(any), address);
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
  const argument = frameVariables(dump.runtime, goroutine, frame).find((each) => each.name === "e" && each.inlineDepth === 0);
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
