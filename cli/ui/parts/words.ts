// A command line typed in the UI as words.

/**
 * Splits at spaces. A word in quotes loses them, as in a shell; quotes inside a word stay, so that
 * `show main.cache["a b"]` needs no quoting of its own.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const token = /\s*(?:'([^']*)'(?=\s|$)|"([^"]*)"(?=\s|$)|((?:"(?:[^"\\]|\\.)*"|[^\s"]|")+))/gy;
  for (const match of line.matchAll(token)) words.push(match[1] ?? match[2] ?? match[3]);
  return words;
}
