// A generation that was still being written is ended as the runtime would have ended it. runtime/trace.go traceAdvance
import { FormatError, MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, NONE } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readField, readSlice } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Ordering } from "../trace/order.js";
import {
  ByteWriter,
  CLOCK_FREQUENCY,
  cursor,
  EV,
  G_STATUS,
  MOST_STRING_BYTES,
  NO_THREAD,
  P_STATUS,
  readVarint,
  recordLength,
  SPECS,
  type TraceFormat,
} from "../trace/wire.js";
import { type FoundBatch, unreadSamples } from "./buffers.js";
import { type StackExpander, stackWords } from "./stacks.js";
import { entryText, type TracerState } from "./tracer-state.js";

/** Everything that finishing a generation needs to know. */
export interface Unfinished {
  readonly runtime: GoRuntime;
  readonly state: TracerState;
  readonly expander: StackExpander;
  readonly format: TraceFormat;
  readonly generation: number;
  /** All that is known of it, in order. */
  readonly batches: readonly FoundBatch[];
  /** Of the generation after it, when that has begun. */
  readonly next: readonly FoundBatch[] | undefined;
  /** The scheduler as the generations before left it; undefined when there is none before. */
  readonly before: Ordering | undefined;
  /** Batches are missing that went to a file we do not have. */
  readonly isTail: boolean;
  /** The wall clock of the trace clock's zero in ns, of a generation that has a snapshot. */
  readonly wallOffset: bigint | undefined;
  readonly findings: Findings;
}

/** What was added, for the report. */
export interface Finished {
  readonly batches: readonly FoundBatch[];
  readonly goroutineStatuses: number;
  readonly procStatuses: number;
  readonly stacks: number;
  readonly strings: number;
  readonly samples: number;
}

/** runtime/runtime2.go p.status */
const P_IDLE = 0;
const P_RUNNING = 1;
const P_SYSCALL = 2;
/** Room in a batch for one more record. */
const BATCH_ROOM = 60_000;
const MOST_PS = 1 << 16;
/** The experiment of allocations, and its batch of types. internal/trace/tracev2 AllocFree; runtime traceAllocFreeTypesBatch */
const ALLOC_FREE = 1;
const TYPES_BATCH = 0;
/** Where the wait reasons of goroutines that only seem to wait are no table of the runtime (Go 1.22). runtime/trace2status.go */
const SEEM_TO_WAIT = [
  "stopping the world",
  "GC mark termination",
  "garbage collection",
  "trace goroutine status",
  "trace proc status",
  "page trace flush",
  "GC worker (active)",
];

/** What the batches of one generation say, as far as ending it needs it. */
class Inventory {
  readonly strings = new Set<number>();
  readonly stacks = new Set<number>();
  readonly types = new Set<number>();
  readonly goroutines = new Set<number>();
  readonly created = new Set<number>();
  readonly statuses = new Map<number, number>();
  readonly procs = new Set<number>();
  readonly threads = new Set<number>();
  readonly usedStacks = new Set<number>();
  readonly usedStrings = new Set<number>();
  hasSync = false;
  mostString = 0;
  mostStack = 0;
  lastTime = 0;
  firstTime = Number.POSITIVE_INFINITY;

  constructor(batches: readonly FoundBatch[], findings: Findings) {
    for (const batch of batches) {
      this.firstTime = Math.min(this.firstTime, batch.time);
      this.lastTime = Math.max(this.lastTime, batch.lastTime);
      try {
        if (batch.experiment !== 0) this.addTypes(batch);
        else this.add(batch);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        findings.add("trace-event", "a thread's events end in damage; what follows is left out", error.message, { partial: true });
      }
    }
  }

  private addTypes(batch: FoundBatch): void {
    const { data } = batch;
    if (batch.experiment !== ALLOC_FREE || data[0] !== TYPES_BATCH) return;
    for (let at = 1; at < data.length; ) {
      this.types.add(readVarint(data, at, data.length));
      for (let i = 0; i < 3; i++) readVarint(data, cursor.at, data.length);
      const length = readVarint(data, cursor.at, data.length);
      if (length < 0) return;
      at = cursor.at + length;
    }
  }

