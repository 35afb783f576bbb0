// How many entries a map has room for, and how many it would have room for had it only grown.
import type { Address, Bytes } from "../../base/units.js";
import { readField } from "../layout/layout.js";
import type { GoType } from "../types.js";
import { type MapEnvironment, mapDesign } from "./maps.js";

/** A map's room in slots, each for one entry. */
export interface MapRoom {
  readonly slots: number;
  /** Slots that a map of as many entries has at most when nothing was ever deleted from it. */
  readonly needed: number;
  /** Of one slot with its share of the control bytes. */
  readonly slotBytes: Bytes;
}

const SLOTS = 8;
/** Slots of the largest table, and how many of them are filled before it splits in two. internal/runtime/maps/table.go, group.go */
const TABLE_SLOTS = 1024;
const TABLE_LOAD = 7 / 8;
/** Tables of a directory: more is damage. */
const MOST_TABLES = 1 << 30;
/** Entries a bucket when a map of buckets doubles. runtime/map.go loadFactorNum/loadFactorDen */
const BUCKET_LOAD = 6.5;

/**
 * The room of a map; undefined when the layout of its slots is unknown. Of buckets those of the array count, not
 * overflow buckets, nor an old array that entries are being moved from.
 * @throws MemoryFault
 */
export function mapRoom(env: MapEnvironment, mapType: GoType, header: Address): MapRoom | undefined {
  const design = mapDesign(env.layout);
  const block = design.block(env, mapType);
  if (!block) return undefined;
  const count = design.count(env, header);
  const [slots, needed] =
    design.name === "buckets" ? [bucketSlots(env, header), neededOfBuckets(count)] : [tableSlots(env, header), neededOfTables(count)];
  return { slots, needed, slotBytes: block.size / SLOTS };
}

function bucketSlots(env: MapEnvironment, header: Address): number {
  const hmap = env.layout.struct("hmap");
  if (readField(env.memory, hmap, header, "buckets") === 0) return 0;
  return SLOTS * 2 ** readField(env.memory, hmap, header, "B");
}

function neededOfBuckets(count: number): number {
  let buckets = 1;
  while (count > SLOTS && count > BUCKET_LOAD * buckets) buckets *= 2;
  return buckets * SLOTS;
}

function tableSlots(env: MapEnvironment, header: Address): number {
  const { memory, layout } = env;
  const map = layout.struct("swissMap");
  const table = layout.struct("swissTable");
  const directory = readField(memory, map, header, "dirPtr");
  const length = readField(memory, map, header, "dirLen");
  if (directory === 0) return 0;
  if (length === 0) return SLOTS;
  let slots = 0;
  let before = 0;
  // The same table stands in neighbouring slots.
  for (let i = 0; i < Math.min(length, MOST_TABLES); i++) {
    const at = memory.readAddress(directory + i * 8);
    if (at !== before) slots += Math.min(TABLE_SLOTS, SLOTS * (readField(memory, table, at, "groups.lengthMask") + 1));
    before = at;
  }
  return slots;
}

function neededOfTables(count: number): number {
  if (count <= SLOTS) return SLOTS;
  // Tables that have all just split are filled to half of what made them split.
  if (count > TABLE_SLOTS * TABLE_LOAD) return Math.ceil((count * 2) / TABLE_LOAD);
  let slots = SLOTS;
  while (count > slots * TABLE_LOAD) slots *= 2;
  return slots;
}
