// The export as Perfetto's trace processor sees it: packets decoded, tracks resolved, slices nested; times against the summary.
import { beforeAll, describe, expect, test } from "vitest";
import type { Dump } from "../../src/dump.js";
import { exportTrace } from "../../src/trace/export.js";
import { readGenerations } from "../../src/trace/reader.js";
import { summarize, type TraceSummary } from "../../src/trace/summary.js";
import { openFixture } from "../support/dump-cache.js";
import { bytesOf, type Field, numberOf, readMessage, textOf } from "../support/protobuf.js";

/** Field numbers of protos/perfetto/trace (trace_packet, track_descriptor, track_event): written down here a second time. */
const PACKET = { timestamp: 8, sequence: 10, trackEvent: 11, trackDescriptor: 60 };
const DESCRIPTOR = { uuid: 1, name: 2, parent: 5, counter: 8 };
const EVENT = { annotations: 4, type: 9, track: 11, categories: 22, name: 23, counterValue: 30 };
const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 };

interface Track {
  readonly name: string;
  readonly parent: number;
  readonly isCounter: boolean;
}
interface Event {
  readonly track: number;
  readonly type: number;
  readonly time: number;
  readonly name: string;
  readonly category: string;
}
interface Slice {
  readonly track: number;
  readonly name: string;
  readonly category: string;
  readonly from: number;
  readonly to: number;
}

let dump: Dump;
let summary: TraceSummary;
let packets: readonly (readonly Field[])[];
const tracks = new Map<number, Track>();
const events: Event[] = [];
const slices: Slice[] = [];

beforeAll(async () => {
  dump = await openFixture("demo-1.26-amd64");
  const trace = dump.trace.extract();
  if (!trace.found || !trace.whole) throw new Error("no trace");
  const { whole } = trace;
  summary = summarize(readGenerations(whole), (error) => {
    throw error;
  });
  const options = { format: "perfetto", marks: [{ time: summary.last, name: "death" }], functions: new Map() } as const;
  const file = Buffer.concat([...exportTrace(readGenerations(whole), options)]);
  packets = readMessage(file).map((field) => {
    if (field.number !== 1 || typeof field.value === "number") throw new Error("a trace has nothing but packets");
    return readMessage(field.value);
  });
  readTracks();
  readEvents();
}, 240_000);

/** Packets are tracks or events of one sequence; a track is described once, its group before it. @throws Error where one is not */
function readTracks(): void {
  for (const packet of packets) {
    if (numberOf(packet, PACKET.sequence) !== 1) throw new Error("a packet of no sequence");
    const descriptor = bytesOf(packet, PACKET.trackDescriptor);
    if (!descriptor) {
      if (!bytesOf(packet, PACKET.trackEvent)) throw new Error("a packet that is neither");
      continue;
    }
    const fields = readMessage(descriptor);
    const uuid = numberOf(fields, DESCRIPTOR.uuid) ?? 0;
    const parent = numberOf(fields, DESCRIPTOR.parent) ?? 0;
    if (!(uuid > 0 && Number.isSafeInteger(uuid)) || tracks.has(uuid)) throw new Error(`track ${uuid}`);
    if (parent !== 0 && !tracks.has(parent)) throw new Error(`track ${uuid} of an unknown group`);
    const isCounter = bytesOf(fields, DESCRIPTOR.counter) !== undefined;
    tracks.set(uuid, { name: textOf(fields, DESCRIPTOR.name) ?? "", parent, isCounter });
  }
}