  private add(batch: FoundBatch): void {
    const { data } = batch;
    const kind = data[0];
    if (kind === EV.Frequency || kind === EV.Sync) {
      this.hasSync = true;
      return;
    }
    const timed = kind !== EV.Strings && kind !== EV.Stacks && kind !== EV.CPUSamples;
    if (timed) this.threads.add(batch.m);
    let time = batch.time;
    const args: number[] = [0, 0, 0, 0, 0];
    for (let at = timed ? 0 : 1; at < data.length; ) {
      const length = recordLength(data, at, data.length, "trace batch");
      if (length <= 0) return;
      const type = data[at] as number;
      const end = at + length;
      cursor.at = at + 1;
      if (type === EV.String || type === EV.Stack) {
        const id = readVarint(data, cursor.at, end);
        (type === EV.String ? this.strings : this.stacks).add(id);
        if (type === EV.String) this.mostString = Math.max(this.mostString, id);
        else {
          this.mostStack = Math.max(this.mostStack, id);
          const frames = readVarint(data, cursor.at, end);
          for (let i = 0; i < frames; i++) {
            readVarint(data, cursor.at, end);
            this.usedStrings.add(readVarint(data, cursor.at, end));
            this.usedStrings.add(readVarint(data, cursor.at, end));
            readVarint(data, cursor.at, end);
          }
        }
      } else if (type === EV.CPUSample) {
        for (let i = 0; i < 4; i++) readVarint(data, cursor.at, end);
        this.usedStacks.add(readVarint(data, cursor.at, end));
      } else {
        const spec = SPECS[type];
        if (!spec) return;
        time += readVarint(data, cursor.at, end);
        for (let i = 0; i < spec.args.length; i++) {
          args[i] = readVarint(data, cursor.at, end);
          const argument = spec.args[i]?.kind;
          if (argument === "stack") this.usedStacks.add(args[i] as number);
          else if (argument === "string") this.usedStrings.add(args[i] as number);
        }
        this.note(type, args);
      }
      at = end;
    }
    this.lastTime = Math.max(this.lastTime, time);
  }

  private note(type: number, args: readonly number[]): void {
    const id = args[0] as number;
    switch (type) {
      case EV.GoStatus:
      case EV.GoStatusStack:
        this.goroutines.add(id);
        if (!this.statuses.has(id)) this.statuses.set(id, args[2] as number);
        break;
      case EV.GoCreate:
      case EV.GoCreateBlocked:
      case EV.GoCreateSyscall:
        this.goroutines.add(id);
        if (!this.statuses.has(id)) this.created.add(id);
        break;
      case EV.ProcStatus:
        this.procs.add(id);
        break;
    }
  }
}

/** Appends records to batches of one kind. */
class BatchMaker {
  readonly made: FoundBatch[] = [];
  private readonly generation: number;
  private readonly m: number;
  private readonly time: number;
  private readonly first: number | undefined;
  private readonly experiment: number;
  private bytes: ByteWriter | undefined;

  constructor(generation: number, m: number, time: number, first: number | undefined, experiment = 0) {
    this.generation = generation;
    this.m = m;
    this.time = time;
    this.first = first;
    this.experiment = experiment;
  }

  record(): ByteWriter {
    if (this.bytes && this.bytes.length > BATCH_ROOM) this.flush();
    if (!this.bytes) {
      this.bytes = new ByteWriter();
      if (this.first !== undefined) this.bytes.byte(this.first);
    }
    return this.bytes;
  }

  flush(): readonly FoundBatch[] {
    if (this.bytes) {
      const { generation, m, time, experiment } = this;
      this.made.push({ generation, m, time, experiment, data: this.bytes.done(), raw: undefined, from: "made", lastTime: time });
    }
    this.bytes = undefined;
    return this.made;
  }
}

