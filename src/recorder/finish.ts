import { MOST_STRING_BYTES } from "../trace/limits.js";
import { ByteWriter, CLOCK_FREQUENCY, EV, formatHas, NO_THREAD } from "../trace/wire.js";
import { writeTypes } from "./allocation-types.js";
import { BatchMaker } from "./batch-maker.js";
import { type FoundBatch, unreadSamples } from "./buffers.js";
import { Inventory } from "./inventory.js";
import { stackWords } from "./stacks.js";
import { writeStatuses } from "./statuses.js";
import { entryText } from "./tracer-state.js";
import type { Unfinished } from "./unfinished.js";

/** What was added, for the report. */
export interface Finished {
  readonly batches: readonly FoundBatch[];
  readonly goroutineStatuses: number;
  readonly procStatuses: number;
  readonly stacks: number;
  readonly strings: number;
  readonly samples: number;
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

  if (!known.hasSync && !(isTail && (formatHas(format, "syncEvents") || advanceHadBegun(given)))) out.push(clockBatch(given, known));

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

  const samples = unreadSamples(runtime, state.cpuLogs[parity], findings);
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
