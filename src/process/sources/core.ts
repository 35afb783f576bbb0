// A core file as a source of a process: its notes, and its segments as mappings.
import { ARCHES } from "../../base/arch.js";
import type { Findings } from "../../base/findings.js";
import { type Address, counted, hex } from "../../base/units.js";
import { type ElfImage, type ElfSegment, expectCore } from "../../elf/elf.js";
import { openAddressSpace } from "../address-space.js";
import { disjoint, fillGaps, isWritable, type Mapping } from "../mappings.js";
import { readNotes } from "../notes.js";
import type { MappedFile, ProcessParts } from "../parts.js";
import { type CoreSegments, coreSegments } from "./core-segments.js";

/**
 * Reads a core.
 *
 * Memory is what the core holds; then zeros, where nobody ever wrote; the rest is not-dumped.
 * @throws FormatError when it is no core
 */
export function readCore(core: ElfImage, findings: Findings): ProcessParts {
  expectCore(core);
  const segments = coreSegments(core);
  reportSegments(core, segments, findings);
  const { producer, threads, auxv, files, signal, program, entry } = readNotes(core, findings);
  if (threads.length === 0)
    findings.add("no-threads", "the core holds no thread registers; running goroutines cannot be followed", "", { partial: true });
  const { loads } = segments;
  const mappings = fillGaps(fillGaps(dumped(core, loads), untouched(loads, files)), disjoint(loads.map(notDumped)));
  return {
    source: core.source,
    producer,
    arch: ARCHES[core.header.machine],
    memory: openAddressSpace(mappings),
    threads,
    auxv,
    files,
    signal,
    program,
    entry,
  };
}

/** What the core itself holds; pieces of PT_LOAD segments. */
function dumped({ source }: ElfImage, loads: readonly ElfSegment[]): Mapping[] {
  return disjoint(
    loads.map((segment) => {
      const size = Math.min(segment.fileSize, segment.memorySize, Math.max(0, source.size - segment.offset));
      const backing = { source, offset: segment.offset };
      return { start: segment.address, end: segment.address + size, flags: segment.flags, path: "", backing };
    }),
  );
}

/**
 * Anonymous writable memory that no page was ever touched of: the kernel leaves it out of a core, and it reads as zero. Known by other
 * memory of that kind being there; without any, the filter has left it out. fs/coredump.c vma_dump_size
 */
function untouched(loads: readonly ElfSegment[], files: readonly MappedFile[]): Mapping[] {
  const ofFile = (address: Address) => files.some((file) => address >= file.start && address < file.end);
  const anonymous = loads.filter((segment) => isWritable(segment.flags) && segment.memorySize > 0 && !ofFile(segment.address));
  if (!anonymous.some((segment) => segment.fileSize > 0)) return [];
  return disjoint(
    anonymous.filter((segment) => segment.fileSize === 0).map((segment) => ({ ...notDumped(segment), backing: "zero" as const })),
  );
}

function notDumped({ address, memorySize, flags }: ElfSegment): Mapping {
  return { start: address, end: address + memorySize, flags, path: "", backing: "not-dumped" };
}

/** Tells of segments that cannot be true, were cut off with the file's end, or were never written. */
function reportSegments({ source, segments }: ElfImage, { loads, damaged }: CoreSegments, findings: Findings): void {
  const [odd] = damaged;
  if (odd)
    findings.add(
      "segment-odd",
      "entries of the core's table of memory cannot be true: what they describe is cut short or left out",
      `${counted(odd.memorySize, "byte")} at ${hex(odd.address)}`,
      { partial: true, count: damaged.length },
    );
  const { size } = source;
  const held = segments.filter((segment) => segment.fileSize > 0);
  const lost = held.filter((segment) => segment.offset + segment.fileSize > size);
  if (lost.length > 0) {
    const bytes = lost.reduce((sum, s) => sum + Math.min(s.fileSize, s.offset + s.fileSize - size), 0);
    const first = lost[0];
    findings.add(
      "core-truncated",
      "the core is cut off: parts of its segments are missing (ulimit -c, or a full disk)",
      `first missing: ${hex(first.address)}`,
      { partial: true, count: lost.length, bytes },
    );
  }
  if (!loads.some((segment) => segment.fileSize > 0 && isWritable(segment.flags))) {
    findings.add("memory-not-dumped", "the core holds no writable memory (see /proc/PID/coredump_filter: bit 0 is needed)", "", {
      partial: true,
    });
  }
}