/** What the runtime would still have written: clock, statuses, samples, stacks, types, strings, in its order. */
export function finishGeneration(given: Unfinished): Finished {
  const { runtime, state, format, generation, findings, isTail } = given;
  const parity = generation % 2;
  const known = new Inventory(given.batches, findings);
  const { lastTime } = known;
  const stackMap = state.stacks(parity);
  const stringMap = state.strings(parity);
  const out: FoundBatch[] = [];

  if (!known.hasSync && !(isTail && (format >= 25 || advanceHadBegun(given)))) out.push(clockBatch(given, known));

  // Stacks by contents, so that a new one is not told twice.
  const stackIds = new Map<string, number>();
  for (const [id, bytes] of stackMap.byId) stackIds.set(stackWords(bytes).join(), id);
  const newStacks = new Map<number, readonly number[]>();
  let lastStack = Math.max(stackMap.lastId, known.mostStack, ...[...stackMap.byId.keys()].slice(-1));
  for (const id of stackMap.byId.keys()) if (id > lastStack) lastStack = id;
  const stackId = (words: readonly number[]): number => {
    if (words.length === 0) return 0;
    const key = words.join();
    let id = stackIds.get(key);
    if (id === undefined) {
      id = ++lastStack;
      stackIds.set(key, id);
      newStacks.set(id, words);
    }
    return id;
  };

  const statuses = writeStatuses(given, known, stackId);
  out.push(...statuses.batches);

  const samples = unreadSamples(runtime, state.cpuLogs[parity] as Address, findings);
  const sampleMaker = new BatchMaker(generation, NO_THREAD, lastTime, EV.CPUSamples);
  for (const { time, m, p, g, stack } of samples) {
    const id = stackId([2 ** 64, ...stack.slice(0, 127)]);
    sampleMaker.record().byte(EV.CPUSample).varint(time).varint(m).varint(p).varint(g).varint(id);
  }
  out.push(...sampleMaker.flush());

  // Texts by contents: those of the table, and new ones.
  const stringIds = new Map<string, number>();
  let lastString = Math.max(stringMap.lastId, known.mostString);
  for (const [id, bytes] of stringMap.byId) {
    if (id > lastString) lastString = id;
    if (!isTail || known.strings.has(id)) stringIds.set(entryText(bytes), id);
  }
  const newStrings = new Map<number, Uint8Array>();
  const stringId = (bytes: Uint8Array): number => {
    if (bytes.length === 0) return 0;
    const text = entryText(bytes);
    let id = stringIds.get(text);
    if (id === undefined) {
      id = ++lastString;
      stringIds.set(text, id);
      newStrings.set(id, bytes);
    }
    return id;
  };

  const stackMaker = new BatchMaker(generation, NO_THREAD, lastTime, EV.Stacks);
  let stacks = 0;
  const putStack = (id: number, words: readonly number[]): void => {
    const frames = given.expander.frames(words);
    const to = stackMaker.record().byte(EV.Stack).varint(id).varint(frames.length);
    for (const frame of frames) {
      to.varint(frame.pc).varint(stringId(frame.function)).varint(stringId(frame.file)).varint(frame.line);
    }
    stacks++;
  };
  const toldStacks = new Set([0, ...known.stacks]);
  for (const [id, bytes] of stackMap.byId) {
    if (toldStacks.has(id)) continue;
    putStack(id, stackWords(bytes));
    toldStacks.add(id);
  }
  for (const [id, words] of newStacks) {
    putStack(id, words);
    toldStacks.add(id);
  }
  if (!isTail) {
    for (const id of known.usedStacks) {
      if (toldStacks.has(id)) continue;
      findings.add("trace-stack", "a stack that events name is lost; they are shown without it", `stack ${id}`, { partial: true });
      toldStacks.add(id);
      stackMaker.record().byte(EV.Stack).varint(id).varint(0);
    }
  }
  out.push(...stackMaker.flush());

  const typeMap = state.types(parity);
  if (typeMap) out.push(...writeTypes(given, known, typeMap.byId));

  const stringMaker = new BatchMaker(generation, NO_THREAD, lastTime, EV.Strings);
  let strings = 0;
  const toldStrings = new Set([0, ...known.strings]);
  const putString = (id: number, bytes: Uint8Array): void => {
    const cut = bytes.subarray(0, MOST_STRING_BYTES);
    stringMaker.record().byte(EV.String).varint(id).varint(cut.length).put(cut);
    toldStrings.add(id);
    strings++;
  };
  if (!isTail) for (const [id, bytes] of stringMap.byId) if (!toldStrings.has(id)) putString(id, bytes);
  for (const [id, bytes] of newStrings) putString(id, bytes);
  if (!isTail) {
    for (const id of known.usedStrings) {
      if (toldStrings.has(id)) continue;
      findings.add("trace-string", "a text that events name is lost; it is shown as ?", `string ${id}`, { partial: true });
      putString(id, new TextEncoder().encode("?"));
    }
  }
  out.push(...stringMaker.flush());
  return {
    batches: out,
    goroutineStatuses: statuses.goroutines,
    procStatuses: statuses.procs,
    stacks,
    strings,
    samples: samples.length,
  };
}

