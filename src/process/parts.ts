// What a source tells of a process before any executable is laid under it: a core today, a living process one day.
import type { Arch } from "../base/arch.js";
import type { ByteSource } from "../base/source.js";
import type { Address } from "../base/units.js";
import type { AddressSpace } from "./address-space.js";
import type { Registers } from "./registers.js";
import type { SignalInfo } from "./signal-info.js";

/** A process as its source alone shows it. */
export interface ProcessParts {
  /** Where the bytes of its memory are read from. */
  readonly source: ByteSource;
  /** Who wrote it, as its notes look: "kernel", "gcore", "delve", "qemu". */
  readonly producer: string;
  readonly arch: Arch;
  /** Everything that was mapped, as far as the source lists it; "not-dumped" is what an image's file may fill. */
  readonly memory: AddressSpace;
  /** The one that took the signal first; [] when the source tells of none. */
  readonly threads: readonly Thread[];
  /** Auxiliary vector: values by AT_ type; empty when there is none. */
  readonly auxv: ReadonlyMap<number, number>;
  /** Mapped files, ascending; [] when the source does not list them. */
  readonly files: readonly MappedFile[];
  /** undefined: the process did not die of one. */
  readonly signal: SignalInfo | undefined;
  readonly program: ProgramName | undefined;
  /** The main executable's entry point in memory, where the source tells it beside the auxiliary vector. */
  readonly entry: Address | undefined;
}

export interface Thread {
  readonly tid: number;
  /** pr_cursig; 0 in cores of living processes. */
  readonly signal: number;
  readonly registers: Registers;
}

/** One mapped file; offset in bytes. */
export interface MappedFile {
  readonly start: Address;
  readonly end: Address;
  readonly offset: number;
  readonly path: string;
}

/** The program as ps shows it. */
export interface ProgramName {
  readonly pid: number;
  /** 15 characters at most. */
  readonly name: string;
  /** 80 characters at most. */
  readonly arguments: string;
}

/** A path as the kernel has it for a file that was deleted: "PATH (deleted)". */
export function withoutDeleted(path: string): string {
  return path.replace(/ \(deleted\)$/, "");
}
