import { expect, test } from "vitest";
import { waitText } from "../../cli/views/waits.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { FrameRow, GoroutineReader } from "../../src/stacks/goroutine-rows.js";
import type { Cycle } from "../../src/waits/cycles.js";
import type { WaitGroup, WaitKind } from "../../src/waits/groups.js";
import type { Evidence, Holder } from "../../src/waits/holders.js";
import { judgeWaits } from "../../src/waits/rules.js";
import type { WaitFinding } from "../../src/waits/wait-finding.js";
import { RecordBuilder } from "../support/record-builder.js";

/** A process by hand: goroutines by number, each at "main.f<number>" unless told, and what they wait for. */
class Waiting {
  private readonly make = new RecordBuilder();
  private readonly goroutines = new Map<number, Goroutine>();
  private readonly groups: WaitGroup[] = [];
  private readonly holders = new Map<WaitGroup, Holder[]>();
  private readonly places = new Map<number, string>();
  private readonly waits = new Map<number, number>();
  cycles: Cycle[] = [];
  isAllAsleep = false;
  unfollowed = 0;
  specials: { kind: string }[] = [];

  goroutine(id: number, status = "waiting", waitReason = "", entry = "main.main"): Goroutine {
    const known = this.goroutines.get(id);
    if (known) return known;
    const made = { id, status, waitReason, system: false, unwound: () => ({ frames: [{ fn: { name: entry } }] }) } as unknown as Goroutine;
    this.goroutines.set(id, made);
    return made;
  }

  /** They stand in one function. */
  at(name: string, ...ids: number[]): this {
    for (const id of ids) this.places.set(id, name);
    return this;
  }

  since(nanoseconds: number, ...ids: number[]): this {
    for (const id of ids) this.waits.set(id, nanoseconds);
    return this;
  }

  /** @returns the address of the thing */
  thing(kind: WaitKind, fields: Record<string, number>, waiting: readonly number[], operation = ""): number {
    const struct = { mutex: "syncMutex", rwmutex: "syncRWMutex", waitgroup: "syncWaitGroup", channel: "hchan" }[kind as "mutex"];
    const address = struct ? this.make.make(struct, fields) : 0;
    const members = waiting.map((id) => ({ goroutine: this.goroutine(id), select: false, operation, role: "other" as const }));
    this.groups.push({ kind, address, members });
    return address;
  }

  held(address: number, by: number, evidence: Evidence, operations: Holder["operations"] = []): this {
    const group = this.groups.find((each) => each.address === address) as WaitGroup;
    const holder = { goroutine: this.goroutine(by), evidence, mode: undefined, operations } as unknown as Holder;
    this.holders.set(group, [...(this.holders.get(group) ?? []), holder]);
    return this;
  }

  findings(): readonly WaitFinding[] {
    const rowOf = (id: number): FrameRow => {
      const name = this.places.get(id) ?? `main.f${id}`;
      return { function: name, file: "main.go", line: name.length, inlined: false, pc: "0x1" };
    };
    // The frames of a fake goroutine are its number.
    const frames = new Map([...this.goroutines.values()].map((each) => [each.unwound().frames, each.id]));
    const reader = {
      rowsOf: (of: unknown) => [rowOf(frames.get(of as never) ?? 0)],
      topOf: (rows: readonly FrameRow[]) => rows[0],
      creatorOf: () => undefined,
      waitOf: ({ id }: Goroutine) => this.waits.get(id),
    } as unknown as GoroutineReader;
    for (const each of this.goroutines.values()) {
      const own = each.unwound().frames as unknown as { slice: () => unknown };
      own.slice = () => own;
      each.unwound = () => ({ frames: own }) as never;
      frames.set(own as never, each.id);
    }
    const source = this.make.source();
    const runtime = { ...source, goroutines: { all: [...this.goroutines.values()] }, specials: this.specials } as unknown as GoRuntime;
    return judgeWaits({
      runtime,
      groups: this.groups,
      holders: this.holders,
      unfollowed: this.unfollowed,
      cycles: this.cycles,
      reader,
      names: () => ({ text: "", kind: "" }),
      isAllAsleep: this.isAllAsleep,
    });
  }
}

const short = (found: readonly WaitFinding[]) => found.map(({ rule, goroutines, certainty }) => `${rule} ${goroutines} ${certainty}`);
const LOCKED = { state: 1 };

test("a convoy is told by its last holder, with all behind him; a lock that is held for a moment is not", () => {
  const of = new Waiting().at("main.put", 1, 2, 3);
  const first = of.thing("mutex", LOCKED, [1, 2, 3]);
  const second = of.thing("mutex", LOCKED, [4]);
  of.held(first, 4, "deferred").held(second, 5, "releases");
  of.thing("channel", {}, [5], "receive");
  const found = of.findings();
  expect(short(found)).toEqual(["lock-convoy 4 strong"]);
  const [convoy] = found;
  expect(convoy.rule === "lock-convoy" && convoy.figures.chain.map((each) => each.holder.id)).toEqual([4, 5]);
  expect(convoy.at?.function).toBe("main.put");

  const brief = new Waiting();
  const lock = brief.thing("mutex", LOCKED, [1, 2, 3]);
  brief.goroutine(9, "running");
  brief.held(lock, 9, "deferred");
  expect(brief.findings()).toEqual([]);
  // The same for a second or more is one.
  expect(short(brief.since(2e9, 1).findings())).toEqual(["lock-convoy 3 strong"]);
});

