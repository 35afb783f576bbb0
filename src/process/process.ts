// A dead process: its memory, its threads and where its executable was loaded; knows no Go.
import { ARCHES, type Arch } from "../base/arch.js";
import type { Findings } from "../base/findings.js";
import { type Address, type Bytes, counted, formatBytes, hex } from "../base/units.js";
import { PF_W, PT_LOAD } from "../elf/constants.js";
import { type ElfImage, type ElfSegment, expectCore, expectExecutable } from "../elf/elf.js";
import { scanBuildIds } from "../elf/notes.js";
import { type AddressSpace, openAddressSpace } from "./address-space.js";
import {
  AT_EXECFN,
  AT_SYSINFO_EHDR,
  type MappedFile,
  readAuxv,
  readMappedFiles,
  readProgram,
  readSignal,
  readThreads,
  type SignalInfo,
  type Thread,
  withoutDeleted,
} from "./core-notes.js";
import { coreSegments, VSYSCALL } from "./core-segments.js";
import { loadBiasOf, mainExecutablePath, mainHeaderAddress } from "./load-bias.js";
import { cut, disjoint, fillGaps, inside, type Mapping } from "./mappings.js";

export type { ElfSymbol } from "../elf/elf.js";
export type { AddressSpace } from "./address-space.js";
export type { MappedFile, SignalInfo, Thread } from "./core-notes.js";
export type { Mapping } from "./mappings.js";
export type { Registers } from "./registers.js";

/** A process as its core and its executable show it. */
export interface Process {
  readonly memory: AddressSpace;
  /** The one that took the signal first. */
  readonly threads: readonly Thread[];
  readonly executable: ElfImage;
  readonly core: ElfImage;
  readonly arch: Arch;
  /** Process address minus the executable's link-time address. */
  readonly loadBias: Address;
  /** 0 when no note tells. */
  readonly pid: number;
  /** Last part of the executable's path, else the kernel's 15 characters of it. */
  readonly executableName: string;
  /** As ps shows them, 80 characters at most. */
  readonly arguments: string;
  readonly signal: SignalInfo | undefined;
  /** Auxiliary vector: values by AT_ type. */
  readonly auxv: ReadonlyMap<number, number>;
  /** NT_FILE, ascending; [] when the core has none. */
  readonly files: readonly MappedFile[];
}

const PAGE: Bytes = 4096;

/**
 * Lays the core over the executable and reads the notes.
 *
 * Bytes of the core win. What the core does not hold is taken from the read-only segments of the executable, then of the others (page
 * by page, as the kernel maps files); writable segments of a file are what memory was before the program ran, and are never used.
 * The rest is not-dumped.
 *
 * @param others  other mapped images (plugins, shared libraries) with their load biases
 * @throws FormatError when core is no core, or executable is one
 */
export function assembleProcess(
  core: ElfImage,
  executable: ElfImage,
  others: readonly { readonly image: ElfImage; readonly bias: Address }[],
  findings: Findings,
): Process {
  expectCore(core);
  expectExecutable(executable);
  reportMissing(core, findings);

  const dumped = dumpedMappings(core);
  const loadBias = loadBiasOf(core, executable, openAddressSpace(dumped)) ?? noBias(findings);
  const auxv = readAuxv(core);
  const files = readMappedFiles(core, findings);
  const threads = readThreads(core, findings);
  if (threads.length === 0)
    findings.add("no-threads", "the core holds no thread registers; running goroutines cannot be followed", "", { partial: true });
  const program = readProgram(core);
  const path = mainExecutablePath(core);

  const images = [{ image: executable, bias: loadBias }, ...others].map(({ image, bias }) => imageMappings(image, bias));
  const memory = openAddressSpace(named(overlay(core, dumped, images, files), files, auxv));
  return {
    memory,
    threads,
    executable,
    core,
    arch: ARCHES[core.header.machine],
    loadBias,
    pid: program?.pid ?? threads[0]?.tid ?? 0,
    executableName: path?.split("/").pop() ?? program?.name ?? "",
    arguments: program?.arguments ?? "",
    signal: readSignal(core, threads),
    auxv,
    files,
  };
}

/** Whether core and executable are of the same build, and the ids that say so. */
export interface BuildCheck {
  readonly match: "same" | "different" | "unknown";
  readonly coreId: string | undefined;
  readonly executableId: string | undefined;
}

/**
 * Compares the build ids in the core's memory with the executable's: Go's, then GNU's. The first page of an image is in a core under
 * the kernel's default filter; "unknown" when it is not there, or holds no id.
 */
