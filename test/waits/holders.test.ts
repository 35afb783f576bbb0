import { expect, test } from "vitest";
import { holderText } from "../../cli/views/blocked.js";
import { Findings } from "../../src/base/findings.js";
import { NONE } from "../../src/base/units.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { Futures } from "../../src/waits/futures.js";
import type { WaitGroup, WaitKind } from "../../src/waits/groups.js";
import { findHolders } from "../../src/waits/holders.js";
import type { Role } from "../../src/waits/sync.js";
import { StoppedProgram } from "../support/stopped-program.js";

/** No object lies in a span. */
const spans = { find: () => NONE } as unknown as GoRuntime["spans"];

const group = (kind: WaitKind, address: number, role: Role, operation: string, ...goroutines: Goroutine[]): WaitGroup => ({
  kind,
  address,
  members: goroutines.map((goroutine) => ({ goroutine, select: false, operation, role })),
});

/** Two locks of a program in which main.hold goes on to unlock the first, and main.lose locked it and only waits. */
function locks() {
  const program = new StoppedProgram();
  const lock = program.records.make("syncMutex", { state: 1 });
  const other = program.records.make("syncMutex", { state: 1 });
  program.add("runtime.gopark");
  program.add("main.hold", { call: "main.park" }, { argument: lock }, { call: "sync.(*Mutex).Unlock" });
  program.add("main.lose", { argument: lock }, { call: "sync.(*Mutex).Lock" }, { call: "main.park" });
  program.add("main.want", { argument: other }, { call: "sync.(*Mutex).Lock" });
  return { program, lock, other };
}

test("a goroutine that goes on to unlock it has the lock", () => {
  const { program, lock } = locks();
  const goroutine = program.stop(1, [
    ["runtime.gopark", 1],
    ["main.hold", 5],
  ]);
  const { releases, uses } = new Futures(program.runtime()).of(goroutine, []);
  expect(releases).toEqual([{ object: lock, mode: "write", deferred: false, where: "main.hold at main.go:7" }]);
  expect(uses).toEqual([]);
});

test("a lock that was taken on every way to here, and not released", () => {
  const { program, lock } = locks();
  const goroutine = program.stop(1, [
    ["runtime.gopark", 1],
    ["main.lose", 17],
  ]);
  const futures = new Futures(program.runtime());
  expect(futures.of(goroutine, []).releases).toEqual([]);
  expect(futures.past(goroutine, [])).toEqual([{ object: lock, mode: "write", where: "main.lose at main.go:7" }]);
});

test("a deferred call releases its lock when the function returns", () => {
  const { program, lock } = locks();
  const closure = program.records.memory.allocate(16);
  program.records.memory.word(closure, program.add("main.work.func1", { argument: lock }, { call: "sync.(*Mutex).Unlock" }).entry);
  const work = program.add("main.work", { call: "main.park" }, { call: "runtime.deferreturn" });
  Object.assign(work, { deferreturn: 5 });
  const goroutine = program.stop(1, [
    ["runtime.gopark", 1],
    ["main.work", 5],
  ]);
  const frame = goroutine.unwound().frames[1];
  program.records.set("g", goroutine.address, { _defer: program.records.make("_defer", { fn: closure, sp: frame?.sp ?? 0 }) });
  expect(new Futures(program.runtime()).of(goroutine, []).releases).toEqual([
    { object: lock, mode: "write", deferred: true, where: "main.work" },
  ]);
});

test("holders: who releases it; else who is seen to have taken it; nobody when it is not locked", () => {
  const { program, lock, other } = locks();
  const waiting = program.stop(1, [["runtime.gopark", 1]]);
  const holding = program.stop(2, [
    ["runtime.gopark", 1],
    ["main.hold", 5],
  ]);
  const groups = [group("mutex", lock, "lock", "", waiting), group("mutex", other, "lock", "", holding)];
  const found = () =>
    groups.map((each) =>
      (findHolders(program.runtime({ spans }), groups, new Findings()).of.get(each) ?? []).map((holder) => [
        holder.goroutine.id,
        holder.evidence,
      ]),
    );
  expect(found()).toEqual([[[2, "releases"]], []]);
  program.records.set("syncMutex", lock, { state: 0 });
  expect(found()).toEqual([[], []]);
});

