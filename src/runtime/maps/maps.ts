// Maps as key and value addresses, whichever of Go's designs the program uses.
import { type Address, type Bytes, counted } from "../../base/units.js";
import type { GoType } from "../go-types.js";
import type { Layout } from "../layout/schema.js";
import { damaged, type MapDesign, type MapEntry, type MapMemory, SLOTS } from "./design.js";
import { mapDesign } from "./designs.js";

/** What a program's maps are, sync.Map included. */
export interface Maps {
  /** @throws UnsupportedError when it is none of the known ones */
  readonly design: MapDesign;
  /** Address of sync.expunged; undefined where sync.Map has no such mark. */
  readonly expunged: Address | undefined;
}

/** What reading values and their maps needs. */
export interface MapEnvironment extends MapMemory {
  readonly maps: Maps;
}

/** The design is looked for at first use. */
export function mapsOf(layout: Layout): Maps {
  let design: MapDesign | undefined;
  return {
    get design() {
      design ??= mapDesign(layout);
      return design;
    },
    get expunged() {
      return layout.global("sync.expunged");
    },
  };
}

/**
 * The entries of a map in memory order; empty for a nil map. Damage ends the walk and is counted in findings.
 *
 * @param mapType a GoType of kind map: its rtype, else its header struct, gives the slots' layout
 * @param header  address of the map header (the value of the map variable), 0 for nil
 */
export function* readMap(env: MapEnvironment, mapType: GoType, header: Address): Iterable<MapEntry> {
  if (header === 0) return;
  const { design } = env.maps;
  const block = design.block(env, mapType);
  if (!block) {
    damaged(env, header, `the layout of ${mapType.name} is unknown`);
    return;
  }
  try {
    let seen = 0;
    for (const entry of design.entries(env, block, header)) {
      seen++;
      yield entry;
    }
    const count = design.count(env, header);
    if (seen !== count) damaged(env, header, `it says ${counted(count, "entry", "entries")} and has ${seen}`);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    damaged(env, header, error.message);
  }
}

/** Number of entries as the header says; 0 for nil or when the header was not dumped. */
export function mapLength(env: MapEnvironment, header: Address): number {
  if (header === 0) return 0;
  const { design } = env.maps;
  return env.memory.tryBytes(header, design.headerSize) === undefined ? 0 : design.count(env, header);
}

/** A map's room in slots, each for one entry. */
export interface MapRoom {
  readonly slots: number;
  readonly entries: number;
  /** See MapDesign.neededSlots. */
  readonly needed: number;
  /** Of one slot with its share of the control bytes. */
  readonly slotBytes: Bytes;
}

/** The room of a map; undefined when the layout of its slots is unknown. @throws MemoryFault */
export function mapRoom(env: MapEnvironment, mapType: GoType, header: Address): MapRoom | undefined {
  const { design } = env.maps;
  const block = design.block(env, mapType);
  if (!block) return undefined;
  const entries = design.count(env, header);
  return { slots: design.slots(env, header), entries, needed: design.neededSlots(entries), slotBytes: block.size / SLOTS };
}