/** Up to format 1.23 the frequency is the first thing that ending a generation writes. */
function advanceHadBegun({ generation, state }: Unfinished): boolean {
  return (state.generation || state.lastGeneration) > generation;
}

/** The frequency, and since format 1.25 a snapshot of the clocks. runtime/tracetime.go */
function clockBatch(given: Unfinished, known: Inventory): FoundBatch {
  const { generation, format } = given;
  const time = Number.isFinite(known.firstTime) ? known.firstTime : known.lastTime;
  const bytes = new ByteWriter();
  if (format < 25) bytes.byte(EV.Frequency).varint(CLOCK_FREQUENCY);
  else {
    const monotonic = time * (1e9 / CLOCK_FREQUENCY);
    const wall = (given.wallOffset ?? 0n) + BigInt(Math.round(monotonic));
    bytes.byte(EV.Sync).byte(EV.Frequency).varint(CLOCK_FREQUENCY);
    bytes.byte(EV.ClockSnapshot).varint(0).varint(monotonic);
    bytes.varint(Number(wall / 1_000_000_000n)).varint(Number(wall % 1_000_000_000n));
  }
  return { generation, m: NO_THREAD, time, experiment: 0, data: bytes.done(), raw: undefined, from: "made", lastTime: time };
}

/** Statuses of what did nothing in the whole generation. runtime/tracestatus.go */
function writeStatuses(
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
  for (const p of readPs(runtime)) {
    if (known.procs.has(p.id)) continue;
    const fact = before?.statusOfP(p.id);
    let status = fact ?? coreProcStatus(p.status);
    if (status === undefined || status === P_STATUS.syscallAbandoned) continue;
    const thread = fact === undefined ? (tids.get(p.m) ?? 0) : (before?.threadOfP(p.id) ?? NONE);
    if (status !== P_STATUS.idle) {
      if (thread <= 0 || known.threads.has(thread) || bound.has(thread)) continue;
      if (fact === undefined && format >= 26 && currentStatus(runtime, p.m) === G_STATUS.syscall) status = P_STATUS.syscall;
      bound.add(thread);
    }
    const to = (status === P_STATUS.idle ? idle : ofThread(thread)).record();
    to.byte(EV.ProcStatus).varint(0).varint(p.id).varint(status);
    if (fact === undefined && p.inSweep && status !== P_STATUS.idle) to.byte(EV.GCSweepActive).varint(0).varint(p.id);
    procs++;
  }

  for (const goroutine of runtime.goroutines.all) {
    const { id } = goroutine;
    if (id === 0 || known.goroutines.has(id) || next?.created.has(id)) continue;
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
        format >= 23 && status === core && status !== G_STATUS.running
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

function coreProcStatus(status: number): number | undefined {
  if (status === P_RUNNING) return P_STATUS.running;
  if (status === P_SYSCALL) return P_STATUS.syscall;
  return status === P_IDLE || status === 3 ? P_STATUS.idle : undefined;
}

function currentStatus(runtime: GoRuntime, machine: Address): number | undefined {
  const { memory } = runtime.process;
  const m = runtime.layout.struct("tracedM");
  if (machine <= 0 || !memory.tryBytes(machine, m.size)) return undefined;
  const current = readField(memory, m, machine, "curg");
  const goroutine = runtime.goroutines.all.find((each) => each.address === current);
  return goroutine && coreStatus(runtime, goroutine);
}

/** runtime/tracestatus.go goStatusToTraceGoStatus */
export function coreStatus(runtime: GoRuntime, goroutine: Goroutine): number | undefined {
  switch (goroutine.status) {
    case "runnable":
      return G_STATUS.runnable;
    case "running":
    case "copystack":
      return G_STATUS.running;
    case "syscall":
      return G_STATUS.syscall;
    case "waiting":
      return onlySeemsToWait(runtime, goroutine) ? G_STATUS.running : G_STATUS.waiting;
    case "preempted":
    case "leaked":
      return G_STATUS.waiting;
    default:
      return undefined;
  }
}

/** The runtime marks goroutines as waiting that are running on another stack. runtime/runtime2.go isWaitingForSuspendG */
function onlySeemsToWait(runtime: GoRuntime, goroutine: Goroutine): boolean {
  const { memory } = runtime.process;
  const g = runtime.layout.struct("tracedG");
  const table = runtime.layout.global("runtime.isWaitingForSuspendG") ?? runtime.layout.global("runtime.isWaitingForGC");
  if (table === undefined) return SEEM_TO_WAIT.includes(goroutine.waitReason);
  const reason = readField(memory, g, goroutine.address, "waitreason");
  return reason < 128 && memory.tryBytes(table + reason, 1)?.[0] === 1;
}

function readPs(
  runtime: GoRuntime,
): readonly { readonly id: number; readonly status: number; readonly m: Address; readonly inSweep: boolean }[] {
  const { memory } = runtime.process;
  const allp = runtime.layout.global("runtime.allp");
  if (allp === undefined || !memory.tryBytes(allp, 24)) return [];
  const struct = runtime.layout.struct("tracedP");
  const { array, length } = readSlice(memory, allp);
  return Array.from({ length: Math.min(length, MOST_PS) }, (_, i) => memory.tryAddress(array + i * 8) ?? 0)
    .filter((at) => at > 0 && memory.tryBytes(at, struct.size) !== undefined)
    .map((at) => ({
      id: readField(memory, struct, at, "id"),
      status: readField(memory, struct, at, "status"),
      m: readField(memory, struct, at, "m"),
      inSweep: struct.has("trace.inSweep") && readField(memory, struct, at, "trace.inSweep") !== 0,
    }));
}

/** The names of types that the experiment of allocations refers to. runtime/tracetype.go */
function writeTypes(given: Unfinished, known: Inventory, types: ReadonlyMap<number, Uint8Array>): readonly FoundBatch[] {
  const { runtime, generation } = given;
  const maker = new BatchMaker(generation, NO_THREAD, known.lastTime, TYPES_BATCH, ALLOC_FREE);
  for (const [id, bytes] of types) {
    const rtype = stackWords(bytes)[0] ?? 0;
    const found = known.types.has(id) ? NONE : runtime.types.byRtype(rtype);
    if (found === NONE) continue;
    const { name, size } = runtime.types.get(found);
    const text = new TextEncoder().encode(shortName(name)).subarray(0, MOST_STRING_BYTES);
    // abi.Type.PtrBytes is its second word, in every release.
    const pointers = runtime.process.memory.tryBytes(rtype + 8, 8) ? runtime.process.memory.readUint(rtype + 8, 8) : 0;
    maker.record().varint(id).varint(rtype).varint(size).varint(pointers).varint(text.length).put(text);
  }
  return maker.flush();
}

/** The tracer writes types as reflection does, with the last part of the package's path alone. */
function shortName(name: string): string {
  return name.replace(/[\w.\-~]+(?:\/[\w.\-~]+)*\/(?=[\w\-~]+\.)/g, "");
}
