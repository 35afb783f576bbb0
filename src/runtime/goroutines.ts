// The goroutines of the program and where each one stands. runtime/runtime2.go g, m; runtime/proc.go
import type { Findings } from "../base/findings.js";
import { addressWord, uint64 } from "../base/uint64.js";
import { type Address, hex, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Process, Registers, Thread } from "../process/process.js";
import type { FunctionTable } from "./functions.js";
import { readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_WAIT_REASON, MOST_GOROUTINES, MOST_ID, MOST_SINGLY, MOST_STACK, MOST_UNWOUND, MOST_WAIT_REASONS } from "./limits.js";
import type { Module } from "./modules.js";
import { interruptedRegisters } from "./signal-frame.js";
import { readStackMaps, type StackMaps } from "./stack-maps.js";
import { createUnwinder, type Frame, type Unwinder, type UnwindStart, type Unwound } from "./unwind.js";

export type GoroutineStatus =
  | "idle"
  | "runnable"
  | "running"
  | "syscall"
  | "waiting"
  | "dead"
  | "copystack"
  | "preempted"
  | "leaked"
  | "deadextra"
  | "unknown";

/** One goroutine. Fields are read from the dump when asked for. */
export interface Goroutine {
  readonly id: number;
  /** Of its runtime.g. */
  readonly address: Address;
  readonly status: GoroutineStatus;
  /** In the runtime's words, "" when it waits for nothing. */
  readonly waitReason: string;
  /** Clock of the runtime in ns when it began to wait, as far as a garbage collection noticed; 0 unknown. */
  readonly waitSince: number;
  readonly stack: { readonly lo: Address; readonly hi: Address };
  /** pc after the go statement, 0 for the first goroutine. */
  readonly createdByPc: Address;
  /** Entry of the function it was started with. */
  readonly startPc: Address;
  /** 0 when the release does not tell, or for the first goroutines. */
  readonly parentId: number;
  /** The m of runtime.LockOSThread, 0 for none. */
  readonly lockedM: Address;
  /** Belongs to the runtime, not to the program. */
  readonly system: boolean;
  /** The thread it is on, running or in a system call. */
  readonly thread: Thread | undefined;
  /** Registers of its own code when it was interrupted at an arbitrary instruction: they may hold pointers. */
  readonly registers: Registers | undefined;
  /** Where its stack is walked from. */
  readonly start: UnwindStart | undefined;
  /** The most recently asked for are kept. */
  unwound(): Unwound;
  /** The same frames one by one, of stacks of any depth. */
  walk(visit: (frame: Frame) => void): void;
}

export interface GoroutineTable {
  /** Those not dead, in the order of runtime.allgs. */
  readonly all: readonly Goroutine[];
  readonly deadCount: number;
  /** What is live in their frames. */
  readonly stackMaps: StackMaps;
  find(id: number): Goroutine | undefined;
}

/** runtime.g.atomicstatus without the scan bit. runtime/runtime2.go _Gidle */
const STATUS: readonly GoroutineStatus[] = [
  "idle",
  "runnable",
  "running",
  "syscall",
  "waiting",
  "unknown",
  "dead",
  "unknown",
  "copystack",
  "preempted",
  "leaked",
  "deadextra",
];
const SCAN_BIT = 0x1000;
const FINALIZER_RUNNING = 2;

interface Position {
  readonly start: UnwindStart | undefined;
  readonly registers: Registers | undefined;
  readonly problem: string | undefined;
}

interface MachineThread {
  readonly curg: Address;
  readonly thread: Thread | undefined;
  readonly signalStack: { readonly lo: Address; readonly hi: Address };
  readonly vdsoSp: Address;
  readonly vdsoPc: Address;
}

class Scheduler {
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

  word(address: Address): Address {
    return this.memory.tryAddress(address) ?? 0;
  }

  uint(address: Address, size: number): number {
    return this.memory.tryBytes(address, size) ? this.memory.readUint(address, size as 1 | 2 | 4 | 8) : 0;
  }

  /** Only the releases that have the field; 0 otherwise. */
  field(goroutine: Address, name: Parameters<typeof this.g.offset>[0]): number {
    return this.g.has(name) ? this.uint(goroutine + this.g.offset(name), this.g.width(name)) : 0;
  }

  stackOf(goroutine: Address): { readonly lo: Address; readonly hi: Address } {
    const [lo, hi] = [this.word(goroutine + this.g.offset("stack.lo")), this.word(goroutine + this.g.offset("stack.hi"))];
    return lo < hi && hi - lo <= MOST_STACK ? { lo, hi } : { lo: 0, hi: 0 };
  }

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

