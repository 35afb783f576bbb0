// Whether the debug information of one ELF file describes another one, the executable, and where its addresses lie there.
//
// Of one build the ids are the same, and so is every address. An unstripped rebuild has other ids: there the code decides. What the
// linker writes of the flags of a build moves the data behind it, so the code of a rebuild differs where it names data, and nowhere else.
import { type Address, counted, hex } from "../base/units.js";
import { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS } from "./constants.js";
import { hasDebugInfo } from "./debug-link.js";
import type { ElfImage } from "./elf.js";
import type { ElfSection } from "./sections.js";

/** Debug information that describes an executable. */
export interface DebugMatch {
  /** Where in the executable lies what the debug information names; both are link-time addresses. */
  place(address: Address): Address;
  /** By which it is known to be of the executable. */
  readonly proof: "build id" | "debug link" | "code";
  /** Of a rebuild: functions and lines are the same too; true where the ids are. */
  readonly sameLines: boolean;
}

/** Or why it does not. */
export interface NoMatch {
  readonly refused: string;
}

/** What may prove that a file is of the executable beside its build ids. */
export interface OtherProof {
  /** It is named by .gnu_debuglink, and its CRC is right. */
  readonly link?: boolean;
  /** It may be a rebuild whose code is the same: for files that a person named. */
  readonly rebuild?: boolean;
}

/** @param debug  the file whose DWARF is to be read @throws FormatError when a section that is compared is not in its file */
export function matchDebug(
  executable: ElfImage,
  debug: ElfImage,
  { link = false, rebuild = false }: OtherProof = {},
): DebugMatch | NoMatch {
  const wanted = executable.header.machine;
  if (debug.header.machine !== wanted) return { refused: `it is for ${debug.header.machine}, the executable for ${wanted}` };
  if (!hasDebugInfo(debug)) return { refused: "it holds no debug information (no .debug_info)" };
  const ids = compareIds(executable, debug);
  const proof = ids.match === "same" ? "build id" : ids.match === "unknown" && link ? "debug link" : undefined;
  if (proof) return sameLayout(executable, debug) ?? { proof, sameLines: true, place: (address) => address };
  if (rebuild) return matchCode(executable, debug, ids.text);
  return { refused: ids.text };
}

/** Go's ids first, then GNU's: one that both files have and that differs decides. */
function compareIds(executable: ElfImage, debug: ElfImage): { readonly match: "same" | "different" | "unknown"; readonly text: string } {
  const pairs = [
    [executable.goBuildId, debug.goBuildId],
    [executable.gnuBuildId, debug.gnuBuildId],
  ].filter(([own, other]) => own !== undefined && other !== undefined);
  const different = pairs.find(([own, other]) => own !== other);
  if (different) return { match: "different", text: `its build id ${different[1]} is not the executable's ${different[0]}` };
  return pairs.length > 0 ? { match: "same", text: "" } : { match: "unknown", text: "no build id proves that it is of the executable" };
}

/** Of one build every section that both files list lies at the same place; else the ids lie. */
function sameLayout(executable: ElfImage, debug: ElfImage): NoMatch | undefined {
  for (const own of executable.sections.filter(isLoaded)) {
    const other = debug.sections.find((each) => each.name === own.name);
    if (other && (other.address !== own.address || other.size !== own.size)) return { refused: places(own, other) };
  }
  return undefined;
}

