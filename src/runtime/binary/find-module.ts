// Where runtime.firstmoduledata is when no symbol tells: by the executable's sections, by the pclntab's magic number, by its shape.
import type { Findings } from "../../base/findings.js";
import { type Address, hex, WORD } from "../../base/units.js";
import type { AddressSpace, Mapping } from "../../process/address-space.js";
import type { Process } from "../../process/process.js";
import { type Range, union } from "../go-ranges.js";
import { LARGEST_UNNAMED, MOST_MODULES } from "../limits.js";
import { COMMON_WORDS, CURRENT_MAGIC, isModuleOf, looksLikeModule, MAGICS, type PcHeader, readPcHeader } from "./module-words.js";
import { readWords, wordAt, wordBlocks } from "./words.js";

/** section: the executable's table says where; magic: what points to a pclntab; shape: by what its own words have in common. */
type ModuleWay = "section" | "magic" | "shape";

/** The moduledata that begins a chain of modules. */
export interface FoundModule {
  /** Of the process. */
  readonly address: Address;
  /** Every way by which it was found, the surest first. */
  readonly how: readonly ModuleWay[];
  /** The mapped file it lies in; "" when the core does not tell. */
  readonly path: string;
  readonly isInExecutable: boolean;
}

/** Words of a moduledata behind the common ones, in any release: `next` is among them. runtime/symtab.go moduledata is 80 words at most */
const MOST_WORDS = 96;

/**
 * Every chain of modules in the process, that of the executable first: a program in C with libraries in Go has one for each.
 * A plugin's module is in the chain of its host. [] when there is no Go in this memory; ways that disagree are findings.
 */
export function findModules(process: Process, findings: Findings): readonly FoundModule[] {
  const images = process.memory.mappings.filter(isOfImage);
  const found = findIn(process, images, findings);
  // A core without a list of files, and a program that unpacked itself: the image is in mappings without a name.
  const unnamed = process.memory.mappings.filter((each) => each.path === "" && each.end - each.start <= LARGEST_UNNAMED);
  const ways = found.size > 0 ? found : findIn(process, unnamed, findings);
  const chains = firstOfChains(process, ways);
  const own = chains.filter((each) => each.isInExecutable);
  if (own.length > 1 || (own.length === 0 && chains.length > 1)) {
    const places = chains.map((each) => hex(each.address)).join(", ");
    findings.add("module-ambiguous", "several places may be the program's runtime.firstmoduledata: the first is taken", places, {
      partial: own.length > 1,
    });
  }
  return chains;
}

/** runtime.firstmoduledata of the program; undefined when there is no Go in this memory. */
export function findModuleData(process: Process, findings: Findings): FoundModule | undefined {
  return findModules(process, findings)[0];
}

function isOfImage({ path, backing }: Mapping): boolean {
  return path !== "" && !path.startsWith("[") && typeof backing !== "string";
}

/** Modules by every way; the magic number is searched for only where no section names the pclntab. */
function findIn(process: Process, mappings: readonly Mapping[], findings: Findings): Map<Address, ModuleWay[]> {
  const { memory } = process;
  const held = mappings.filter(({ backing }) => typeof backing !== "string");
  const data = union(held.filter(({ flags }) => flags % 2 === 0));
  const found = new Map<Address, ModuleWay[]>();
  const add = (way: ModuleWay, addresses: readonly Address[]) => {
    for (const address of addresses) found.set(address, [...(found.get(address) ?? []), way]);
  };
  const named = bySection(process, data);
  add("section", named);
  if (named.length === 0) add("magic", byMagic(memory, union(held), data, findings));
  const shaped = byShape(memory, data);
  add("shape", shaped);
  for (const [address, ways] of found) {
    if (ways.includes("shape")) continue;
    findings.add("module-odd", "module data was found by its tables and does not look like module data", hex(address), { partial: true });
    found.delete(address);
  }
  return found;
}

