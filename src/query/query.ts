// One question to a dump: plain data in, plain data out; a query neither prints nor formats.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import type { Dump } from "../dump.js";

/** What a query may talk to while it works. */
export interface Context {
  readonly progress: Progress;
  readonly findings: Findings;
}

/** Of a query that takes none. */
export type NoArgs = Record<string, never>;

/**
 * One question. Args and Result are plain data: they can be cloned to a worker, printed as JSON, drawn, kept as a golden file.
 * Addresses in both are Hex strings, sizes integers in bytes; `top: 0` means all rows. Args that may be left out tell their default.
 */
export interface Query<Args, Result> {
  /** By which a worker is asked; the command's words where there is one. */
  readonly name: string;
  /** What `--help` and the screens say of it, in a line. */
  readonly summary: string;
  /**
   * The answer. Damage that leaves an answer is added to context.findings; errors of src/base/errors.ts are thrown when the question cannot
   * be answered or means nothing.
   */
  run(dump: Dump, args: Args, context: Context): Result;
}
