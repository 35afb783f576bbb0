// One finding of what is probably wrong: a rule measures it once, and title, evidence and JSON are made of that.
import { type Bytes, formatBytes, formatCount, formatShare } from "../base/units.js";

/** A finding as people and programs get it. */
export interface Suspect {
  /** What kind of failure it is: "accumulation", "blocked goroutines", "timers"... */
  readonly kind: string;
  /** The sentence a person would say; names the culprit, its size and its share. */
  readonly title: string;
  readonly bytes: Bytes;
  /** The share that the title says, 0 to 1. */
  readonly share: number;
  /** What the share is of: "the live heap", "the memory in use"... */
  readonly of: string;
  /** What the bytes are made of, the largest first: no byte twice, and no more than the finding has. */
  readonly parts: readonly Part[];
  /** The parts in words, then facts that speak for it, or against. */
  readonly evidence: readonly string[];
  /** Go expression of the holder, where there is one. */
  readonly expression?: string;
  /** Words after `corescope` that show more; CORE stands for the core. */
  readonly next: string;
  /** Rank: share of the memory in use, weighed by how often such a thing is a failure. */
  readonly score: number;
}

/** Objects of one kind in a finding. */
export interface Part {
  /** They, and what hangs on them alone. */
  readonly bytes: Bytes;
  readonly count: number;
  readonly what: string;
}

/** What a share is of. */
export interface Whole {
  readonly bytes: Bytes;
  readonly name: string;
  /** A limit, which what is measured may pass: then it is all of it. */
  readonly isLimit?: boolean;
}

/** What a rule found out. */
export interface Measured {
  readonly kind: string;
  readonly bytes: Bytes;
  readonly of: Whole;
  /** @param size "51.6 MiB (6% of the live heap)", the finding's own: a title has no other */
  readonly title: (size: string) => string;
  readonly parts?: readonly Part[];
  readonly facts?: readonly string[];
  readonly expression?: string;
  readonly next: string;
  readonly score: number;
}

/** The finding; none where nothing was measured, or more than there is: then the measure is false. */
export function suspectOf(measured: Measured): Suspect[] {
  const { kind, bytes, of, title, facts = [], expression, next, score } = measured;
  if (!(bytes > 0) || (bytes > of.bytes && !of.isLimit)) return [];
  const parts: Part[] = [];
  let left = bytes;
  for (const part of measured.parts ?? []) {
    if (part.count <= 0 || part.bytes <= 0 || part.bytes > left) continue;
    left -= part.bytes;
    parts.push(part);
  }
  const share = Math.min(1, bytes / Math.max(1, of.bytes));
  const size = `${formatBytes(bytes)} (${formatShare(share, 1)} of ${of.name})`;
  return [
    {
      kind,
      title: title(size),
      bytes,
      share,
      of: of.name,
      parts,
      evidence: [...parts.map(partText), ...facts],
      ...(expression === undefined ? {} : { expression }),
      next,
      score,
    },
  ];
}

function partText({ bytes, count, what }: Part): string {
  return `${formatBytes(bytes)}: ${count === 1 ? what : times(count, what)}`;
}

/** "4,000 × main.Session". */
export function times(count: number, what: string): string {
  return `${formatCount(count)} × ${what}`;
}
