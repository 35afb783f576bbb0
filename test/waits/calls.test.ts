import { expect, test } from "vitest";
import type { FutureCall } from "../../src/runtime/code/future.js";
import type { GoFunction } from "../../src/runtime/functions.js";
import { CallReader, endsOf, heldModes } from "../../src/waits/calls.js";
import { RecordBuilder } from "../support/record-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

const OBJECT = 0xc000900000;

/** What a call of a function means, with these words as its arguments. */
function effect(name: string, ...words: number[]) {
  const program = new StoppedProgram();
  const target = program.add(name);
  const within = program.add("main.work");
  const call: FutureCall = {
    pc: within.entry,
    within,
    target,
    closures: [],
    argument: (index) => words[index] ?? Number.NaN,
    word: (address) => address + 1,
  };
  return new CallReader(program.runtime()).effect(call);
}

test.each([
  ["sync.(*Mutex).Lock", { action: "take", mode: "write", object: OBJECT }],
  ["sync.(*Mutex).Unlock", { action: "release", mode: "write", object: OBJECT }],
  ["internal/sync.(*Mutex).unlockSlow", { action: "release", mode: "write", object: OBJECT }],
  ["sync.(*RWMutex).RLock", { action: "take", mode: "read", object: OBJECT }],
  ["sync.(*RWMutex).rUnlockSlow", { action: "release", mode: "read", object: OBJECT }],
  ["sync.(*WaitGroup).Done", { action: "release", mode: "done", object: OBJECT }],
  ["sync.(*Cond).Broadcast", { action: "use", uses: [{ object: OBJECT, operation: "signal" }] }],
  ["sync.runtime_notifyListNotifyOne", { action: "use", uses: [{ object: OBJECT - 24, operation: "signal" }] }],
  ["sync.(*Cond).Wait", { action: "nothing" }],
  ["sync.(*Once).doSlow", { action: "enter" }],
  ["runtime.chansend1", { action: "use", uses: [{ object: OBJECT, operation: "send" }] }],
  ["runtime.closechan", { action: "use", uses: [{ object: OBJECT, operation: "close" }] }],
  ["runtime.gopanic", { action: "never" }],
  ["os.Exit", { action: "never" }],
  ["runtime.mallocgc", { action: "nothing" }],
  ["main.other", { action: "enter" }],
])("%s", (name, expected) => {
  expect(effect(name, OBJECT)).toEqual(expected);
});

test("adding to a group takes it, adding less than nothing releases it", () => {
  const add = (delta: number) => effect("sync.(*WaitGroup).Add", OBJECT, delta);
  expect(add(1)).toEqual({ action: "take", mode: "done", object: OBJECT });
  expect([add(-1), add(2 ** 64 - 1)].map((each) => each.action)).toEqual(["release", "release"]);
  expect(add(Number.NaN)).toEqual({ action: "nothing" });
});

test("a select: the channels it sends to come first", () => {
  expect(effect("runtime.selectgo", 0x9000, 0, 0, 1, 2)).toEqual({
    action: "use",
    uses: [
      { object: 0x9001, operation: "send" },
      { object: 0x9011, operation: "receive" },
      { object: 0x9021, operation: "receive" },
    ],
  });
  expect(effect("runtime.selectgo", 0x9000)).toEqual({ action: "use", uses: [] });
});

test("what ends a wait", () => {
  expect(["receive", "send", ""].map((each) => [...endsOf(each)])).toEqual([["send", "close"], ["receive", "close"], ["signal"]]);
});

test("how a lock can be held as it is", () => {
  const make = new RecordBuilder();
  const mutex = (state: number) => [...heldModes(make.source(), "mutex", make.make("syncMutex", { state }))];
  expect([mutex(0), mutex(1), mutex(8)]).toEqual([[], ["write"], []]);
  const lock = (readerCount: number, readerWait = 0) => [
    ...heldModes(make.source(), "rwmutex", make.make("syncRWMutex", { readerCount: readerCount >>> 0, readerWait })),
  ];
  expect([lock(0), lock(2), lock(-(2 ** 30)), lock(1 - 2 ** 30, 1)]).toEqual([[], ["read"], ["write"], ["read"]]);
  expect([...heldModes(make.source(), "mutex", 0x700000)]).toEqual(["read", "write"]);
});

test("following a function matters when it, or what it calls, waits or wakes", () => {
  const program = new StoppedProgram();
  const [work, middle, idle, send] = ["main.work", "main.middle", "main.idle", "runtime.chansend1"].map((name) => program.add(name));
  const calls = new Map<GoFunction | undefined, (GoFunction | undefined)[]>([
    [work, [middle]],
    [middle, [send]],
  ]);
  const reader = () => new CallReader(program.runtime());
  const targets = (fn: GoFunction) => (calls.get(fn) ?? []) as GoFunction[];
  expect(reader().mayMatter(work, 1, targets)).toBe(true);
  expect(reader().mayMatter(work, 0, targets)).toBe(false);
  expect(reader().mayMatter(idle, 3, targets)).toBe(false);
  expect(reader().mayMatter(idle, 0, () => undefined)).toBe(true);
});
