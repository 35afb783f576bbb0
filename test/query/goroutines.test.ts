import { beforeAll, describe, expect, test } from "vitest";
import { blockedCommand } from "../../cli/commands/blocked.js";
import { deathCommand } from "../../cli/commands/death.js";
import { goroutineCommand } from "../../cli/commands/goroutine.js";
import { goroutinesCommand } from "../../cli/commands/goroutines.js";
import { leakedCommand } from "../../cli/commands/leaked.js";
import { threadsCommand } from "../../cli/commands/threads.js";
import { tracebackCommand } from "../../cli/commands/traceback.js";
import { makePage } from "../../cli/text/style.js";
import { textWidth } from "../../cli/text/table.js";
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { blocked } from "../../src/query/blocked.js";
import { death } from "../../src/query/death.js";
import { goroutine } from "../../src/query/goroutine.js";
import { goroutines } from "../../src/query/goroutines.js";
import { leaked } from "../../src/query/leaked.js";
import { threads } from "../../src/query/threads.js";
import { printedName, traceback } from "../../src/query/traceback.js";
import { goroutinePlace } from "../../src/stacks/goroutine-place.js";
import { fixture, openFixture } from "../support/dump-cache.js";

const all = { group: false, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: 0 } as const;

describe.each(["zoo-1.21-amd64", "zoo-1.26-amd64", "zoo-1.26-arm64", "zoo-1.27-amd64"])("%s", (name) => {
  let dump: Dump;
  const { truth } = fixture(name);
  beforeAll(async () => {
    dump = await openFixture(name);
  });
  const context = () => ({ progress: silent, findings: dump.findings });

  const finalizing = () =>
    dump.runtime.goroutines.all.filter(
      (each) => !each.system && /^runtime[.]run(?:finq|Finalizers|Cleanups)$/.test(dump.runtime.functions.find(each.startPc)?.name ?? ""),
    ).length;

  test("the program's goroutines are those it counted", () => {
    const { rows, total } = goroutines.run(dump, all, context());
    // Running a finalizer or cleanup makes a goroutine of the runtime one of the program; NumGoroutine counts it by its start.
    expect(total.user).toBe(truth.goroutines + finalizing());
    expect(rows.length).toBe(total.user);
    expect(rows.every((row) => row.frames.length > 0 && row.top !== undefined)).toBe(true);
    expect(goroutines.run(dump, { ...all, system: true }, context()).total.matching).toBe(dump.runtime.goroutines.all.length);
  });

  test("groups hold every goroutine once, and selections agree with the rows", () => {
    const { rows } = goroutines.run(dump, all, context());
    const { groups, total } = goroutines.run(dump, { ...all, group: true }, context());
    expect(groups?.reduce((sum, each) => sum + each.count, 0)).toBe(rows.length);
    expect(groups?.length).toBe(total.groups);
    const sending = goroutines.run(dump, { ...all, reason: "^chan send" }, context()).rows;
    expect(sending.map((row) => row.id)).toEqual(rows.filter((row) => row.waitReason.startsWith("chan send")).map((row) => row.id));
    expect(sending.length).toBeGreaterThan(0);
    const running = goroutines.run(dump, { ...all, status: ["running"] }, context()).rows;
    expect(running.every((row) => row.status === "running")).toBe(true);
    expect(goroutines.run(dump, { ...all, minWaitNanoseconds: 1e18 }, context()).rows).toEqual([]);
  });

  test("every command says the same of where a goroutine is", () => {
    const { rows } = goroutines.run(dump, { ...all, system: true }, context());
    for (const row of rows)
      expect([row.id, row.top?.function, row.top?.line]).toEqual([
        row.id,
        goroutinePlace(dump, row.id).function,
        goroutinePlace(dump, row.id).line,
      ]);
    expect(rows.filter((row) => /gopark|corostart|gowrap/.test(row.top?.function ?? ""))).toEqual([]);
  });

  test("a group names the goroutine that started it only when one started all of it", () => {
    const { groups } = goroutines.run(dump, { ...all, group: true }, context());
    for (const group of groups ?? []) {
      const parents = new Set(group.ids.map((id) => dump.runtime.goroutines.find(id)?.parentId ?? 0));
      if (group.count > group.ids.length) continue;
      expect(group.createdBy?.goroutine ?? 0).toBe(parents.size === 1 && group.createdBy ? [...parents][0] : 0);
    }
  });

  test("it died of a panic, in main", () => {
    expect(death.run(dump, {}, context())).toMatchObject({
      kind: "panic",
      summary: "panic: the zoo is closed in goroutine 1 (main.main)",
      panics: [{ text: "the zoo is closed", type: "string" }],
      goroutine: { id: 1 },
      top: { function: "main.main" },
    });
  });

  test("a goroutine that is not there is told with its neighbours", () => {
    expect(() => goroutine.run(dump, { id: 999_999, depth: 1 }, context())).toThrow(/999999/);
  });

  test("every text fits 80 columns and holds no control character", () => {
    const page = makePage(80, false);
    const texts = [
      goroutinesCommand.text(goroutines.run(dump, { ...all, system: true }, context()), page),
      goroutinesCommand.text(goroutines.run(dump, { ...all, group: true }, context()), page),
      ...dump.runtime.goroutines.all
        .slice(0, 20)
        .map(({ id }) => goroutineCommand.text(goroutine.run(dump, { id, depth: 2 }, context()), page)),
      deathCommand.text(death.run(dump, {}, context()), page),
      threadsCommand.text(threads.run(dump, { top: 0, registers: true }, context()), page),
      blockedCommand.text(blocked.run(dump, { top: 0 }, context()), page),
      leakedCommand.text(leaked.run(dump, { top: 0, retains: false }, context()), page),
    ];
    for (const line of texts.flat()) {
      expect(/[\p{Cc}\p{Cf}]/u.test(line)).toBe(false);
      expect(textWidth(line)).toBeLessThanOrEqual(80);
      expect(line).toBe(line.trimEnd());
    }
  });

  test("the traceback has a block for each goroutine of the program", () => {
    const { rows, head } = traceback.run(dump, { level: "all" }, context());
    expect(head).toEqual(["panic: the zoo is closed"]);
    expect(rows[0]?.lines[0]).toBe("goroutine 1 [running]:");
    expect(rows.length).toBe(truth.goroutines + finalizing());
    const lines = tracebackCommand.text({ rows, head }, makePage(80, false));
    expect(lines.filter((line) => /^goroutine \d+ \[.*\]:$/.test(line)).length).toBe(rows.length);
    expect(lines.some((line) => /^\truntime[/]proc[.]go/.test(line))).toBe(false);
  });

  test("listing goroutines reads no heap", () => {
    const guarded = Object.defineProperties(Object.create(dump) as Dump, {
      heap: { get: () => expect.unreachable("the heap was read") },
      retention: { get: () => expect.unreachable("the heap was read") },
    });
    goroutines.run(guarded, { ...all, group: true, focus: "main" }, context());
    goroutines.run(guarded, all, context());
    goroutine.run(guarded, { id: 1, depth: 2 }, context());
    traceback.run(guarded, { level: "crash" }, context());
    threads.run(guarded, { top: 0, registers: false }, context());
    death.run(guarded, {}, context());
    blocked.run(guarded, { top: 0 }, context());
  });
});

test("function names are written as the runtime writes them", () => {
  expect(printedName("runtime.gopanic")).toBe("panic");
  expect(printedName("main.Map[go.shape.int,go.shape.[]string].func1")).toBe("main.Map[...].func1");
  expect(printedName("main.(*Set[go.shape.int]).Add")).toBe("main.(*Set[...]).Add");
  expect(printedName("main.(*Set[go.shape.int]).Map[go.shape.string]")).toBe("main.(*Set[...]).Map[...]");
  expect(printedName("main.f")).toBe("main.f");
});
