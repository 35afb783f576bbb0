// The thread that holds the dump: opens it and answers one question after the other. At each tick of a long one it looks whether
// to give up, and whether a question came that can be answered between.
import { type MessagePort, parentPort, receiveMessageOnPort } from "node:worker_threads";
import { DumpError, UsageError } from "../base/errors.js";
import type { PackageName } from "../base/package-names.js";
import { Cancelled, type Progress } from "../base/progress.js";
import { type Dump, openDump } from "../dump.js";
import { QUERIES } from "../query/queries.js";
import type { Query } from "../query/query.js";
import { contentsOf } from "../query/trace-source.js";
import { packError, type Reply, type Request, type Shared, shareMemory } from "./protocol.js";

// biome-ignore lint/suspicious/noExplicitAny: a list of queries cannot name their types.
type AnyQuery = Query<any, unknown>;
type Question = Request & { readonly kind: "ask" };

/** Serves a dump on a port until the port is closed. open and queries: others than the program's, for tests. */
export function serve(port: MessagePort, open: typeof openDump = openDump, queries: readonly AnyQuery[] = Object.values(QUERIES)): void {
  let opening: Promise<Dump> | undefined;
  let opened: Dump | undefined;
  let shared: Shared = shareMemory();
  let present = 0;
  let isBetween = false;
  let hasToldPackages = false;
  const send = (reply: Reply) => port.postMessage(reply);
  const progress: Progress = {
    stage(name, total) {
      if (!isBetween) {
        shared.done[0] = 0;
        send({ kind: "stage", id: present, name, total });
      }
      pause();
    },
    tick(done) {
      if (!isBetween) shared.done[0] = done;
      pause();
    },
  };

  function pause(): void {
    giveUpWhenTold();
    if (!isBetween && Atomics.load(shared.between, 0) > 0) answerBetween();
  }

  function giveUpWhenTold(): void {
    const { cancelled } = shared;
    if (Atomics.load(cancelled, 0) === present || Atomics.load(cancelled, 1) === present) throw new Cancelled();
  }

  /** Answers what came while a question runs, on its stack; it goes on afterwards. */
  function answerBetween(): void {
    const running = present;
    isBetween = true;
    try {
      for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
        Atomics.sub(shared.between, 0, 1);
        answerOrFail(next.message as Question);
      }
    } finally {
      isBetween = false;
      present = running;
    }
  }

  function answerOrFail(request: Question): void {
    present = request.id;
    try {
      giveUpWhenTold();
      send(answer(request));
    } catch (error) {
      send({ kind: "failed", id: request.id, error: packError(error) });
    }
  }

  function answer({ id, query: name, args, withContents }: Question): Reply {
    if (!opened) throw new UsageError("no dump is open");
    const query = queries.find((each) => each.name === name);
    if (!query) throw new UsageError(`no query ${name}`);
    const { findings } = opened;
    const { dump, wasRefused } = isBetween ? withoutHeap(opened) : { dump: opened, wasRefused: () => false };
    let result: unknown;
    try {
      result = query.run(dump, args, { progress, findings });
    } catch (error) {
      if (!wasRefused()) throw error;
    }
    if (wasRefused()) return { kind: "later", id, isMissed: false };
    const contents = withContents ? { contents: [...contentsOf(result as object)] } : {};
    return { kind: "answer", id, result, findings: findings.list(), ...contents, ...newPackages(opened) };
  }

  function newPackages(opened: Dump): { readonly packages?: readonly PackageName[] } {
    if (hasToldPackages) return {};
    try {
      const packages = opened.names.list();
      hasToldPackages = true;
      return { packages };
    } catch (error) {
      if (error instanceof DumpError) return {};
      throw error;
    }
  }

  async function handle(request: Request): Promise<void> {
    if (request.kind === "open") {
      present = request.id;
      shared = shareMemory(request.shared);
      opening = open(request.files, progress);
      opened = await opening;
      send({ kind: "answer", id: request.id, result: undefined, findings: opened.findings.list() });
      return;
    }
    if (request.between) {
      // Too late: what it was to come between is done. Its turn may come at once.
      Atomics.sub(shared.between, 0, 1);
      send({ kind: "later", id: request.id, isMissed: true });
      return;
    }
    await opening;
    answerOrFail(request);
  }

  // One after the other: a request that comes while one is opening waits for it.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: Request) => {
    last = last.then(() => handle(request)).catch((error: unknown) => send({ kind: "failed", id: request.id, error: packError(error) }));
  });
}

class HeapNeeded extends Error {}

/** The dump for a question between: whatever the running one may be in the middle of making is refused, and that is remembered. */
function withoutHeap(dump: Dump): { readonly dump: Dump; wasRefused(): boolean } {
  let isRefused = false;
  const refuse = {
    get(): never {
      isRefused = true;
      throw new HeapNeeded();
    },
  };
  return { dump: Object.create(dump, { heap: refuse, retention: refuse }) as Dump, wasRefused: () => isRefused };
}

if (parentPort) serve(parentPort);