/** Module data that the executable's section table leads to: it has a section of its own since Go 1.26, the pclntab always had. */
function bySection({ executable, loadBias, memory }: Process, data: readonly Range[]): Address[] {
  if (executable === undefined) return [];
  const headers = executable.sections.flatMap(({ name, address }) => {
    const header = name.endsWith("gopclntab") ? readPcHeader(memory, address + loadBias) : undefined;
    return header === undefined ? [] : [header];
  });
  const own = executable.sections.find((each) => each.name.endsWith(".go.module"));
  if (own === undefined) return modulesOf(memory, headers, data);
  const address = own.address + loadBias;
  // Of a core without a list of files the data is no image's: it is searched with the unnamed mappings.
  if (!data.some(({ start, end }) => address >= start && address < end)) return [];
  const words = readWords(memory, address, COMMON_WORDS);
  const isWhole = words !== undefined && (headers.length === 0 || headers.some((each) => isModuleOf(words, each)));
  return isWhole ? [address] : [];
}

/** Module data that points to what begins as a pclntab does. */
function byMagic(memory: AddressSpace, held: readonly Range[], data: readonly Range[], findings: Findings): Address[] {
  const current: PcHeader[] = [];
  for (const header of pcHeaders(memory, held)) {
    if (header.magic === CURRENT_MAGIC) current.push(header);
    else findings.add("pclntab-old", `a table of functions written by ${MAGICS.get(header.magic)} is in memory`, hex(header.address));
  }
  return modulesOf(memory, current, data);
}

/** Everything in memory that is a pcHeader with a magic number that is known. */
function pcHeaders(memory: AddressSpace, ranges: readonly Range[]): PcHeader[] {
  const found: PcHeader[] = [];
  // All magic numbers end so, and two bytes of padding follow.
  const rest = Buffer.from([0xff, 0xff, 0xff, 0, 0]);
  for (const { start, bytes, count } of wordBlocks(memory, ranges, 1)) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = buffer.indexOf(rest); at >= 0 && at < count * WORD && found.length < MOST_MODULES; at = buffer.indexOf(rest, at + 1)) {
      if (at % WORD !== 1 || !MAGICS.has(0xffffff00 + buffer[at - 1])) continue;
      const header = readPcHeader(memory, start + at - 1);
      if (header) found.push(header);
    }
  }
  return found;
}

/** Module data whose first word is the address of one of these headers, and whose tables are that header's. */
function modulesOf(memory: AddressSpace, headers: readonly PcHeader[], data: readonly Range[]): Address[] {
  if (headers.length === 0) return [];
  const byAddress = new Map(headers.map((each) => [each.address, each]));
  const found: Address[] = [];
  for (const block of wordBlocks(memory, data, 1)) {
    for (let i = 0; i < block.count; i++) {
      if (block.halves[i * 2] === 0) continue;
      const header = byAddress.get(wordAt(block, i));
      const words = header && readWords(memory, block.start + i * WORD, COMMON_WORDS);
      if (words && isModuleOf(words, header)) found.push(block.start + i * WORD);
    }
  }
  return found;
}

/** Module data by relations among its own words: what it points to need not be in the core. */
function byShape(memory: AddressSpace, data: readonly Range[]): Address[] {
  const found: Address[] = [];
  for (const block of wordBlocks(memory, data, COMMON_WORDS)) {
    const { halves, start, count } = block;
    const last = Math.min(count, halves.length / 2 - COMMON_WORDS + 1);
    for (let i = 0; i < last; i++) {
      const low = i * 2;
      if (halves[low] === 0 || halves[low + 4] !== halves[low + 6] || halves[low + 26] !== halves[low + 32]) continue;
      const words = Array.from({ length: COMMON_WORDS }, (_, k) => wordAt(block, i + k));
      if (looksLikeModule(words)) found.push(start + i * WORD);
    }
  }
  return found;
}

/** Those that no other points to by `next`. */
function firstOfChains({ memory, executable, loadBias }: Process, found: ReadonlyMap<Address, readonly ModuleWay[]>): FoundModule[] {
  const isNext = new Set<Address>();
  for (const address of found.keys()) {
    for (let i = COMMON_WORDS; i < MOST_WORDS; i++) {
      const word = memory.tryAddress(address + i * WORD) ?? 0;
      if (word !== address && found.has(word)) isNext.add(word);
    }
  }
  const isInExecutable = (address: Address) =>
    executable?.segments.some((each) => address >= each.address + loadBias && address < each.address + loadBias + each.memorySize) ?? false;
  return [...found]
    .filter(([address]) => !isNext.has(address))
    .map(([address, how]) => ({ address, how, path: memory.find(address)?.path ?? "", isInExecutable: isInExecutable(address) }))
    .sort((a, b) => Number(b.isInExecutable) - Number(a.isInExecutable) || b.how.length - a.how.length || a.address - b.address);
}
