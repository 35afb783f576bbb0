// Regular expressions as a person types them.
import { UsageError } from "../base/errors.js";
import type { Snapshot } from "../heap/snapshot.js";

/** Whether a name, with its packages whole or short, has what a regular expression asks for. @throws UsageError */
export function namePattern({ runtime: { names } }: Pick<Snapshot, "runtime">, text: string): (name: string) => boolean {
  const pattern = parseRegExp(text);
  return (name) => {
    if (pattern.test(name)) return true;
    const short = names.shorten(name);
    return short !== name && pattern.test(short);
  };
}

/** A JavaScript regular expression without flags, matched anywhere in a text. @throws UsageError instead of SyntaxError */
export function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new UsageError(`${text}: not a regular expression`, "escape dots and brackets: 'main\\.User'");
  }
}
