/**
 * Deaths on threads that C created, in every way that a signal can be handled there: what struck, where, and who had called it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DumpWish, makeDump, whyNoTool } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { death } from "../../src/query/death.js";
import { threads } from "../../src/query/threads.js";
import { missingGo, nameOf, rotate } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

const segv = /^SIGSEGV: segmentation violation at 0x40 in pump_step, on thread \d+, which C created$/;
const deaths: Readonly<Record<string, { readonly summary: RegExp; readonly address?: string; readonly callers: readonly string[] }>> = {
  segv: { summary: segv, address: "0x40", callers: ["pump_run", "die"] },
  altstack: { summary: segv, address: "0x40", callers: ["pump_run", "die"] },
  handler: { summary: segv, address: "0x40", callers: ["pump_run", "die"] },
  onstack: { summary: segv, address: "0x40", callers: ["pump_run", "die"] },
  default: { summary: segv, address: "0x40", callers: ["pump_run", "die"] },
  general: {
    summary: /^SIGSEGV: segmentation violation in pump_step, on thread \d+, which C created$/,
    callers: ["pump_run", "die"],
  },
  abort: { summary: /^SIGABRT: abort, raised by itself in libc[^,]*, on thread \d+, which C created$/, callers: ["give_up", "die"] },
  fpe: { summary: /^SIGFPE: floating-point exception at 0x[0-9a-f]+ in divide, on thread \d+, which C created$/, callers: ["die"] },
  ill: { summary: /^SIGILL: illegal instruction at 0x[0-9a-f]+ in illegal, on thread \d+, which C created$/, callers: [] },
  bus: { summary: /^SIGBUS: bus error at 0x[0-9a-f]+ in pump_step, on thread \d+, which C created$/, callers: ["pump_run", "die"] },
  kill: { summary: /^SIGSEGV: segmentation violation, raised by itself/, callers: [] },
};

for (const { kind, go } of rotate(Object.keys(deaths), full)) {
  const wish: DumpWish = { program: "cthread", go, args: [kind], cgo: true };
  const missing = (await missingGo(go)) ?? (await whyNoTool("gcc"));
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    const context = () => ({ progress: silent, findings: dump.findings });
    const wanted = deaths[kind];

    beforeAll(async () => {
      const made = await makeDump(wish);
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
    });
    afterAll(() => dump?.close());

    it("knows what struck, where, and who had called it", () => {
      const { kind: what, summary, signal, callersInC } = death.run(dump, {}, context());
      expect({ what, summary }).toEqual({ what: "signal", summary: expect.stringMatching(wanted.summary) });
      if (wanted.address) expect(signal).toMatchObject({ address: wanted.address, sender: "the kernel" });
      if (kind === "general") expect(signal?.place).toEqual({ kind: "not-told" });
      expect((callersInC ?? []).map((each) => each.function).slice(0, wanted.callers.length)).toEqual(wanted.callers);
    });

    it("shows the thread that died handling it, and what it interrupted", () => {
      if (kind === "kill") return;
      const [row] = threads.run(dump, { top: 1, registers: false }, context()).rows;
      const stop = row?.interrupted ?? row;
      if (kind !== "default") expect(row?.signals[0]).toBe(kind === "abort" ? "SIGABRT" : death.run(dump, {}, context()).signal?.name);
      expect(stop?.at).toMatch(kind === "abort" ? /^libc/ : /^(pump_step|divide|illegal)\+0x/);
    });
  });
}
