// What tells runtime.moduledata and pcHeader from other memory: relations that their words have in every release since Go 1.20.
import type { Address } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { MOST_FUNCTIONS } from "../limits.js";
import { readWords } from "./words.js";

/** Words of moduledata that stand in the same order in every release since Go 1.20, pcHeader to gcbss. runtime/symtab.go */
export const COMMON_WORDS = 37;
/** Places of some of them. */
const PC_HEADER = 0;
const [FUNCNAMETAB, CUTAB, FILETAB, PCTAB, PCLNTABLE, FTAB] = [1, 4, 7, 10, 13, 16] as const;
const [MINPC, MAXPC, TEXT, ETEXT] = [20, 21, 22, 23] as const;
/** Where four ranges begin, each before its end: noptrdata, data, bss, noptrbss. The linker of C puts data first. */
const RANGES = [24, 26, 28, 30];
const END = 34;
/** Where some words stand, by their names. */
export const MODULE_WORDS = { pclntable: PCLNTABLE, text: TEXT, data: 26, edata: 27, bss: 28, ebss: 29 } as const;
/** Six slices begin the record, each as long as its capacity. */
const SLICES = [FUNCNAMETAB, CUTAB, FILETAB, PCTAB, PCLNTABLE, FTAB];
/** The header ends, and the names of functions begin, within so many bytes. */
const LONGEST_HEADER = 256;

/** Whether words may be those of a moduledata. @param words COMMON_WORDS of them */
export function looksLikeModule(words: readonly number[]): boolean {
  const header = words[PC_HEADER];
  if (header < 4096 || words[FUNCNAMETAB] <= header || words[FUNCNAMETAB] >= header + LONGEST_HEADER) return false;
  if (words[PCLNTABLE] !== words[FTAB] || SLICES.some((at) => words[at + 1] !== words[at + 2])) return false;
  for (let i = 0; i < 4; i++) if (words[SLICES[i]] >= words[SLICES[i + 1]]) return false;
  if (words[FTAB + 1] < 2 || words[FTAB + 1] > MOST_FUNCTIONS || words[TEXT] < 4096) return false;
  if (words[MINPC] < words[TEXT] || words[MAXPC] <= words[MINPC] || words[ETEXT] <= words[TEXT]) return false;
  return haveRanges(words);
}

/** The four ranges of data lie apart, below the end of the program. */
function haveRanges(words: readonly number[]): boolean {
  const ascending = RANGES.map((at) => ({ start: words[at], end: words[at + 1] })).sort((a, b) => a.start - b.start || a.end - b.end);
  if (ascending.some(({ start, end }, i) => start > end || end > (ascending[i + 1]?.start ?? words[END]))) return false;
  return ascending[0].start >= 4096 && ascending[0].start < words[END];
}

/** What the first four bytes of a pclntab tell: the release that wrote it. debug/gosym pclntab.go, internal/abi CurrentPCLnTabMagic */
export const MAGICS: ReadonlyMap<number, string> = new Map([
  [0xfffffff1, "Go 1.20 or newer"],
  [0xfffffff0, "Go 1.18 or 1.19"],
  [0xfffffffa, "Go 1.16 or 1.17"],
  [0xfffffffb, "Go 1.15 or older"],
]);
export const CURRENT_MAGIC = 0xfffffff1;

/** runtime.pcHeader: a word of magic and sizes, then these words. */
export interface PcHeader {
  readonly address: Address;
  readonly magic: number;
  readonly nfunc: number;
  /** Where five tables begin: names, units, files, tables of pcs, functions. */
  readonly tables: readonly Address[];
}

/** The header of a pclntab as Go has it since 1.20, whatever its magic number; undefined when it is missing or none. */
export function readPcHeader(memory: AddressSpace, address: Address): PcHeader | undefined {
  const head = memory.tryBytes(address, 8);
  const words = readWords(memory, address, 9);
  if (head === undefined || words === undefined) return undefined;
  const magic = new DataView(head.buffer, head.byteOffset, 8).getUint32(0, true);
  if (head[4] !== 0 || head[5] !== 0 || ![1, 2, 4].includes(head[6]) || head[7] !== 8) return undefined;
  const [nfunc, nfiles, names, units, files, pcs, functions] = [1, 2, 4, 5, 6, 7, 8].map((at) => words[at]) as [
    ...[number, number, number, number, number, number, number],
  ];
  const rising = names >= 64 && names < units && units < files && files <= pcs && pcs < functions && functions < 2 ** 32;
  if (!rising || nfunc === 0 || nfunc > MOST_FUNCTIONS || nfiles > MOST_FUNCTIONS) return undefined;
  return { address, magic, nfunc, tables: [names, units, files, pcs, functions].map((offset) => address + offset) };
}

/** Whether a module's words point at the tables of this header. */
export function isModuleOf(words: readonly number[], header: PcHeader): boolean {
  const pointsAt = SLICES.slice(0, 5).every((at, i) => words[at] === header.tables[i]);
  return words[PC_HEADER] === header.address && pointsAt && words[FTAB + 1] === header.nfunc + 1;
}
