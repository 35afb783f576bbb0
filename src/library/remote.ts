// Answers from a dump in another thread.
import { Cancelled } from "../base/progress.js";
import type { DumpFiles } from "../dump.js";
import { QUERIES } from "../query/queries.js";
import type { Query } from "../query/query.js";
import { RemoteDump } from "../worker/worker.js";
import type { Answerer } from "./answerer.js";
import type { ArgsOf, AskOptions, QueryName, ResultOf } from "./types.js";

/** Opens a dump in a thread of its own. */
export function openRemote(files: DumpFiles, options: AskOptions): Promise<Answerer> {
  return answererOf(RemoteDump.open(files, options.progress), options);
}

/** The answers of a dump elsewhere, once it is open; closed when that fails. */
export async function answererOf(remote: RemoteDump, { signal }: AskOptions): Promise<Answerer> {
  try {
    await unlessAborted(remote.opened, signal, () => void remote.close());
  } catch (error) {
    await remote.close();
    throw error;
  }
  return {
    ask<Name extends QueryName>(name: Name, args: ArgsOf<Name>, { progress, signal, contents = false }: AskOptions) {
      const query = QUERIES[name] as unknown as Query<ArgsOf<Name>, ResultOf<Name>>;
      const { result, cancel } = remote.ask(query, args, 0, contents, progress);
      return unlessAborted(result, signal, cancel);
    },
    findings: () => remote.findings,
    close: () => remote.close(),
  };
}

/** The answer, unless the signal comes first: then the other thread is told, and nobody waits until it has heard. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined, cancel: () => void): Promise<T> {
  if (!signal) return answer;
  let giveUp = () => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => {
      cancel();
      reject(new Cancelled({ cause: signal.reason }));
    };
  });
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([aborted, answer]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
