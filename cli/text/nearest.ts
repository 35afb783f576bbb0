// Words that a mistyped one may have meant.
import { editDistance } from "../../src/base/spelling.js";

/** The name that a mistyped word most likely meant. */
export function nearestWord(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 4)) || (word.length >= 3 && name.startsWith(word)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** Levenshtein's: letters to insert, delete or replace. */
