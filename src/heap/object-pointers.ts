// The pointers of one object.
import { type Address, type ObjectId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { PAGE } from "../runtime/spans.js";
import type { PointerMasks } from "../runtime/variants/pointer-masks.js";
import type { ObjectTable } from "./objects.js";

/**
 * Pointer words of one object, told one by one; for questions about single objects. Words that are nil, or not in the core,
 * are left out.
 * @param visit  told the word's index in the object, its malloc header counted, and the pointer
 */
export function eachPointer(
  memory: AddressSpace,
  objects: ObjectTable,
  masks: PointerMasks,
  id: ObjectId,
  visit: (word: number, value: Address) => void,
): void {
  const { spans } = objects;
  const span = objects.spanOf(id);
  const words = spans.elementSize[span] / WORD;
  const base = objects.addressOf(id);
  const add = (word: number) => {
    const value = memory.tryAddress(base + word * WORD);
    if (value !== undefined && value > 0) visit(word, value);
  };
  // As pointer-loops.ts does it for all objects.
  const kind = masks.kindOf(spans, span);
  if (kind === "bitmap") {
    const bits = new Uint32Array(Math.ceil((spans.pages[span] * PAGE) / 256));
    if (!masks.spanBits(spans, span, undefined, bits)) return;
    const from = (base - spans.base[span]) / WORD;
    for (let word = 0; word < words; word++) if (bits[(from + word) >>> 5] & (1 << ((from + word) & 31))) add(word);
  } else if (kind !== "none") {
    const type = kind === "header" ? memory.tryAddress(base) : spans.largeType[span];
    const mask = type ? masks.typeMask(type, spans.elementSize[span]) : undefined;
    if (!mask || mask.words.length === 0) return;
    for (let element = kind === "header" ? 1 : 0; element < words; element += mask.size / WORD) {
      for (const word of mask.words) if (element + word < words) add(element + word);
    }
  }
}
