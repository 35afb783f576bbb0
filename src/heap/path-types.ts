// Types of the objects of one path, and of the parts of the values on it: what `why` needs, without typing the whole heap.
import { type ObjectId, WORD } from "../base/units.js";
import { Worklist } from "../graph/worklist.js";
import { INTERIOR, SLOT_MASK } from "./edges.js";
import { BY_REFERRER, type ObjectTypes, RANK, unpacked } from "./evidence.js";
import { PART_WORD, type PartWordsByType } from "./part-words.js";
import { type Env, newEnv, rankAt, readPending, state, stateRoot, type TypingInput, typeAt } from "./typing.js";
import { NO_PARTS, type PartSum } from "./wholes.js";

export interface PathTypes {
  readonly types: ObjectTypes;
  /** The further objects of the value that an object of the path stands for. */
  partsOf(id: ObjectId): PartSum;
}

/**
 * Types by the pointers of the path.
 *
 * @param row   the root's row
 * @param path  objects from the root on, each pointed to by the one before
 * @returns undefined when an object of the path stays unknown or doubtful: then all evidence is needed
 */
export function inferPathTypes(input: TypingInput, words: PartWordsByType, row: number, path: readonly ObjectId[]): PathTypes | undefined {
  const { edges, edgeSlots, objectNode, objects, roots } = input;
  const env = newEnv(input, input.headers.slice(), new Worklist(objects.count));
  stateRoot(env, roots, row);
  for (const [i, id] of path.entries()) {
    while (env.pending.size > 0) readPending(env);
    if (rankAt(env, id) < RANK.array) return undefined;
    if (i + 1 === path.length) break;
    const node = objectNode + id;
    for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
      if (edges.targets[edge] - objectNode !== path[i + 1]) continue;
      followEdge(env, id, path[i + 1], edgeSlots[edge]);
      break;
    }
  }
  const sums = new Map<ObjectId, PartSum>();
  for (const id of path) sums.set(id, sumOfParts(env, words, id));
  return { types: unpacked(env.claims), partsOf: (id) => sums.get(id) ?? NO_PARTS };
}

function followEdge(env: Env, id: ObjectId, target: ObjectId, slot: number): void {
  const own = typeAt(env, id);
  const { size } = env.facts.of(own);
  if (size < WORD) return;
  const word = (slot & SLOT_MASK) - env.objects.dataStart[env.objects.spanOf(id)] / WORD;
  const code = env.slots.codeAt(own, (word * WORD) % size);
  state(env, code, target, slot >= INTERIOR, env.objects.addressOf(id) + (slot & SLOT_MASK) * WORD, BY_REFERRER);
}

/** Follows the words that lead to parts of the object's own value, as far as they go. */
function sumOfParts(env: Env, words: PartWordsByType, id: ObjectId): PartSum {
  const { edges, edgeSlots, objectNode, objects } = env;
  const seen = new Set([id]);
  let bytes = 0;
  for (let fresh = [id]; fresh.length > 0; ) {
    const next: ObjectId[] = [];
    for (const from of fresh) {
      const plan = typeAt(env, from) < 0 ? null : words.of(typeAt(env, from));
      if (plan === null) continue;
      const skip = objects.dataStart[objects.spanOf(from)];
      const node = objectNode + from;
      for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
        const slot = edgeSlots[edge];
        if (slot >= INTERIOR || plan.words[((slot * WORD - skip) % plan.stride) / WORD] !== PART_WORD.own) continue;
        const part = edges.targets[edge] - objectNode;
        if (seen.has(part)) continue;
        seen.add(part);
        bytes += objects.sizeOf(part);
        followEdge(env, from, part, slot);
        next.push(part);
      }
    }
    while (env.pending.size > 0) readPending(env);
    fresh = next;
  }
  return { count: seen.size - 1, bytes };
}
