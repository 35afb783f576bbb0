import { expect, test } from "vitest";
import { Findings } from "../../../src/base/findings.js";
import { NOT_AN_ADDRESS } from "../../../src/base/units.js";
import type { DebugInfo } from "../../../src/dwarf/dwarf.js";
import type { Process } from "../../../src/process/process.js";
import { latestTime } from "../../../src/runtime/clock.js";
import { chain } from "../../../src/runtime/records/chain.js";
import { defersOf } from "../../../src/runtime/records/defer.js";
import { endedMachineAddresses, machineAddresses, readMachines } from "../../../src/runtime/records/machine.js";
import { panicsOf } from "../../../src/runtime/records/panic.js";
import { processorAddresses, readProcessors } from "../../../src/runtime/records/processor.js";
import { queuedSudogs, semaphoreSudogs, sudogsOf } from "../../../src/runtime/records/sudog.js";
import { RecordBuilder } from "../../support/record-builder.js";

test("a list ends at nil, at a circle and at its bound; of the last two somebody is told", () => {
  const links = new Map([
    [0x5000, 0x6000],
    [0x6000, 0x7000],
    [0x7000, 0],
  ]);
  const walk = (most: number) => {
    const told: number[] = [];
    return {
      all: [
        ...chain(
          0x5000,
          (at) => links.get(at) ?? 0,
          most,
          (at) => told.push(at),
        ),
      ],
      told,
    };
  };
  expect(walk(10)).toEqual({ all: [0x5000, 0x6000, 0x7000], told: [] });
  expect(walk(2)).toEqual({ all: [0x5000, 0x6000], told: [0x7000] });
  links.set(0x7000, 0x6000);
  expect(walk(10)).toEqual({ all: [0x5000, 0x6000, 0x7000], told: [0x6000] });
});

test("no record lies in the first page, and a link that is no address is told", () => {
  for (const link of [8, NOT_AN_ADDRESS]) {
    const told: number[] = [];
    const walk = (first: number, next: number) =>
      chain(
        first,
        () => next,
        10,
        (at) => told.push(at),
      );
    expect([...walk(link, 0)]).toEqual([]);
    expect([...walk(0x5000, link)]).toEqual([0x5000]);
    expect(told).toEqual([link, link]);
  }
});

test("g.waiting: the cases of a select in their order; a lock's sudog is the last, its waitlink leads to strangers", () => {
  const make = new RecordBuilder();
  const stranger = make.make("sudog", { c: 0x9000 });
  const lock = make.make("sudog", { elem: 0x8000, waitlink: stranger });
  const second = make.make("sudog", { c: 0x7000, elem: 0x7100, isSelect: 1, waitlink: lock });
  const first = make.make("sudog", { c: 0x6000, isSelect: 1, waitlink: second });
  const g = make.make("g", { waiting: first });
  make.set("sudog", first, { g });
  const found = [...sudogsOf(make.source(), g)];
  expect(found.map((each) => [each.address, each.channel, each.element, each.isSelect])).toEqual([
    [first, 0x6000, 0, true],
    [second, 0x7000, 0x7100, true],
    [lock, 0, 0x8000, false],
  ]);
  expect(found[0]?.goroutine).toBe(g);
});

test("a queue of a channel that runs in a circle is told", () => {
  const make = new RecordBuilder();
  const last = make.make("sudog", { g: 0x6000 });
  const first = make.make("sudog", { g: 0x5000, next: last });
  expect([...queuedSudogs(make.source(), first)].map((each) => each.goroutine)).toEqual([0x5000, 0x6000]);
  make.set("sudog", last, { next: first });
  const told: number[] = [];
  expect([...queuedSudogs(make.source(), first, (at) => told.push(at))]).toHaveLength(2);
  expect(told).toEqual([first]);
});

test("semaphores: every root's treap, with those behind each node; all are of the node's semaphore", () => {
  const make = new RecordBuilder();
  const behind = make.make("sudog", { g: 0x5300 });
  const left = make.make("sudog", { g: 0x5100, elem: 0xa100 });
  const right = make.make("sudog", { g: 0x5200, elem: 0xa200, waitlink: behind });
  const root = make.make("sudog", { g: 0x5000, elem: 0xa000, prev: left, next: right });
  make.global("runtime.semtable", 0, root, 0, 0);
  const type = { kind: "array", count: 2, element: { size: 16 } };
  const source = { ...make.source(), binary: { from: "dwarf" as const, debug: { global: () => ({ type }) } as unknown as DebugInfo } };
  const told: number[] = [];
  const found = () => [...semaphoreSudogs(source, (at) => told.push(at))].map((each) => [each.goroutine, each.element]);
  expect(found().sort()).toEqual([
    [0x5000, 0xa000],
    [0x5100, 0xa100],
    [0x5200, 0xa200],
    [0x5300, 0xa200],
  ]);
  expect(told).toEqual([]);
  make.set("sudog", left, { prev: root });
  expect(found()).toHaveLength(4);
  expect(told).toEqual([root]);
});

