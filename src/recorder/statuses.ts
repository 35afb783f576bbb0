// Statuses of what did nothing in a whole generation. runtime/tracestatus.go
import { MemoryFault } from "../base/errors.js";
import { type Address, NONE } from "../base/units.js";
import { readField } from "../runtime/layout/layout.js";
import { readProcessors } from "../runtime/records/processor.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { EV, formatHas, G_STATUS, NO_THREAD, P_STATUS } from "../trace/wire.js";
import { BatchMaker } from "./batch-maker.js";
import type { FoundBatch } from "./buffers.js";
import { Inventory } from "./inventory.js";
import { coreProcStatus, coreStatus } from "./scheduler.js";
import type { Unfinished } from "./unfinished.js";

/** Statuses of what did nothing in the whole generation. runtime/tracestatus.go */
export function writeStatuses(
  given: Unfinished,
  known: Inventory,
  stackId: (words: readonly number[]) => number,
): { readonly batches: readonly FoundBatch[]; readonly goroutines: number; readonly procs: number } {
  const { runtime, generation, format, before, findings, state } = given;
  const { memory } = runtime.process;
  const g = runtime.layout.struct("tracedG");
  const next = given.next && new Inventory(given.next, findings);
  const idle = new BatchMaker(generation, NO_THREAD, known.lastTime, undefined);
  const own = new Map<number, BatchMaker>();
  const ofThread = (m: number): BatchMaker => {
    let maker = own.get(m);
    if (!maker) {
      maker = new BatchMaker(generation, m, known.lastTime, undefined);
      own.set(m, maker);
    }
    return maker;
  };
  const tids = new Map(state.threads.map((thread) => [thread.address, thread.tid]));
  let goroutines = 0;
  let procs = 0;

  // Running Ps first: a status binds them to the thread whose batch it stands in.
  const bound = new Set<number>();
  for (const p of readProcessors(runtime)) {
    if (known.procs.has(p.id)) continue;
    const fact = before?.statusOfP(p.id);
    let status = fact ?? coreProcStatus(p.status);
    if (status === undefined || status === P_STATUS.syscallAbandoned) continue;
    const thread = fact === undefined ? (tids.get(p.machine) ?? 0) : (before?.threadOfP(p.id) ?? NONE);
    if (status !== P_STATUS.idle) {
      if (thread <= 0 || known.threads.has(thread) || bound.has(thread)) continue;
      if (fact === undefined && formatHas(format, "syscallStatus") && currentStatus(runtime, p.machine) === G_STATUS.syscall)
        status = P_STATUS.syscall;
      bound.add(thread);
    }
    const to = (status === P_STATUS.idle ? idle : ofThread(thread)).record();
    to.byte(EV.ProcStatus).varint(0).varint(p.id).varint(status);
    if (fact === undefined && p.inSweep && status !== P_STATUS.idle) to.byte(EV.GCSweepActive).varint(0).varint(p.id);
    procs++;
  }

  for (const goroutine of runtime.goroutines.all) {
    const { id } = goroutine;
    if (id === 0 || known.goroutines.has(id) || next?.isNew(id)) continue;
    try {
      const fact = before?.statusOf(id);
      if (before && fact === undefined) continue; // unknown to a later generation: it cannot be introduced there
      const core = coreStatus(runtime, goroutine);
      let status = fact ?? next?.statuses.get(id) ?? core;
      if (status === undefined) continue;
      const machine = readField(memory, g, goroutine.address, "m");
      let thread = fact === undefined ? (tids.get(machine) ?? 0) : (before?.threadOf(id) ?? NONE);
      if (status === G_STATUS.running) {
        // Had it run in this generation, its thread would have said so: then it is only about to.
        if (fact === undefined && (known.threads.has(thread) || thread <= 0)) status = G_STATUS.runnable;
        else if (!bound.has(thread)) continue;
      }
      if (status === G_STATUS.syscall && thread <= 0) continue;
      if (status !== G_STATUS.running && status !== G_STATUS.syscall) thread = NONE;
      const here = bound.has(thread) && !known.threads.has(thread);
      const to = (here ? ofThread(thread) : idle).record();
      const words =
        formatHas(format, "statusStacks") && status === core && status !== G_STATUS.running
          ? given.expander.wordsOf(goroutine.address, id, goroutine.stack)
          : [];
      const stack = stackId(words);
      to.byte(stack === 0 ? EV.GoStatus : EV.GoStatusStack)
        .varint(0)
        .varint(id)
        .varint(thread)
        .varint(status);
      if (stack !== 0) to.varint(stack);
      const assisting = g.has("inMarkAssist") && readField(memory, g, goroutine.address, "inMarkAssist") !== 0;
      if (assisting && fact === undefined) to.byte(EV.GCMarkAssistActive).varint(0).varint(id);
      goroutines++;
    } catch (error) {
      if (!(error instanceof MemoryFault)) throw error;
      findings.add("trace-status", "a goroutine's record is not in the core; it is missing in the last generation", `goroutine ${id}`, {
        partial: true,
      });
    }
  }
  const batches = [...own.values()].flatMap((maker) => maker.flush());
  return { batches: [...batches, ...idle.flush()], goroutines, procs };
}

function currentStatus(runtime: GoRuntime, machine: Address): number | undefined {
  const { memory } = runtime.process;
  const m = runtime.layout.struct("tracedM");
  if (machine <= 0 || !memory.tryBytes(machine, m.size)) return undefined;
  const current = readField(memory, m, machine, "curg");
  const goroutine = runtime.goroutines.all.find((each) => each.address === current);
  return goroutine && coreStatus(runtime, goroutine);
}
