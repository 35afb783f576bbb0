import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventText } from "../../cli/views/trace-event.js";
import { ByteWriter } from "../../src/base/byte-writer.js";
import { FormatError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { scanPrefix } from "../../src/recorder/prefix.js";
import { orderPrefix } from "../../src/recorder/prefix-order.js";
import { describeEvent } from "../../src/trace/describe.js";
import { editBatches } from "../../src/trace/edit-batches.js";
import { EV, SPECS } from "../../src/trace/events.js";
import { exportTrace } from "../../src/trace/export.js";
import { readHeader, type TraceFormat, writeHeader } from "../../src/trace/format.js";
import { Generation } from "../../src/trace/generation.js";
import { Ordering } from "../../src/trace/order.js";
import { readBatches, readGenerations } from "../../src/trace/reader.js";
import { summarize } from "../../src/trace/summary.js";
import { type Batch, cursor, readVarint } from "../../src/trace/wire.js";
import { clock, type Event, events, file, strings, THREAD_A, THREAD_B, twoThreads } from "./samples.js";

const FORMATS: readonly TraceFormat[] = [22, 23, 25, 26];

/** Names of a trace's events in order. */
function namesOf(bytes: Uint8Array): string[] {
  const names: string[] = [];
  const ordering = new Ordering((event) => names.push(`${SPECS[event.type]?.name} m${event.m} g${event.g}`));
  for (const generation of readGenerations(bytesSource("t", bytes))) ordering.run(generation);
  return names;
}

function verdict(bytes: Uint8Array): string {
  try {
    namesOf(bytes);
    return "accepted";
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.message;
  }
}

describe("numbers on the wire", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = new ByteWriter().varint(value).done();
        expect(readVarint(bytes, 0, bytes.length)).toBe(value);
        expect(cursor.at).toBe(bytes.length);
        for (let end = 0; end < bytes.length; end++) expect(readVarint(bytes, 0, end)).toBe(-1);
      }),
    );
  });

  it("write no thread as 2^64-1", () => {
    expect([...new ByteWriter().varint(-1).done()]).toEqual([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
  });

  it("headers come back, other files and older formats are refused with what would be right", () => {
    for (const format of FORMATS) expect(readHeader(writeHeader(format), "t")).toBe(format);
    expect(() => readHeader(new TextEncoder().encode("go 1.21 trace\0\0\0"), "t")).toThrow(/old format/);
    expect(() => readHeader(new TextEncoder().encode("\x7fELF............"), "t")).toThrow(/no Go execution trace/);
  });
});

describe("a trace of two threads", () => {
  const expected = [
    `ProcStatus m${THREAD_A} g-1`,
    `GoStatus m${THREAD_A} g-1`,
    `ProcStatus m${THREAD_B} g-1`,
    `GoCreate m${THREAD_A} g1`,
    `GoStart m${THREAD_B} g-1`,
    `GoBlock m${THREAD_B} g12`,
    `GoUnblock m${THREAD_A} g1`,
    `UserLog m${THREAD_A} g1`,
    `GoStart m${THREAD_B} g-1`,
    `GoDestroy m${THREAD_B} g12`,
  ];

  it.each(FORMATS)("is put into order, format 1.%i", (format) => {
    expect(namesOf(file(format, [twoThreads(format)])).sort()).toEqual([...expected].sort());
  });

  it("keeps its order by sequence numbers when one thread's clock is wrong", () => {
    for (const skew of [-900, -50, 50, 5000]) {
      const names = namesOf(file(26, [twoThreads(26, skew)]));
      const at = (name: string) => names.indexOf(name);
      expect(at(`GoCreate m${THREAD_A} g1`)).toBeLessThan(at(`GoStart m${THREAD_B} g-1`));
      expect(at(`GoBlock m${THREAD_B} g12`)).toBeLessThan(at(`GoUnblock m${THREAD_A} g1`));
      expect(at(`GoUnblock m${THREAD_A} g1`)).toBeLessThan(names.lastIndexOf(`GoStart m${THREAD_B} g-1`));
    }
  });

  it("has strictly increasing times", () => {
    let last = 0;
    const ordering = new Ordering((event) => {
      expect(event.time).toBeGreaterThan(last);
      last = event.time;
    });
    for (const generation of readGenerations(bytesSource("t", file(26, [twoThreads(26, 50)])))) ordering.run(generation);
    expect(last).toBeGreaterThan(0);
  });

  it("goes on over generations", () => {
    expect(namesOf(file(26, [twoThreads(26), twoThreads(26, 0, 2)]))).toHaveLength(19);
    expect(namesOf(file(22, [twoThreads(22), twoThreads(22, 0, 2)]))).toHaveLength(19);
  });

  it("is summed up", () => {
    const source = bytesSource("t", file(26, [twoThreads(26)]));
    const summary = summarize(readGenerations(source), String);
    expect(summary.problem).toBe("");
    expect(summary.events).toBe(10);
    expect(summary.logs.last).toMatchObject([{ goroutine: 1, key: "key", value: "value" }]);
    const second = summary.goroutines.find((each) => each.id === 12);
    expect(second).toMatchObject({ state: "gone", function: "main.main" });
    expect(second?.waits).toMatchObject([{ reason: "chan receive", count: 1 }]);
    expect(second?.running).toBe((10 + 10) * 64);
  });

  it("is told in words", () => {
    const texts: string[] = [];
    const ordering = new Ordering((event) => texts.push(eventText(describeEvent(event, 0, true))));
    for (const generation of readGenerations(bytesSource("t", file(26, [twoThreads(26)])))) ordering.run(generation);
    expect(texts).toContain("creates goroutine 12: main.main");
    expect(texts).toContain("log key: value");
    expect(texts).toContain("blocks (chan receive)");
  });
});

