import { MessageChannel } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import type { AskOptions, HistogramResult, ObjectRow, ShowResult } from "../../src/index.js";
import { Cancelled, contentsOf, type Dump, DumpError, openDump } from "../../src/index.js";
import { dumpOf } from "../../src/library/library.js";
import { answererOf } from "../../src/library/remote.js";
import { serve } from "../../src/worker/thread.js";
import { RemoteDump } from "../../src/worker/worker.js";
import { unpacked } from "../support/dump-cache.js";

const { core } = unpacked("demo-1.26-amd64");

/** A dump whose other thread is this one: what a worker does, without one. */
async function openServed(options: AskOptions = {}): Promise<Dump> {
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  return dumpOf(await answererOf(RemoteDump.over(port2, { core }, options.progress), options));
}

describe.each([
  ["on this thread", () => openDump({ core })],
  ["on another one", () => openServed()],
])("a dump %s", (_where, open) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await open();
  });
  afterAll(() => dump.close());

  test("answers by the name of the query, with types and defaults", async () => {
    const answer = await dump.ask("histogram", { by: "owner" });
    expectTypeOf(answer).toEqualTypeOf<HistogramResult>();
    expect(answer.by).toBe("owner");
    expect(answer.rows).toHaveLength(20);
    expect(answer.total.rows).toBeGreaterThan(20);
    const all = await dump.ask("histogram", { by: "owner", top: 0 });
    expect(all.rows).toHaveLength(all.total.rows);
    const { value } = await dump.ask("show", { of: "main.server" });
    expectTypeOf(value).toEqualTypeOf<ShowResult["value"]>();
    expect(value.children?.length).toBeGreaterThan(0);
  });

  test("knows no other names, and no query without what it needs", async () => {
    // @ts-expect-error: there is no such query
    await expect(dump.ask("histogran")).rejects.toThrow(/no query histogran/);
    // @ts-expect-error: an inherited name is none either
    await expect(dump.ask("toString")).rejects.toThrow(/no query toString/);
    // @ts-expect-error: of what?
    await expect(dump.ask("show")).rejects.toMatchObject({ code: "usage" });
    // @ts-expect-error: no such kind of row
    const wrong = dump.ask("histogram", { by: "colour" });
    await wrong.catch(() => {});
  });

  test("tells errors by their code", async () => {
    const error: unknown = await dump.ask("goroutine", { id: 999_999 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DumpError);
    expect(error).toMatchObject({ code: "not-found", name: "NotFoundError" });
  });

  test("answers questions asked at the same time", async () => {
    const [goroutines, death, refused] = await Promise.all([
      dump.ask("goroutines", { group: true, top: 1 }),
      dump.ask("death"),
      dump.ask("why", { type: "no such type" }).catch((error: Error) => error.name),
    ]);
    expect(goroutines.groups).toHaveLength(1);
    expect(death.summary).not.toBe("");
    expect(refused).toBe("NotFoundError");
  });

  test("gives every live object, each once, whatever the pages", async () => {
    const rows: ObjectRow[] = [];
    for await (const row of dump.objects({ type: "^main[.]" })) rows.push(row);
    const { rows: known, total } = await dump.ask("objects", { type: "^main[.]", top: 0 });
    expect(rows).toHaveLength(total.rows);
    expect(total.rows).toBeGreaterThan(1000); // more than a page
    const byAddress = (a: ObjectRow, b: ObjectRow) => Number(a.address) - Number(b.address);
    expect(rows).toEqual([...known].sort(byAddress));
    for await (const row of dump.objects()) {
      expect(row.address).toMatch(/^0x/);
      break; // the rest is never read
    }
  });

  test("gives up when a signal says so, and answers the next question", async () => {
    const reason = new Error("enough");
    await expect(dump.ask("death", {}, { signal: AbortSignal.abort(reason) })).rejects.toSatisfy(
      (error) => error instanceof Cancelled && error.cause === reason,
    );
    const controller = new AbortController();
    const progress = { stage: () => controller.abort(reason), tick() {} };
    await expect(dump.ask("goroutines", {}, { progress, signal: controller.signal })).rejects.toSatisfy(
      (error) => error instanceof Cancelled && error.cause === reason,
    );
    expect((await dump.ask("goroutines", { top: 1 })).rows).toHaveLength(1);
  });

  test("tells progress, and ends a question with what that throws", async () => {
    const stages: string[] = [];
    await dump.ask("goroutines", {}, { progress: { stage: (name) => stages.push(name), tick() {} } });
    expect(stages).toContain("reading goroutines");
    const stage = () => {
      throw new RangeError("no more");
    };
    await expect(dump.ask("goroutines", {}, { progress: { stage, tick() {} } })).rejects.toThrow(RangeError);
    expect((await dump.ask("goroutines", { top: 1 })).rows).toHaveLength(1);
  });

  test("hands over what -o would write", async () => {
    const answer = await dump.ask("trace export", { format: "chrome" }, { contents: true });
    const text = Buffer.concat([...contentsOf(answer)]).toString();
    if (answer.found) expect(JSON.parse(text)).toHaveProperty("traceEvents");
    else expect(text).toBe("");
  });

  test("tells damage", () => {
    expect(Array.isArray(dump.findings())).toBe(true);
  });
});

describe("the end of a dump", () => {
  const open: Dump[] = [];
  afterEach(async () => {
    for (const dump of open.splice(0)) await dump.close();
  });

  test.each([
    ["on this thread", () => openDump({ core })],
    ["on another one", () => openServed()],
  ])("%s: what waits is cancelled, what comes later is refused", async (_where, start) => {
    const dump = await start();
    open.push(dump);
    const waiting = dump.ask("overview").catch((error: unknown) => error);
    await dump[Symbol.asyncDispose]();
    expect(await waiting).toBeInstanceOf(Cancelled);
    await expect(dump.ask("death")).rejects.toThrow(/closed/);
    dump[Symbol.dispose](); // again is no harm
  });

  test("an opening that is given up leaves nothing", async () => {
    const signal = AbortSignal.abort("no");
    await expect(openDump({ core }, { signal })).rejects.toBeInstanceOf(Cancelled);
    await expect(openServed({ signal })).rejects.toBeInstanceOf(Cancelled);
    await expect(openDump({ core: "no/such/core" })).rejects.toMatchObject({ code: "not-found" });
  });
});
