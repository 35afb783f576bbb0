// Which size of slots has most free ones, and what the objects are that keep its spans.
import { sizeClasses } from "../accounting/histogram-rows.js";
import { NONE, type ObjectId } from "../base/units.js";
import { type Case, typeOf } from "./case.js";
import type { HoledClass } from "./figures.js";
import { containerOf } from "./waste-holders.js";

/** Objects asked for their type. */
const SAMPLES = 1000;
/** Part of them that has a type before it is told. */
const LEAST_TYPE = 0.5;

/** The size whose free slots have most bytes; undefined where there are none. */
export function worstClass(from: Case): HoledClass | undefined {
  const free = ([size, { slots, objects }]: readonly [number, { slots: number; objects: number }]) => (slots - objects) * size;
  const [worst] = [...sizeClasses(from.heap.objects)].sort((a, b) => free(b) - free(a));
  if (!worst || free(worst) <= 0) return undefined;
  const [slotBytes, { spans, slots, objects }] = worst;
  return { slotBytes, spans: spans.length, slots, objects, ...contentsOf(from, spans, objects) };
}

/** The type that most live objects in these spans have, and who holds the one in the middle. */
function contentsOf(from: Case, spans: readonly number[], count: number): Pick<HoledClass, "type" | "holder"> {
  const { firstId } = from.heap.objects;
  const step = Math.max(1, Math.floor(count / SAMPLES));
  const byType = new Map<string, ObjectId[]>();
  let seen = 0;
  let asked = 0;
  for (const span of spans) {
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      if (seen++ % step !== 0 || !from.heap.isLive(id)) continue;
      asked++;
      const type = typeOf(from, id)?.role.readable;
      if (type === undefined) continue;
      const same = byType.get(type);
      if (same) same.push(id);
      else byType.set(type, [id]);
    }
  }
  const [most] = [...byType].sort(([, a], [, b]) => b.length - a.length);
  if (!most || most[1].length < asked * LEAST_TYPE) return {};
  const middle = most[1][most[1].length >> 1] ?? NONE;
  const holder = middle === NONE ? undefined : containerOf(from.names.expression(middle));
  return { type: most[0], ...(holder === undefined ? {} : { holder }) };
}
