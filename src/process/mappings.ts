// Which bytes lie where: overlapping claims made into disjoint mappings, page by page.
import type { ByteSource } from "../base/source.js";
import type { Address } from "../base/units.js";
import { PF_W } from "../elf/constants.js";

/** A stretch of the address space and where its bytes are. */
export interface Mapping {
  readonly start: Address;
  /** Exclusive. */
  readonly end: Address;
  /** PF_X 1, PF_W 2, PF_R 4; without PF_R it is a reservation that was never readable. */
  readonly flags: number;
  /** The mapped file, "[stack]", "[vdso]", "[vsyscall]" or "" for anonymous memory. */
  readonly path: string;
  /** A file's bytes from offset on; zeros; or nothing that we have. */
  readonly backing: { readonly source: ByteSource; readonly offset: number } | "zero" | "not-dumped";
}

/** The page above all user memory that old C libraries call into, on amd64. */
export const VSYSCALL: Address = 0xffffffffff600000;

export function isWritable(flags: number): boolean {
  return Math.floor(flags / PF_W) % 2 === 1;
}

/** The part [start, end) of a mapping, its backing moved along. */
export function cut(mapping: Mapping, start: Address, end: Address): Mapping {
  if (start === mapping.start && end === mapping.end) return mapping;
  const { backing } = mapping;
  return {
    ...mapping,
    start,
    end,
    backing: typeof backing === "string" ? backing : { source: backing.source, offset: backing.offset + (start - mapping.start) },
  };
}

/** Sorted and disjoint: where two overlap, the one that starts first keeps its bytes (the earlier in the list when both start together). */
export function disjoint(mappings: readonly Mapping[]): Mapping[] {
  const sorted = mappings.filter((m) => m.end > m.start).sort((a, b) => a.start - b.start);
  const result: Mapping[] = [];
  let covered = 0;
  for (const mapping of sorted) {
    if (mapping.end <= covered) continue;
    result.push(cut(mapping, Math.max(mapping.start, covered), mapping.end));
    covered = mapping.end;
  }
  return result;
}

/** base, with the gaps between its mappings filled from filler. Both are sorted and disjoint, so is the result. */
export function fillGaps(base: readonly Mapping[], filler: readonly Mapping[]): Mapping[] {
  const result: Mapping[] = [];
  let at = 0;
  for (const mapping of filler) {
    let from = mapping.start;
    while (at < base.length && base[at].end <= from) result.push(base[at++]);
    while (from < mapping.end) {
      const next = base[at];
      if (next === undefined || next.start >= mapping.end) {
        result.push(cut(mapping, from, mapping.end));
        break;
      }
      if (next.start > from) result.push(cut(mapping, from, next.start));
      from = next.end;
      if (from <= mapping.end) {
        result.push(next);
        at++;
      }
    }
  }
  while (at < base.length) result.push(base[at++]);
  return result;
}

/** The parts of filler that lie inside of the mappings of within, with within's flags. Both are sorted and disjoint. */
export function inside(within: readonly Mapping[], filler: readonly Mapping[]): Mapping[] {
  const result: Mapping[] = [];
  let first = 0;
  for (const mapping of filler) {
    while (first < within.length && within[first].end <= mapping.start) first++;
    for (let i = first; i < within.length; i++) {
      const frame = within[i];
      if (frame.start >= mapping.end) break;
      const part = cut(mapping, Math.max(mapping.start, frame.start), Math.min(mapping.end, frame.end));
      result.push({ ...part, flags: frame.flags });
    }
  }
  return result;
}