/** A rebuild: the same code but for addresses of data that was moved, and every section of data as long as the executable's. */
function matchCode(executable: ElfImage, debug: ElfImage, ids: string): DebugMatch | NoMatch {
  const find = (image: ElfImage, name: string) => image.sections.find((each) => each.name === name);
  const [own, other] = [find(executable, ".text"), find(debug, ".text")];
  if (!own || !other || own.type === SHT_NOBITS || other.type === SHT_NOBITS)
    return { refused: `${ids}, and there is no code in both files to compare` };
  if (own.address !== other.address || own.size !== other.size) return { refused: `${ids}, and ${places(own, other)}` };

  const pairs = executable.sections.filter(isLoaded).map((section) => ({ own: section, other: find(debug, section.name) }));
  for (const { own: section, other: twin } of pairs) {
    if (!isWritable(section) || section.name === ".go.buildinfo") continue;
    if (!twin || twin.size !== section.size) return { refused: `${ids}, and ${places(section, twin)}` };
  }
  const sections = pairs.flatMap(({ own: section, other: twin }) => (twin && section.address > 0 ? [{ own: section, other: twin }] : []));
  const difference = compareCode(executable, debug, own, other, sections);
  if (difference !== undefined) return { refused: `${ids}, and its code is another one from ${hex(difference)} on` };
  return {
    proof: "code",
    sameLines: sameLines(executable, debug),
    place(address) {
      const data = sections.filter((each) => isWritable(each.own) && holds(each.other, address));
      const at = data.find(({ other: { address: start, size } }) => address >= start && address < start + size) ?? data[0];
      return at ? address + at.own.address - at.other.address : address;
    },
  };
}

/** A section of the executable and the one of its name in the other file. */
interface Pair {
  readonly own: ElfSection;
  readonly other: ElfSection;
}

/** Where the code of two files differs in more than the places of moved data; undefined: nowhere. */
function compareCode(
  executable: ElfImage,
  debug: ElfImage,
  own: ElfSection,
  other: ElfSection,
  pairs: readonly Pair[],
): Address | undefined {
  const a = executable.section(own.name) ?? new Uint8Array(0);
  const b = debug.section(other.name) ?? new Uint8Array(0);
  if (Buffer.compare(a, b) === 0) return undefined;
  const [viewA, viewB] = [viewOf(a), viewOf(b)];
  const isPlaced = executable.header.type === "EXEC"; // code of C may then hold an address itself, and not its distance
  const isOperand = (from: number): boolean => {
    if (from < 0 || from + 4 > a.length) return false;
    const end = from + 4;
    return (
      isMoved(pairs, own.address + end + viewA.getInt32(from, true), other.address + end + viewB.getInt32(from, true)) ||
      (isPlaced && isMoved(pairs, viewA.getUint32(from, true), viewB.getUint32(from, true)))
    );
  };
  for (let at = 0; at < a.length; at++) {
    if (a[at] === b[at]) continue;
    const start = [at, at - 1, at - 2, at - 3].find(isOperand);
    if (start === undefined) return own.address + at;
    at = start + 3;
  }
  return undefined;
}

/**
 * Whether two addresses are one thing: moved with its section when that is code or data that changes, anywhere in the section when it is
 * read-only (the text of the flags lies among the constants). An operand behind the address adds up to 4 bytes to both.
 */
function isMoved(pairs: readonly Pair[], a: Address, b: Address): boolean {
  return pairs.some(({ own, other }) => {
    if (!holds(own, a) || !holds(other, b)) return false;
    const isFixed = isWritable(own) || has(own, SHF_EXECINSTR);
    return !isFixed || a - own.address === b - other.address;
  });
}

/** Functions, files and lines, as the runtime keeps them. */
function sameLines(executable: ElfImage, debug: ElfImage): boolean {
  const name = executable.sections.find((each) => each.name.endsWith(".gopclntab"))?.name ?? ".gopclntab";
  const [own, other] = [executable.section(name), debug.section(name)];
  return own !== undefined && other !== undefined && Buffer.compare(own, other) === 0;
}

/** Also just behind its end, and 4 bytes before its start: addresses are counted from an operand that may follow them. */
function holds(section: ElfSection, address: Address): boolean {
  return address >= section.address - 4 && address <= section.address + section.size;
}

function isLoaded(section: ElfSection): boolean {
  return has(section, SHF_ALLOC) && section.size > 0;
}

function isWritable(section: ElfSection): boolean {
  return has(section, SHF_WRITE);
}

function has({ flags }: ElfSection, flag: number): boolean {
  return Math.floor(flags / flag) % 2 === 1;
}

function places(own: ElfSection, other: ElfSection | undefined): string {
  const at = (section: ElfSection) => `${counted(section.size, "byte")} at ${hex(section.address)}`;
  return other ? `its ${own.name} is ${at(other)}, the executable's ${at(own)}` : `it has no ${own.name}`;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
