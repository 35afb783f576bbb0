// What is said of an object's type: how it is known, how strong that is, and both with the type in one word.
import { NONE, type ObjectId, type TypeId } from "../base/units.js";

export const EVIDENCE = ["none", "guess", "typed referrer", "closure", "interface", "root", "malloc header", "finalizer"] as const;
export type TypeEvidence = (typeof EVIDENCE)[number];

/** [objects] columns. */
export interface ObjectTypes {
  /** TypeId, NONE when nothing is known. */
  readonly type: Int32Array;
  /** Index into EVIDENCE in the low 4 bits, rank in the rest. */
  readonly evidence: Uint8Array;
  evidenceOf(id: ObjectId): TypeEvidence;
}

/** How strong a statement is; a stronger one replaces a weaker one, an equal one only when its type is larger. */
export const RANK = {
  guess: 1,
  /** A typed pointer to the first byte of something that is not as large as the type. */
  loose: 2,
  /** A slice, string or closure that points at the first byte. */
  array: 4,
  /** A typed pointer or interface, and the slot is the one such a type gets. */
  exact: 5,
  header: 6,
} as const;

/** Index into EVIDENCE, rank and type in one word, from the lowest bits. */
export const RANK_SHIFT = 4;
export const RANK_MASK = 7;
export const TYPE_SHIFT = 7;

export function claim(type: TypeId, rank: number, evidence: number): number {
  return (type << TYPE_SHIFT) | (rank << RANK_SHIFT) | evidence;
}

/** The words taken apart: type stays in their place. */
export function unpacked(claims: Int32Array): ObjectTypes {
  const evidence = new Uint8Array(claims.length);
  for (let id = 0; id < claims.length; id++) {
    const word = claims[id];
    evidence[id] = word & ((1 << TYPE_SHIFT) - 1);
    claims[id] = Math.max(word >> TYPE_SHIFT, NONE);
  }
  return { type: claims, evidence, evidenceOf: (id) => EVIDENCE[evidence[id] & ((1 << RANK_SHIFT) - 1)] };
}

export const BY_REFERRER = EVIDENCE.indexOf("typed referrer");
export const BY_ROOT = EVIDENCE.indexOf("root");
export const BY_INTERFACE = EVIDENCE.indexOf("interface");
export const BY_CLOSURE = EVIDENCE.indexOf("closure");
export const BY_HEADER = EVIDENCE.indexOf("malloc header");
export const BY_GUESS = EVIDENCE.indexOf("guess");
export const BY_FINALIZER = EVIDENCE.indexOf("finalizer");
