/**
 * Options of goroutines: what each of them chooses, against the text that the runtime printed as it died and the answer without options.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goroutinesCommand } from "../../cli/commands/goroutines.js";
import { makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { markFurther } from "../../src/graph/further-mark.js";
import { isMarked } from "../../src/graph/mark.js";
import { type GoroutineGroup, type Goroutines, goroutines } from "../../src/query/goroutines.js";
import { missingGo, nameOf, releases } from "../support/dump-cache.js";
import { type PrintedGoroutine, parseTraceback } from "../support/traceback.js";

const full = process.env.CORESCOPE_TIER === "full";

for (const go of full ? releases : ["1.21.13", "1.26.8"]) {
  const wish = { program: "demo", go };
  const missing = await missingGo(go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    let dump: Dump;
    let all: Goroutines;
    /** Of the program's goroutines. */
    let printed: readonly PrintedGoroutine[];
    let everybody: readonly PrintedGoroutine[];

    const ask = (options: Record<string, unknown>) =>
      goroutines.run(dump, goroutinesCommand.args([], { top: "0", ...options }), { progress: silent, findings: dump.findings });
    const ids = (rows: readonly { readonly id: number }[]) => rows.map((each) => each.id).sort((a, b) => a - b);
    const wanted = (test: (each: PrintedGoroutine) => boolean) => {
      const found = ids(printed.filter(test));
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThan(printed.length);
      return found;
    };

    beforeAll(async () => {
      const made = await makeDump(wish);
      dump = await openDump({ core: made.core, executable: made.executable }, silent);
      all = ask({});
      everybody = parseTraceback(readFileSync(made.stderr, "utf8"));
      printed = everybody.filter((each) => !each.createdBy?.name.startsWith("runtime."));
      expect(ids(all.rows)).toEqual(ids(printed));
    });
    afterAll(() => dump?.close());

    it("--system adds the runtime's own, which are only counted otherwise", () => {
      expect(ids(ask({ system: true }).rows)).toEqual(ids(everybody));
      expect(all.total.system).toBe(everybody.length - printed.length);
      expect(all.total.system).toBeGreaterThan(3);
    });

    it("--reason chooses by what the runtime printed in brackets", () => {
      for (const reason of ["^chan receive$", "Mutex", "chan|sleep"])
        expect(ids(ask({ reason }).rows)).toEqual(wanted((each) => new RegExp(reason).test(each.state)));
      expect(ask({ reason: "^an$" }).rows).toEqual([]);
    });

    it("--status tells the running from the waiting", () => {
      expect(ids(ask({ status: "running" }).rows)).toEqual(wanted((each) => each.state === "running"));
      expect(ids(ask({ status: "waiting" }).rows)).toEqual(wanted((each) => !/^(?:running|runnable|syscall)$/.test(each.state)));
      expect(ids(ask({ status: "waiting,running,runnable,syscall" }).rows)).toEqual(ids(printed));
    });

    it("--focus chooses by any function on the printed stack", () => {
      for (const focus of ["^main\\.ask$", "report$", "^sync\\.", "^runtime\\.chansend$"]) {
        const of = (each: PrintedGoroutine) => each.frames.some((frame) => new RegExp(focus).test(frame.name));
        // The text leaves out the runtime's own functions that wait.
        if (focus.startsWith("^runtime")) expect(ids(ask({ focus }).rows)).toEqual(wanted((each) => each.state === "chan send"));
        else expect(ids(ask({ focus }).rows)).toEqual(wanted(of));
      }
    });

    it("--min-wait keeps those known to wait so long, to the nanosecond", () => {
      const waits = [...new Set(all.rows.flatMap((each) => each.waitNanoseconds ?? []))];
      expect(waits.length).toBeGreaterThan(1);
      for (const wait of waits.flatMap((each) => [each, each + 1])) {
        const chosen = ids(ask({ minWait: `${wait}ns` }).rows);
        expect(chosen).toEqual(ids(all.rows.filter((each) => (each.waitNanoseconds ?? -1) >= wait)));
        expect(chosen.length).toBeLessThan(printed.length);
      }
    });

    it("--retains says what would be garbage without each stack, the most first", () => {
      const { rows } = ask({ retains: true });
      const bytes = rows.map((each) => each.retainedBytes ?? -1);
      expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
      expect(ids(rows)).toEqual(ids(printed));
      expect(bytes[0]).toBeGreaterThan(0);
      const without = (id: number | undefined) => reachedBytes(dump, id);
      const live = without(undefined);
      for (const { id, retainedBytes } of rows) {
        const owners = dump.heap.roots.owners.filter((each) => each.goroutine === id).length;
        // What only its stack and its registers together hold is in neither's sum.
        if (owners < 2) expect([id, retainedBytes]).toEqual([id, live - without(id)]);
        else expect(retainedBytes).toBeLessThanOrEqual(live - without(id));
      }
    });

    it("--top cuts rows and groups, and still tells how many there are", () => {
      expect(ask({ top: "3" })).toEqual({ ...all, rows: all.rows.slice(0, 3) });
      const groups = ask({ group: true });
      expect(ask({ group: true, top: "2" })).toEqual({ ...groups, groups: groups.groups?.slice(0, 2) });
      expect(groups.total.groups).toBeGreaterThan(3);
    });

    it("--group puts together what was printed alike, the most frequent first", () => {
      const alike = new Map<string, number[]>();
      for (const { id, state, frames, createdBy } of printed) {
        const key = JSON.stringify([state, createdBy?.name, createdBy?.line, ...frames.map((each) => [each.name, each.line, each.offset])]);
        alike.set(key, [...(alike.get(key) ?? []), id]);
      }
      const { groups = [], total } = ask({ group: true });
      const members = (each: GoroutineGroup) => [...each.ids].sort((a, b) => a - b).join();
      expect(groups.map(members).sort()).toEqual([...alike.values()].map((each) => each.sort((a, b) => a - b).join()).sort());
      expect(groups.map((each) => each.count)).toEqual([...alike.values()].map((each) => each.length).sort((a, b) => b - a));
      expect(total).toMatchObject({ matching: printed.length, groups: alike.size });
      const [first] = groups;
      expect(first?.count).toBeGreaterThan(3);
      const waits = all.rows.filter((each) => first?.ids.includes(each.id)).map((each) => each.waitNanoseconds ?? -1);
      expect(first?.waitNanoseconds).toBe(Math.max(...waits));
    });
  });
}

/** Bytes of the objects that all roots reach, but those of one goroutine: by marking, where the query has dominators. */
function reachedBytes({ heap: { graph, roots, objects } }: Dump, but: number | undefined): number {
  const seen = new Uint32Array((graph.referents.nodeCount >>> 5) + 1);
  const starts = roots.owners.flatMap(({ goroutine }, id) => (but !== undefined && goroutine === but ? [] : [graph.nodeOfOwner(id)]));
  markFurther(graph.referents, seen, starts, new Uint32Array(seen.length));
  const { spans, firstId } = objects;
  let bytes = 0;
  for (let span = 0; span < spans.count; span++)
    for (let id = firstId[span]; id < firstId[span + 1]; id++) if (isMarked(seen, graph.nodeOfObject(id))) bytes += spans.elementSize[span];
  return bytes;
}
