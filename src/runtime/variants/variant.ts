// Differences in meaning between Go releases: chosen by presence, newest first.
import { UnsupportedError } from "../../base/errors.js";

/** One meaning of something that changed between releases. */
export interface Variant<T, L> {
  readonly name: string;
  readonly since: string;
  readonly until?: string;
  /** The Go source file and function. */
  readonly source: string;
  detect(layout: L): boolean;
  create(layout: L): T;
}

/** Newest first; the first that detects wins. @throws UnsupportedError naming what was looked for. */
export function choose<T, L>(what: string, newestFirst: readonly Variant<T, L>[], layout: L): T {
  for (const variant of newestFirst) if (variant.detect(layout)) return variant.create(layout);
  const looked = newestFirst.map((variant) => `${variant.name} (since ${variant.since})`).join(", ");
  throw new UnsupportedError(what, "none of its known forms in this runtime", looked);
}