  waitReason(index: number): string {
    let text = this.waitReasons.get(index);
    if (text === undefined) {
      const strings = this.layout.global("runtime.waitReasonStrings");
      const at = strings === undefined || index >= MOST_WAIT_REASONS ? 0 : strings + index * 2 * WORD;
      const length = at === 0 ? 0 : this.uint(at + WORD, 8);
      const bytes = length > 0 && length <= LONGEST_WAIT_REASON ? this.memory.tryBytes(this.word(at), length) : undefined;
      text = bytes ? new TextDecoder().decode(bytes) : "";
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

  /** Where the walk begins: section by section what runtime.traceback1 and a debugger would do. */
  position(goroutine: Address, status: GoroutineStatus): Position {
    const stack = this.stackOf(goroutine);
    const at = (start: Omit<UnwindStart, "stack">, registers?: Registers): Position => ({
      start: { ...start, stack },
      registers,
      problem: undefined,
    });
    const nowhere = (problem: string): Position => ({ start: undefined, registers: undefined, problem });
    const inside = (sp: Address) => sp > stack.lo && sp <= stack.hi;
    if (stack.lo === 0 || stack.hi <= stack.lo) return nowhere("it has no stack");

    const syscallSp = this.field(goroutine, "syscallsp");
    if (syscallSp !== 0) return at({ pc: this.field(goroutine, "syscallpc"), sp: syscallSp, lr: 0, trap: false, syscall: true });

    const sched = () => ({
      pc: this.field(goroutine, "sched.pc"),
      sp: this.field(goroutine, "sched.sp"),
      lr: this.process.arch.linkRegister ? this.field(goroutine, "sched.lr") : 0,
      trap: false,
      syscall: false,
    });
    if (status !== "running") return at(sched());

    const machine = this.machine(this.field(goroutine, "m"));
    const scheduled = inside(this.field(goroutine, "sched.sp"));
    if (!machine?.thread || machine.curg !== goroutine) {
      return scheduled ? at(sched()) : nowhere("it was running on a thread that is not in the core");
    }
    const { signalStack } = machine;
    const stopped = machine.thread.registers;
    const inHandler = stopped.sp > signalStack.lo && stopped.sp <= signalStack.hi;
    const registers = inHandler ? interruptedRegisters(this.memory, stopped.sp, signalStack, this.process.arch) : stopped;
    if (!registers) {
      return scheduled ? at(sched()) : nowhere("it was interrupted by a signal whose context was not found");
    }
    if (inside(registers.sp))
      return at({ pc: registers.pc, sp: registers.sp, lr: Math.max(registers.lr, 0), trap: true, syscall: false }, registers);
    // On the thread's own stack: the goroutine's side was saved when it left.
    if (inside(machine.vdsoSp)) return at({ pc: machine.vdsoPc, sp: machine.vdsoSp, lr: 0, trap: false, syscall: false });
    if (scheduled) return at(sched());
    return nowhere(`its thread was elsewhere: pc ${hex(registers.pc)}, sp ${hex(registers.sp)}`);
  }

  unwind(goroutine: Goroutine, position: Position): Unwound {
    const known = this.unwound.get(goroutine.address);
    if (known) return known;
    const found: Unwound = position.start
      ? this.unwinder.unwind(position.start)
      : { frames: [], omitted: 0, complete: false, problem: position.problem ?? "no place to start from" };
    if (this.unwound.size >= MOST_UNWOUND) this.unwound.delete(this.unwound.keys().next().value as Address);
    this.unwound.set(goroutine.address, found);
    if (!found.complete) this.report(goroutine, found.problem ?? "");
    return found;
  }

  walk(goroutine: Goroutine, position: Position, visit: (frame: Frame) => void): void {
    const end = position.start ? this.unwinder.walk(position.start, visit) : { complete: false, problem: position.problem };
    if (!end.complete) this.report(goroutine, end.problem ?? "");
  }

  private report(goroutine: Goroutine, problem: string): void {
    if (this.reported.has(goroutine.address)) return;
    this.reported.add(goroutine.address);
    this.findings.add(
      "stack-incomplete",
      "the outer frames of a goroutine's stack could not be walked; what only they hold looks like garbage",
      `goroutine ${goroutine.id}: ${problem}`,
      {
        partial: true,
      },
    );
  }
}

class GoroutineView implements Goroutine {
  readonly id: number;
  readonly address: Address;
  readonly status: GoroutineStatus;
  private readonly scheduler: Scheduler;
  private found: Position | undefined;

  constructor(scheduler: Scheduler, address: Address, id: number, status: GoroutineStatus) {
    this.scheduler = scheduler;
    this.address = address;
    this.id = id;
    this.status = status;
  }

  get waitReason(): string {
    const waits = this.status === "waiting" || this.status === "leaked";
    return waits ? this.scheduler.waitReason(this.scheduler.field(this.address, "waitreason")) : "";
  }
  get waitSince(): number {
    return this.status === "waiting" || this.status === "syscall" ? this.scheduler.field(this.address, "waitsince") : 0;
  }
  get stack(): { readonly lo: Address; readonly hi: Address } {
    return this.scheduler.stackOf(this.address);
  }
  get createdByPc(): Address {
    return this.scheduler.field(this.address, "gopc");
  }
  get startPc(): Address {
    return this.scheduler.field(this.address, "startpc");
  }
  get parentId(): number {
    return this.scheduler.field(this.address, "parentGoid");
  }
  get lockedM(): Address {
    return this.scheduler.field(this.address, "lockedm");
  }
  get system(): boolean {
    return this.scheduler.isSystem(this.address);
  }
  get thread(): Thread | undefined {
    const machine = this.scheduler.machine(this.scheduler.field(this.address, "m"));
    return machine?.curg === this.address ? machine.thread : undefined;
  }
  private get position(): Position {
    this.found ??= this.scheduler.position(this.address, this.status);
    return this.found;
  }
  get registers(): Registers | undefined {
    return this.position.registers;
  }
  get start(): UnwindStart | undefined {
    return this.position.start;
  }
  unwound(): Unwound {
    return this.scheduler.unwind(this, this.position);
  }
  walk(visit: (frame: Frame) => void): void {
    this.scheduler.walk(this, this.position, visit);
  }
}

/** runtime.allgs: addresses of every g there ever was; those that are missing from a damaged core read as 0. */
function readAddresses(memory: AddressSpace, allgs: Address | undefined, findings: Findings): Float64Array {
  const header = allgs !== undefined && memory.tryBytes(allgs, 3 * WORD) ? readSlice(memory, allgs) : { array: 0, length: 0 };
  const length = Math.min(header.length, MOST_GOROUTINES);
  const bytes = length > 0 ? memory.tryBytes(header.array, length * WORD) : undefined;
  if (!bytes) {
    findings.add("goroutines-missing", "the list of goroutines is not, or not wholly, in the core", hex(header.array), { partial: true });
    return Float64Array.from({ length: Math.min(length, MOST_SINGLY) }, (_, i) => memory.tryAddress(header.array + i * WORD) ?? 0);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length }, (_, i) => addressWord(view, i * WORD, 0));
}

/** All goroutines; dead ones are counted only. */
export function readGoroutines(
  process: Process,
  layout: Layout,
  functions: FunctionTable,
  modules: readonly Module[],
  findings: Findings,
): GoroutineTable {
  const scheduler = new Scheduler(process, layout, functions, findings);
  const { memory } = process;
  const all: Goroutine[] = [];
  let deadCount = 0;
  const addresses = readAddresses(memory, layout.global("runtime.allgs"), findings);
  const { g } = scheduler;
  const statusAt = g.offset("atomicstatus");
  const idAt = g.offset("goid");
  const seen = new Set<Address>();
  for (const address of addresses) {
    const isAgain = seen.has(address);
    seen.add(address);
    const record = address > 0 ? memory.tryBytes(address, g.size) : undefined;
    if (!record) {
      findings.add("goroutine-missing", "a goroutine's record is not in the core", hex(address), { partial: true });
      continue;
    }
    const fields = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const status = STATUS[fields.getUint32(statusAt, true) % SCAN_BIT] ?? "unknown";
    if (status === "dead" || status === "deadextra" || (status === "syscall" && scheduler.isLent(address))) {
      deadCount++;
      continue;
    }
    const id = uint64(fields, idAt);
    // A list that is damaged leads to memory that is no goroutine's: each is listed once, and most of a real one is in order.
    const { hi } = scheduler.stackOf(address);
    const doubts = Number(status === "unknown") + Number(id === 0 || id > MOST_ID) + Number(hi === 0) + Number(address % WORD !== 0);
    if (isAgain || doubts >= 2) {
      findings.add("goroutine-odd", "an entry in the list of goroutines is no goroutine, and left out", hex(address), { partial: true });
      continue;
    }
    all.push(new GoroutineView(scheduler, address, id, status));
  }
  let byId: Map<number, Goroutine> | undefined;
  return {
    all,
    deadCount,
    stackMaps: readStackMaps(process, layout, functions, modules, findings),
    find(id) {
      byId ??= new Map(all.map((each) => [each.id, each]));
      return byId.get(id);
    },
  };
}
