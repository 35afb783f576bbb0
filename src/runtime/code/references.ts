// Where code names an address that the linker fixed: found in one program, and followed at the same place of another one.
import type { Address, Bytes } from "../../base/units.js";

/** A place in a function's code that leads to a fixed address. Offsets are in bytes from the function's entry. */
interface Reference {
  /** amd64: of the displacement of 4 bytes; arm64: of the ADRP. */
  readonly at: Bytes;
  /** amd64: of the next instruction, which the displacement counts from; arm64: of the ADD, load or store with the address's low 12 bits. */
  readonly next: Bytes;
  /** What of the instructions stays the same wherever the program is linked to; a number below 2^32. */
  readonly check: number;
}

/** The two directions, of one architecture. */
export interface References {
  /** All of a function, in the order of its code. @param start the function's entry */
  find(code: Uint8Array, start: Address): Iterable<Reference & { readonly address: Address }>;
  /** Where the same place in other code leads to; undefined when there are other instructions, or none. */
  follow(code: Uint8Array, start: Address, reference: Reference): Address | undefined;
}
