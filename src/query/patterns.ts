// Regular expressions as a person types them.
import { UsageError } from "../base/errors.js";

/** @throws UsageError instead of SyntaxError */
export function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new UsageError(`${text}: not a regular expression`, "Escape dots and brackets: 'main\\.User'.");
  }
}