/** Events are on tracks of their kind, in the trace's time; every slice that begins ends, and they nest. @throws Error where not */
function readEvents(): void {
  const span = summary.last - summary.first;
  for (const packet of packets) {
    const bytes = bytesOf(packet, PACKET.trackEvent);
    if (!bytes) continue;
    const fields = readMessage(bytes);
    const track = numberOf(fields, EVENT.track) ?? 0;
    const type = numberOf(fields, EVENT.type) ?? 0;
    const time = numberOf(packet, PACKET.timestamp) ?? Number.NaN;
    const described = tracks.get(track);
    if (!described || !(time >= 0 && time <= span)) throw new Error(`event on track ${track} at ${time}`);
    if (described.isCounter !== (type === TYPE.counter)) throw new Error(`type ${type} on ${described.name}`);
    if (type === TYPE.counter && numberOf(fields, EVENT.counterValue) === undefined) throw new Error("a counter without a value");
    for (const each of fields) if (each.number === EVENT.annotations) readMessage(each.value as Uint8Array);
    events.push({ track, type, time, name: textOf(fields, EVENT.name) ?? "", category: textOf(fields, EVENT.categories) ?? "" });
  }
  // As the trace processor does: by time, what is of one time in the order of the file.
  events.sort((a, b) => a.time - b.time);
  const open = new Map<number, Event[]>();
  for (const event of events) {
    const stack = open.get(event.track) ?? [];
    open.set(event.track, stack);
    if (event.type === TYPE.begin) stack.push(event);
    else if (event.type === TYPE.end) {
      const begun = stack.pop();
      if (!begun) throw new Error(`an end without a beginning on ${tracks.get(event.track)?.name}`);
      slices.push({ track: event.track, name: begun.name, category: begun.category, from: begun.time, to: event.time });
    }
  }
  for (const [track, stack] of open) if (stack.length > 0) throw new Error(`a slice without an end on ${tracks.get(track)?.name}`);
}

describe("a trace for Perfetto", () => {
  test("has six groups, and tracks for every goroutine and P", () => {
    const groups = [...tracks].filter(([, each]) => each.parent === 0);
    expect(groups).toHaveLength(6);
    const names = (group: string) => {
      const id = groups.find(([, each]) => each.name === group)?.[0];
      return [...tracks.values()].filter((each) => each.parent === id).map((each) => each.name.split(" ")[0]);
    };
    expect(names("Goroutines").sort()).toEqual(summary.goroutines.map((each) => `G${each.id}`).sort());
    expect(names("Ps (processors of the scheduler)").sort()).toEqual(summary.procs.map((each) => `P${each.id}`).sort());
  });

  test("marks the end at the last event", () => {
    expect(events.filter((each) => each.name === "death").map((each) => each.time)).toEqual([summary.last - summary.first]);
  });

  test("a goroutine's slices are as long as the summary has it running, waiting, in system calls", () => {
    const groupOf = (track: number) => tracks.get(tracks.get(track)?.parent ?? 0)?.name;
    const total = new Map<string, number>();
    for (const slice of slices) {
      if (groupOf(slice.track) !== "Goroutines") continue;
      const goroutine = /^G([0-9]+)/.exec(tracks.get(slice.track)?.name ?? "")?.[1];
      const key = `${goroutine} ${slice.category}`;
      total.set(key, (total.get(key) ?? 0) + slice.to - slice.from);
    }
    expect(summary.goroutines.length).toBeGreaterThan(20);
    for (const each of summary.goroutines) {
      for (const state of ["running", "runnable", "waiting", "syscall"] as const)
        expect(`${each.id} ${state} ${total.get(`${each.id} ${state}`) ?? 0}`).toBe(`${each.id} ${state} ${each[state]}`);
    }
  });

  test("regions, tasks, collections and pauses are there as often as the summary counts them", () => {
    const count = (group: string, category: string) =>
      slices.filter((each) => each.category === category && tracks.get(tracks.get(each.track)?.parent ?? 0)?.name === group).length;
    const sum = (rows: readonly { readonly count: number }[]) => rows.reduce((total, row) => total + row.count, 0);
    expect(count("User regions and logs", "region")).toBe(sum(summary.regions));
    expect(count("User tasks", "task")).toBe(sum(summary.tasks));
    expect(count("Garbage collection", "gc")).toBe(summary.gc.cycles.length);
    expect(count("Garbage collection", "stw")).toBe(sum(summary.gc.pauses));
  });
});
