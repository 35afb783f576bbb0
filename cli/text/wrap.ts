// Prose in lines.
import { textWidth } from "./table.js";

/** Words in lines no wider than width, as far as words allow; the first begins with start, later ones with indent. */
export function wrapWords(words: readonly string[], width: number, start: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const lead = lines.length === 0 ? start : indent;
    if (line !== "" && textWidth(`${lead}${line} ${word}`) > width) {
      lines.push(lead + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, (lines.length === 0 ? start : indent) + line];
}

/** The same of a text's words; the first line keeps the text's own spaces. */
export function wrapText(text: string, width: number, indent: string): string[] {
  return wrapWords(text.trim().split(" "), width, /^ */.exec(text)?.[0] ?? "", indent);
}
