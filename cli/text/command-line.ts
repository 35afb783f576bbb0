// A question to a dump as the words that a person would type for it.
import { quoteWord } from "../../src/base/words.js";

/** A query by name, and those of its arguments that are not its defaults. */
export interface Question {
  readonly query: string;
  readonly args: Readonly<Record<string, string | number | boolean>>;
}

/** Arguments that are typed without an option's name. */
const OPERANDS: ReadonlySet<string> = new Set(["of", "address", "length"]);

/** Words for a shell after `corescope`; CORE stands for the core: "dominators CORE main.server", "histogram CORE --by goroutine". */
export function commandLine({ query, args }: Question): string {
  const words = Object.entries(args).map(([name, value]) => {
    if (typeof value === "boolean") return value ? `--${name}` : "";
    return OPERANDS.has(name) ? quoteWord(String(value)) : `--${name} ${quoteWord(String(value))}`;
  });
  return [query, "CORE", ...words.filter((each) => each !== "")].join(" ");
}
