// Contexts that nobody cancelled: how many there are and whose they are, read from the contexts themselves.
import { type Address, NONE, type ObjectId, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { dataAddress } from "../naming/locate.js";
import { expressionOf } from "../naming/path-names.js";
import type { Member } from "./members.js";

export const CONTEXTS = "contexts never cancelled";
/** What a parent knows its child by: valueCtx and the like only stand between. context/context.go */
export const CONTEXT = /^context\.(?:cancelCtx|timerCtx|afterFuncCtx)$/;
/** A map of the children that a context cancels with itself. */
export const CHILDREN = "map[context.canceler]struct {}";
/** Closures of the timers that contexts with a deadline have. */
export const TIMER_CLOSURE = /^func context\.With(?:Deadline|Timeout)/;
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
export function commonParent(dump: Dump, contexts: readonly Member[]): string | undefined {
  const ids = contexts.flatMap(({ samples }) => every(samples, Math.ceil(samples.length / SAMPLES)));
  const seen = new Map<ObjectId, number>();
  const lines = ids.map((id) => ancestors(dump, id));
  for (const line of lines) for (const each of line) seen.set(each, (seen.get(each) ?? 0) + 1);
  const found = lines.flatMap((line) => line.find((each) => (seen.get(each) as number) > ids.length / 2) ?? []);
  const nearest = found[0];
  if (nearest === undefined || !dump.heap.isLive(nearest)) return undefined;
  return expressionOf(dump, nearest).replace(/\.\(\*context\.\w+\)$/, "");
}

function every<T>(list: readonly T[], step: number): readonly T[] {
  return list.filter((_, index) => index % step === 0);
}

/** The contexts that one was derived from, its parent first. */
function ancestors(dump: Dump, id: ObjectId): readonly ObjectId[] {
  const line: ObjectId[] = [];
  for (let at = parentOf(dump, id); at !== NONE && line.length < DEEPEST && !line.includes(at); at = parentOf(dump, at)) line.push(at);
  return line;
}

/** The object that a context's Context field points to; NONE when it has none, or the parent is no object. */
function parentOf(dump: Dump, id: ObjectId): ObjectId {
  const { heap, process } = dump;
  const type = heap.types.type[id];
  const offset = type === NONE ? undefined : contextOffset(dump, type, 0);
  if (offset === undefined) return NONE;
  // The data word of the interface.
  const at: Address = dataAddress(dump, id) + offset + WORD;
  const pointed = process.memory.tryAddress(at);
  return pointed === undefined ? NONE : heap.objects.find(pointed);
}

/** Where the field Context context.Context lies, in the struct or one embedded in it. */
function contextOffset(dump: Dump, type: number, depth: number): number | undefined {
  const go = dump.runtime.types.get(type);
  if (go.kind !== "struct" || depth > 3) return undefined;
  for (const field of go.fields) {
    if (field.type === NONE) continue;
    if (field.name === "Context" && dump.runtime.types.get(field.type).name === "context.Context") return field.offset;
    const inner = contextOffset(dump, field.type, depth + 1);
    if (inner !== undefined) return field.offset + inner;
  }
  return undefined;
}