export function verifyBuild(core: ElfImage, executable: ElfImage): BuildCheck {
  const memory = openAddressSpace(dumpedMappings(core));
  const first = executable.segments.find((segment) => segment.type === PT_LOAD);
  const bias = loadBiasOf(core, executable, memory);
  // The executable's own place first: it may be a library inside another program. Its header is then in the core, byte by byte.
  const proved = executable.header.type === "DYN" && bias !== undefined && first ? bias + first.address - first.offset : undefined;
  const header = mainHeaderAddress(core, memory) ?? proved ?? first?.address;
  const places = [proved, header].filter((place): place is number => place !== undefined);
  const wanted = [
    ["go", executable.goBuildId],
    ["gnu", executable.gnuBuildId],
  ] as const;

  let check: BuildCheck = { match: "unknown", coreId: undefined, executableId: executable.goBuildId ?? executable.gnuBuildId };
  for (const place of places) {
    const page = memory.tryBytes(place, PAGE);
    const found = page ? scanBuildIds(page) : undefined;
    for (const [kind, executableId] of wanted) {
      const coreId = found?.[kind];
      if (coreId === undefined || executableId === undefined) continue;
      if (coreId !== executableId && check.match !== "different") check = { match: "different", coreId, executableId };
      else if (check.match === "unknown") check = { match: "same", coreId, executableId };
    }
    if (check.coreId === undefined) check = { ...check, coreId: found?.go ?? found?.gnu };
    if (check.match === "same") return check;
  }
  return check;
}

/** Where to look for the executable: its path when the process lived, as NT_FILE has it, then AT_EXECFN's and the program's name. */
export function executableCandidates(core: ElfImage): readonly string[] {
  const execfn = readAuxv(core).get(AT_EXECFN);
  const memory = openAddressSpace(dumpedMappings(core));
  const names = [mainExecutablePath(core), execfn === undefined ? undefined : textAt(memory, execfn), readProgram(core)?.name];
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== ""))];
}

