import { expect, test } from "vitest";
import type { Wait } from "../../src/runtime/wait.js";
import { waitGroups } from "../../src/waits/groups.js";
import { syncWait } from "../../src/waits/sync.js";
import { StoppedProgram } from "../support/stopped-program.js";

const LOCK = 0xc000900000;

/** What a goroutine waits for whose stack has these functions, innermost first, at a semaphore that lies so far in. */
function waitOf(within: number, ...functions: string[]) {
  const program = new StoppedProgram();
  for (const name of functions) program.add(name);
  const goroutine = program.stop(
    1,
    functions.map((name) => [name, 5] as const),
  );
  return syncWait(program.runtime(), goroutine, LOCK + within);
}

test.each([
  ["a mutex", 4, ["runtime.semacquire1", "internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock"], "mutex", "lock"],
  ["a group", 8, ["runtime.semacquire1", "sync.(*WaitGroup).Wait"], "waitgroup", "other"],
  ["readers", 12, ["sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock"], "rwmutex", "reader"],
  ["a writer", 8, ["sync.runtime_SemacquireRWMutex", "sync.(*RWMutex).Lock"], "rwmutex", "writer"],
  ["a writer behind another", 4, ["runtime.semacquire1", "sync.(*Mutex).Lock", "sync.(*RWMutex).Lock"], "rwmutex", "queued"],
] as const)("the lock of a semaphore is told by the methods on the stack: %s", (_, within, functions, kind, role) => {
  expect(waitOf(within, ...functions, "main.work")).toEqual({ kind, object: LOCK, role });
});

test("what calls no method of package sync waits for a semaphore; what lies outside the library does not count", () => {
  expect(waitOf(4, "runtime.semacquire1", "main.work", "sync.(*Mutex).Lock")).toEqual({
    kind: "semaphore",
    object: LOCK + 4,
    role: "other",
  });
});

test("goroutines by what they wait for; those without a place by their reason", () => {
  const program = new StoppedProgram();
  for (const name of ["internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", "main.work"]) program.add(name);
  const locked = [
    ["internal/sync.(*Mutex).lockSlow", 5],
    ["sync.(*Mutex).Lock", 5],
    ["main.work", 5],
  ] as const;
  const [a, b, c] = [program.stop(1, locked), program.stop(2, locked), program.stop(3, [])];
  const sleeper = Object.assign(program.stop(4, []), { waitReason: "sleep" });
  const condition = Object.assign(program.stop(5, []), { waitReason: "sync.Cond.Wait" });
  Object.assign(program.stop(6, []), { system: true });
  Object.assign(program.stop(7, []), { status: "running" });
  const wait = (goroutine: { address: number }, operation: Wait["operation"], object: number, select = false): Wait => ({
    goroutine: goroutine.address,
    object,
    operation,
    select,
    sudog: 0,
  });
  const waits = [
    wait(a, "semaphore", LOCK + 4),
    wait(b, "semaphore", LOCK + 4),
    wait(c, "receive", 0x9000, true),
    wait(c, "send", 0x9100, true),
    wait(condition, "condition", LOCK + 24),
  ];
  const groups = waitGroups(program.runtime(), waits).map(({ kind, address, members }) => [
    kind,
    address,
    members.map((each) => `${each.goroutine.id}${each.select ? " select" : ""} ${each.operation} ${each.role}`.replace("  ", " ")),
  ]);
  expect(groups).toEqual([
    ["mutex", LOCK, ["1 lock", "2 lock"]],
    ["channel", 0x9000, ["3 select receive other"]],
    ["channel", 0x9100, ["3 select send other"]],
    ["cond", LOCK, ["5 other"]],
    ["sleep", 0, [`${sleeper.id} other`]],
  ]);
});
