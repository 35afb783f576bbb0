// Contexts that nobody cancelled: how many there are and whose they are, read from the contexts themselves.
import { NONE, type ObjectId, type TypeId, WORD } from "../base/units.js";
import { type Case, startOf } from "./case.js";
import type { Member } from "./members.js";
import { CONTEXT } from "./name-lists.js";

/** Fewer are no leak. */
const FEWEST = 100;
const SAMPLES = 500;
/** Contexts are derived from one another; damage may make a circle of them. */
const DEEPEST = 100;

/** Contexts among the members of a point: their number, and the members themselves. */
export function contextsAmong(members: readonly Member[]): { readonly count: number; readonly contexts: readonly Member[] } | undefined {
  const contexts = members.filter((each) => CONTEXT.test(each.type));
  const count = contexts.reduce((sum, each) => sum + each.count, 0);
  return count > FEWEST ? { count, contexts } : undefined;
}

/**
 * What the nearest context is called that more than half of these were derived from; undefined when there is none, as
 * for those of context.Background().
 */
export function commonParent(from: Case, contexts: readonly Member[]): string | undefined {
  const ids = contexts.flatMap(({ samples }) => every(samples, Math.ceil(samples.length / SAMPLES)));
  const seen = new Map<ObjectId, number>();
  const lines = ids.map((id) => ancestors(from, id));
  for (const line of lines) for (const each of line) seen.set(each, (seen.get(each) ?? 0) + 1);
  const nearest = lines.flatMap((line) => line.find((each) => (seen.get(each) ?? 0) > ids.length / 2) ?? [])[0];
  if (nearest === undefined || !from.heap.isLive(nearest)) return undefined;
  return from.names.expression(nearest).replace(/\.\(\*context\.\w+\)$/, "");
}

function every<T>(list: readonly T[], step: number): readonly T[] {
  return list.filter((_, index) => index % step === 0);
}

/** The contexts that one was derived from, its parent first. */
function ancestors(from: Case, id: ObjectId): readonly ObjectId[] {
  const line: ObjectId[] = [];
  for (let at = parentOf(from, id); at !== NONE && line.length < DEEPEST && !line.includes(at); at = parentOf(from, at)) line.push(at);
  return line;
}

/** The object that a context's Context field points to; NONE when it has none, or the parent is no object. */
function parentOf(from: Case, id: ObjectId): ObjectId {
  const { heap, runtime } = from;
  const type = heap.types.type[id];
  const offset = type === NONE ? undefined : contextOffset(from, type, 0);
  if (offset === undefined) return NONE;
  // The data word of the interface.
  const pointed = runtime.process.memory.tryAddress(startOf(heap, id) + offset + WORD);
  return pointed === undefined ? NONE : heap.objects.find(pointed);
}

/** Where the field Context context.Context lies, in the struct or one embedded in it. */
function contextOffset(from: Case, type: TypeId, depth: number): number | undefined {
  const { types } = from.runtime;
  const go = types.get(type);
  if (go.kind !== "struct" || depth > 3) return undefined;
  for (const field of go.fields) {
    if (field.type === NONE) continue;
    if (field.name === "Context" && types.get(field.type).name === "context.Context") return field.offset;
    const inner = contextOffset(from, field.type, depth + 1);
    if (inner !== undefined) return field.offset + inner;
  }
  return undefined;
}
