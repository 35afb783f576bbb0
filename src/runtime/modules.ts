// Module data: where each linked image keeps its text, data, types and pointer masks. runtime/symtab.go moduledata.

import { UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { RELEASES } from "../base/releases.js";
import { type Address, hex, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { runGcProgram } from "./gc-program.js";
import { readField, readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_PROGRAM, MOST_MODULES } from "./limits.js";
import { chain } from "./records/chain.js";

/** One active module, addresses as in the process (already biased). */
export interface Module {
  /** Of the module's pclntab; the tables below lie behind it. */
  readonly pcHeader: Address;
  /** Names of functions, NUL-terminated, by offset. */
  readonly funcnametab: Address;
  /** u32 offsets into filetab, by compilation unit and file. */
  readonly cutab: Address;
  /** Paths of source files, NUL-terminated. */
  readonly filetab: Address;
  /** pc-value tables: src/runtime/pc-values.ts. */
  readonly pctab: Address;
  /** Records of functions (runtime._func), by the offsets in ftab. */
  readonly pclntable: Address;
  /** array of {entryoff u32, funcoff u32}; length counts the sentinel. */
  readonly ftab: { readonly array: Address; readonly length: number };
  /** First address of code and first behind it, of all text sections. */
  readonly minpc: Address;
  readonly maxpc: Address;
  /** The first text section. Then the variables: those of noptr* hold no pointers, data is initialised, bss begins as zeros. */
  readonly text: Address;
  readonly etext: Address;
  readonly noptrdata: Address;
  readonly enoptrdata: Address;
  readonly data: Address;
  readonly edata: Address;
  readonly bss: Address;
  readonly ebss: Address;
  readonly noptrbss: Address;
  readonly enoptrbss: Address;
  /** Beginning and end of abi.Type records; offsets of types and names are from here. */
  readonly types: Address;
  readonly etypes: Address;
  /** Read-only data: masks of stack objects are at offsets from here. */
  readonly rodata: Address;
  /** What funcdata offsets are from. */
  readonly gofunc: Address;
  /** More than one in huge and in externally linked programs: linked addresses and where each section is now. */
  readonly textsections: readonly { readonly vaddr: Address; readonly end: Address; readonly baseaddr: Address }[];
  /** One bit per word of [data, edata): n bits at bytes. */
  readonly gcdatamask: { readonly n: number; readonly bytes: Address };
  /** The same of [bss, ebss). */
  readonly gcbssmask: { readonly n: number; readonly bytes: Address };
  /** Constants: the programs that those masks were made by when the process began. */
  readonly gcdata: Address;
  readonly gcbss: Address;
}

/** Every module from runtime.firstmoduledata along next. @throws UnsupportedError when there is no Go runtime in this memory. */
export function readModules(memory: AddressSpace, layout: Layout, findings: Findings): readonly Module[] {
  const first = layout.global("runtime.firstmoduledata");
  if (first === undefined) throw new UnsupportedError("Go runtime", "no runtime.firstmoduledata", `programs built by ${RELEASES}`);
  const struct = layout.struct("moduledata");
  const modules: Module[] = [];
  const missing = (at: Address, message: string) => findings.add("module-missing", message, hex(at), { partial: true });
  const next = (at: Address) => readField(memory, struct, at, "next");
  for (const at of chain(first, next, MOST_MODULES, (circle) => missing(circle, "the list of modules does not end"))) {
    if (memory.tryBytes(at, struct.size) === undefined) {
      missing(at, "module data is not in the core");
      break;
    }
    modules.push(readModule(memory, layout, at));
  }
  return modules;
}

/** moduledata.textsectmap, read-only data: [] when it is not in the core, as if there were one section. runtime/symtab.go textsect */
function readSections(memory: AddressSpace, array: Address, length: number): Module["textsections"] {
  const count = Math.min(length, MOST_SECTIONS);
  if (memory.tryBytes(array, count * SECTION_SIZE) === undefined) return [];
  return Array.from({ length: count }, (_, i) => ({
    vaddr: memory.readAddress(array + i * SECTION_SIZE),
    end: memory.readAddress(array + i * SECTION_SIZE + 8),
    baseaddr: memory.readAddress(array + i * SECTION_SIZE + 16),
  }));
}

const SECTION_SIZE = 24;
const MOST_SECTIONS = 1024;

function readModule(memory: AddressSpace, layout: Layout, at: Address): Module {
  const struct = layout.struct("moduledata");
  type Field = Parameters<typeof struct.offset>[0];
  const word = (field: Field) => readField(memory, struct, at, field);
  const slice = (field: Field) => readSlice(memory, at + struct.offset(field));
  const sections = slice("textsectmap");
  return {
    pcHeader: word("pcHeader"),
    funcnametab: slice("funcnametab").array,
    cutab: slice("cutab").array,
    filetab: slice("filetab").array,
    pctab: slice("pctab").array,
    pclntable: slice("pclntable").array,
    ftab: slice("ftab"),
    minpc: word("minpc"),
    maxpc: word("maxpc"),
    text: word("text"),
    etext: word("etext"),
    noptrdata: word("noptrdata"),
    enoptrdata: word("enoptrdata"),
    data: word("data"),
    edata: word("edata"),
    bss: word("bss"),
    ebss: word("ebss"),
    noptrbss: word("noptrbss"),
    enoptrbss: word("enoptrbss"),
    types: word("types"),
    etypes: word("etypes"),
    rodata: word("rodata"),
    gofunc: word("gofunc"),
    textsections: readSections(memory, sections.array, sections.length),
    gcdatamask: { n: word("gcdatamask.n"), bytes: word("gcdatamask.bytedata") },
    gcbssmask: { n: word("gcbssmask.n"), bytes: word("gcbssmask.bytedata") },
    gcdata: word("gcdata"),
    gcbss: word("gcbss"),
  };
}

/** The words of data or of bss, and which of them the collector takes for pointers. */
export interface PointerArea {
  readonly start: Address;
  readonly words: number;
  /** One bit per word; undefined when neither the mask is in the core nor its program in the executable. */
  readonly bits: Uint8Array | undefined;
}

/** Ends of data or bss whose mask is of another length: one of the two is damaged. Without any the process died before it had one. */
export function oddMasks({ data, edata, gcdatamask, bss, ebss, gcbssmask }: Module): readonly Address[] {
  const isOdd = (start: Address, end: Address, n: number) => n !== 0 && n !== Math.floor((end - start) / WORD);
  return [...(isOdd(data, edata, gcdatamask.n) ? [edata] : []), ...(isOdd(bss, ebss, gcbssmask.n) ? [ebss] : [])];
}

/** Data and bss of a module with their masks; one without words is left out. runtime/mgcmark.go markrootBlock */
export function pointerAreas(memory: AddressSpace, module: Module): readonly PointerArea[] {
  const { data, edata, gcdatamask, gcdata, bss, ebss, gcbssmask, gcbss } = module;
  const area = (start: Address, end: Address, { n, bytes }: Module["gcdatamask"], program: Address): readonly PointerArea[] => {
    const words = Math.min(Math.floor((end - start) / WORD), n);
    if (words <= 0) return [];
    return [{ start, words, bits: memory.tryBytes(bytes, Math.ceil(words / 8))?.slice() ?? maskByProgram(memory, program, words) }];
  };
  return [...area(data, edata, gcdatamask, gcdata), ...area(bss, ebss, gcbssmask, gcbss)];
}

/** The mask as the runtime made it: it lies above the heap, where a core that was cut off has nothing. runtime/symtab.go progToPointerMask */
function maskByProgram(memory: AddressSpace, program: Address, words: number): Uint8Array | undefined {
  const end = memory.find(program)?.end ?? program;
  const bytes = memory.tryBytes(program, Math.min(end - program, LONGEST_PROGRAM))?.slice();
  return bytes && runGcProgram(bytes, words);
}