test("a writer that is announced stands behind a reader: the reader is the end", () => {
  const of = new Waiting();
  const lock = of.thing("rwmutex", { readerCount: 2 ** 32 + 1 - 2 ** 30, readerWait: 1 }, [1, 2, 3]);
  of.goroutine(7, "waiting", "sleep");
  of.held(lock, 3, "announced").held(lock, 7, "releases");
  const [found] = of.findings();
  expect(found.rule === "lock-convoy" && found.figures.chain.map((each) => each.holder.id)).toEqual([3, 7]);
  expect(found.goroutines).toBe(3);
});

test("a circle comes first, with those who wait behind it, and its locks are no convoy", () => {
  const of = new Waiting().at("main.send", 10, 11, 12, 13, 14, 15);
  const a = of.thing("mutex", LOCKED, [1, 3, 4]);
  const b = of.thing("mutex", LOCKED, [2]);
  of.held(a, 2, "deferred").held(b, 1, "deferred");
  of.thing("channel", {}, [10, 11, 12, 13, 14, 15], "send");
  const step = (id: number, at: number) => ({
    id,
    waitsFor: `0x${at.toString(16)}` as const,
    reason: "",
    why: "",
    evidence: "deferred" as const,
  });
  of.cycles = [{ goroutines: [step(1, a), step(2, b)], involved: [1, 2], certainty: "strong" } as unknown as Cycle];
  const found = of.findings();
  expect(short(found)).toEqual(["deadlock 4 strong", "blocked-senders 6 likely"]);
  expect(found[0].signature).toMatch(/^[0-9a-f]{12}$/);
  expect(found[0].signature).not.toBe(found[1].signature);
  expect(waitText(found[0]).title).toMatch(
    /^deadlock: 2 goroutines wait for each other, 2 more wait behind them .*goroutine 1 .* held by goroutine 2 .* held by goroutine 1$/,
  );
});

test("nobody left: a lock that is locked, a counter above 0; not one that was given back, nor one that somebody counts down", () => {
  const of = new Waiting();
  of.thing("mutex", LOCKED, [1, 2]);
  of.thing("mutex", { state: 0 }, [3]);
  of.thing("waitgroup", { state: 2 * 2 ** 32 + 1 }, [4]);
  const counted = of.thing("waitgroup", { state: 2 ** 32 + 1 }, [5]);
  of.held(counted, 6, "releases");
  const found = of.findings();
  expect(short(found)).toEqual(["nobody-left 2 likely", "nobody-left 1 likely"]);
  // One that was not followed may have the lock.
  of.unfollowed = 1;
  expect(of.findings()).toEqual([]);
  expect(waitText(found[1]).title).toContain("whose counter is 2");
  expect(waitText(found[1]).title).toMatch(/^goroutine 4 waits /);
});

test("senders: many before a receiver that is elsewhere, a few that nobody serves; not workers that wait for work", () => {
  const of = new Waiting().at("main.log", 1, 2, 3, 4, 5);
  const full = of.thing("channel", { qcount: 2, dataqsiz: 2 }, [1, 2, 3, 4, 5], "send");
  of.held(full, 9, "uses", ["receive"]);
  of.thing("channel", {}, [20, 21, 22], "receive");
  const [found, ...more] = of.findings();
  expect(more).toEqual([]);
  expect(short([found])).toEqual(["blocked-senders 5 strong"]);
  expect(waitText(found).title).toMatch(
    /blocked sending to a full channel \(2 of 2\): main.log .*its receiver, goroutine 9, is at main.f9/,
  );
  const few = new Waiting();
  const served = few.at("main.send", 1, 2, 3).thing("channel", {}, [1, 2, 3], "send");
  few.held(served, 9, "uses", ["receive"]);
  few.thing("channel", {}, [4], "send");
  expect(few.findings()).toEqual([]);
});

test("a nil channel, a finalizer and a cleanup that do not return", () => {
  const of = new Waiting().at("main.receive", 1, 2);
  of.thing("nil channel", {}, [1, 2]);
  of.goroutine(8, "waiting", "IO wait", "runtime.runFinalizers");
  of.goroutine(9, "running", "", "runtime.runCleanups");
  of.specials = [{ kind: "finalizer" }, { kind: "finalizer-queue" }, { kind: "finalizer-queue" }];
  const found = of.findings();
  expect(waitText(found[1]).title).toMatch(/2 are queued$/);
  expect(short(found)).toEqual(["nil-channel 2 strong", "stalled-finalizer 1 strong"]);
  expect(waitText(found[1])).toMatchObject({ next: "goroutine CORE 8" });
});

test("all asleep: where they stand, the most frequent place first; a circle says more", () => {
  const of = new Waiting().at("main.run", 2, 3, 4);
  of.thing("channel", {}, [1, 2, 3, 4], "receive");
  expect(of.findings()).toEqual([]);
  of.isAllAsleep = true;
  const [found] = of.findings();
  expect(short([found])).toEqual(["all-asleep 4 strong"]);
  expect(waitText(found).title).toMatch(/^4 goroutines \(100%\) all wait.*: 3 in main\.run main\.go:8.*, 1 in main\.f1 /);
});
