// The thread that holds the dump: opens it, answers one question after the other, and looks at each tick whether to give up.
import { type MessagePort, parentPort } from "node:worker_threads";
import { UsageError } from "../base/errors.js";
import { Cancelled, type Progress } from "../base/progress.js";
import { type Dump, openDump } from "../dump.js";
import { QUERIES } from "../query/queries.js";
import type { Query } from "../query/query.js";
import { contentsOf } from "../query/trace-source.js";
import { packError, type Reply, type Request, type Shared, shareMemory } from "./protocol.js";

/** A port as this thread needs it. */
export type Port = Pick<MessagePort, "on" | "postMessage">;

// biome-ignore lint/suspicious/noExplicitAny: a list of queries cannot name their types.
type AnyQuery = Query<any, unknown>;

/** Serves a dump on a port until the port is closed. open and queries: others than the program's, for tests. */
export function serve(port: Port, open: typeof openDump = openDump, queries: readonly AnyQuery[] = Object.values(QUERIES)): void {
  let dump: Promise<Dump> | undefined;
  let shared: Shared = shareMemory();
  let present = 0;
  const send = (reply: Reply) => port.postMessage(reply);
  const progress: Progress = {
    stage(name, total) {
      shared.done[0] = 0;
      send({ kind: "stage", id: present, name, total });
      giveUpWhenTold();
    },
    tick(done) {
      shared.done[0] = done;
      giveUpWhenTold();
    },
  };
  function giveUpWhenTold(): void {
    if (Atomics.load(shared.cancelled, 0) === present) throw new Cancelled();
  }

  async function handle(request: Request): Promise<void> {
    present = request.id;
    if (request.kind === "open") {
      shared = shareMemory(request.shared);
      dump = open(request.files, progress);
      const opened = await dump;
      send({ kind: "answer", id: request.id, result: undefined, findings: opened.findings.list() });
      return;
    }
    const opened = await dump;
    if (!opened) throw new UsageError("no dump is open");
    const query = queries.find((each) => each.name === request.query);
    if (!query) throw new UsageError(`no query ${request.query}`);
    const result = query.run(opened, request.args, { progress, findings: opened.findings });
    const contents = request.withContents ? { contents: [...contentsOf(result as object)] } : {};
    send({ kind: "answer", id: request.id, result, findings: opened.findings.list(), ...contents });
  }

  // One after the other: a request that comes while one is opening waits for it.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: Request) => {
    last = last.then(() => handle(request)).catch((error: unknown) => send({ kind: "failed", id: request.id, error: packError(error) }));
  });
}

if (parentPort) serve(parentPort);
