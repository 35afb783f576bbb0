import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { NotFoundError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { NO_NAMES } from "../../src/base/package-names.js";
import { Cancelled } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import type { Query } from "../../src/query/query.js";
import { contentsOf, withContents } from "../../src/query/trace-source.js";
import { RemoteError } from "../../src/worker/protocol.js";
import { serve } from "../../src/worker/thread.js";
import { RemoteDump } from "../../src/worker/worker.js";

const echo: Query<{ readonly n: number }, { readonly n: number }> = {
  name: "echo",
  summary: "",
  run: (_dump, { n }) => withContents({ n }, () => [new Uint8Array([n]), new Uint8Array([n + 1])]),
};
const fails: Query<object, never> = {
  name: "fails",
  summary: "",
  run() {
    throw new NotFoundError("object at", "0x10", ["0x20"], { id: "mappings", reason: "unmapped" });
  },
};
const bug: Query<object, never> = {
  name: "bug",
  summary: "",
  run() {
    throw new TypeError("oh");
  },
};
/** Needs the heap; one of them takes what goes wrong for an answer. */
const heavy: Query<{ readonly n: number }, unknown> = { name: "heavy", summary: "", run: (dump, { n }) => [n, dump.heap] };
const careless: Query<object, unknown> = {
  name: "careless",
  summary: "",
  run(dump) {
    try {
      return dump.heap;
    } catch {
      return "no heap";
    }
  },
};
let onTick = (_n: number) => {};
let runs = 0;
const long: Query<object, string> = {
  name: "long",
  summary: "",
  run(dump, _args, { progress }) {
    runs++;
    dump.findings.add("seen", "seen");
    progress.stage("counting", 10);
    for (let n = 0; n < 10; n++) {
      progress.tick(n);
      onTick(n);
    }
    return "counted";
  },
};

const open: RemoteDump[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  onTick = () => {};
  runs = 0;
});

function remote(
  opens: () => Promise<Dump> = async () => ({ findings: new Findings(), heap: "heap", names: NO_NAMES }) as unknown as Dump,
): RemoteDump {
  const { port1, port2 } = new MessageChannel();
  serve(port2, opens, [echo, fails, bug, long, heavy, careless]);
  const dump = RemoteDump.over(port1, { core: "c" });
  open.push(dump);
  return dump;
}

