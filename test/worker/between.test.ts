// A real dump whose long questions are interrupted by short ones at every stage: neither may change the other's answer.
import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { type Progress, silent } from "../../src/base/progress.js";
import { openDump } from "../../src/dump.js";
import { QUERIES } from "../../src/query/queries.js";
import type { Query } from "../../src/query/query.js";
import { serve } from "../../src/worker/thread.js";
import { RemoteDump } from "../../src/worker/worker.js";
import { unpacked } from "../support/dump-cache.js";

// biome-ignore lint/suspicious/noExplicitAny: a list of questions cannot name their types.
type Question = readonly [Query<any, unknown>, object];

const groups = { group: true, status: [], minWaitNanoseconds: 0, system: true, retains: false, top: 0 };
const short: readonly Question[] = [
  [QUERIES["first-look"], {}],
  [QUERIES["memory-use"], {}],
  [QUERIES.goroutines, groups],
  [QUERIES.goroutine, { id: 22, depth: 2 }],
  [QUERIES.death, {}],
  [QUERIES.mappings, {}],
  [QUERIES["trace summary"], { top: 50 }],
  [QUERIES.show, { of: "main.server", depth: 3, offset: 0, top: 50 }],
];
const long: readonly Question[] = [
  [QUERIES["heap-use"], {}],
  [QUERIES.dominators, { depth: 3, min: 0, group: "none", top: 20 }],
  [QUERIES.suspects, { top: 0 }],
  [QUERIES.waste, { top: 0 }],
  [QUERIES.histogram, { by: "type", sort: "retained", garbage: false, top: 0 }],
];

test("short questions come between at the ticks of every long one, and all answers are those of a dump that is asked in turn", {
  timeout: 120_000,
}, async () => {
  const files = unpacked("demo-1.26-amd64");
  const plain = await openDump(files);
  const wanted = ([query, args]: Question) => structuredClone(query.run(plain, args, { progress: silent, findings: plain.findings }));
  const wantedShort = short.map(wanted);
  const wantedLong = long.map(wanted);
  plain.close();

  let stage = "";
  let ticks = 0;
  let onPause = () => {};
  const between: Promise<unknown>[] = [];
  const answered: number[] = [];
  const stages = new Set<string>();
  const open: typeof openDump = (given, progress = silent) => {
    const watched: Progress = {
      stage(name, total) {
        stage = name;
        onPause();
        progress.stage(name, total);
      },
      tick(done) {
        ticks++;
        onPause();
        progress.tick(done);
      },
    };
    return openDump(given, watched);
  };
  const { port1, port2 } = new MessageChannel();
  serve(port2, open);
  const remote = RemoteDump.over(port1, files);
  await remote.opened;
  let turn = 0;
  let last = -1;
  onPause = () => {
    // One at each stage and one now and then within it; asked on the stack of the long one, as if from the other thread.
    if (stages.has(stage) && ticks - last < 40) return;
    stages.add(stage);
    last = ticks;
    const index = turn++ % short.length;
    const [query, args] = short[index];
    between.push(
      remote.ask(query, args).result.then((result) => {
        answered.push(index);
        expect(result, query.name).toEqual(wantedShort[index]);
      }),
    );
  };
  const results = [];
  const before: number[] = [];
  for (const [query, args] of long) {
    const result = await remote.ask(query, args).result;
    before.push(answered.length);
    results.push(result);
  }
  onPause = () => {};
  await Promise.all(between);
  remote.close();
  for (const [index, [query]] of long.entries()) expect(results[index], query.name).toEqual(wantedLong[index]);
  expect(new Set(answered).size).toBe(short.length);
  expect(before[0], "answers that came before that of the first long question").toBeGreaterThan(3);
  expect(stages.size, [...stages].join()).toBeGreaterThan(8);
});
