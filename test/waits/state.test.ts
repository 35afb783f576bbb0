import { expect, test } from "vitest";
import { stateText } from "../../cli/views/blocked.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { WaitGroup, WaitKind } from "../../src/waits/groups.js";
import { endOfWait, stateOfObject } from "../../src/waits/state.js";
import { RecordBuilder } from "../support/record-builder.js";

const group = (kind: WaitKind, address: number): WaitGroup => ({ kind, address, members: [] });
const member = (goroutine: number, operation = "") => ({
  goroutine: { address: goroutine } as Goroutine,
  select: false,
  operation,
  role: "other" as const,
});

test.each<[WaitKind, string, Record<string, number>, string]>([
  ["channel", "hchan", {}, "unbuffered"],
  ["channel", "hchan", { qcount: 2, dataqsiz: 3, closed: 1, timer: 1 }, "2 of 3 buffered, closed, of a timer"],
  ["mutex", "syncMutex", { state: 0 }, "not locked, 0 waiting"],
  ["mutex", "syncMutex", { state: 1 + 4 + 16 }, "locked, 2 waiting, starving"],
  ["rwmutex", "syncRWMutex", {}, "not locked"],
  ["rwmutex", "syncRWMutex", { readerCount: 1, "w.state": 8 }, "held by 1 reader, 1 writer queued"],
  [
    "rwmutex",
    "syncRWMutex",
    { readerCount: 3 - 2 ** 30 + 2 ** 32, readerWait: 2 },
    "held by 2 readers, a writer waits for them, 1 reader behind it",
  ],
  ["rwmutex", "syncRWMutex", { readerCount: 2 ** 32 - 2 ** 30 }, "held by a writer"],
  ["waitgroup", "syncWaitGroup", { state: 2 * 2 ** 32 + 1 }, "counter 2, 1 waiting"],
  ["network", "pollDesc", { fd: 5, closing: 1 }, "file descriptor 5, closing"],
])("state of a %s in a %s of %o", (kind, struct, fields, text) => {
  const make = new RecordBuilder();
  const address = make.make(struct, fields);
  expect(stateText(stateOfObject(make.source(), group(kind, address)))).toBe(text);
});

test("a condition's state; what is not in the core, and what has none", () => {
  const make = new RecordBuilder();
  const condition = make.make("syncCond");
  make.set("notifyList", condition + 24, { wait: 4, notify: 1 });
  const source = make.source();
  expect(stateText(stateOfObject(source, group("cond", condition)))).toBe("3 waiting");
  expect(stateText(stateOfObject(source, group("mutex", 0x700000)))).toBe("not in the core");
  expect(stateText(stateOfObject(source, group("nil channel", 0)))).toBe("");
  expect(stateText(stateOfObject(source, group("sleep", condition)))).toBe("");
});

test("a wait ends by itself: a sleep, or at the deadline of its direction", () => {
  const make = new RecordBuilder();
  const g = make.make("g", { sleepWhen: 500 });
  const poll = make.make("pollDesc", { rd: 700, wd: 900 });
  const source = make.source();
  expect(endOfWait(source, group("sleep", 0), member(g))).toBe(500);
  expect(endOfWait(source, group("network", poll), member(g, "read"))).toBe(700);
  expect(endOfWait(source, group("network", poll), member(g, "write"))).toBe(900);
  expect(endOfWait(source, group("network", 0), member(g, "read"))).toBeUndefined();
  expect(endOfWait(source, group("channel", poll), member(g))).toBeUndefined();
});
