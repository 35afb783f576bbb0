// What both kinds of dump do, the one of this thread and the one of another.
import type { Finding } from "../base/findings.js";
import type { ArgsOf, AskOptions, QueryName, ResultOf } from "./types.js";

/** Who answers; the dump is open. */
export interface Answerer {
  ask<Name extends QueryName>(query: Name, args: ArgsOf<Name>, options: AskOptions): Promise<ResultOf<Name>>;
  findings(): readonly Finding[];
  close(): Promise<void>;
}
