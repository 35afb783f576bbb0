// A program that writes cores, and in what its cores differ from those of others.
import type { Address } from "../../base/units.js";
import type { ElfNote } from "../../elf/elf.js";
import type { Thread } from "../parts.js";
import type { SignalInfo } from "../signal-info.js";

/** How the notes of one producer are to be read. A new one takes the kernel's answers and gives its own where it differs. */
export interface Producer {
  readonly name: string;
  /** Whether these notes are its work. */
  wrote(notes: readonly ElfNote[]): boolean;
  /** Owners of the notes that describe the process. */
  readonly owners: readonly string[];
  /** The threads in the order of their notes, the one that took the signal put first. */
  order(threads: readonly Thread[]): readonly Thread[];
  /** The signal the process died of; undefined when it did not. @param infos every siginfo among the notes that names a signal */
  signal(infos: readonly SignalInfo[], threads: readonly Thread[]): SignalInfo | undefined;
  /** The main executable's entry point, where a note of the producer's own tells it. */
  entry(notes: readonly ElfNote[]): Address | undefined;
}
