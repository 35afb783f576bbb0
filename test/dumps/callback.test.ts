/**
 * Programs with C in them: a crash inside Go code that C has called, inside C, and a signal from outside, with threads on either side.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { death } from "../../src/query/death.js";
import { goroutines } from "../../src/query/goroutines.js";
import { threads } from "../../src/query/threads.js";
import { traceback } from "../../src/query/traceback.js";
import { missingGo, nameOf, rotate } from "../support/dump-cache.js";
import { compareSystemStacks, compareText } from "../support/traceback.js";

const full = process.env.CORESCOPE_TIER === "full";

const deaths = {
  panic: { kind: "panic", summary: "panic: told to panic in goroutine 1 (main.end)" },
  nil: {
    kind: "panic",
    summary: "panic: runtime error: invalid memory address or nil pointer dereference in goroutine 1 (main.end)",
  },
  quit: { kind: "signal", summary: expect.stringMatching(/^SIGQUIT: quit, sent by process \d+/) },
  fault: { kind: "signal", summary: "SIGSEGV: segmentation violation at 0x18 in goroutine 1 (main._Cfunc_breakC)" },
  alive: { kind: "alive", summary: "alive when dumped" },
} as const;
type Kind = keyof typeof deaths;
// A core by gcore takes ten seconds.
const wishes = rotate(Object.keys(deaths) as Kind[], full)
  .filter(({ kind, go }) => full || kind !== "alive" || go === "1.25.10")
  .map(({ kind, go }): DumpWish => ({ program: "callback", go, args: [kind], cgo: true }));

for (const wish of wishes) {
  const missing =
    (await missingGo(wish.go)) ?? (await whyNoTool("gcc")) ?? (wish.args?.[0] === "alive" ? await whyNoTool("gcore") : undefined);
  const name = nameOf(wish);
  const kind = wish.args?.[0] as Kind;
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let truth: { readonly goroutines?: number };
    let stderr: string;
    const context = () => ({ progress: silent, findings: dump.findings });

    beforeAll(async () => {
      const made = await makeDump(wish);
      truth = made.truth;
      stderr = readFileSync(made.stderr, "utf8");
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
    });
    afterAll(() => dump?.close());

    if (kind !== "alive")
      it("writes the runtime's own text, letter by letter", () => {
        const { rows } = traceback.run(dump, { level: "crash" }, context());
        expect(compareText(stderr, rows)).toEqual([]);
        expect(rows.length).toBeGreaterThan(6);
      });

    it("knows what killed it", () => {
      expect(death.run(dump, {}, context())).toMatchObject(deaths[kind]);
    });

    it("lists the program's goroutines", () => {
      const all = { group: false, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: 0 } as const;
      const { rows, total } = goroutines.run(dump, all, context());
      expect(total.user).toBe(truth.goroutines);
      expect(rows.filter((row) => row.top?.function === "main.goWait").length).toBe(1);
    });

    it("tells threads in Go from threads in C, and which goroutine called", () => {
      const { rows } = threads.run(dump, { top: 0, registers: false }, context());
      expect(rows.length).toBe(dump.process.threads.length);
      expect(compareSystemStacks(stderr, rows)).toEqual([]);
      const stops = rows.map((row) => ({ ...row, ...row.interrupted }));
      const inC = stops.filter((row) => row.on === "C");
      for (const { at, frames } of inC) expect({ at: /^runtime\./.test(at), frames }).toEqual({ at: false, frames: [] });
      expect(inC.filter((row) => row.goroutineFrames.some((each) => each.function === "main._Cfunc_waitInC")).length).toBeGreaterThan(0);
      if (kind === "fault") expect(inC.find((row) => row.dying)?.at).toMatch(/breakC\+0x/);
      if (kind === "alive")
        expect(rows.filter((row) => row.on === "not of Go")).toMatchObject([{ at: expect.stringMatching(/^turnInC\+0x/), frames: [] }]);
    });
  });
}
