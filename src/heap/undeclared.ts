// What is said of objects by words whose own type nobody declares: where an executable was stripped, no variable has a type.
//
// An interface tells itself: no other two words are an abi.Type or itab and, behind it, a pointer. What the code tells of pointers in
// frames is found with the roots: see code-pointers.ts.
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import { INTERIOR } from "./edges.js";
import { dataAddress, inferDynamic, type TypingState, typeAt } from "./inference.js";
import { POINTER } from "./pointer-kinds.js";
import type { RootTable } from "./roots.js";

/** Interfaces in roots and objects without a type. Types found here are queued to be followed. */
export function inferUndeclared(typing: TypingState, roots: RootTable): void {
  inferFromWords(typing, roots);
  inferInObjects(typing);
}

/** Roots that no variable is known of: the word before one may be an interface's first. */
function inferFromWords(typing: TypingState, roots: RootTable): void {
  const { memory, types } = typing.runtime;
  for (let row = 0; row < roots.count; row++) {
    const id = roots.object[row];
    const slot = roots.slot[row];
    if (roots.code[row] !== POINTER.unknown || roots.certain[row] === 0 || slot === NOT_AN_ADDRESS || typeAt(typing, id) >= 0) continue;
    if (roots.value[row] !== dataAddress(typing, id)) continue;
    const { kind } = roots.owners[roots.owner[row]];
    if (kind !== "data" && kind !== "goroutine") continue;
    const word = memory.tryAddress(slot - WORD) ?? 0;
    const first = types.firstWord(word);
    if (first) inferDynamic(typing, id, word, first === "itab");
  }
}

/** Pairs in objects of unknown type. An object without one is left as it is. */
function inferInObjects(typing: TypingState): void {
  const { edges, edgeOffsets, objectNode, objects, before, beforeAddresses } = typing;
  const { types } = typing.runtime;
  for (let id = 0; id < objects.count; id++) {
    if (typeAt(typing, id) >= 0) continue;
    const node = objectNode + id;
    for (let edge = edges.first[node]; edge < edges.first[node + 1]; edge++) {
      const number = before[edge];
      if (number === 0 || edgeOffsets[edge] >= INTERIOR) continue;
      const target = edges.targets[edge] - objectNode;
      const word: Address = beforeAddresses[number];
      const first = typeAt(typing, target) < 0 ? types.firstWord(word) : undefined;
      if (first) inferDynamic(typing, target, word, first === "itab");
    }
  }
}
