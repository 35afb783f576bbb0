// Answers on this thread.
import { setImmediate } from "node:timers/promises";
import { Cancelled, type Progress, silent } from "../base/progress.js";
import { type DumpFiles, openDump } from "../dump.js";
import { QUERIES } from "../query/queries.js";
import type { Query } from "../query/query.js";
import type { Answerer } from "./answerer.js";
import type { ArgsOf, AskOptions, QueryName, ResultOf } from "./types.js";

/** Opens the engine; its progress is that of whatever is asked at the time. */
export async function openLocal(files: DumpFiles, options: AskOptions): Promise<Answerer> {
  // One question runs at a time, since queries are synchronous: what the engine tells is about that one.
  let present = watched(options);
  const progress: Progress = { stage: (name, total) => present.stage(name, total), tick: (done) => present.tick(done) };
  giveUpWhenTold(options.signal);
  const dump = await openDump(files, progress);
  let isOpen = true;
  return {
    async ask<Name extends QueryName>(name: Name, args: ArgsOf<Name>, options: AskOptions): Promise<ResultOf<Name>> {
      await setImmediate(); // what is due on this thread has its turn between questions
      if (!isOpen) throw new Cancelled();
      giveUpWhenTold(options.signal);
      const query = QUERIES[name] as unknown as Query<ArgsOf<Name>, ResultOf<Name>>;
      present = watched(options);
      try {
        return query.run(dump, args, { progress, findings: dump.findings });
      } finally {
        present = silent;
      }
    },
    findings: () => dump.findings.list(),
    async close() {
      isOpen = false;
      dump.close();
    },
  };
}

/** The progress of a question that gives up when its signal says so. */
function watched({ progress = silent, signal }: AskOptions): Progress {
  return {
    stage(name, total) {
      progress.stage(name, total);
      giveUpWhenTold(signal);
    },
    tick(done) {
      progress.tick(done);
      giveUpWhenTold(signal);
    },
  };
}

/** @throws Cancelled with the signal's reason */
function giveUpWhenTold(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Cancelled({ cause: signal.reason });
}
