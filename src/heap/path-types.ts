// Types of the objects of one path, and of the parts of the values on it: what `why` needs, without typing the whole heap.
import { type ObjectId, WORD } from "../base/units.js";
import { Worklist } from "../graph/worklist.js";
import { INTERIOR, OFFSET_MASK } from "./edges.js";
import { BY_REFERRER, type ObjectTypes, RANK, unpack } from "./evidence.js";
import { infer, inferFromRoot, newTyping, rankAt, readPending, type TypingInput, type TypingState, typeAt } from "./inference.js";
import { PART_WORD, type PartWordsByType } from "./part-words.js";
import { NO_PARTS, type PartSum } from "./wholes.js";

/** What is known of the objects of one path. */
export interface PathTypes {
  readonly types: ObjectTypes;
  /** The further objects of the value that an object of the path stands for. */
  partsOf(id: ObjectId): PartSum;
}

/**
 * Types by the pointers of the path alone: the rules of inference.ts, with the path in place of the worklist.
 *
 * @param row   the root's row
 * @param path  objects from the root on, each pointed to by the one before
 * @returns undefined when an object of the path stays unknown or its type a loose one: then all evidence is needed
 */
export function inferPathTypes(input: TypingInput, words: PartWordsByType, row: number, path: readonly ObjectId[]): PathTypes | undefined {
  const { edges, edgeOffsets, objectNode, objects, roots } = input;
  const typing = newTyping(input, input.headers.slice(), new Worklist(objects.count));
  inferFromRoot(typing, roots, row);
  for (const [i, id] of path.entries()) {
    while (typing.pending.size > 0) readPending(typing);
    if (rankAt(typing, id) < RANK.array) return undefined;
    if (i + 1 === path.length) break;
    const node = objectNode + id;
    for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
      if (edges.targets[edge] - objectNode !== path[i + 1]) continue;
      followEdge(typing, id, path[i + 1], edgeOffsets[edge]);
      break;
    }
  }
  const sums = new Map<ObjectId, PartSum>();
  for (const id of path) sums.set(id, sumOfParts(typing, words, id));
  return { types: unpack(typing.packed), partsOf: (id) => sums.get(id) ?? NO_PARTS };
}

/** What one pointer of the path says. @param offset  of the pointer, as EdgeWriter.offsets has it */
function followEdge(typing: TypingState, id: ObjectId, target: ObjectId, offset: number): void {
  const own = typeAt(typing, id);
  const { size } = typing.facts.of(own);
  if (size < WORD) return;
  const word = (offset & OFFSET_MASK) - typing.objects.dataStart[typing.objects.spanOf(id)] / WORD;
  const code = typing.kinds.codeAt(own, (word * WORD) % size);
  infer(typing, code, target, offset >= INTERIOR, typing.objects.addressOf(id) + (offset & OFFSET_MASK) * WORD, BY_REFERRER);
}

/** Follows the words that lead to parts of the object's own value, as far as they go. */
function sumOfParts(typing: TypingState, words: PartWordsByType, id: ObjectId): PartSum {
  const { edges, edgeOffsets, objectNode, objects } = typing;
  const seen = new Set([id]);
  let bytes = 0;
  for (let fresh = [id]; fresh.length > 0; ) {
    const next: ObjectId[] = [];
    for (const from of fresh) {
      const plan = typeAt(typing, from) < 0 ? null : words.of(typeAt(typing, from));
      if (plan === null) continue;
      const skip = objects.dataStart[objects.spanOf(from)];
      const node = objectNode + from;
      for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
        const offset = edgeOffsets[edge];
        if (offset >= INTERIOR || plan.words[((offset * WORD - skip) % plan.stride) / WORD] !== PART_WORD.own) continue;
        const part = edges.targets[edge] - objectNode;
        if (seen.has(part)) continue;
        seen.add(part);
        bytes += objects.sizeOf(part);
        followEdge(typing, from, part, offset);
        next.push(part);
      }
    }
    while (typing.pending.size > 0) readPending(typing);
    fresh = next;
  }
  return { count: seen.size - 1, bytes };
}
