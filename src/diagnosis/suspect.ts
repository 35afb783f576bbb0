// One finding of what is probably wrong, in figures: a rule measures it once, and cli/text makes the sentences.
import type { Bytes } from "../base/units.js";
import type { Figures, RuleId } from "./figures.js";
import type { Sign } from "./sign.js";
import { findingSignature } from "./signature.js";
import { type Confidence, confidenceOf, weightOf } from "./weights.js";

export type { Confidence } from "./weights.js";

/** A finding of any rule. */
export type Suspect = { readonly [Id in RuleId]: SuspectOf<Id> }[RuleId];

/** A finding of one rule. */
interface SuspectOf<Id extends RuleId> {
  readonly rule: Id;
  /** Whom it is about. */
  readonly subject: Subject;
  readonly bytes: Bytes;
  /** Of the whole, 0 to 1. */
  readonly share: number;
  readonly whole: Whole;
  /** What the bytes are made of, the largest first: no byte twice, and no more than the finding has. */
  readonly parts: readonly Part[];
  readonly figures: Figures[Id];
  /** What the members of a container say for a leak, or against. */
  readonly signs: readonly Sign[];
  /** The question that shows more. */
  readonly next: Next;
  /** Rank: share of the memory in use, weighed by how often such a thing is a failure. */
  readonly score: number;
  readonly confidence: Confidence;
  /** Equal for the same finding in another core, build or host: a hash of rule, holder, types and functions. */
  readonly signature: string;
}

/** Whom a finding is about. */
export interface Subject {
  readonly kind: "object" | "objects" | "owner" | "owners" | "goroutines" | "process";
  /** ObjectId, OwnerId or goroutine; of several, one of them. Of the process none. */
  readonly id?: number;
  /** Go expression of the object, or of what holds it. */
  readonly expression?: string;
}

/** A query by name, and those of its arguments that are not its defaults. */
export interface Next {
  readonly query: string;
  readonly args: Readonly<Record<string, string | boolean>>;
}

/** Objects of one type in a finding. */
export interface Part {
  /** They, and what hangs on them alone. */
  readonly bytes: Bytes;
  readonly count: number;
  readonly type: string;
  /** Of a single one. */
  readonly expression?: string;
  /** A type that each of them holds about one of. */
  readonly each?: string;
}

/** What a share is of. */
export interface Whole {
  readonly kind: "memory in use" | "live heap" | "allocated" | "spans in use" | "native and Go" | "mapped by the program" | "memory limit";
  readonly bytes: Bytes;
}

/** What a rule found out. */
export interface Evidence<Id extends RuleId> {
  readonly subject: Subject;
  readonly bytes: Bytes;
  readonly whole: Whole;
  readonly figures: Figures[Id];
  readonly parts?: readonly Part[];
  readonly signs?: readonly Sign[];
  readonly next: Next;
  /** Where it is not the rule's usual one; see weights.ts. */
  readonly weight?: number;
  /** What is weighed: the share of the memory in use, when absent. 0 to 1. */
  readonly rank?: number;
  /** Points of one cause are one finding. */
  readonly cause?: string;
}

/**
 * The finding; none where nothing was measured, or more than there is: then the measure is false. Only a limit may be passed.
 * Parts that others hold too, or that are none, are not told.
 */
export function suspectOf<Id extends RuleId>(rule: Id, evidence: Evidence<Id>, score: number): readonly Suspect[] {
  const { subject, bytes, whole, figures, next, signs = [] } = evidence;
  if (!(bytes > 0) || (bytes > whole.bytes && whole.kind !== "memory limit")) return [];
  const parts: Part[] = [];
  let left = bytes;
  for (const part of evidence.parts ?? []) {
    if (part.count <= 0 || part.bytes <= 0 || part.bytes > left) continue;
    left -= part.bytes;
    parts.push(part);
  }
  const confidence = confidenceOf(rule, bytes, weightOf(signs));
  const share = Math.min(1, bytes / Math.max(1, whole.bytes));
  const signature = findingSignature(rule, subject, figures, parts);
  const suspect: SuspectOf<Id> = { rule, subject, bytes, share, whole, parts, figures, signs, next, score, confidence, signature };
  // Rule and figures are of one rule: TypeScript cannot know it of a union of them.
  return [suspect as unknown as Suspect];
}
