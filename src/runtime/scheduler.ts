// The state of the scheduler that goroutines are read from: where each stands, on which thread, and what it waits for.
// runtime/runtime2.go g, m; runtime/proc.go
import type { Findings } from "../base/findings.js";
import { type Address, hex, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Process, Registers, Thread } from "../process/process.js";
import type { FunctionTable } from "./functions.js";
import type { Goroutine, GoroutineStatus } from "./goroutine.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_WAIT_REASON, MOST_STACK, MOST_UNWOUND, MOST_WAIT_REASONS } from "./limits.js";
import { interruptedRegisters } from "./signal-frame.js";
import { createUnwinder, type Frame, type Unwinder, type UnwindStart, type Unwound } from "./unwind.js";

/** Bit of runtime.fingStatus: it runs a finalizer of the program's. runtime/mfinal.go fingRunningFinalizer */
const FINALIZER_RUNNING = 2;
/** How the runtime marks waits that end from inside a bubble of testing/synctest alone. runtime/runtime2.go waitReasonStrings */
const DURABLE = " (durable)";

/** Where the walk over a goroutine's stack begins, or why it cannot. */
export interface Position {
  readonly start: UnwindStart | undefined;
  readonly registers: Registers | undefined;
  readonly problem: string | undefined;
}

/** A runtime.m with its thread, as far as a goroutine that runs on it is concerned. */
interface MachineThread {
  readonly curg: Address;
  readonly thread: Thread | undefined;
  readonly signalStack: { readonly lo: Address; readonly hi: Address };
  readonly vdsoSp: Address;
  readonly vdsoPc: Address;
}

/** What the runtime keeps of its goroutines and the threads they run on, as far as a goroutine is asked for it. */
export class Scheduler {
  readonly process: Process;
  readonly memory: AddressSpace;
  readonly layout: Layout;
  readonly functions: FunctionTable;
  readonly findings: Findings;
  readonly unwinder: Unwinder;
  readonly g;
  private readonly threads: ReadonlyMap<number, Thread>;
  private readonly machines = new Map<Address, MachineThread | undefined>();
  private readonly waitReasons = new Map<number, string>();
  private readonly unwound = new Map<Address, Unwound>();
  /** Goroutines whose stack could not be walked to its end: each is a finding once. */
  private readonly reported = new Set<Address>();

  constructor(process: Process, layout: Layout, functions: FunctionTable, findings: Findings) {
    this.process = process;
    this.memory = process.memory;
    this.layout = layout;
    this.functions = functions;
    this.findings = findings;
    this.unwinder = createUnwinder(process.memory, functions, process.arch);
    this.g = layout.struct("g");
    this.threads = new Map(process.threads.map((thread) => [thread.tid, thread]));
  }

