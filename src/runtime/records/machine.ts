// A thread of the runtime: runtime.m, with what it was running. runtime/runtime2.go
import { Findings } from "../../base/findings.js";
import { type Address, hex } from "../../base/units.js";
import type { Process, Thread } from "../../process/process.js";
import { readField } from "../layout/layout.js";
import type { Layout } from "../layout/schema.js";
import { MOST_MACHINES } from "../limits.js";
import { chain, type OnDamage, pointerAt, type RecordSource } from "./chain.js";

/** One m. */
export interface Machine {
  readonly address: Address;
  readonly id: number;
  /** Thread id as the kernel knows it; 0 before it has started. */
  readonly tid: number;
  /** g of the goroutine it runs, 0 for none. */
  readonly curg: Address;
  readonly g0: { readonly address: Address; readonly lo: Address; readonly hi: Address };
  readonly gsignal: { readonly address: Address; readonly lo: Address; readonly hi: Address };
  readonly processor: Address;
  readonly lockedg: Address;
  /** It has begun to crash the process: 1 and more. */
  readonly dying: number;
  /** 1: a fatal error of the program's making, 2: of the runtime's. */
  readonly throwing: number;
  /** g that a fatal signal interrupted, 0 for none. */
  readonly caughtSignal: Address;
  readonly inC: boolean;
  /** Lent to a thread that C created. */
  readonly extra: boolean;
  readonly thread: Thread | undefined;
}

/**
 * Every m along runtime.allm, the newest first; it ends at a record that is not in the core. onDamage is told the address of allm itself
 * when that is not in the core: then there is none.
 */
export function machineAddresses({ layout, memory }: RecordSource, onDamage?: OnDamage): Iterable<Address> {
  const all = layout.global("runtime.allm");
  const link = layout.struct("m").offset("alllink");
  if (all !== undefined && memory.tryAddress(all) === undefined) onDamage?.(all);
  const first = all === undefined ? 0 : pointerAt(memory, all);
  return chain(first, (at) => pointerAt(memory, at + link), MOST_MACHINES, onDamage);
}

/** Threads that have ended and whose records are not freed yet. runtime.sched.freem */
export function endedMachineAddresses({ layout, memory }: RecordSource): Iterable<Address> {
  const sched = layout.global("runtime.sched");
  if (sched === undefined || !layout.hasStruct("traceSched")) return [];
  const link = layout.struct("tracedM").offset("freelink");
  const first = pointerAt(memory, sched + layout.struct("traceSched").offset("freem"));
  return chain(first, (at) => pointerAt(memory, at + link), MOST_MACHINES);
}

/** Every m along runtime.allm, the newest first. What is missing is a finding. */
export function readMachines(
  { layout, process }: { readonly layout: Layout; readonly process: Process },
  findings: Findings,
): readonly Machine[] {
  const { memory } = process;
  const threads = new Map(process.threads.map((thread) => [thread.tid, thread]));
  const m = layout.struct("m");
  const all: Machine[] = [];
  const ids = new Set<number>();
  const list = layout.global("runtime.allm");
  if (list !== undefined && memory.tryAddress(list) === undefined)
    findings.add("thread-missing", "the list of the runtime's threads is not in the core", hex(list), { partial: true });
  const lost = (at: Address) => {
    if (at !== list) findings.add("thread-missing", "the list of the runtime's threads breaks off", hex(at), { partial: true });
  };
  for (const at of machineAddresses({ layout, memory }, lost)) {
    if (!memory.tryBytes(at, m.size)) {
      findings.add("thread-missing", "a thread's record of the runtime is not in the core", hex(at), { partial: true });
      break;
    }
    const field = (name: Parameters<typeof m.offset>[0]) => readField(memory, m, at, name);
    const g0 = stackOf({ layout, memory }, field("g0"));
    const gsignal = stackOf({ layout, memory }, field("gsignal"));
    const stands = ({ registers: { sp } }: Thread) => [g0, gsignal].some(({ lo, hi }) => sp > lo && sp <= hi);
    // A thread that has only begun has not told its number yet, but may handle a signal. runtime/os_linux.go minit
    // Numbers are given one by one and never again. runtime/proc.go mReserveID
    if (ids.has(field("id"))) findings.add("thread-odd", "threads of the runtime with the same number", hex(at), { partial: true });
    ids.add(field("id"));
    const thread = threads.get(field("procid")) ?? (field("procid") === 0 ? process.threads.find(stands) : undefined);
    all.push({
      address: at,
      id: field("id"),
      tid: thread?.tid ?? field("procid"),
      curg: field("curg"),
      g0,
      gsignal,
      processor: field("p"),
      lockedg: field("lockedg"),
      dying: field("dying"),
      throwing: field("throwing"),
      caughtSignal: field("caughtsig"),
      inC: field("incgo") !== 0,
      extra: field("isextra") !== 0,
      thread,
    });
  }
  return all;
}

function stackOf({ layout, memory }: RecordSource, address: Address): Machine["g0"] {
  const g = layout.struct("g");
  return { address, lo: pointerAt(memory, address + g.offset("stack.lo")), hi: pointerAt(memory, address + g.offset("stack.hi")) };
}

/** An address on each thread's system stack: g0's top, and where each thread stands. */
export function threadStacks(process: Process, layout: Layout): readonly Address[] {
  const machines = readMachines({ process, layout }, new Findings());
  return [...machines.map((each) => each.g0.hi - 1), ...process.threads.map((each) => each.registers.sp)].filter((each) => each > 4096);
}
