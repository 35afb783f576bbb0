/**
 * Goroutines and deaths: a program that dies in every way, on every release, against what its runtime printed and what it set up.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import type { Death } from "../../src/crash/cause.js";
import { type Dump, openDump } from "../../src/dump.js";
import { blocked } from "../../src/query/blocked.js";
import { death } from "../../src/query/death.js";
import { goroutines } from "../../src/query/goroutines.js";
import { leaked } from "../../src/query/leaked.js";
import { threads } from "../../src/query/threads.js";
import { traceback } from "../../src/query/traceback.js";
import { missingGo, nameOf, releases, rotate } from "../support/dump-cache.js";
import { compareSystemStacks, compareText, parseSystemStacks } from "../support/traceback.js";

const full = process.env.CORESCOPE_TIER === "full";

/** What each way to die has to be called; panics and signals by their facts. */
const deaths: Readonly<Record<string, { readonly kind: Death["kind"]; readonly summary: RegExp; readonly types?: readonly string[] }>> = {
  string: { kind: "panic", summary: /^panic: two \.\.\. in goroutine 1 \(main\.die\)$/, types: ["string"] },
  error: { kind: "panic", summary: /^panic: code 42 in goroutine 1/, types: ["*main.coded"] },
  nested: {
    kind: "panic",
    summary: /^panic: cleaning up: second in goroutine 1 \(main\.nested\)$/,
    types: ["string", "*fmt.wrapError"],
  },
  repanic: { kind: "panic", summary: /^panic: code 7 in goroutine 1 \(main\.repanic\)$/, types: ["*main.coded", "*main.coded"] },
  nil: {
    kind: "panic",
    summary: /^panic: runtime error: invalid memory address or nil pointer dereference in goroutine 1 \(main\.die\)$/,
    types: ["runtime.errorString"],
  },
  mapwrite: { kind: "fatal error", summary: /^fatal error: concurrent map writes in goroutine \d+ \(main\.mapWrite\.func1\)$/ },
  deadlock: { kind: "fatal error", summary: /^fatal error: all goroutines are asleep - deadlock!/ },
  outside: { kind: "signal", summary: /^SIGABRT: abort, sent by process \d+/ },
  quit: { kind: "signal", summary: /^SIGQUIT: quit, sent by process \d+/ },
  alive: { kind: "alive", summary: /^alive when dumped$/ },
  memory: { kind: "fatal error", summary: /^fatal error: runtime: (?:out of memory|cannot allocate memory) in goroutine 1 \(main\.die\)$/ },
  limit: {
    kind: "fatal error",
    summary: /^fatal error: (?:runtime: )?(?:out of memory|cannot allocate memory) in goroutine 1 \(main\.limit\)$/,
  },
  storm: {
    kind: "panic",
    summary: /^panic: runtime error: invalid memory address or nil pointer dereference in goroutine 1 \(main\.storm\)$/,
    types: ["runtime.errorString"],
  },
  long: { kind: "panic", summary: /^panic: cannot parse [0-9a-f]{287}\.\.\. \(1,048,589 bytes\) in goroutine 1 \(main\.die\)$/ },
  general: { kind: "fatal error", summary: /^fatal error: fault in goroutine 1 \(main\.general\)$/ },
  "kill segv": { kind: "signal", summary: /^SIGSEGV: segmentation violation, raised by itself/ },
  "kill sys": { kind: "signal", summary: /^SIGSYS: bad system call, raised by itself/ },
  "raise trap": {
    kind: "signal",
    summary: /^SIGTRAP: trace trap, raised by itself, which interrupted goroutine 1 \(main\.signalItself\)$/,
  },
  "raise abrt": { kind: "signal", summary: /^SIGABRT: abort, raised by itself, which interrupted goroutine 1 \(main\.signalItself\)$/ },
  overflow: { kind: "fatal error", summary: /^fatal error: stack overflow in goroutine 1 \(main\.overflow\)$/ },
};

const wishes: DumpWish[] = rotate(Object.keys(deaths), full).map(({ kind, go }) => ({ program: "deaths", go, args: kind.split(" ") }));
for (const go of full ? releases : ["1.21.13", "1.26.8"])
  wishes.push({ program: "deaths", go, args: ["string"], flags: ["-gcflags=all=-N -l"] });
if (full) for (const go of ["1.21.13", "1.24.13", "1.27.2"]) wishes.push({ program: "deaths", go, args: ["nil"], arch: "arm64" });