  /** The word as an address; 0 when it is missing. */
  word(address: Address): Address {
    return this.memory.tryAddress(address) ?? 0;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes; 0 when it is missing. */
  uint(address: Address, size: number): number {
    return this.memory.tryBytes(address, size) ? this.memory.readUint(address, size as 1 | 2 | 4 | 8) : 0;
  }

  /** Only the releases that have the field; 0 otherwise. */
  field(goroutine: Address, name: Parameters<typeof this.g.offset>[0]): number {
    return this.g.has(name) ? this.uint(goroutine + this.g.offset(name), this.g.width(name)) : 0;
  }

  /** g.stack; {0, 0} when it is empty or larger than a stack can be. */
  stackOf(goroutine: Address): { readonly lo: Address; readonly hi: Address } {
    const [lo, hi] = [this.word(goroutine + this.g.offset("stack.lo")), this.word(goroutine + this.g.offset("stack.hi"))];
    return lo < hi && hi - lo <= MOST_STACK ? { lo, hi } : { lo: 0, hi: 0 };
  }

  /** By the address of an m; undefined for 0 and when the record is missing. */
  machine(address: Address): MachineThread | undefined {
    if (!this.machines.has(address)) {
      const m = this.layout.struct("m");
      const at = (name: Parameters<typeof m.offset>[0]) => this.word(address + m.offset(name));
      this.machines.set(
        address,
        address > 0 && this.memory.tryBytes(address, m.size)
          ? {
              curg: at("curg"),
              thread: this.threads.get(at("procid")),
              signalStack: this.stackOf(at("gsignal")),
              vdsoSp: at("vdsoSP"),
              vdsoPc: at("vdsoPC"),
            }
          : undefined,
      );
    }
    return this.machines.get(address);
  }

  /** In the runtime's words, as its tracebacks say it. runtime/traceback.go goroutineheader */
  waitReason(goroutine: Address, status: "waiting" | "leaked"): string {
    const index = this.field(goroutine, "waitreason");
    const text = this.reasonText(index);
    const isWhole = status === "leaked" || text.endsWith(DURABLE) || !this.isDurable(goroutine, index);
    return isWhole ? text : text + DURABLE;
  }

  /** Since Go 1.25, which numbers its bubbles. runtime/runtime2.go isIdleInSynctest */
  private isDurable(goroutine: Address, reason: number): boolean {
    const { layout } = this;
    if (!layout.hasStruct("bubble") || !layout.struct("bubble").has("id") || this.field(goroutine, "bubble") === 0) return false;
    const table = layout.global("runtime.isIdleInSynctest");
    return table !== undefined && reason > 0 && reason < MOST_WAIT_REASONS && this.uint(table + reason, 1) === 1;
  }

  /** Text by number out of runtime.waitReasonStrings in the process: numbers move between releases. Where that is missing, by the release; else "". */
  private reasonText(index: number): string {
    let text = this.waitReasons.get(index);
    if (text === undefined) {
      const strings = this.layout.global("runtime.waitReasonStrings");
      const at = strings === undefined || index >= MOST_WAIT_REASONS ? 0 : strings + index * 2 * WORD;
      const length = at === 0 ? 0 : this.uint(at + WORD, 8);
      const bytes = length > 0 && length <= LONGEST_WAIT_REASON ? this.memory.tryBytes(this.word(at), length) : undefined;
      text = bytes ? new TextDecoder().decode(bytes) : (this.layout.texts("runtime.waitReasonStrings")?.[index] ?? "");
      this.waitReasons.set(index, text);
    }
    return text;
  }

  /**
   * Kept for calls of C threads into Go, and with one that has not made its call: it handles a signal. As good as dead, and dead
   * when the runtime printed it; the relayed signals of a crash wake it. runtime/proc.go oneNewExtraM, needm
   */
  isLent(goroutine: Address): boolean {
    return this.field(goroutine, "startpc") === 0 && this.functions.find(this.field(goroutine, "syscallpc"))?.name === "runtime.goexit";
  }

  /** False where the table of functions is missing; a goroutine that C's threads are lent began nowhere. */
  hasKnownStart(goroutine: Address): boolean {
    const start = this.field(goroutine, "startpc");
    return start === 0 || this.functions.find(start) !== undefined;
  }

  /** runtime.isSystemGoroutine */
  isSystem(goroutine: Address): boolean {
    const name = this.functions.find(this.field(goroutine, "startpc"))?.name ?? "";
    if (!name.startsWith("runtime.")) return false;
    if (name === "runtime.main" || name === "runtime.corostart" || name === "runtime.handleAsyncEvent") return false;
    if (name === "runtime.runfinq" || name === "runtime.runFinalizers") {
      const status = this.layout.global("runtime.fingStatus");
      return status === undefined || Math.floor(this.uint(status, 4) / FINALIZER_RUNNING) % 2 === 0;
    }
    if (name === "runtime.runCleanups") return this.field(goroutine, "runningCleanups") === 0;
    return true;
  }

  /** Where the walk begins: where the goroutine left off, by what the runtime or the kernel saved then. runtime/traceback.go traceback1 */
  position(goroutine: Address, status: GoroutineStatus): Position {
    const stack = this.stackOf(goroutine);
    if (stack.lo === 0 || stack.hi <= stack.lo) return nowhere("it has no stack");
    const syscallSp = this.field(goroutine, "syscallsp");
    if (syscallSp !== 0) return at(stack, { pc: this.field(goroutine, "syscallpc"), sp: syscallSp, lr: 0, trap: false, syscall: true });
    if (status !== "running") return this.scheduledOut(goroutine, stack);
    return this.running(goroutine, stack);
  }

  /** As the scheduler saved it. runtime/proc.go mcall, gogo */
  private scheduledOut(goroutine: Address, stack: Stack): Position {
    const lr = this.process.arch.linkRegister ? this.field(goroutine, "sched.lr") : 0;
    return at(stack, { pc: this.field(goroutine, "sched.pc"), sp: this.field(goroutine, "sched.sp"), lr, trap: false, syscall: false });
  }

  /** On a thread: its registers, or those that a signal interrupted; on the thread's own stack it is where it had left its own. */
  private running(goroutine: Address, stack: Stack): Position {
    const inside = (sp: Address) => sp > stack.lo && sp <= stack.hi;
    const machine = this.machine(this.field(goroutine, "m"));
    const isSaved = inside(this.field(goroutine, "sched.sp"));
    const saved = (otherwise: string) => (isSaved ? this.scheduledOut(goroutine, stack) : nowhere(otherwise));
    if (!machine?.thread || machine.curg !== goroutine) return saved("it was running on a thread that is not in the core");
    const { signalStack } = machine;
    const stopped = machine.thread.registers;
    const inHandler = stopped.sp > signalStack.lo && stopped.sp <= signalStack.hi;
    const registers = inHandler ? interruptedRegisters(this.memory, stopped.sp, signalStack, this.process.arch) : stopped;
    if (!registers) return saved("it was interrupted by a signal whose context was not found");
    const { pc, sp, lr } = registers;
    if (inside(sp)) return at(stack, { pc, sp, lr: Math.max(lr, 0), trap: true, syscall: false }, registers);
    const { vdsoPc, vdsoSp } = machine;
    if (inside(vdsoSp)) return at(stack, { pc: vdsoPc, sp: vdsoSp, lr: 0, trap: false, syscall: false });
    return saved(`its thread was elsewhere: pc ${hex(pc)}, sp ${hex(sp)}`);
  }

  /** The whole stack. The last MOST_UNWOUND are kept: questions come back to the same goroutines. */
  unwind(goroutine: Goroutine, position: Position): Unwound {
    const known = this.unwound.get(goroutine.address);
    if (known) return known;
    const found: Unwound = position.start
      ? this.unwinder.unwind(position.start)
      : { frames: [], omitted: 0, complete: false, problem: position.problem ?? "no place to start from" };
    if (this.unwound.size >= MOST_UNWOUND) this.unwound.delete(this.unwound.keys().next().value as Address);
    this.unwound.set(goroutine.address, found);
    if (!found.complete) this.report(goroutine, found.problem, position.start !== undefined && found.frames.length === 0);
    return found;
  }

  /** The frames one by one, nothing kept. */
  walk(goroutine: Goroutine, position: Position, visit: (frame: Frame) => void): void {
    let hasFrames = false;
    const seen = (frame: Frame) => {
      hasFrames = true;
      visit(frame);
    };
    const end = position.start ? this.unwinder.walk(position.start, seen) : { complete: false, problem: position.problem };
    if (!end.complete) this.report(goroutine, end.problem, position.start !== undefined && !hasFrames);
  }

  /** @param isWhole  no frame at all was found: then the whole stack is taken word by word (stack-roots.ts) */
  private report(goroutine: Goroutine, problem = "", isWhole = false): void {
    if (this.reported.has(goroutine.address)) return;
    this.reported.add(goroutine.address);
    if (isWhole) {
      const message =
        "goroutines' stacks could not be walked: their frames are missing, and every word in use is taken as a possible pointer";
      this.findings.add("stack-unread", message, `goroutine ${goroutine.id}: ${problem}`, { partial: true });
      return;
    }
    const message = "the outer frames of a goroutine's stack could not be walked; what only they hold looks like garbage";
    this.findings.add("stack-incomplete", message, `goroutine ${goroutine.id}: ${problem}`, { partial: true });
  }
}

/** Lowest and highest address of a stack. */
type Stack = UnwindStart["stack"];

const at = (stack: Stack, start: Omit<UnwindStart, "stack">, registers?: Registers): Position => ({
  start: { ...start, stack },
  registers,
  problem: undefined,
});
const nowhere = (problem: string): Position => ({ start: undefined, registers: undefined, problem });
