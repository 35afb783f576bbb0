/// <reference lib="esnext.disposable" preserve="true" />
// What a program sees of a dump.
import type { Finding } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import type { ObjectRow, Selection } from "../query/object-rows.js";
import type { QUERIES } from "../query/queries.js";

type Queries = typeof QUERIES;

/** Questions that a dump answers: names of commands, and of the parts of answers that screens ask for. */
export type QueryName = keyof Queries;

/** What a query takes. Whatever may be left out has the default that its comment tells. */
export type ArgsOf<Name extends QueryName> = Parameters<Queries[Name]["run"]>[1];

/** What a query answers: plain data, the `result` of the command's --json. */
export type ResultOf<Name extends QueryName> = ReturnType<Queries[Name]["run"]>;

/** What holds for one question. */
export interface AskOptions {
  /** Told how far it is. What it throws ends the question and is what the promise rejects with. */
  readonly progress?: Progress | undefined;
  /** Gives the question up: the promise rejects with Cancelled, whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** With a worker: what the command's -o would write comes along, for contentsOf. Without one it is there always. */
  readonly contents?: boolean | undefined;
}

export interface OpenOptions {
  /** The dump lives in a thread of its own: nothing here waits for it, and a signal ends what runs there. */
  readonly worker?: boolean | undefined;
  /** Told how far the opening is. */
  readonly progress?: Progress | undefined;
  /** Gives the opening up, as with a question. */
  readonly signal?: AbortSignal | undefined;
}

type Rest<Args> = Record<never, never> extends Args ? [args?: Args, options?: AskOptions] : [args: Args, options?: AskOptions];

/**
 * A dump, open. Questions are answered one after the other; what one of them has read of the heap the next one finds read.
 *
 * Without a worker each runs on this thread once its turn comes, and nothing else does until it is answered: a signal is seen
 * when it was aborted before, or by `progress`. With one, nothing here waits.
 */
export interface Dump extends Disposable, AsyncDisposable {
  /**
   * Asks by the query's name: `dump.ask("histogram", { by: "owner" })`.
   * @throws DumpError (tell them apart by their code, in a worker classes are lost), Cancelled, or what is a bug
   */
  ask<Name extends QueryName>(query: Name, ...rest: Rest<ArgsOf<Name>>): Promise<ResultOf<Name>>;
  /** Live objects in the order of their addresses, all that match, read in pages: the dump may be asked other things meanwhile. */
  objects(selection?: Selection, options?: AskOptions): AsyncIterable<ObjectRow>;
  /** Damage and doubt met so far; answers lack something when one of them is partial. */
  findings(): readonly Finding[];
  /** Frees files and thread; what waits is rejected with Cancelled. Settles when the thread has ended. */
  close(): Promise<void>;
}