test("holders: taken and lost", () => {
  const { program, lock, other } = locks();
  const waiting = program.stop(1, [["runtime.gopark", 1]]);
  const losing = program.stop(2, [
    ["runtime.gopark", 1],
    ["main.lose", 17],
  ]);
  const groups = [group("mutex", lock, "lock", "", waiting), group("mutex", other, "lock", "", losing)];
  const { of: holders } = findHolders(program.runtime({ spans }), groups, new Findings());
  expect(groups.map((each) => holders.get(each)?.map(({ goroutine, ...held }) => [goroutine.id, held.evidence, holderText(held)]))).toEqual(
    [[[2, "taken", "took it: main.lose at main.go:7"]], undefined],
  );
});

test("holders of a channel: who goes on to send to it before who has a reference; who only receives helps no receiver", () => {
  const program = new StoppedProgram();
  const channel = program.records.make("hchan");
  program.add("runtime.gopark");
  program.add("main.send", { call: "main.park" }, { argument: channel }, { call: "runtime.chansend1" });
  program.add("main.receive", { call: "main.park" }, { argument: channel }, { call: "runtime.chanrecv1" });
  const stop = (id: number, name: string) =>
    program.stop(id, [
      ["runtime.gopark", 1],
      [name, 5],
    ]);
  const waiting = program.stop(1, [["runtime.gopark", 1]]);
  const sender = stop(2, "main.send");
  stop(3, "main.receive");
  const groups = [group("channel", channel, "other", "receive", waiting)];
  const runtime = program.runtime({ spans });
  const found = findHolders(runtime, groups, new Findings()).of.get(groups[0]);
  expect(found?.map(({ goroutine, evidence, operations }) => [goroutine.id, evidence, operations])).toEqual([
    [sender.id, "uses", ["send"]],
  ]);
});

test("an announced writer holds up all but writers", () => {
  const program = new StoppedProgram();
  const lock = program.records.make("syncRWMutex", { readerCount: 1 - 2 ** 30 + 2 ** 32, readerWait: 1 });
  program.add("runtime.gopark");
  const [writer, reader] = [program.stop(1, [["runtime.gopark", 1]]), program.stop(2, [["runtime.gopark", 1]])];
  const both: WaitGroup = {
    kind: "rwmutex",
    address: lock,
    members: [
      { goroutine: writer, select: false, operation: "", role: "writer" },
      { goroutine: reader, select: false, operation: "", role: "reader" },
    ],
  };
  const found = findHolders(program.runtime({ spans }), [both], new Findings()).of.get(both);
  expect(found?.map((each) => [each.goroutine.id, each.evidence, each.mode])).toEqual([[1, "announced", "write"]]);
});

test("of many goroutines in one place one is followed before the others: who holds the lock stands elsewhere", () => {
  const { program, lock } = locks();
  const waiting = [1, 2, 3, 4].map((id) =>
    program.stop(id, [
      ["runtime.gopark", 1],
      ["main.want", 17],
    ]),
  );
  program.stop(5, [
    ["runtime.gopark", 1],
    ["main.hold", 5],
  ]);
  const each = group("mutex", lock, "lock", "", ...waiting);
  const runtime = program.runtime({ spans });
  const tries = Array.from({ length: 100 }, (_, most) => findHolders(runtime, [each], new Findings(), most));
  const first = tries.find(({ of }) => of.get(each));
  expect(first?.of.get(each)?.[0]).toMatchObject({ goroutine: { id: 5 }, evidence: "releases" });
  expect(first?.unfollowed).toBe(3);
  expect(tries.at(-1)?.unfollowed).toBe(0);
});
