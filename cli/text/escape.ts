// Text from a dump made safe for a terminal: a dead program must not be able to move the cursor.

const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text with control, format, line-separator and lone surrogate characters written as Go escapes. Nothing else changes. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) => named[character] ?? escapeCharacter(character));
}

/** Go's escapes by size: \x1b, \u202e, \U000e0001. */
function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
