/** Cores cut off as `ulimit -c` and full disks do it: the runtime's own records lie above the heap, so they are gone first. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { type Dump, openDump } from "../../src/dump.js";
import { cutCore } from "../support/cut-core.js";
import { made, missingGo, nameOf, releases } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const shares = full ? [0.5, 0.75, 0.9, 0.95, 0.99] : [0.75, 0.95];
const wishes: DumpWish[] = (full ? releases : ["1.22.12", "1.27.2"]).map((go) => ({ program: "leaky", go, args: ["100"] }));
wishes.push(...(full ? releases : ["1.26.8"]).map((go) => ({ program: "zoo", go })));
/** From this release on small objects are found without the records of their spans. */
const isRecovered = (go: string) => Number(go.split(".")[1]) >= 26;

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    for (const share of shares) {
      for (const hasExecutable of full ? [true, false] : [true]) {
        it(`cut at ${share * 100}% ${hasExecutable ? "with" : "without"} its executable: nothing is invented`, async () => {
          const { core, executable } = await made(wish);
          const folder = mkdtempSync(join(tmpdir(), "corescope-cut-"));
          const cut = cutCore(core, share, join(folder, "core"));
          if (hasExecutable) copyFileSync(executable, join(folder, "exe"));
          const whole = await openDump({ core, executable });
          const part = await openDump({ core: cut, ...(hasExecutable ? { executable: join(folder, "exe") } : {}) });
          try {
            compare(whole, part, hasExecutable);
            const told = part.findings.list().find(({ code }) => code === "spans-recovered");
            expect(told !== undefined).toBe(isRecovered(wish.go));
            // All of zoo's records are lost, and of its 26,900 objects those of small classes that were reached are left.
            if (wish.program === "zoo" && isRecovered(wish.go) && hasExecutable) {
              expect(part.heap.objects.count).toBeGreaterThan(5000);
              expect(part.heap.liveObjects).toBeGreaterThan(5000);
            }
          } finally {
            whole.close();
            part.close();
            rmSync(folder, { recursive: true, force: true });
          }
        });
      }
    }
  });
}

/** Objects of the cut core are objects of the whole one, and what is reachable in it is reachable there. */
function compare(whole: Dump, part: Dump, hasExecutable: boolean): void {
  const { objects } = part.heap;
  let invented = 0;
  let revived = 0;
  for (let id = 0; id < objects.count; id++) {
    const address = objects.addressOf(id);
    const same = whole.heap.objects.find(address);
    const isSame = same >= 0 && whole.heap.objects.addressOf(same) === address && whole.heap.objects.sizeOf(same) === objects.sizeOf(id);
    if (!isSame) invented++;
    else if (part.heap.isLive(id) && !whole.heap.isLive(same)) revived++;
  }
  expect(invented).toBe(0);
  if (hasExecutable) expect(revived).toBe(0);
  expect(part.findings.list().some(({ code, partial }) => code === "core-truncated" && partial)).toBe(true);
  const told = part.findings.list().map(({ code }) => code);
  // The masks of variables were made when the process began, and can be made again; alone, each word is taken.
  expect(told).not.toContain("data-missing");
  expect(told.includes("data-mask-missing")).toBe(!hasExecutable);
  if (objects.count > 400_000) expect(part.heap.liveObjects).toBeGreaterThan(10_000);
}
