// Arenas: the pieces of address space that the heap is made of. runtime/malloc.go, mheap.go heapArena
import type { Address, Bytes } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Layout } from "./layout/schema.js";

/** The runtime's page and arena sizes, the same on every 64-bit Linux port. runtime/malloc.go */
export const PAGE: Bytes = 8192;
export const ARENA: Bytes = 64 * 1024 * 1024;
export const PAGES_PER_ARENA = ARENA / PAGE;

/**
 * Address of the heapArena record of an address, 0 when there is none: amd64 counts arenas from -2^47, arm64 from 0. runtime/mheap.go
 * arenaIndex
 * @param heap  address of mheap_
 */
export function heapArenaOf(memory: AddressSpace, layout: Layout, heap: Address, arenaBaseOffset: number, address: Address): Address {
  return indexedArena(memory, layout, heap, arenaBaseOffset, address) ?? 0;
}

/** The same; undefined when that part of the index is not in the core. */
export function indexedArena(
  memory: AddressSpace,
  layout: Layout,
  heap: Address,
  arenaBaseOffset: number,
  address: Address,
): Address | undefined {
  const l1 = memory.readAddress(heap + layout.struct("mheap").offset("arenas"));
  const index = Math.floor((address - arenaBaseOffset) / ARENA);
  return memory.tryAddress(l1 + index * 8);
}
