/** What code says of pointers in frames of a stripped program is what debug information says of the same core's objects. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { whyNoTool } from "../../scripts/make-dumps.mjs";
import { NONE } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { KIND_STEP, POINTER } from "../../src/heap/pointer-kinds.js";
import { made, missingGo, releases } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const folder = mkdtempSync(join(tmpdir(), "corescope-stripped-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the pointer of a root leads to by its code. */
function claimOf({ heap, runtime }: Dump, row: number): string {
  const code = heap.roots.code[row];
  const kind = code % KIND_STEP;
  const name = kind === POINTER.string ? "string" : kind === POINTER.func ? "func" : nameOf(runtime.types.get((code - kind) / KIND_STEP));
  return kind === POINTER.array ? `[]${name}` : name;
}

/** Debug information tells types of one name apart by a number, and calls map headers otherwise. */
function nameOf({ name, role }: { readonly name: string; readonly role: { readonly readable: string } }): string {
  const inner = /^map<(map\[.*)>$/.exec(name)?.[1];
  return (inner ?? role.readable).replace(/·\d+/g, "").replace(/^func .*/, "func");
}

const wishes = (full ? releases : [releases[1], releases.at(-1) as string]).map((go) => ({ program: "zoo", go }));

describe.each(wishes)("$program $go", (wish) => {
  test("pointers that code tells the type of", async ({ skip }) => {
    const reason = (await missingGo(wish.go)) ?? (await whyNoTool("strip"));
    if (reason) return skip(reason);
    const { core, executable } = await made(wish);
    const stripped = join(folder, wish.go);
    execFileSync("strip", ["-o", stripped, executable]);
    const bare = await openDump({ core, executable: stripped, force: true });
    const whole = await openDump({ core, executable });
    try {
      const { roots } = bare.heap;
      const { objects, types } = whole.heap;
      const wrong: string[] = [];
      const evidence = new Map<string, number>();
      let [pointers, told, right] = [0, 0, 0];
      for (let row = 0; row < roots.count; row++) {
        if (roots.owners[roots.owner[row]].kind !== "goroutine" || roots.certain[row] === 0) continue;
        pointers++;
        const { byCode, place, frame } = roots.describe(row);
        if (byCode === undefined) continue;
        told++;
        expect(place).toBe("stack slot");
        const id = objects.find(roots.value[row]);
        const type = types.type[id];
        const truth = type === NONE ? "?" : nameOf(whole.runtime.types.get(type));
        if (truth === "?" || truth === "tiny block" || types.evidenceOf(id) === "guess") continue;
        if (claimOf(bare, row) !== truth) wrong.push(`${byCode} in ${frame?.fn.name}: ${claimOf(bare, row)}, not ${truth}`);
        else {
          right++;
          evidence.set(byCode, (evidence.get(byCode) ?? 0) + 1);
        }
      }
      expect(wrong).toEqual([]);
      expect(right).toBeGreaterThan(0.99 * told);
      // Channels and arrays of channels in select statements, and what reflect passes, are told by no code.
      expect(told).toBeGreaterThan(0.85 * pointers);
      expect([...evidence.keys()]).toEqual(expect.arrayContaining(["caller", "receiver", "stack object"]));
    } finally {
      bare.close();
      whole.close();
    }
  });
});
