// The signals of a crash: which one began it, where it struck, what lies at the address.
import type { AddressPlace, FaultPlace } from "../base/address-place.js";
import { type Address, type Hex, hex } from "../base/units.js";
import type { SignalInfo, Thread } from "../process/process.js";
import { faultAddress } from "../process/process.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { savedFault } from "../runtime/records/goroutine.js";
import type { Machine } from "../runtime/records/machine.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { type SavedSignal, savedSignals } from "../runtime/signal-frame.js";
import { nameInC } from "./c-callers.js";
import { signalMeaning, signalName } from "./signal-names.js";

/** A signal, as people and programs get it. */
export interface SignalRow {
  readonly name: string;
  readonly meaning: string;
  readonly code: number;
  /** Faults: the address, absent where the processor does not tell it, and what lies there. */
  readonly address?: Hex;
  readonly place?: FaultPlace;
  readonly pc?: Hex;
  /** The function of Go or C at pc, "pump_step+0x4"; of a library without symbols its file and offset. */
  readonly at?: string;
  /** Of a signal that a process sent; "itself" is this process. */
  readonly senderPid?: number;
  readonly sender?: "itself" | "another process" | "the kernel";
}

/** Where signals are read. */
export interface SignalSource {
  readonly runtime: GoRuntime;
  /** What lies at an address that is no goroutine's guard. */
  readonly placeOfAddress: (address: Address) => AddressPlace;
}

/** What tells code by its address; a GoRuntime is one. */
export interface CodePlaces extends Pick<GoRuntime, "symbolAt"> {
  readonly functions: Pick<GoRuntime["functions"], "find">;
  readonly process: Pick<GoRuntime["process"], "files">;
}

/** Signals that end a Go program with a crash unless it handles them: QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, STKFLT, SYS. runtime/sigtab_linux_generic.go */
const FATAL = new Set([3, 4, 5, 6, 7, 8, 11, 16, 31]);
const SIGQUIT = 3;
const SIGFPE = 8;

/** The first signal that any thread was handling and that was not sent by the process itself; else the first it sent itself. */
export function beginning(source: SignalSource, machines: readonly Machine[]): SignalRow | undefined {
  const { process, functions } = source.runtime;
  const saved = machines.flatMap((machine) => {
    const sp = machine.thread?.registers.sp ?? 0;
    return savedSignals(process.memory, sp, machine.gsignal, process.arch).map((signal) => ({ signal, dying: machine.dying > 0 }));
  });
  const fatal = saved.filter(({ signal }) => FATAL.has(signal.signo));
  const foreign = fatal.filter(({ signal }) => signal.code > 0 || signal.senderPid !== process.pid);
  const own = fatal.filter((each) => each.dying);
  // A crash sends SIGQUIT to the other threads and SIGABRT to itself.
  const best =
    foreign.find((each) => each.dying) ??
    foreign[0] ??
    own.find(({ signal }) => signal.signo !== SIGQUIT && functions.find(signal.pc)?.name !== "runtime.raise") ??
    own.find(({ signal }) => signal.signo === SIGQUIT) ??
    own[0];
  return best && signalRow(source, best.signal);
}

/** Explains a signal: its name, what lies at its address, who sent it. A code above 0 is the kernel's own. */
export function signalRow(
  source: SignalSource,
  signal: Omit<SavedSignal, "senderPid"> & { readonly senderPid: number | undefined },
): SignalRow {
  const { process } = source.runtime;
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
    ...placeOfFault(source, address),
    ...(signal.pc > 0 ? { pc: hex(signal.pc), at: placeOf(source.runtime, signal.pc) } : {}),
    ...(signal.senderPid === undefined ? {} : { senderPid: signal.senderPid }),
    sender,
  };
}

/** The fault that became a panic: kept in the g. runtime/signal_unix.go sigpanic */
export function faultOf(source: SignalSource, goroutine: Goroutine): SignalRow | undefined {
  const fault = savedFault(source.runtime, goroutine.address);
  if (!fault) return undefined;
  const { signo, code, pc } = fault;
  return {
    name: signalName(signo),
    meaning: signalMeaning(signo),
    code,
    ...(signo === SIGFPE ? {} : placeOfFault(source, faultAddress(signo, code, fault.address))),
    pc: hex(pc),
    at: placeOf(source.runtime, pc),
    sender: "the kernel",
  };
}

/**
 * The signal that began it, of a thread that the kernel ended: the first that the thread was handling, where the last one was
 * raised by the handler. On a thread of C's own the runtime has no goroutine to blame: it sends the same signal again, without
 * a handler. runtime/signal_unix.go badsignal
 */
export function handled(
  { process }: Pick<GoRuntime, "process">,
  thread: Thread,
  machine: Machine | undefined,
  last: SignalInfo,
): SavedSignal | undefined {
  const { memory, arch, pid } = process;
  if (last.code > 0 || (last.senderPid !== undefined && last.senderPid !== pid)) return undefined;
  const none = { lo: 0, hi: 0 };
  return savedSignals(memory, thread.registers.sp, machine?.gsignal ?? none, arch).find(({ signo }) => FATAL.has(signo));
}

const NIL_PAGE = 4096;
/** Below stack.lo + this a stack must not grow: the guard. runtime/stack.go stackGuard */
const STACK_GUARD = 4096;

function placeOfFault(source: SignalSource, address: Address | undefined): Pick<SignalRow, "address" | "place"> {
  if (address === undefined) return {};
  if (address < 0) return { place: { kind: "not-told" } };
  return { address: hex(address), place: faultPlace(source, address) };
}

/** What a faulting address is. */
function faultPlace({ runtime, placeOfAddress }: SignalSource, address: Address): FaultPlace {
  if (address < NIL_PAGE) return { kind: "nil", address: hex(address), offset: address };
  const near = runtime.goroutines.all.find(({ stack }) => address >= stack.lo - STACK_GUARD && address < stack.lo);
  const inside = runtime.goroutines.all.find(({ stack }) => address >= stack.lo && address < stack.hi);
  if (near && !inside) return { kind: "stack-guard", address: hex(address), goroutine: near.id };
  return placeOfAddress(address);
}

/** Function or library of a pc: "runtime.futex+0x23", "libc.so.6+0x8f2a1", "0x7f...". */
export function placeOf({ functions, symbolAt, process }: CodePlaces, pc: Address): string {
  const fn = functions.find(pc);
  if (fn && fn.name !== "") return `${fn.name}+${hex(pc - fn.entry)}`;
  const symbol = symbolAt(pc);
  if (symbol) return `${nameInC(symbol.name)}+${hex(pc - symbol.address)}`;
  const file = process.files.findLast((each) => each.start <= pc && pc < each.end);
  if (file) return `${file.path.slice(file.path.lastIndexOf("/") + 1)}+${hex(pc - file.start + file.offset)}`;
  return hex(pc);
}