describe("a dump in another thread", () => {
  test("answers each question with its own answer, also those asked before it is open", async () => {
    const dump = remote();
    const answers = await Promise.all([1, 2, 3].map((n) => dump.ask(echo, { n }).result));
    expect(answers).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await dump.opened;
  });

  test("an error of the dump comes with its sentence and advice, a bug with its stack; both leave it usable", async () => {
    const dump = remote();
    await expect(dump.ask(fails, {}).result).rejects.toMatchObject({
      code: "not-found",
      name: "NotFoundError",
      message: "no object at 0x10; near: 0x20",
      advice: { id: "mappings", reason: "unmapped" },
    });
    await expect(dump.ask(fails, {}).result).rejects.toBeInstanceOf(RemoteError);
    await expect(dump.ask(bug, {}).result).rejects.toMatchObject({ name: "TypeError", stack: expect.stringContaining("worker.test") });
    await expect(dump.ask({ ...echo, name: "nothing" }, { n: 1 }).result).rejects.toThrow("no query nothing");
    expect(await dump.ask(echo, { n: 4 }).result).toEqual({ n: 4 });
  });

  test("what cannot be opened is told by every question", async () => {
    const dump = remote(async () => {
      throw new NotFoundError("file", "c");
    });
    await expect(dump.opened).rejects.toThrow("no file c");
    await expect(dump.ask(echo, { n: 1 }).result).rejects.toThrow("no file c");
  });

  test("a question that waits is dropped when it is given up, one that runs at its next tick", async () => {
    const dump = remote();
    await dump.opened;
    let last = -1;
    const running = dump.ask(long, {});
    onTick = (n) => {
      last = n;
      if (n === 3) running.cancel();
    };
    const waiting = dump.ask(long, {});
    waiting.cancel();
    await expect(waiting.result).rejects.toBeInstanceOf(Cancelled);
    await expect(running.result).rejects.toBeInstanceOf(Cancelled);
    expect([last, runs]).toEqual([3, 1]);
    onTick = () => {};
    expect(await dump.ask(long, {}).result).toBe("counted");
  });

  test("the background is put off when somebody asks what needs the heap, and begun again", async () => {
    const dump = remote();
    await dump.opened;
    const order: string[] = [];
    let asked: Promise<unknown> | undefined;
    const background = dump.ask(long, {}, -1).result.then(() => order.push("background"));
    onTick = (n) => {
      if (n === 2) asked ??= dump.ask(heavy, { n: 1 }).result.then((answer) => order.push(String(answer)));
    };
    // The reply "later" is read between two ticks of a thread of its own; here both ends share one.
    await background;
    await asked;
    expect(order.toSorted()).toEqual(["1,heap", "background"]);
  });

  test("what needs no heap is answered while another question runs, which goes on where it was", async () => {
    const dump = remote();
    await dump.opened;
    const order: string[] = [];
    const between: Promise<unknown>[] = [];
    for (const priority of [0, -1]) {
      onTick = (n) => {
        order.push(`tick ${n}`);
        if (n === 2)
          between.push(
            dump.ask(echo, { n: 7 }).result,
            dump.ask(fails, {}).result.catch((error: Error) => error.message),
          );
      };
      expect(await dump.ask(long, {}, priority).result).toBe("counted");
    }
    expect(order).toEqual([...Array(2)].flatMap(() => Array.from({ length: 10 }, (_, n) => `tick ${n}`)));
    expect(await Promise.all(between)).toEqual([{ n: 7 }, "no object at 0x10; near: 0x20", { n: 7 }, "no object at 0x10; near: 0x20"]);
    expect(runs).toBe(2);
  });

  test("what needs the heap waits for its turn, also when it takes a refusal for an answer", async () => {
    const dump = remote();
    await dump.opened;
    const between: Promise<unknown>[] = [];
    onTick = (n) => {
      if (n === 2) between.push(dump.ask(careless, {}).result, dump.ask(heavy, { n: 3 }).result);
    };
    const first = dump.ask(long, {}).result;
    const second = dump.ask(echo, { n: 1 }).result;
    expect(await Promise.all([first, second])).toEqual(["counted", { n: 1 }]);
    expect(await Promise.all(between)).toEqual(["heap", [3, "heap"]]);
  });

  test("a question sent between that is given up, or that came too late, is none", async () => {
    const dump = remote();
    await dump.opened;
    let given: Promise<unknown> | undefined;
    let late: Promise<unknown> | undefined;
    onTick = (n) => {
      if (n === 2) {
        const asked = dump.ask(echo, { n: 7 });
        given = asked.result.catch((error: unknown) => error);
        asked.cancel();
      }
      if (n === 9) late = dump.ask(echo, { n: 8 }).result;
    };
    await dump.ask(long, {}).result;
    expect(await given).toBeInstanceOf(Cancelled);
    expect(await late).toEqual({ n: 8 });
    expect(await dump.ask(echo, { n: 9 }).result).toEqual({ n: 9 });
  });

  test("what an answer would write to a file comes along when it is wanted", async () => {
    const dump = remote();
    expect(contentsOf(await dump.ask(echo, { n: 1 }).result)).toEqual([]);
    const pieces = [...contentsOf(await dump.ask(echo, { n: 1 }, 0, true).result)];
    expect(pieces.map((piece) => [...piece])).toEqual([[1], [2]]);
  });

  test("what matters more is answered first", async () => {
    const dump = remote();
    const order: number[] = [];
    await Promise.all([0, 5, 1, 5].map((priority, n) => dump.ask(echo, { n }, priority).result.then((answer) => order.push(answer.n))));
    expect(order).toEqual([1, 3, 2, 0]);
  });

  test("the stage and how far it is can be seen; damage comes with the answers", async () => {
    const dump = remote();
    await dump.opened;
    expect(dump.progress()).toBeUndefined();
    const seen: unknown[] = [];
    const asked = dump.ask(long, {});
    onTick = (n) => {
      if (n === 4) seen.push(dump.progress()?.done);
    };
    await asked.result;
    expect(seen).toEqual([4]);
    expect(dump.findings.map(({ code }) => code)).toEqual(["seen"]);
  });

  test("closing rejects what waits", async () => {
    const dump = remote();
    const asked = dump.ask(echo, { n: 1 });
    dump.close();
    await expect(asked.result).rejects.toBeInstanceOf(Cancelled);
    await expect(dump.ask(echo, { n: 1 }).result).rejects.toBeInstanceOf(Cancelled);
  });
});

describe("the built thread", () => {
  const root = new URL("../../", import.meta.url);
  beforeAll(() => {
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL("scripts/prepare.mjs", root))], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
  }, 120_000);

  test("answers from a real core, and ends with its owner", () => {
    const core = (name: string) => fileURLToPath(new URL(`dumps/cores/demo-1.26-amd64/${name}.zst`, root));
    const program = `
      const { RemoteDump } = await import(${JSON.stringify(String(pathToFileURL(fileURLToPath(new URL("dist/src/worker/worker.js", root)))))});
      const { mappings } = await import(${JSON.stringify(String(pathToFileURL(fileURLToPath(new URL("dist/src/query/mappings.js", root)))))});
      const dump = RemoteDump.open({ core: ${JSON.stringify(core("core"))}, executable: ${JSON.stringify(core("exe"))} });
      const { total } = await dump.ask(mappings, {}).result;
      dump.close();
      process.stdout.write(String(total.rows > 10));`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect([stdout, stderr, status]).toEqual(["true", "", 0]);
  });
});
