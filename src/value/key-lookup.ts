// Finding a map's entry by the text of its key.
import { type Address, NONE, type TypeId } from "../base/units.js";
import type { MapEntry } from "../runtime/maps/design.js";
import { readMap } from "../runtime/maps/maps.js";
import { keyMatcher, matchElsewhere, passes } from "./key-matcher.js";
import { hasKeyText } from "./keys.js";
import { MOST_KEY_ROWS } from "./limits.js";
import type { ValueEnvironment } from "./scalars.js";

/**
 * The entry whose key has this text; undefined when there is none.
 *
 * @param header address of the map header
 * @param text   as keyText writes it
 */
export function lookupKey(env: ValueEnvironment, map: TypeId, header: Address, text: string): MapEntry | undefined {
  const type = env.types.get(map);
  return findKey(env, type.key, readMap(env, type, header), text);
}

/**
 * The first of the entries whose key has this text. Keys whose bytes tell are told apart without being written out;
 * what they point to is read in the order of addresses, for it lies all over the heap.
 *
 * @param type of the keys
 */
export function findKey(env: ValueEnvironment, type: TypeId, entries: Iterable<MapEntry>, text: string): MapEntry | undefined {
  const { memory, types } = env;
  const matcher = keyMatcher(env, type, text);
  if (!matcher) return undefined;
  const { near, far, isWhole } = matcher;
  const kind = type === NONE ? undefined : types.get(type).kind;
  // Numbers and strings are wholly told by the matcher, however the person wrote them.
  const isExact = isWhole && (kind === "int" || kind === "uint" || kind === "string");
  // Numbers, not entries: objects that stay would cost more than the search.
  const keys: Address[] = [];
  const values: Address[] = [];
  const search = (): MapEntry | undefined => {
    const left = matchElsewhere(memory, far, { rows: keys.map((_, row) => row), at: keys }).rows;
    const row = isExact ? left[0] : left.find((each) => hasKeyText(env, type, keys[each], text));
    return row === undefined ? undefined : { key: keys[row], value: values[row] };
  };
  for (const entry of entries) {
    if (!passes(memory, near, entry.key)) continue;
    if (far.length === 0) {
      if (isExact || hasKeyText(env, type, entry.key, text)) return entry;
      continue;
    }
    keys.push(entry.key);
    values.push(entry.value);
    if (keys.length < MOST_KEY_ROWS) continue;
    const found = search();
    if (found) return found;
    keys.length = 0;
    values.length = 0;
  }
  return search();
}