for (const wish of wishes) {
  const missing = (await missingGo(wish.go)) ?? (wish.args?.includes("alive") ? await whyNoTool("gcore") : undefined);
  const name = nameOf(wish);
  const kind = wish.args?.join(" ") ?? "string";
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let truth: { readonly pid?: number; readonly parent?: number; readonly goroutines?: number };
    let stderr: string;
    const context = () => ({ progress: silent, findings: dump.findings });
    const all = { group: false, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: 0 } as const;

    beforeAll(async () => {
      const made = await makeDump(wish);
      truth = made.truth;
      stderr = readFileSync(made.stderr, "utf8");
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
    });
    afterAll(() => dump?.close());

    it("writes the runtime's own text, letter by letter", () => {
      // A living program has printed runtime.Stack of all, and gone on in the first goroutine.
      const lives = kind === "alive";
      const rows = traceback.run(dump, { level: lives ? "all" : "crash" }, context()).rows.filter((each) => !(lives && each.id === 1));
      expect(compareText(lives ? stderr.replace(/^goroutine 1 [\s\S]*?\n\n/m, "") : stderr, rows)).toEqual([]);
      expect(rows.length).toBeGreaterThan(50);
    });

    it("knows what killed it", () => {
      const answer = death.run(dump, {}, context());
      const wanted = deaths[kind];
      expect(answer).toMatchObject({ kind: wanted.kind, summary: expect.stringMatching(wanted.summary) });
      if (wanted.types) expect(answer.panics.map((each) => each.type)).toEqual(wanted.types);
      if (/^(?:outside|quit)$/.test(kind) && wish.arch !== "arm64")
        expect(answer.signal).toMatchObject({
          name: kind === "quit" ? "SIGQUIT" : "SIGABRT",
          senderPid: truth.parent,
          sender: "another process",
        });
      if (kind === "nil" || kind === "storm")
        expect(answer.signal).toMatchObject({ name: "SIGSEGV", address: "0x8", place: { kind: "nil", offset: 8 } });
      if (kind === "general") {
        expect(answer.signal).toMatchObject({ name: "SIGSEGV", code: 128, place: { kind: "not-told" } });
        expect(answer.signal).not.toHaveProperty("address");
      }
      if (/^(?:kill|raise) /.test(kind)) expect(answer.signal).toMatchObject({ sender: "itself", senderPid: truth.pid });
      const head = traceback.run(dump, { level: "all" }, context()).head.filter((line) => !line.startsWith("[signal"));
      // Of a long text the beginning is read; how long it is stands behind it.
      const cut = /\.\.\. \([\d,]+ bytes in all\)$/;
      for (const line of head.filter((each) => !cut.test(each))) expect(stderr.split("\n")).toContain(line);
      for (const line of head.filter((each) => cut.test(each))) expect(stderr).toContain(line.replace(cut, ""));
    });

    it("lists the program's goroutines, with creators and labels", () => {
      const { rows, total } = goroutines.run(dump, all, context());
      expect(rows.length).toBe(total.user);
      if (kind !== "mapwrite" && kind !== "storm") expect(total.user).toBe(truth.goroutines);
      const labelled = rows.filter((row) => Object.keys(row.labels).length > 0);
      expect(labelled.map((row) => row.labels)).toEqual([{ request: "42", user: "ann" }]);
      const worker = rows.find((row) => row.top?.function === "main.worker");
      expect(worker).toMatchObject({ waitReason: "chan receive", createdBy: { function: "main.startWorkers", goroutine: 1 } });
      const groups = goroutines.run(dump, { ...all, group: true }, context()).groups ?? [];
      expect(groups.reduce((sum, each) => sum + each.count, 0)).toBe(total.user);
      expect(groups.find((each) => each.top?.function === "main.worker")?.count).toBe(50);
      expect(goroutines.run(dump, { ...all, focus: "main\\.worker$" }, context()).total.matching).toBe(50);
    });

    it("finds the circle, the leaked workers, and who could help", () => {
      const { rows, cycles } = blocked.run(dump, { top: 0 }, context());
      expect(cycles.length).toBe(1);
      expect(cycles[0]?.goroutines.map((each) => each.top?.function)).toEqual(["main.transfer", "main.transfer"]);
      const row = (kind: string, name = "") => rows.find((each) => each.kind === kind && (name === "" || each.name === name));
      expect(row("mutex", "main.first.mu")).toMatchObject({ count: 1, state: { kind: "mutex", locked: true, waiting: 1 } });
      expect(row("waitgroup", "main.group")?.count).toBe(1);
      expect(row("rwmutex", "main.config")?.count).toBe(1);
      expect(row("cond")?.count).toBe(1);
      const answer = rows.find((each) => each.kind === "channel" && each.waiting.some((one) => one.select) && each.holderCount > 0);
      expect(answer?.holders.map((each) => each.top?.function)).toContain("main.helper");
      const workers = goroutines.run(dump, { ...all, focus: "^main\\.worker$" }, context()).rows.map((each) => each.id);
      const found = leaked.run(dump, { retains: false, top: 0, circles: true }, context());
      // A variable reaches the locks of the circle.
      expect(found.inCircles).toEqual([...cycles.flatMap(({ involved }) => involved)].sort((a, b) => a - b));
      expect(found.ids).toEqual(workers.sort((a, b) => a - b));
      expect(found.total.stackBytes).toBeGreaterThan(50 * 2000);
    });

    it("has every thread, and the one that crashed", () => {
      const { rows } = threads.run(dump, { top: 0, registers: false }, context());
      expect(rows.length).toBe(dump.process.threads.length);
      expect(rows.some((each) => each.dying)).toBe(kind !== "alive");
      expect(compareSystemStacks(stderr, rows)).toEqual([]);
      if (/^(?:outside|quit)$/.test(kind) && stderr.includes(" mp=0x")) expect(parseSystemStacks(stderr).length).toBeGreaterThan(2);
      expect(rows.every((each) => each.m !== undefined && each.at !== "")).toBe(true);
    });
  });
}
