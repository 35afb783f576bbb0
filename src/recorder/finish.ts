// The end of a generation that the program did not live to write, in the order in which the runtime would have written it.
import { ByteWriter } from "../base/byte-writer.js";
import { EV } from "../trace/events.js";
import { formatHas } from "../trace/format.js";
import { MOST_FRAMES } from "../trace/limits.js";
import { CLOCK_FREQUENCY, NO_THREAD } from "../trace/wire.js";
import { writeTypes } from "./allocation-types.js";
import { BatchMaker } from "./batch-maker.js";
import type { FoundBatch } from "./buffers.js";
import { Inventory } from "./inventory.js";
import { unreadSamples } from "./samples.js";
import { LOGICAL_STACK } from "./stacks.js";
import { writeStatuses } from "./statuses.js";
import { StackIds, StringIds, type WrittenTable, writeStacks, writeStrings } from "./tables.js";
import type { Unfinished } from "./unfinished.js";

/** The batches to add, and how many records of each kind are in them. */
export interface Finished {
  readonly batches: readonly FoundBatch[];
  readonly goroutineStatuses: number;
  readonly procStatuses: number;
  readonly stacks: number;
  readonly strings: number;
  readonly samples: number;
}

/**
 * Ends a generation that was still being written. runtime/trace.go traceAdvance
 *
 * The runtime ends one in this order, and each step may need what the next one writes: statuses and samples name new stacks, stacks
 * name new texts. So the tables come last, texts last of all.
 *
 *     clock      how fast the trace clock runs, and the time of day: without it no event has a time
 *     statuses   of every goroutine and P that has no event in the generation: a reader would not know that they exist
 *     samples    of the CPU profile that nobody has read out of their buffer
 *     stacks     that events name by id and no batch defines yet
 *     types      where the experiment of allocations ran
 *     texts      of everything before
 *
 * What is in the batches already is left out: the crash may have come when the runtime was in the middle of these steps itself.
 */
export function finishGeneration(given: Unfinished): Finished {
  const parity = given.generation % 2;
  const known = new Inventory(given.batches, given.findings);
  const stackTable = given.state.stacks(parity);
  const stringTable = given.state.strings(parity);
  const stackIds = new StackIds(stackTable, known.mostStack);
  const stringIds = new StringIds(stringTable, known, given.isTail);

  const clock = needsClock(given, known) ? [clockBatch(given, known)] : [];
  const statuses = writeStatuses(given, known, (words) => stackIds.of(words));
  const samples = writeSamples(given, known, stackIds);
  const stacks = writeStacks(given, known, stackTable, stackIds, stringIds);
  const typeTable = given.state.types(parity);
  const types = typeTable ? writeTypes(given, known, typeTable.byId) : [];
  const strings = writeStrings(given, known, stringTable, stringIds);
  return {
    batches: [...clock, ...statuses.batches, ...samples.batches, ...stacks.batches, ...types, ...strings.batches],
    goroutineStatuses: statuses.goroutines,
    procStatuses: statuses.procs,
    stacks: stacks.count,
    strings: strings.count,
    samples: samples.count,
  };
}

/**
 * Whether the generation lacks its clock. Of a tail the beginning is not at hand: since format 1.25 the clock is written when a
 * generation begins, so it is there; before, the frequency is the first thing that ending a generation writes.
 */
function needsClock(given: Unfinished, known: Inventory): boolean {
  const { isTail, format, generation, state } = given;
  const endHadBegun = (state.generation || state.lastGeneration) > generation;
  return !known.hasSync && !(isTail && (formatHas(format, "syncEvents") || endHadBegun));
}

/**
 * The frequency, and since format 1.25 a snapshot of the clocks. The monotonic clock is the trace clock in other units; the wall clock
 * follows from a generation that has a snapshot. runtime/tracetime.go
 */
function clockBatch(given: Unfinished, known: Inventory): FoundBatch {
  const { generation, format } = given;
  const time = Number.isFinite(known.firstTime) ? known.firstTime : known.lastTime;
  const bytes = new ByteWriter();
  if (!formatHas(format, "syncEvents")) bytes.byte(EV.Frequency).varint(CLOCK_FREQUENCY);
  else {
    const monotonic = time * (1e9 / CLOCK_FREQUENCY);
    const wall = (given.wallOffset ?? 0n) + BigInt(Math.round(monotonic));
    bytes.byte(EV.Sync).byte(EV.Frequency).varint(CLOCK_FREQUENCY);
    bytes.byte(EV.ClockSnapshot).varint(0).varint(monotonic);
    bytes.varint(Number(wall / 1_000_000_000n)).varint(Number(wall % 1_000_000_000n));
  }
  return { generation, m: NO_THREAD, time, experiment: 0, data: bytes.done(), raw: undefined, from: "made", lastTime: time };
}

/** The samples that lie unread in the profile buffer, as events with stacks of return addresses. runtime/tracecpu.go traceReadCPU */
function writeSamples(given: Unfinished, known: Inventory, stacks: StackIds): WrittenTable {
  const { runtime, state, generation, findings } = given;
  const samples = unreadSamples(runtime, state.cpuLogs[generation % 2], findings);
  const maker = new BatchMaker(generation, NO_THREAD, known.lastTime, EV.CPUSamples);
  for (const { time, m, p, g, stack } of samples) {
    // One word of the 128 says that the others need no expansion.
    const id = stacks.of([LOGICAL_STACK, ...stack.slice(0, MOST_FRAMES - 1)]);
    maker.record().byte(EV.CPUSample).varint(time).varint(m).varint(p).varint(g).varint(id);
  }
  return { batches: maker.flush(), count: samples.length };
}
