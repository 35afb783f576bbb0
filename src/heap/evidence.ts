// What is known of an object's type: how it was found out, how strong that is, and both packed with the type into one word.
import { NONE, type ObjectId, type TypeId } from "../base/units.js";

/** How an object's type was found out, as people and JSON are told it. An index into it is the evidence of a column. */
export const EVIDENCE = ["none", "guess", "typed referrer", "closure", "interface", "root", "malloc header", "finalizer"] as const;
/** One of EVIDENCE, by its name. */
export type TypeEvidence = (typeof EVIDENCE)[number];

/** [objects] columns. */
export interface ObjectTypes {
  /** TypeId, NONE when nothing is known. */
  readonly type: Int32Array;
  /** Index into EVIDENCE in the low 4 bits, rank in the rest. */
  readonly evidence: Uint8Array;
  evidenceOf(id: ObjectId): TypeEvidence;
}

/**
 * How strong an inference is. A stronger one replaces a weaker one, an equal one only when its type is larger: of a
 * struct and its first field, which lie at one address, the struct is the whole. 0 is nothing known, 3 is not used.
 */
export const RANK = {
  /** A pointer past the first byte of something that nothing else is known of. */
  guess: 1,
  /** A typed pointer to the first byte of something that is not as large as the type. */
  loose: 2,
  /** A slice or string that points at the first byte. */
  array: 4,
  /** A typed pointer or interface, and the slot is the one such a type gets; the code that a closure begins with. */
  exact: 5,
  /** The runtime's own record of the type: nothing that points to the object can say better. */
  header: 6,
} as const;

// The layout of a packed word, from the lowest bits: 4 of evidence, 3 of rank, 25 of type with its sign.

/** Where the rank begins; below it is the index into EVIDENCE. */
export const RANK_SHIFT = 4;
/** The rank, once it is shifted down. */
export const RANK_MASK = 7;
/** Where the type begins. An arithmetic shift gives it back with its sign: NONE, and closure candidates below it. */
export const TYPE_SHIFT = 7;

/** Type, rank and index into EVIDENCE as one word. */
export function pack(type: TypeId, rank: number, evidence: number): number {
  return (type << TYPE_SHIFT) | (rank << RANK_SHIFT) | evidence;
}

/**
 * Takes the words apart, once typing is over.
 * @param packed  [objects] words of pack(); becomes the answer's type column, so that no second one is needed
 */
export function unpack(packed: Int32Array): ObjectTypes {
  const evidence = new Uint8Array(packed.length);
  for (let id = 0; id < packed.length; id++) {
    const word = packed[id];
    evidence[id] = word & ((1 << TYPE_SHIFT) - 1);
    // A closure candidate that no func value points to is of unknown type.
    packed[id] = Math.max(word >> TYPE_SHIFT, NONE);
  }
  return { type: packed, evidence, evidenceOf: (id) => EVIDENCE[evidence[id] & ((1 << RANK_SHIFT) - 1)] };
}

/** A pointer in an object of known type. */
export const BY_REFERRER = EVIDENCE.indexOf("typed referrer");
/** A variable or another root of known type. */
export const BY_ROOT = EVIDENCE.indexOf("root");
/** The first word of an interface whose second points to the object. */
export const BY_INTERFACE = EVIDENCE.indexOf("interface");
/** The code that a func value's object begins with. */
export const BY_CLOSURE = EVIDENCE.indexOf("closure");
/** The word before the object's data, or its span. */
export const BY_HEADER = EVIDENCE.indexOf("malloc header");
/** A pointer into the object's middle, with nothing else known. */
export const BY_GUESS = EVIDENCE.indexOf("guess");
/** The argument's type of the finalizer that is set on it. */
export const BY_FINALIZER = EVIDENCE.indexOf("finalizer");