test("deferred calls, the first to run first, with the words that point", () => {
  const make = new RecordBuilder();
  const outer = make.make("_defer", { sp: 0x200, fn: 0x9100 });
  const inner = make.make("_defer", { heap: 1, sp: 0x100, fn: 0x9000, link: outer });
  const g = make.make("g", { _defer: inner });
  const [first, second, ...rest] = [...defersOf(make.source(), g)];
  expect(rest).toEqual([]);
  expect(first).toEqual({
    address: inner,
    closure: 0x9000,
    sp: 0x100,
    inHeap: true,
    slots: { holder: g + 24, closure: inner + 24, next: inner + 32 },
  });
  expect(second).toMatchObject({ address: outer, closure: 0x9100, inHeap: false, slots: { holder: inner + 32 } });
});

test("panics, the last one first; the list ends before a record that is not in the core", () => {
  const make = new RecordBuilder();
  const first = make.make("_panic", { repanicked: 1, link: 0x700000 });
  const last = make.make("_panic", { recovered: 1, link: first });
  const g = make.make("g", { _panic: last });
  expect([...panicsOf(make.source(), g)]).toEqual([
    { address: last, value: last + 8, recovered: true, goexit: false, repanicked: false },
    { address: first, value: first + 8, recovered: false, goexit: false, repanicked: true },
  ]);
  const older = new RecordBuilder("_panic.repanicked");
  const only = older.make("_panic", { goexit: 1 });
  const [found] = [...panicsOf(older.source(), older.make("g", { _panic: only }))];
  expect(found).toMatchObject({ goexit: true, repanicked: false });
});

test("threads: along allm with the kernel's thread of each; those that have ended in a list of their own", () => {
  const make = new RecordBuilder();
  const signalStack = make.make("g", { "stack.lo": 0x7000, "stack.hi": 0x8000 });
  const old = make.make("m", { id: 0, procid: 41, gsignal: signalStack, incgo: 1 });
  // It has only begun: its number is not told yet, but it handles a signal.
  const young = make.make("m", { id: 1, gsignal: signalStack, dying: 1, alllink: old });
  const ended = make.make("tracedM", { procid: 40 });
  make.global("runtime.allm", young);
  make.global("runtime.sched", 0, ended);
  const source = make.source();
  expect([...machineAddresses(source)]).toEqual([young, old]);
  expect([...endedMachineAddresses(source)]).toEqual([ended]);
  const threads = [41, 42].map((tid) => ({ tid, registers: { sp: tid === 42 ? 0x7f00 : 0x100 } }));
  const process = { memory: source.memory, threads } as unknown as Process;
  const findings = new Findings();
  const machines = readMachines({ layout: source.layout, process }, findings);
  expect(machines.map(({ id, tid, dying, inC, thread }) => [id, tid, dying, inC, thread?.tid])).toEqual([
    [1, 42, 1, false, 42],
    [0, 41, 0, true, 41],
  ]);
  expect(findings.list()).toEqual([]);
});

test("two threads of the runtime with one number are told", () => {
  const make = new RecordBuilder();
  make.global("runtime.allm", make.make("m", { id: 3, procid: 1, alllink: make.make("m", { id: 3, procid: 2 }) }));
  const { layout, memory } = make.source();
  const findings = new Findings();
  expect(readMachines({ layout, process: { memory, threads: [] } as unknown as Process }, findings)).toHaveLength(2);
  expect(findings.list()).toMatchObject([{ code: "thread-odd", partial: true }]);
});

test("a thread's record that is missing is told, and ends the list", () => {
  const make = new RecordBuilder();
  make.global("runtime.allm", make.make("m", { procid: 1, alllink: 0x700000 }));
  const { layout, memory } = make.source();
  const findings = new Findings();
  expect(readMachines({ layout, process: { memory, threads: [] } as unknown as Process }, findings)).toHaveLength(1);
  expect(findings.list().map((each) => each.code)).toEqual(["thread-missing"]);
});

test("a list of threads whose beginning is not in the core is told, and empty", () => {
  const make = new RecordBuilder();
  make.global("runtime.allm", make.make("m", { procid: 1 }));
  const { layout, memory } = make.source();
  const holed = Object.assign(Object.create(memory), { tryAddress: () => undefined }) as typeof memory;
  const findings = new Findings();
  expect(readMachines({ layout, process: { memory: holed, threads: [] } as unknown as Process }, findings)).toEqual([]);
  expect(findings.list()).toMatchObject([{ code: "thread-missing", message: "the list of the runtime's threads is not in the core" }]);
  const lost: number[] = [];
  expect([...machineAddresses({ layout, memory: holed }, (at) => lost.push(at))]).toEqual([]);
  expect(lost).toEqual([layout.global("runtime.allm")]);
});

test("processors: those of allp that are not nil; the latest time that one of them noted", () => {
  const make = new RecordBuilder();
  const list = make.memory.allocate(24);
  const first = make.make("processor", { id: 0, status: 1, m: 0x5000, schedwhen: 700, "trace.inSweep": 1 });
  const second = make.make("processor", { id: 2, status: 3, syscallwhen: 900 });
  make.memory.words(list, first, 0, second);
  make.global("runtime.allp", list, 3, 3);
  make.global("runtime.sched", 800);
  const source = make.source();
  expect([...processorAddresses(source)]).toEqual([first, second]);
  expect(readProcessors(source)).toEqual([
    { id: 0, status: 1, machine: 0x5000, inSweep: true },
    { id: 2, status: 3, machine: 0, inSweep: false },
  ]);
  expect(latestTime(source)).toBe(900);
});
