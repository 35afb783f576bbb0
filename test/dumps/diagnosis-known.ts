// What the first screen does not yet say of the services in diagnosis.test.ts, each with the reason. The list only shrinks.
import type { Question } from "../support/first-screen.js";

interface Miss {
  readonly question: Question;
  readonly reason: string;
  /** Only of these; all when absent. */
  readonly releases?: readonly string[];
  /** Objects are sampled by chance: it may be told all the same. */
  readonly byChance?: true;
}

/** Misses with one reason. */
const misses = (reason: string, ...questions: readonly Question[]): readonly Miss[] => questions.map((question) => ({ question, reason }));

const SITE = "the line is not among those that the sampled objects of the finding were allocated at";
const site: readonly Miss[] = [{ question: "line", reason: SITE, byChance: true }];

/** By service. */
export const KNOWN: Readonly<Record<string, readonly Miss[]>> = {
  bodies: misses("the program's own line lies in no stack: only a profile has it", "line"),
  contexts: site,
  fragmented: site,
  mmap: misses("the caller of Mmap lies in no stack any more", "line"),
  tickers: site,
  timers: site,
  defers: misses("pending defers are callbacks like others", "line"),
  "global-map": site,
  subslices: site,
  lru: [...misses("list and map of one struct are not compared", "figure"), ...site],
  malloc: misses("C's callers are in no core", "line"),
  "out-of-memory": misses("the size that was asked for is not told", "figure"),
};

/** Findings of high confidence for each healthy program. */
export const HEALTHY_ALLOWED = 0.3;
