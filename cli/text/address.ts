// What lies at an address, in words.
import type { FaultPlace } from "../../src/base/address-place.js";
import { counted } from "../../src/base/units.js";

type Worded = { readonly [Kind in FaultPlace["kind"]]: (place: Extract<FaultPlace, { readonly kind: Kind }>) => string };

const PLACES: Worded = {
  unmapped: ({ address }) => `${address} is not mapped`,
  "span-tail": ({ address, slotBytes }) => `${address} is in the unused tail of a heap span of ${slotBytes}-byte slots`,
  "free-slot": ({ address, slotBytes }) =>
    `${address} is in a free slot of ${counted(slotBytes, "byte")}: nothing is allocated there (a freed object, or never used)`,
  stack: ({ address, goroutine }) => `${address} is on the stack of goroutine ${goroutine}`,
  global: ({ address, name, offset }) =>
    `${address} is in the global variable ${name}${offset > 0 ? `, ${counted(offset, "byte")} in` : ""}`,
  code: ({ address, function: name }) => `${address} is code of ${name}`,
  symbol: ({ address, name }) => `${address} is in the symbol ${name}`,
  manual: ({ address }) => `${address} is in memory of the Go runtime (free stacks, GC work buffers)`,
  mapping: ({ address, path, dumped }) =>
    `${address} is in ${path || "anonymous memory"}, ${dumped ? "outside the Go heap" : "which is not in the core"}`,
  nil: ({ offset }) => (offset === 0 ? "a nil pointer" : `${counted(offset, "byte")} behind a nil pointer: a field or element of nil`),
  "stack-guard": ({ goroutine }) => `just below the stack of goroutine ${goroutine}: its guard`,
  "not-told": () => "the address is not told: no user program has it (non-canonical), the pointer was garbage",
};

/** "0xc000012000 is on the stack of goroutine 7", "16 bytes behind a nil pointer: a field or element of nil". */
export function placeText(place: FaultPlace): string {
  return (PLACES[place.kind] as (place: FaultPlace) => string)(place);
}
