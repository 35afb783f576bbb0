// Where the fields of runtime.moduledata lie in a release that there is no table of: by what their words must be. Its first words are the same
// in all releases; what stands behind them has moved in most.
import { type Address, type Bytes, WORD } from "../../base/units.js";
import type { DwarfType } from "../../dwarf/dwarf.js";
import type { AddressSpace } from "../../process/address-space.js";
import { COMMON_WORDS, MODULE_WORDS } from "./module-words.js";
import { readWords } from "./words.js";

/** Places of words that are the same in all releases. */
const { pclntable: PCLNTABLE, text: TEXT, data: DATA, edata: EDATA, bss: BSS, ebss: EBSS } = MODULE_WORDS;
const TYPES = COMMON_WORDS;
/** Words of a record at most: Go 1.27 has 73. */
const MOST_WORDS = 96;
/** Words of a bit vector: its length, its bytes. */
const VECTOR = 2;
const LOW_HALF = 2 ** 32;

/**
 * The type of moduledata as the process has it.
 * @param type  of another release
 * @returns undefined when the words that the type names are not what they must be, and no others are
 */
export function moduleByShape(memory: AddressSpace, at: Address, type: DwarfType): DwarfType | undefined {
  if (type.kind !== "struct") return undefined;
  const words = wordsOf(memory, at);
  const offsets = new Map(type.fields.map(({ name, offset }) => [name, offset]));
  const masks = findMasks(words);
  const sections = findSections(memory, words);
  if (masks === undefined || sections === undefined) return undefined;
  const moved = new Map<string, Bytes>();
  // Fields that stand together in all releases move together.
  const move = (anchor: string, index: number, ...names: string[]) => {
    const by = index * WORD - (offsets.get(anchor) ?? 0);
    for (const name of [anchor, ...names]) moved.set(name, (offsets.get(name) ?? 0) + by);
  };
  move("gcdatamask", masks, "gcbssmask", "typemap", "next");
  move("textsectmap", sections);
  // Since Go 1.26 what funcdata is relative to lies behind the table of functions, and the end of both stands between.
  const isBehind = words[sections - 2] === words[PCLNTABLE] + words[PCLNTABLE + 1];
  move("gofunc", sections - (isBehind ? 2 : 1), "rodata");
  // Behind the beginning of types a release may have a length before their end.
  const etypes = words.findIndex((word, index) => index > TYPES && index < sections && word > words[TYPES]);
  if (etypes >= 0) moved.set("etypes", etypes * WORD);
  if ([...moved].every(([name, offset]) => !offsets.has(name) || offsets.get(name) === offset)) return type;
  const fields = type.fields.map((field) => ({ ...field, offset: moved.get(field.name) ?? field.offset }));
  return { ...type, fields, size: Math.max(type.size, (moved.get("next") ?? 0) + WORD) };
}

/** As many of the record's words as are in the core. */
function wordsOf(memory: AddressSpace, at: Address): readonly number[] {
  for (let count = MOST_WORDS; count > COMMON_WORDS; count--) {
    const words = readWords(memory, at, count);
    if (words) return words;
  }
  return [];
}

/** The masks of data and bss, one behind the other: each has a bit for each word. */
function findMasks(words: readonly number[]): number | undefined {
  const bits = (from: number, to: number) => Math.floor((words[to] - words[from]) / WORD);
  const is = (at: number, count: number) => words[at] % LOW_HALF === count && words[at + 1] >= 4096;
  for (let at = COMMON_WORDS; at + 2 * VECTOR <= words.length; at++)
    if (is(at, bits(DATA, EDATA)) && is(at + VECTOR, bits(BSS, EBSS))) return at;
  return undefined;
}

/** The slice of text sections, the first of which is where the text begins. */
function findSections(memory: AddressSpace, words: readonly number[]): number | undefined {
  for (let at = COMMON_WORDS; at + 2 < words.length; at++) {
    if (words[at + 1] === 0 || words[at + 1] !== words[at + 2]) continue;
    // textsect: linked address, its end, and where it is now.
    if (readWords(memory, words[at], 3)?.[2] === words[TEXT]) return at;
  }
  return undefined;
}
