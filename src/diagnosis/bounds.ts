// Limits of a container: a number beside it, or an order of use that only what evicts needs.

import type { DominatorNode } from "../accounting/dominator-rows.js";
import { type Address, type Bytes, formatBytes, formatCount, NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { dataAddress } from "../naming/locate.js";
import type { GoType } from "../runtime/types.js";
import { type Member, objectOfRow } from "./members.js";

const LIMIT = /^(?:max|limit|cap|capacity|size|bound|budget|quota)\w*$/i;
const LIST_ELEMENT = "container/list.Element";
const FEWEST = 50;
const DEEPEST = 3;

/**
 * Why a container looks bounded, or undefined.
 * @param above rows that dominate it, the outermost first
 * @param members what it holds
 */
export function boundOf(dump: Dump, row: DominatorNode, above: readonly DominatorNode[], members: readonly Member[]): string | undefined {
  const count = members.reduce((most, each) => Math.max(most, each.count), 0);
  if (count < FEWEST) return undefined;
  for (const holder of [row, ...above.slice(-2)]) {
    const place = placeOf(dump, holder);
    // The runtime's own numbers bound nothing of the program's.
    const found =
      place && !place.type.name.startsWith("runtime.") && limitIn(dump, place.type, place.address, { count, bytes: row.retainedBytes }, 0);
    if (found) return found;
  }
  const isListed = members.some((each) => each.type === LIST_ELEMENT);
  const isMapped = (row.children ?? []).some((each) => each.type.startsWith("map[") && each.type.endsWith(`]*${LIST_ELEMENT}`));
  return isListed && isMapped ? "a list keeps the order of the map's entries: it looks as if it evicts the oldest" : undefined;
}

function placeOf(dump: Dump, row: DominatorNode): { readonly type: GoType; readonly address: Address } | undefined {
  if (row.address !== undefined) {
    const object = objectOfRow(dump, row);
    const type = object === NONE ? NONE : dump.heap.types.type[object];
    return type === NONE ? undefined : { type: dump.runtime.types.get(type), address: dataAddress(dump, object) };
  }
  const global = row.owner === undefined ? undefined : dump.runtime.variables.global(row.owner);
  return global && { type: dump.runtime.types.get(global.type), address: global.address };
}

/** A field named like a limit whose number is near that of the members, or near their bytes. */
function limitIn(
  dump: Dump,
  type: GoType,
  address: Address,
  held: { readonly count: number; readonly bytes: Bytes },
  depth: number,
): string | undefined {
  if (type.kind !== "struct" || depth > DEEPEST) return undefined;
  const { memory } = dump.process;
  for (const field of type.fields) {
    const inner = field.type === NONE ? undefined : dump.runtime.types.get(field.type);
    if (!inner) continue;
    const at = address + field.offset;
    if ((inner.kind === "int" || inner.kind === "uint") && inner.size >= 4 && LIMIT.test(field.name) && memory.tryBytes(at, inner.size)) {
      const value = memory.readUint(at, inner.size as 4 | 8);
      // A size that is the count of the members, give or take the one being added, only counts them.
      const isCounter = /^size/i.test(field.name) && Math.abs(value - held.count) <= 2;
      if (!isCounter && value >= held.count * 0.5 && value <= held.count * 4 + 64)
        return `${field.name} = ${formatCount(value)} beside it: it looks bounded`;
      if (value >= held.bytes * 0.3 && value <= held.bytes * 2) return `${field.name} = ${formatBytes(value)} beside it: it looks bounded`;
    }
    const found = limitIn(dump, inner, at, held, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