describe("what golang.org/x/exp/trace refuses is refused", () => {
  const good = twoThreads(26);
  const without = (index: number) => good.filter((_, i) => i !== index);
  const [sync, a, b, texts, frames] = good as [Batch, Batch, Batch, Batch, Batch];
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["nothing", file(26, [good]), /accepted/],
    ["the end of a generation", file(26, [good]).slice(0, -1), /incomplete generation/],
    ["the clock", file(26, [without(0)]), /no frequency event found/],
    ["the clock, in format 1.22", file(22, [twoThreads(22).slice(1)]), /no frequency event found/],
    ["a clock that is there twice", file(26, [[...good, sync]]), /multiple frequency events/],
    ["a string that is there twice", file(26, [[...good, texts]]), /multiple strings with the same ID/],
    ["a stack that is there twice", file(26, [[...good, frames]]), /multiple stacks with the same ID/],
    ["the strings", file(26, [without(3)]), /invalid func string ID/],
    ["the stacks", file(26, [without(4)]), /invalid stack ID/],
    ["thread A", file(26, [without(1)]), /failed to advance/],
    ["thread B", file(26, [without(2)]), /failed to advance/],
    ["a batch that is there twice", file(26, [[...good, b]]), /./],
    ["an event's end", file(26, [[sync, { ...a, data: a.data.slice(0, -1) }, b, texts, frames]]), /invalid uvarint/],
    ["a middle generation, format 1.23", file(23, [twoThreads(23), twoThreads(23, 0, 3)]), /out of order/],
    [
      "a status of a goroutine nobody knows",
      file(26, [good, [...twoThreads(26, 0, 2), events(2, -1, 1, [[EV.GoStatus, 0, 99, -1, 4]])]]),
      /new goroutine after the first/,
    ],
  ];
  it.each(cases)("%s", (name, bytes, pattern) => {
    expect(verdict(bytes)).toMatch(pattern);
    if (name === "a batch that is there twice") expect(verdict(bytes)).not.toBe("accepted");
  });

  it("cut at every byte, and changed at every byte: an answer or a FormatError, never anything else", () => {
    for (const format of FORMATS) {
      const whole = file(format, [twoThreads(format), twoThreads(format, 0, 2)]);
      for (let length = 0; length < whole.length; length++) verdict(whole.slice(0, length));
      for (let at = 0; at < whole.length; at++) {
        for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
          const changed = whole.slice();
          changed[at] = value;
          verdict(changed);
        }
      }
    }
  });
});

describe("what cannot be put into order is repaired", () => {
  const repair = (batches: readonly Batch[], format: TraceFormat = 26) => {
    const generation = new Generation(1, format, "t");
    for (const batch of batches) generation.add(batch);
    generation.finish();
    return { generation, repaired: new Ordering(() => {}).repair(generation) };
  };

  it("nothing is changed in a generation that is whole", () => {
    const { repaired } = repair(twoThreads(26));
    expect(repaired.trimmed).toBeUndefined();
    expect(repaired.changed.size).toBe(0);
  });

  it("a thread is cut where what it waits for is lost, and what was lost is counted", () => {
    const good = twoThreads(26);
    const { repaired } = repair(good.filter((_, i) => i !== 1)); // thread A, which makes goroutine 12
    expect(repaired.trimmed).toMatchObject({ events: 4, span: 220 * 64 });
    const rest = [clock(1, 26), ...[...repaired.batches.values()].flat(), good[3], good[4]];
    expect(namesOf(file(26, [rest]))).toEqual([`ProcStatus m${THREAD_B} g-1`]);
  });

  it("a goroutine back from a system call whose P nobody took gives the P up itself", () => {
    const batches = [
      clock(1, 22),
      events(1, THREAD_A, 1000, [
        [EV.ProcStatus, 0, 0, 1],
        [EV.GoStatus, 0, 1, THREAD_A, 2],
        [EV.GoSyscallBegin, 5, 1, 0],
        [EV.GoSyscallEndBlocked, 50],
      ]),
      strings(1, { 1: "x" }),
    ];
    expect(verdict(file(22, [batches]))).toMatch(/failed to advance/);
    const { repaired } = repair(batches, 22);
    expect(repaired).toMatchObject({ stops: 1, trimmed: undefined });
    const repairedBytes = [clock(1, 22), ...[...repaired.batches.values()].flat()];
    expect(namesOf(file(22, [repairedBytes])).slice(-2)).toEqual([`ProcStop m${THREAD_A} g1`, `GoSyscallEndBlocked m${THREAD_A} g1`]);
  });
});

