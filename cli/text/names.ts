// Answers as people read them: package names short, files by their folder. JSON keeps what the query said.
import type { PackageNames } from "../../src/base/package-names.js";

/** Parts of answers that are the program's own words, or another tool's format: not a letter of them is changed. */
const VERBATIM = new Set(["arguments", "buildSettings", "module", "labels", "fatalError", "logs", "head", "lines"]);
const NOTHING: readonly string[] = [];

/** The answer with every name in it shortened; parts without one are the same objects. names: asked for at the first path met. */
export function shortenAnswer<T>(answer: T, names: () => PackageNames): T {
  return shorten(answer, "", NOTHING, names) as T;
}

/**
 * The value with its texts shortened. Copies are made only along the way to a change: an answer may have millions of rows without a path.
 */
function shorten(value: unknown, key: string, kept: readonly string[], names: () => PackageNames): unknown {
  if (typeof value === "string") {
    if (!value.includes("/")) return value;
    return key === "file" ? folderOf(value) : shortenAround(value, kept, names);
  }
  if (Array.isArray(value)) {
    let changed: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const short = shorten(value[i], key, kept, names);
      if (short === value[i]) continue;
      changed ??= value.slice();
      changed[i] = short;
    }
    return changed ?? value;
  }
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const own = [...kept, ...textsOfPanics((value as { panics?: unknown }).panics)];
  let changed: Record<string, unknown> | undefined;
  for (const [name, part] of Object.entries(value)) {
    if (VERBATIM.has(name)) continue;
    const short = shorten(part, name, own, names);
    if (short === part) continue;
    changed ??= { ...value };
    changed[name] = short;
  }
  return changed ?? value;
}

/** What a panic said is looked for in logs, letter by letter. */
function textsOfPanics(panics: unknown): readonly string[] {
  if (!Array.isArray(panics)) return NOTHING;
  return panics.flatMap(({ text }) => (typeof text === "string" ? text.split("\n").filter((line) => line.includes("/")) : []));
}

/** A text shortened around what has to stay letter by letter. */
function shortenAround(text: string, kept: readonly string[], names: () => PackageNames): string {
  const at = kept.findIndex((each) => text.includes(each));
  if (at < 0) return names().shorten(text);
  const words = kept[at];
  return text
    .split(words)
    .map((part) => shortenAround(part, kept.slice(at + 1), names))
    .join(words);
}

/** "demo/main.go" of "corescope.example/dumps/demo/main.go". */
function folderOf(file: string): string {
  return file.split("/").slice(-2).join("/");
}
