// Parts of names: brackets that are not needed, variables that moved to the heap, places in a map's block.
import type { Bytes } from "../base/units.js";
import type { MapBlock } from "../runtime/maps/design.js";

/** DWARF calls a local that moved to the heap &x: the object it points to is the variable x. */
export function movedVariable(text: string): string {
  return text.replace(/(^|\.)&([^.&[\]()]+)$/, "$1$2");
}

/** Without the brackets that only an added .field needs: (*p) is *p. */
export function bare(text: string): string {
  if (!text.startsWith("(*") || !text.endsWith(")")) return text;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted && character === "\\") i++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0 && i < text.length - 1) return text;
  }
  return text.slice(1, -1);
}

/** Which of a block's eight entries an offset is in, and whether in its key or its value; undefined between them. */
export function placeInBlock(
  block: MapBlock,
  offset: Bytes,
  keySize: Bytes,
  valueSize: Bytes,
): { readonly index: number; readonly part: "key" | "value"; readonly rest: Bytes } | undefined {
  const within = (start: Bytes, stride: Bytes, size: Bytes, part: "key" | "value") => {
    if (stride === 0) return undefined;
    const index = Math.floor((offset - start) / stride);
    const rest = offset - start - index * stride;
    return index >= 0 && index < 8 && rest < size ? { index, part, rest } : undefined;
  };
  return (
    within(block.values, block.valueStride, block.indirectValue ? 8 : valueSize, "value") ??
    within(block.keys, block.keyStride, block.indirectKey ? 8 : keySize, "key")
  );
}
