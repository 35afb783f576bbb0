// Completion of a command line: commands, options, and what answers have named so far.
import type { AnyCommand } from "../command.js";

/** A command line with its last word completed as far as it is certain. */
export interface Completion {
  readonly text: string;
  /** What the last word may become; empty when nothing begins like it. */
  readonly offers: readonly string[];
}

/** Parts of answers that are looked at for words. */
const mostParts = 100_000;
/** Fields of answers whose texts are words for a command line. */
const named = new Set(["type", "address", "expression", "owner", "expressions"]);

/** Completes the last word of a line, the command's name when there is no other. words: see wordsOf. */
export function completeLine(text: string, commands: readonly AnyCommand[], words: () => Iterable<string>): Completion {
  // The first that fits is the only one: with a space behind it no command's name begins another's.
  const command = commands.find(({ name }) => text.startsWith(`${name} `));
  const wanted = command ? (/\S*$/.exec(text)?.[0] ?? "") : text;
  if (wanted === "") return { text, offers: [] };
  const known = !command
    ? commands.map(({ name }) => name)
    : wanted.startsWith("-")
      ? command.options.map((option) => /--[\w-]+/.exec(option.flags)?.[0] ?? "")
      : words();
  const offers = [...new Set(known)].filter((word) => word.startsWith(wanted)).sort();
  if (offers.length === 0) return { text, offers };
  // As a shell does: as far as all offers agree; what remains is shown.
  const common = offers.reduce((a, b) => {
    let length = 0;
    while (length < a.length && a[length] === b[length]) length++;
    return a.slice(0, length);
  });
  // An expression may go on; a command or an option is done.
  const end = offers.length === 1 && (!command || wanted.startsWith("-")) ? " " : "";
  return { text: `${text.slice(0, text.length - wanted.length)}${common}${end}`, offers };
}

/** Types, addresses, expressions and goroutines that answers name, as a command line writes them; none with a space in it. */
export function wordsOf(results: Iterable<unknown>): Set<string> {
  const words = new Set<string>();
  // A histogram has millions of parts: completion must not make a key wait.
  let left = mostParts;
  const add = (word: string) => {
    if (word !== "" && !/\s/.test(word)) words.add(word);
  };
  const visit = (value: unknown, key: string): void => {
    if (left-- <= 0) return;
    if (typeof value === "string" && named.has(key)) add(value);
    else if (typeof value === "number" && (key === "id" || key === "ids")) {
      add(`g${value}`);
      add(String(value));
    } else if (Array.isArray(value)) for (const each of value) visit(each, key);
    else if (value !== null && typeof value === "object") for (const [name, each] of Object.entries(value)) visit(each, name);
  };
  for (const result of results) {
    visit(result, "");
    for (const word of partsOf(result as Parts)) add(word);
  }
  return words;
}

/** An answer of `show` or `goroutine`: its parts have expressions of their own. */
interface Parts {
  readonly expression?: string;
  readonly value?: { readonly children?: readonly { readonly name: string }[] };
  readonly id?: number;
  readonly frames?: readonly { readonly function: string; readonly variables?: readonly { readonly name: string }[] }[];
}

/** The expressions of what an answer shows: "main.server.sessions" of a field, "g12.main.worker.job" of a variable. */
function partsOf({ expression, value, id, frames }: Parts): string[] {
  const parts = expression === undefined ? [] : (value?.children ?? []).map(({ name }) => (/^[[.]/.test(name) ? name : `.${name}`));
  const locals = id === undefined ? [] : (frames ?? []).flatMap((frame) => (frame.variables ?? []).map((each) => [frame, each] as const));
  return [...parts.map((part) => `${expression}${part}`), ...locals.map(([frame, each]) => `g${id}.${frame.function}.${each.name}`)];
}