/** Other images that may hold Go code or data of their own, plugins and shared libraries by path; the system's are not worth opening. */
export function imageCandidates(core: ElfImage, findings: Findings): readonly string[] {
  const main = mainExecutablePath(core);
  const paths = new Set(readMappedFiles(core, findings).map(({ path }) => withoutDeleted(path)));
  return [...paths]
    .filter((path) => path !== main && /\.so(\.|$)/.test(path) && !/^\/(usr\/)?lib(32|64|x32)?\//.test(path))
    .slice(0, MOST_IMAGES);
}

const MOST_IMAGES = 256;

/** Load bias of another mapped image (plugin, shared library), found by its ELF header in the core; undefined when it is nowhere. */
export function findLoadBias(core: ElfImage, image: ElfImage): Address | undefined {
  return loadBiasOf(core, image, openAddressSpace(dumpedMappings(core)), "proved");
}

/** What the core itself holds; pieces of PT_LOAD segments. */
function dumpedMappings(core: ElfImage): Mapping[] {
  return disjoint(
    coreSegments(core).loads.map((segment) => {
      const size = Math.min(segment.fileSize, segment.memorySize, Math.max(0, core.source.size - segment.offset));
      const backing = { source: core.source, offset: segment.offset };
      return { start: segment.address, end: segment.address + size, flags: segment.flags, path: "", backing };
    }),
  );
}

/** Read-only pages of an image's file, where the kernel maps them; zeros after the end of the file. */
function imageMappings(image: ElfImage, bias: Address): Mapping[] {
  const mappings: Mapping[] = [];
  for (const segment of loads(image)) {
    if (Math.floor(segment.flags / PF_W) % 2 === 1 || segment.fileSize === 0) continue;
    const before = Math.min(segment.address % PAGE, segment.offset);
    const start = segment.address + bias - before;
    const offset = segment.offset - before;
    const size = Math.ceil((Math.min(segment.fileSize, image.source.size) + before) / PAGE) * PAGE;
    const present = Math.max(0, Math.min(size, image.source.size - offset));
    const whole = { start, end: start + size, flags: segment.flags, path: image.source.name, backing: { source: image.source, offset } };
    if (present > 0) mappings.push(cut(whole, start, start + present));
    if (present > 0 && present < size && size - present < PAGE) mappings.push({ ...whole, start: start + present, backing: "zero" });
  }
  return disjoint(mappings);
}

function overlay(
  core: ElfImage,
  dumped: readonly Mapping[],
  images: readonly (readonly Mapping[])[],
  files: readonly MappedFile[],
): Mapping[] {
  const claimed = disjoint(
    coreSegments(core).loads.map((segment) => ({
      start: segment.address,
      end: segment.address + segment.memorySize,
      flags: segment.flags,
      path: "",
      backing: "not-dumped" as const,
    })),
  );
  const readOnly = claimed.filter((mapping) => Math.floor(mapping.flags / PF_W) % 2 === 0);
  let memory: Mapping[] = [...dumped];
  for (const image of images) memory = fillGaps(memory, inside(readOnly, image));
  memory = fillGaps(memory, untouched(core, files));
  memory = fillGaps(memory, claimed);
  // delve leaves mappings out of its list altogether
  for (const image of images) memory = fillGaps(memory, image);
  return memory;
}

/**
 * Anonymous writable memory that no page was ever touched of: the kernel leaves it out of a core, and it reads as zero. Known by other
 * memory of that kind being there; without any, the filter has left it out. fs/coredump.c vma_dump_size
 */
function untouched(core: ElfImage, files: readonly MappedFile[]): Mapping[] {
  const ofFile = (address: Address) => files.some((file) => address >= file.start && address < file.end);
  const anonymous = coreSegments(core).loads.filter(
    (segment) => isWritable(segment.flags) && segment.memorySize > 0 && !ofFile(segment.address),
  );
  if (!anonymous.some((segment) => segment.fileSize > 0)) return [];
  return disjoint(
    anonymous
      .filter((segment) => segment.fileSize === 0)
      .map((segment) => ({
        start: segment.address,
        end: segment.address + segment.memorySize,
        flags: segment.flags,
        path: "",
        backing: "zero" as const,
      })),
  );
}

function isWritable(flags: number): boolean {
  return Math.floor(flags / PF_W) % 2 === 1;
}

/** Memory that is believed to be untouched: not in the core, and zero if that is true. */
export function untouchedMappings({ memory }: Process): readonly Mapping[] {
  return memory.mappings.filter(({ backing, flags }) => backing === "zero" && isWritable(flags));
}

/** The process when mappings turn out to have been left out of the core. */
export function withoutMappings(process: Process, gone: ReadonlySet<Mapping>): Process {
  const mappings = process.memory.mappings.map((each) => (gone.has(each) ? { ...each, backing: "not-dumped" as const } : each));
  return { ...process, memory: openAddressSpace(mappings) };
}

function named(mappings: readonly Mapping[], files: readonly MappedFile[], auxv: ReadonlyMap<number, number>): Mapping[] {
  const vdso = auxv.get(AT_SYSINFO_EHDR);
  const onStack = auxv.get(AT_EXECFN);
  const holds = (mapping: Mapping, address: Address | undefined) =>
    address !== undefined && mapping.start <= address && address < mapping.end;
  let next = 0;
  return mappings.map((mapping) => {
    while (next < files.length && files[next].end <= mapping.start) next++;
    const file = files[next];
    if (file && file.start <= mapping.start) return { ...mapping, path: file.path };
    if (holds(mapping, vdso)) return { ...mapping, path: "[vdso]" };
    if (holds(mapping, onStack)) return { ...mapping, path: "[stack]" };
    return mapping.start === VSYSCALL ? { ...mapping, path: "[vsyscall]" } : mapping;
  });
}

function reportMissing(core: ElfImage, findings: Findings): void {
  const { damaged } = coreSegments(core);
  if (damaged.length > 0)
    findings.add(
      "segment-odd",
      "entries of the core's table of memory cannot be true: what they describe is cut short or left out",
      `${formatBytes(damaged[0].memorySize)} at ${hex(damaged[0].address)}`,
      { partial: true, count: damaged.length },
    );
  const { size } = core.source;
  const held = core.segments.filter((segment) => segment.fileSize > 0);
  const lost = held.filter((segment) => segment.offset + segment.fileSize > size);
  if (lost.length > 0) {
    const bytes = lost.reduce((sum, s) => sum + Math.min(s.fileSize, s.offset + s.fileSize - size), 0);
    const first = lost[0];
    findings.add(
      "core-truncated",
      `the core is cut off: ${formatBytes(bytes)} of ${lost.length} of its ${counted(held.length, "segment")} are missing (ulimit -c, or a full disk)`,
      `first missing: ${hex(first.address)}`,
      { partial: true, count: lost.length },
    );
  }
  if (!coreSegments(core).loads.some((segment) => segment.fileSize > 0 && Math.floor(segment.flags / PF_W) % 2 === 1)) {
    findings.add("memory-not-dumped", "the core holds no writable memory (see /proc/PID/coredump_filter: bit 0 is needed)", "", {
      partial: true,
    });
  }
}

function noBias(findings: Findings): Address {
  findings.add("no-load-bias", "where the executable was loaded is unknown: no auxiliary vector, no file list; taken as 0", "", {
    partial: true,
  });
  return 0;
}

function loads(image: ElfImage): ElfSegment[] {
  return image.segments.filter((segment) => segment.type === PT_LOAD);
}

function textAt(memory: AddressSpace, address: Address): string | undefined {
  const mapping = memory.find(address);
  const bytes = mapping && memory.tryBytes(address, Math.min(PAGE, mapping.end - address));
  const end = bytes?.indexOf(0) ?? -1;
  return bytes === undefined || end < 0 ? undefined : Buffer.from(bytes.subarray(0, end)).toString("utf8");
}
