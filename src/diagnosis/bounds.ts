// Limits of a container: a number beside it, or an order of use that only what evicts needs.

import { type AccumulationTree, childrenOf, type Row } from "../accounting/accumulation-tree.js";
import { type Address, type Bytes, NONE } from "../base/units.js";
import type { GoType } from "../runtime/types.js";
import { type Case, startOf, typeOf } from "./case.js";
import type { Member } from "./members.js";
import { LIMIT_FIELD, LIST_ELEMENT, SIZE_FIELD } from "./name-lists.js";
import { objectOf, ownerOf, type Point } from "./points.js";
import type { Sign } from "./sign.js";

/** Members of what may be bounded, at least. */
const FEWEST = 50;
/** Levels of structs that are searched for a limit. */
const DEEPEST = 3;
/** Holders of the container whose fields are read. */
const HOLDERS = 2;

interface Struct {
  readonly type: GoType;
  readonly address: Address;
}

/** Why a container looks bounded, or undefined. @param members what it holds */
export function boundOf(from: Case, tree: AccumulationTree, { row, above }: Point, members: readonly Member[]): Sign | undefined {
  const count = members.reduce((most, each) => Math.max(most, each.count), 0);
  if (count < FEWEST) return undefined;
  for (const holder of [row, ...above.slice(-HOLDERS)]) {
    const place = placeOf(from, tree, holder);
    // The runtime's own numbers bound nothing of the program's.
    if (!place || place.type.name.startsWith("runtime.")) continue;
    const found = limitIn(from, place, { count, bytes: tree.retained[row] }, 0);
    if (found) return found;
  }
  const isListed = members.some((each) => each.type === LIST_ELEMENT);
  const isMapOfList = (type: string) => type.startsWith("map[") && type.endsWith(`]*${LIST_ELEMENT}`);
  const isMapped = childrenOf(tree, row).some((each) => isMapOfList(tree.label(each)));
  return isListed && isMapped ? { sign: "evicting-list" } : undefined;
}

function placeOf(from: Case, tree: AccumulationTree, row: Row): Struct | undefined {
  const { heap, runtime } = from;
  const global = ownerOf(heap, tree, row)?.global;
  if (global) return global.via ? undefined : { type: runtime.types.get(global.type), address: global.address };
  const id = objectOf(heap, tree, row);
  const type = typeOf(from, id);
  return type && { type, address: startOf(heap, id) };
}

/** A field named like a limit whose number is near that of the members, or near their bytes. */
function limitIn(
  from: Case,
  { type, address }: Struct,
  held: { readonly count: number; readonly bytes: Bytes },
  depth: number,
): Sign | undefined {
  if (type.kind !== "struct" || depth > DEEPEST) return undefined;
  const { types, process } = from.runtime;
  for (const field of type.fields) {
    const inner = field.type === NONE ? undefined : types.get(field.type);
    if (!inner) continue;
    const at = address + field.offset;
    if (
      (inner.kind === "int" || inner.kind === "uint") &&
      inner.size >= 4 &&
      LIMIT_FIELD.test(field.name) &&
      process.memory.tryBytes(at, inner.size)
    ) {
      const limit = process.memory.readUint(at, inner.size as 4 | 8);
      const of = unitOf(limit, field.name, held);
      if (of) return { sign: "bounded-by-field", field: field.name, limit, of };
    }
    const found = limitIn(from, { type: inner, address: at }, held, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a number can be a limit of; undefined when it is far from both. */
function unitOf(limit: number, field: string, held: { readonly count: number; readonly bytes: Bytes }): "members" | "bytes" | undefined {
  // A size that is the count of the members, give or take the one being added, only counts them.
  const isCounter = SIZE_FIELD.test(field) && Math.abs(limit - held.count) <= 2;
  if (!isCounter && limit >= held.count * 0.5 && limit <= held.count * 4 + 64) return "members";
  return limit >= held.bytes * 0.3 && limit <= held.bytes * 2 ? "bytes" : undefined;
}
