import { expect, test } from "vitest";
import { MemoryFault } from "../../../src/base/errors.js";
import { readChannel, tryChannel } from "../../../src/runtime/records/channel.js";
import { conditionOf, notifyListOf, notifySudogs, waitingFor } from "../../../src/runtime/records/condition.js";
import { bubbleOf, goroutineId, machineOf, savedFault, wakeTime } from "../../../src/runtime/records/goroutine.js";
import { mutexOf, readMutex, readRWMutex, readWaitGroup, rwMutexOf, waitGroupOf } from "../../../src/runtime/records/lock.js";
import { polledBy, readPollDescriptor } from "../../../src/runtime/records/poll-descriptor.js";
import { RecordBuilder } from "../../support/record-builder.js";

const NOWHERE = 0x700000;

test("a channel", () => {
  const make = new RecordBuilder();
  const address = make.make("hchan", {
    qcount: 2,
    dataqsiz: 5,
    buf: 0x9000,
    closed: 1,
    elemtype: 0x8000,
    recvx: 3,
    "recvq.first": 0x5000,
    "sendq.first": 0x6000,
  });
  const source = make.source();
  expect(readChannel(source, address)).toEqual({
    address,
    length: 2,
    capacity: 5,
    closed: true,
    ofTimer: false,
    buffer: 0x9000,
    receiveIndex: 3,
    elementType: 0x8000,
    firstReceiver: 0x5000,
    firstSender: 0x6000,
  });
  expect(tryChannel(source, NOWHERE)).toBeUndefined();
  expect(() => readChannel(source, NOWHERE)).toThrow(MemoryFault);
});

test("a timer's channel, in releases that tell", () => {
  const make = new RecordBuilder();
  const address = make.make("hchan", { timer: 0x9000 });
  expect(tryChannel(make.source(), address)?.ofTimer).toBe(true);
  const older = new RecordBuilder("hchan.timer");
  expect(tryChannel(older.source(), older.make("hchan"))?.ofTimer).toBe(false);
});

test("the state of a mutex: locked, starving, and who waits", () => {
  const make = new RecordBuilder();
  const state = (value: number) => readMutex(make.source(), make.make("syncMutex", { state: value }));
  expect(state(0)).toEqual({ locked: false, starving: false, waiting: 0 });
  expect(state(1 + 3 * 8)).toEqual({ locked: true, starving: false, waiting: 3 });
  expect(state(1 + 2 + 4 + 8)).toEqual({ locked: true, starving: true, waiting: 1 });
  // So many wait that the number's highest bit is set.
  expect(state(0x80000001)?.waiting).toBe(2 ** 28);
  expect(readMutex(make.source(), NOWHERE)).toBeUndefined();
});

test("a rwmutex: held by readers, by readers before a writer, by a writer", () => {
  const make = new RecordBuilder();
  const state = (fields: Record<string, number>) => readRWMutex(make.source(), make.make("syncRWMutex", fields));
  const base = { writer: "none", readersWaiting: 0, writersQueued: 0 };
  expect(state({})).toEqual({ ...base, readers: 0 });
  expect(state({ readerCount: 2 })).toEqual({ ...base, readers: 2 });
  // Five readers were counted when the writer came: two of them still hold it, three came later.
  expect(state({ readerCount: 5 - 2 ** 30 + 2 ** 32, readerWait: 2, "w.state": 1 + 8 })).toEqual({
    readers: 2,
    writer: "announced",
    readersWaiting: 3,
    writersQueued: 1,
  });
  expect(state({ readerCount: 1 - 2 ** 30 + 2 ** 32 })).toEqual({ readers: 0, writer: "holds", readersWaiting: 1, writersQueued: 0 });
});

test("a wait group's counter is in the upper half of its state", () => {
  const make = new RecordBuilder();
  const address = make.make("syncWaitGroup", { state: 3 * 2 ** 32 + 2 });
  expect(readWaitGroup(make.source(), address)).toEqual({ counter: 3, waiting: 2 });
});

test("locks and conditions by what waits in them; none in a program without", () => {
  const source = new RecordBuilder().source();
  expect([mutexOf(source, 0x9004), waitGroupOf(source, 0x9008), conditionOf(source, 0x9018), notifyListOf(source, 0x9000)]).toEqual([
    0x9000, 0x9000, 0x9000, 0x9018,
  ]);
  expect((["w.sema", "writerSem", "readerSem"] as const).map((each) => rwMutexOf(source, 0x9010, each))).toEqual([0x900c, 0x9008, 0x9004]);
  const none = new RecordBuilder("syncMutex", "syncRWMutex", "syncWaitGroup", "syncCond").source();
  expect([mutexOf(none, 1), waitGroupOf(none, 1), conditionOf(none, 1), rwMutexOf(none, 1, "w.sema")]).toEqual(Array(4).fill(undefined));
});

test("a condition: tickets given out and not called, which may have run over", () => {
  const make = new RecordBuilder();
  const address = make.make("syncCond");
  const second = make.make("sudog", { g: 0x6000 });
  make.set("notifyList", address + 24, { wait: 1, notify: 0xfffffffe, head: make.make("sudog", { g: 0x5000, next: second }) });
  const source = make.source();
  expect(waitingFor(source, address)).toBe(3);
  expect([...notifySudogs(source, address + 24)].map((each) => each.goroutine)).toEqual([0x5000, 0x6000]);
  expect(waitingFor(source, NOWHERE)).toBeUndefined();
});

test("a poll descriptor: a deadline that has passed is none", () => {
  const make = new RecordBuilder();
  const address = make.make("pollDesc", { fd: 7, closing: 1, rg: 0x5000, wg: 0x6000, rd: 900, wd: -1 });
  const source = make.source();
  expect(readPollDescriptor(source, address)).toEqual({ fileDescriptor: 7, closing: true, readDeadline: 900, writeDeadline: undefined });
  expect([0x5000, 0x6000, 0x7000].map((g) => polledBy(source, address, g))).toEqual(["read", "write", undefined]);
  expect(polledBy(source, NOWHERE, 0x5000)).toBeUndefined();
});

test("a goroutine's number, thread, bubble and fault", () => {
  const make = new RecordBuilder();
  const bubble = make.make("bubble", { id: 3 });
  const g = make.make("g", { goid: 18, m: 0x9000, bubble, sig: 11, sigcode0: 1, sigcode1: -1, sigpc: 0x401000 });
  const calm = make.make("g");
  const source = make.source();
  expect([goroutineId(source, g), goroutineId(source, 0), machineOf(source, g), bubbleOf(source, g), bubbleOf(source, calm)]).toEqual([
    18,
    undefined,
    0x9000,
    3,
    0,
  ]);
  expect(savedFault(source, g)).toEqual({ signo: 11, code: 1, pc: 0x401000, address: 2n ** 64n - 1n });
  expect(savedFault(source, calm)).toBeUndefined();
  const older = new RecordBuilder("bubble", "g.bubble");
  expect(bubbleOf(older.source(), older.make("g"))).toBe(0);
});

test("when a sleep ends: in the g, or in the timer of older releases", () => {
  const make = new RecordBuilder();
  expect(wakeTime(make.source(), make.make("g", { sleepWhen: 500 }))).toBe(500);
  expect(wakeTime(make.source(), make.make("g"))).toBeUndefined();
  const older = new RecordBuilder("g.sleepWhen");
  const timer = older.make("timer", { when: 600 });
  expect(wakeTime(older.source(), older.make("g", { timer }))).toBe(600);
  expect(wakeTime(older.source(), older.make("g", { timer: NOWHERE }))).toBeUndefined();
});
