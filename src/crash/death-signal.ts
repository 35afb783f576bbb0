// The signals of a crash: which one began it, where it struck, what lies at the address.
import { type Address, counted, type Hex, hex } from "../base/units.js";
import type { Dump } from "../dump.js";
import { explainAddress } from "../naming/object-names.js";
import type { SignalInfo, Thread } from "../process/process.js";
import { faultAddress } from "../process/signal-info.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readField } from "../runtime/layout/layout.js";
import type { Machine } from "../runtime/machines.js";
import { type SavedSignal, savedSignals } from "../runtime/signal-frame.js";
import { nameInC } from "./c-callers.js";
import { signalMeaning, signalName } from "./signal-names.js";

export interface SignalRow {
  readonly name: string;
  readonly meaning: string;
  readonly code: number;
  /** Faults: the address, absent where the processor does not tell it, and what lies there. */
  readonly address?: Hex;
  readonly what?: string;
  readonly pc?: Hex;
  /** The function of Go or C at pc, "pump_step+0x4"; of a library without symbols its file and offset. */
  readonly at?: string;
  /** Of a signal that a process sent; own is this process itself. */
  readonly senderPid?: number;
  readonly sender?: "itself" | "another process" | "the kernel";
}

/** Signals that end a Go program with a crash unless it handles them: QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, STKFLT, SYS. runtime/sigtab_linux_generic.go */
const FATAL = new Set([3, 4, 5, 6, 7, 8, 11, 16, 31]);
const SIGQUIT = 3;

/** The first signal that any thread was handling and that was not sent by the process itself; else the first it sent itself. */
export function beginning(dump: Dump, machines: readonly Machine[]): SignalRow | undefined {
  const { process } = dump;
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
    own.find(({ signal }) => signal.signo !== SIGQUIT && dump.runtime.functions.find(signal.pc)?.name !== "runtime.raise") ??
    own.find(({ signal }) => signal.signo === SIGQUIT) ??
    own[0];
  return best && signalRow(dump, best.signal);
}

export function signalRow(dump: Dump, signal: Omit<SavedSignal, "senderPid"> & { readonly senderPid: number | undefined }): SignalRow {
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
    ...placeOfFault(dump, address),
    ...(signal.pc > 0 ? { pc: hex(signal.pc), at: placeOf(dump, signal.pc) } : {}),
    ...(signal.senderPid === undefined ? {} : { senderPid: signal.senderPid }),
    sender,
  };
}

/** The fault that became a panic: kept in the g. runtime/signal_unix.go sigpanic */
export function faultOf(dump: Dump, goroutine: Goroutine): SignalRow | undefined {
  const { layout, process } = dump.runtime;
  const g = layout.struct("g");
  const signo = readField(process.memory, g, goroutine.address, "sig");
  if (signo === 0 || signo > 64) return undefined;
  const code = readField(process.memory, g, goroutine.address, "sigcode0");
  const pc = readField(process.memory, g, goroutine.address, "sigpc");
  const address = faultAddress(signo, code, process.memory.readUint64(goroutine.address + g.offset("sigcode1")));
  return {
    name: signalName(signo),
    meaning: signalMeaning(signo),
    code,
    ...(signo === 8 ? {} : placeOfFault(dump, address)),
    pc: hex(pc),
    at: placeOf(dump, pc),
    sender: "the kernel",
  };
}

/**
 * The signal that began it, of a thread that the kernel ended: the first that the thread was handling, where the last one was
 * raised by the handler. On a thread of C's own the runtime has no goroutine to blame: it sends the same signal again, without
 * a handler. runtime/signal_unix.go badsignal
 */
export function handled(dump: Dump, thread: Thread, machine: Machine | undefined, last: SignalInfo): SavedSignal | undefined {
  const { memory, arch, pid } = dump.process;
  if (last.code > 0 || (last.senderPid !== undefined && last.senderPid !== pid)) return undefined;
  const none = { lo: 0, hi: 0 };
  return savedSignals(memory, thread.registers.sp, machine?.gsignal ?? none, arch).find(({ signo }) => FATAL.has(signo));
}

const NIL_PAGE = 4096;
/** Below stack.lo + this a stack must not grow: the guard. runtime/stack.go stackGuard */
const STACK_GUARD = 4096;

function placeOfFault(dump: Dump, address: Address | undefined): Pick<SignalRow, "address" | "what"> {
  if (address === undefined) return {};
  if (address < 0) return { what: "the address is not told: no user program has it (non-canonical), the pointer was garbage" };
  return { address: hex(address), what: describeFault(dump, address) };
}

/** What a faulting address is. */
function describeFault(dump: Dump, address: Address): string {
  if (address < NIL_PAGE)
    return address === 0 ? "a nil pointer" : `${counted(address, "byte")} behind a nil pointer: a field or element of nil`;
  const near = dump.runtime.goroutines.all.find(({ stack }) => address >= stack.lo - STACK_GUARD && address < stack.lo);
  const inside = dump.runtime.goroutines.all.find(({ stack }) => address >= stack.lo && address < stack.hi);
  if (near && !inside) return `just below the stack of goroutine ${near.id}: its guard`;
  return explainAddress(dump, address);
}

/** Function or library of a pc: "runtime.futex+0x23", "libc.so.6+0x8f2a1", "0x7f...". */
export function placeOf(dump: Dump, pc: number): string {
  const fn = dump.runtime.functions.find(pc);
  if (fn && fn.name !== "") return `${fn.name}+${hex(pc - fn.entry)}`;
  const symbol = dump.runtime.symbolAt(pc);
  if (symbol) return `${nameInC(symbol.name)}+${hex(pc - symbol.address)}`;
  const file = dump.process.files.findLast((each) => each.start <= pc && pc < each.end);
  if (file) return `${file.path.slice(file.path.lastIndexOf("/") + 1)}+${hex(pc - file.start + file.offset)}`;
  return hex(pc);
}