describe("threads that wait for each other", () => {
  // Of two threads the later one's last event lets the earlier go on: that event is progress, though its thread is gone after it.
  const waiting = (ends: number): readonly Batch[] => [
    clock(1, 26),
    events(1, THREAD_A, 1000, [
      [EV.ProcStatus, 0, 0, 1],
      [EV.GoStatus, 0, 1, THREAD_A, 2],
      [EV.GoCreate, 1, 2, 0, 0],
      [EV.GoUnblock, 1, 2, 2, 0],
    ]),
    events(1, THREAD_B, 1000, [
      [EV.ProcStatus, 0, 1, 1],
      [EV.GoStart, 500, 2, 1],
      [EV.GoBlock, 10, 1, 0],
    ]),
    // Threads that have long said their last.
    ...Array.from({ length: ends }, (_, i) => events(1, 300 + i, 1000, [[EV.ProcStatus, 0, 2 + i, 2]])),
    strings(1, { 1: "chan receive" }),
  ];

  it.each([0, 1, 5])("the last event of a later thread is no standstill, %i other threads", (others) => {
    expect(namesOf(file(26, [waiting(others)])).slice(-2)).toEqual([`GoBlock m${THREAD_B} g2`, `GoUnblock m${THREAD_A} g1`]);
    const generation = new Generation(1, 26, "t");
    for (const batch of waiting(others)) generation.add(batch);
    generation.finish();
    const repaired = new Ordering(() => {}).repair(generation);
    expect(repaired).toMatchObject({ trimmed: undefined, stops: 0, regionEvents: 0 });
  });
});

