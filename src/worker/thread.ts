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
  const server = new Server(port, open, queries);
  // One after the other: a request that comes while one is opening waits for it.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: Request) => {
    last = last.then(() => server.handle(request)).catch((error: unknown) => server.fail(request.id, error));
  });
}

/**
 * One dump and the requests for it. JavaScript has one thread, so a question runs to its end; progress, which every long loop calls, is
 * where it can be interrupted.
 */
class Server {
  private readonly port: MessagePort;
  private readonly open: typeof openDump;
  private readonly queries: readonly AnyQuery[];
  private opening: Promise<Dump> | undefined;
  private opened: Dump | undefined;
  private shared: Shared = shareMemory();
  /** Id of the request that is being answered. */
  private present = 0;
  /** It is a question that came between, on the stack of a running one. */
  private isBetween = false;
  private hasToldPackages = false;
  private readonly progress: Progress = {
    stage: (name, total) => {
      if (!this.isBetween) {
        this.shared.done[0] = 0;
        this.send({ kind: "stage", id: this.present, name, total });
      }
      this.pause();
    },
    tick: (done) => {
      if (!this.isBetween) this.shared.done[0] = done;
      this.pause();
    },
  };

  constructor(port: MessagePort, open: typeof openDump, queries: readonly AnyQuery[]) {
    this.port = port;
    this.open = open;
    this.queries = queries;
  }

  /** Answers a request, or opens the dump. Whatever it throws goes back as the failure of that request. */
  async handle(request: Request): Promise<void> {
    if (request.kind === "open") {
      this.present = request.id;
      this.shared = shareMemory(request.shared);
      this.opening = this.open(request.files, this.progress);
      this.opened = await this.opening;
      this.send({ kind: "answer", id: request.id, result: undefined, findings: this.opened.findings.list() });
      return;
    }
    if (request.between) {
      // Too late: what it was to come between is done. Its turn may come at once.
      Atomics.sub(this.shared.between, 0, 1);
      this.send({ kind: "later", id: request.id, isMissed: true });
      return;
    }
    await this.opening;
    this.answerOrFail(request);
  }

  /** A failure as plain data: the other side makes an error of the same kind of it. */
  fail(id: number, error: unknown): void {
    this.send({ kind: "failed", id, error: packError(error) });
  }

  private send(reply: Reply): void {
    this.port.postMessage(reply);
  }

  /** Called at each stage and tick. Questions that come between are not themselves interrupted by others. */
  private pause(): void {
    this.giveUpWhenTold();
    if (!this.isBetween && Atomics.load(this.shared.between, 0) > 0) this.answerBetween();
  }

  /** @throws Cancelled when the request that is answered has been given up */
  private giveUpWhenTold(): void {
    const { cancelled } = this.shared;
    if (Atomics.load(cancelled, 0) === this.present || Atomics.load(cancelled, 1) === this.present) throw new Cancelled();
  }

  /** Answers what came while a question runs, on its stack; it goes on afterwards. */
  private answerBetween(): void {
    const running = this.present;
    this.isBetween = true;
    try {
      for (let next = receiveMessageOnPort(this.port); next; next = receiveMessageOnPort(this.port)) {
        Atomics.sub(this.shared.between, 0, 1);
        this.answerOrFail(next.message as Question);
      }
    } finally {
      this.isBetween = false;
      this.present = running;
    }
  }

  /** Every error is sent, a bug too: a thread that ended on one would take the opened dump with it. */
  private answerOrFail(request: Question): void {
    this.present = request.id;
    try {
      this.giveUpWhenTold();
      this.send(this.answer(request));
    } catch (error) {
      this.fail(request.id, error);
    }
  }

  /** @returns "later" when a question between asked for the heap; what it threw then is of no interest */
  private answer({ id, query: name, args, withContents }: Question): Reply {
    const { opened, progress } = this;
    if (!opened) throw new UsageError("no dump is open");
    const query = this.queries.find((each) => each.name === name);
    if (!query) throw new UsageError(`no query ${name}`);
    const { findings } = opened;
    const { dump, wasRefused } = this.isBetween ? withoutHeap(opened) : { dump: opened, wasRefused: () => false };
    let result: unknown;
    try {
      result = query.run(dump, args, { progress, findings });
    } catch (error) {
      if (!wasRefused()) throw error;
    }
    if (wasRefused()) return { kind: "later", id, isMissed: false };
    const contents = withContents ? { contents: [...contentsOf(result as object)] } : {};
    return { kind: "answer", id, result, findings: findings.list(), ...contents, ...this.newPackages(opened) };
  }

  /** Names of packages, told once: they need the runtime, which a damaged core may not have, and an answer may do without them. */
  private newPackages(opened: Dump): { readonly packages?: readonly PackageName[] } {
    if (this.hasToldPackages) return {};
    try {
      const packages = opened.names.list();
      this.hasToldPackages = true;
      return { packages };
    } catch (error) {
      if (error instanceof DumpError) return {};
      throw error;
    }
  }
}

/** Thrown where a question that came between reaches for the heap, which the interrupted one may have half made. */
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
