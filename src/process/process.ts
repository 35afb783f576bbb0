// A dead process: its memory, its threads and where its executable was loaded; knows no Go.
import type { Arch } from "../base/arch.js";
import type { Findings } from "../base/findings.js";
import type { ByteSource } from "../base/source.js";
import type { Address } from "../base/units.js";
import { PT_LOAD } from "../elf/constants.js";
import { type ElfImage, expectExecutable } from "../elf/elf.js";
import { type AddressSpace, openAddressSpace } from "./address-space.js";
import { AT_ENTRY, AT_EXECFN, AT_SYSINFO_EHDR } from "./auxv.js";
import { fillFromImages, type LoadedImage } from "./image-mappings.js";
import { loadBiasOf, mainExecutablePath } from "./load-bias.js";
import { isWritable, type Mapping, VSYSCALL } from "./mappings.js";
import type { MappedFile, ProcessParts, Thread } from "./parts.js";
import type { SignalInfo } from "./signal-info.js";

export type { ElfSymbol } from "../elf/elf.js";
export { AT_ENTRY, AT_EXECFN, AT_SYSINFO_EHDR } from "./auxv.js";
export { acceptExecutable, type BuildCheck, buildIdInMemory, verifyBuild } from "./build.js";
export { BUILD_INFO_MAGIC, executableCandidates, findBuildInfo, imageCandidates, isGoImage, mayBeGo } from "./candidates.js";
export type { LoadedImage } from "./image-mappings.js";
export { mainExecutablePath } from "./load-bias.js";
export type { Mapping } from "./mappings.js";
export { isWritable } from "./mappings.js";
export { type ProcessParts, type Thread, withoutDeleted } from "./parts.js";
export { type Registers, registersOf } from "./registers.js";
export { faultAddress, SI_KERNEL, type SignalInfo } from "./signal-info.js";
export { readCore } from "./sources/core.js";

/** A process as its source and its executable show it. */
export interface Process {
  readonly memory: AddressSpace;
  /** The one that took the signal first. */
  readonly threads: readonly Thread[];
  /** What its Go is in: the main executable, or a library in a program of another language. undefined: only what the source holds is known. */
  readonly executable: ElfImage | undefined;
  /** Other mapped images whose files are there: plugins, libraries, the program around a library. */
  readonly others: readonly LoadedImage[];
  /** Where memory is read from that is of no image's file. */
  readonly source: ByteSource;
  readonly arch: Arch;
  /** Process address minus the executable's link-time address; 0 without executable. */
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
  /** Ascending; [] when the source lists none. */
  readonly files: readonly MappedFile[];
}

/** The files of a process: its executable, and others that it had mapped (plugins, shared libraries) where they were loaded. */
export interface ProcessImages {
  readonly executable?: ElfImage | undefined;
  readonly others: readonly LoadedImage[];
}

/**
 * Lays what a source holds over the files of the process.
 *
 * Bytes of the source win. What it does not hold is taken from the read-only segments of the executable, then of the others (page
 * by page, as the kernel maps files); writable segments of a file are what memory was before the program ran, and are never used.
 * The rest is not-dumped.
 *
 * @throws FormatError when the executable is none
 */
export function assembleProcess(parts: ProcessParts, { executable, others }: ProcessImages, findings: Findings): Process {
  if (executable) expectExecutable(executable);
  const { source, arch, threads, auxv, files, signal, program } = parts;
  const loadBias = executable ? (loadBiasOf(parts, executable) ?? noBias(findings)) : 0;
  const images = imagesOf({ executable, loadBias, others });
  return {
    memory: openAddressSpace(named(fillFromImages(parts.memory.mappings, images), files, auxv)),
    threads,
    executable,
    others,
    source,
    arch,
    loadBias,
    pid: program?.pid ?? threads[0]?.tid ?? 0,
    executableName: mainExecutablePath(parts)?.split("/").pop() ?? program?.name ?? "",
    arguments: program?.arguments ?? "",
    signal,
    auxv,
    files,
  };
}

/** Where another mapped image (plugin, shared library) was loaded, by its ELF header in memory; undefined when it is nowhere. */
export function findLoadBias(parts: ProcessParts, image: ElfImage): Address | undefined {
  return loadBiasOf(parts, image, "proved");
}

/** Whether an image is mapped at an address of the process. */
export function coversAddress({ image, bias }: LoadedImage, address: Address): boolean {
  const link = address - bias;
  return image.segments.some((each) => each.type === PT_LOAD && link >= each.address && link < each.address + each.memorySize);
}

/** The images that are known, what its Go is in first. */
export function imagesOf({ executable, loadBias, others }: Pick<Process, "executable" | "loadBias" | "others">): readonly LoadedImage[] {
  return executable ? [{ image: executable, bias: loadBias }, ...others] : others;
}

/** The image that the kernel started; undefined when its file is not there. Without an auxiliary vector it is what the Go is in. */
export function mainImageOf(process: Process): LoadedImage | undefined {
  const entry = process.auxv.get(AT_ENTRY);
  const images = imagesOf(process);
  return entry === undefined ? images[0] : images.find((each) => coversAddress(each, entry));
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

function noBias(findings: Findings): Address {
  findings.add("no-load-bias", "where the executable was loaded is unknown: no auxiliary vector, no file list; taken as 0", "", {
    partial: true,
  });
  return 0;
}