describe("regions that end out of order", () => {
  const region = (type: number, dt: number, name: number): Event => [type, dt, 0, name, 0];
  const crossing = (generation: number): readonly Event[] => [
    region(EV.UserRegionBegin, 10, 1),
    region(EV.UserRegionBegin, 10, 2),
    [EV.UserLog, 10, 0, 3, 3, 0],
    region(EV.UserRegionEnd, 10, 1),
    [EV.UserLog, 10, 0, 3, 3, 0],
    region(EV.UserRegionEnd, 10, 2),
    [EV.HeapAlloc, 10, generation],
  ];
  const crossed = (generation: number): readonly Batch[] => [
    clock(generation, 26),
    events(generation, THREAD_A, 1000 + generation * 10_000, [
      [EV.ProcStatus, 0, 0, 1],
      [EV.GoStatus, 0, 1, THREAD_A, 2],
      ...crossing(generation),
    ]),
    strings(generation, { 1: "outer", 2: "inner", 3: "x" }),
  ];
  const timesOf = (bytes: Uint8Array) => {
    const times: [string, number][] = [];
    const ordering = new Ordering((event) => times.push([SPECS[event.type]?.name ?? "", Math.round(event.time / 64)]));
    for (const generation of readGenerations(bytesSource("t", bytes))) ordering.run(generation);
    return times;
  };

  it("are read, each end with the beginning it names", () => {
    const told: string[] = [];
    const summary = summarize(readGenerations(bytesSource("t", file(26, [crossed(1)]))), String, ({ name }) => told.push(name));
    expect(summary.problem).toBe("");
    expect(told).toEqual(["outer"]);
    expect(summary.regions).toMatchObject([
      { name: "inner", count: 1, open: 0, total: 40 * 64 },
      { name: "outer", count: 1, open: 0, total: 30 * 64 },
    ]);
    // A slice of Perfetto's lies within the one below it: this one gets a track of its own.
    const json = Buffer.concat([
      ...exportTrace(readGenerations(bytesSource("t", file(26, [crossed(1)]))), { format: "chrome", marks: [], functions: new Map() }),
    ]).toString();
    const slices = (JSON.parse(json) as { traceEvents: { cat?: string; name: string; tid: number }[] }).traceEvents;
    const tracks = new Set(slices.filter((each) => each.cat === "region").map((each) => each.tid));
    expect(tracks.size).toBe(2);
  });

  it("cost their own two events in a generation that is repaired, and move no other in time", () => {
    const whole = crossed(1);
    const generation = new Generation(1, 26, "t");
    for (const batch of whole) generation.add(batch);
    generation.finish();
    const repaired = new Ordering(() => {}).repair(generation);
    expect(repaired).toMatchObject({ regionEvents: 2, trimmed: undefined, misplaced: { name: "outer", goroutine: 1 } });
    const repairedBytes = file(26, [[clock(1, 26), ...[...repaired.batches.values()].flat(), whole[2]]]);
    const left = new Set(timesOf(repairedBytes).map(String));
    const all = timesOf(file(26, [whole]));
    expect(all.map(String).filter((each) => !left.has(each))).toHaveLength(2);
    expect(left.size).toBe(all.length - 2);
    const misplaced: unknown[] = [];
    const again = new Ordering(
      () => {},
      (each) => misplaced.push(each),
    );
    for (const each of readGenerations(bytesSource("t", repairedBytes))) again.run(each);
    expect(misplaced).toEqual([]);
  });

  it("cost the same in generations that were passed on before the crash, and the others stay as they are", () => {
    const findings = new Findings();
    const plain = (generation: number): readonly Batch[] => [
      clock(generation, 26),
      events(generation, THREAD_A, 1000 + generation * 10_000, [
        [EV.ProcStatus, 0, 0, 1],
        [EV.GoStatus, 0, 1, THREAD_A, 2],
        [EV.HeapAlloc, 10, generation],
      ]),
    ];
    const bytes = file(26, [plain(1), crossed(2), plain(3), crossed(4), plain(5)]);
    const given = scanPrefix(bytesSource("t", bytes), 26, findings);
    const { prefix, dropped } = orderPrefix(given, 99, findings);
    if (!prefix) throw new Error("no prefix");
    expect(dropped).toBe(16);
    expect(prefix.same).toBe(given.generations[1]?.from);
    expect(findings.list()).toMatchObject([{ code: "trace-regions", count: 4, partial: true }]);
    const repairedBytes = prefix.source.read(0, prefix.source.size);
    expect(prefix.keep).toBe(repairedBytes.length);
    expect(timesOf(repairedBytes)).toHaveLength(timesOf(bytes).length - 4);
    for (const { number, from, to } of prefix.generations) {
      const old = given.generations.find((each) => each.number === number) as (typeof given.generations)[number];
      const same = Buffer.compare(repairedBytes.subarray(from, to), bytes.subarray(old.from, old.to)) === 0;
      expect([number, same]).toEqual([number, number % 2 === 1]);
    }
  });

  it("whatever is left out of batches or put in, all other events keep their times", () => {
    const stop = Uint8Array.of(EV.ProcStop, 0);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.constantFrom("keep", "drop", "put")), { minLength: 1, maxLength: 30 }), (list) => {
        const bytes = new ByteWriter();
        const edits: { batch: number; at: number; put?: Uint8Array }[] = [];
        const wanted: number[] = [];
        let time = 0;
        list.forEach(([dt, what], i) => {
          const at = bytes.length;
          bytes.byte(EV.HeapAlloc).varint(dt).varint(i);
          time += dt;
          if (what === "put") edits.push({ batch: 0, at, put: stop });
          if (what === "drop") edits.push({ batch: 0, at });
          else wanted.push(time);
        });
        const batch: Batch = { generation: 1, m: 1, time: 0, experiment: 0, data: bytes.done() };
        const [edited] = editBatches([batch], edits.reverse());
        const { data } = edited;
        const times: number[] = [];
        let now = 0;
        let stops = 0;
        for (let at = 0; at < data.length; ) {
          now += readVarint(data, at + 1, data.length);
          if (data[at] === EV.ProcStop) stops++;
          else {
            times.push(now);
            readVarint(data, cursor.at, data.length);
          }
          at = cursor.at;
        }
        expect(times).toEqual(wanted);
        expect(stops).toBe(edits.filter((each) => each.put).length);
      }),
    );
  });
});

describe("batches", () => {
  it("are found again whatever the size of the file's windows", () => {
    const many = Array.from({ length: 3000 }, (_, i) => strings(1, { [i + 1]: "x".repeat(1000) }));
    const bytes = file(26, [[clock(1, 26), ...many]]);
    expect(bytes.length).toBeGreaterThan(2 << 20);
    const found = [...readBatches(bytesSource("t", bytes))];
    expect(found).toHaveLength(3002);
    expect(found.reduce((sum, batch) => sum + batch.wireSize, 16)).toBe(bytes.length);
  });
});
