// How two golden files differ, in a few lines.

/** Lines shown of each side. */
const most = 6;
/** Characters shown of a line. */
const longest = 160;

/** The first lines that differ, under the command line that they answer. */
export function difference(was: string, is: string): string {
  const [old, now] = [was.split("\n"), is.split("\n")];
  const length = Math.max(old.length, now.length);
  let at = 0;
  while (at < length && old[at] === now[at]) at++;
  const question = [...now.slice(0, at + 1)].reverse().find((line) => line.startsWith("$ ")) ?? "";
  let end = at;
  while (end < Math.min(at + most, length) && old[end] !== now[end]) end++;
  const side = (sign: string, lines: readonly string[]) => lines.slice(at, end).map((line) => `${sign} ${line.slice(0, longest)}`);
  return [`line ${at + 1}, ${question}`, ...side("-", old), ...side("+", now)].join("\n");
}
