// Linked lists of the runtime's records: a list that damage made endless is left, and told.
import type { Address } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { Layout } from "../layout/schema.js";

/** What records are read from; a GoRuntime is one. */
export interface RecordSource {
  readonly layout: Layout;
  readonly memory: AddressSpace;
}

/** Told the record at which a list was left that does not end, or the link that leads nowhere. */
export type OnDamage = (at: Address) => void;

/** The first page is never mapped: no record lies below. */
const LOWEST_RECORD = 4096;

/**
 * Addresses of the records of a list, from the first one to the last, whose link is nil.
 * @param next reads the link of a record; called when the record after it is asked for
 * @param most records of such a list there can be; more are damage
 * @param seen records that were met before in lists that share none with this one
 */
export function* chain(
  first: Address,
  next: (at: Address) => Address,
  most: number,
  onDamage: OnDamage = () => {},
  seen: Set<Address> = new Set(),
): Generator<Address, void, undefined> {
  let count = 0;
  // nil alone ends a list: a word that is no address is damage, and what lay behind it is lost.
  for (let at = first; at !== 0; at = next(at)) {
    if (at < LOWEST_RECORD || seen.has(at) || count++ >= most) {
      onDamage(at);
      return;
    }
    seen.add(at);
    yield at;
  }
}

/** A pointer in the process; 0 when it is not in the core, or no address. */
export function pointerAt(memory: AddressSpace, address: Address): Address {
  return memory.tryAddress(address) ?? 0;
}
