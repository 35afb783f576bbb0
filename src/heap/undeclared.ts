// What is said of objects by words whose own type nobody declares: where an executable was stripped, no variable has a type.
//
// An interface tells itself: no other two words are an abi.Type or itab, which the collector does not take for a pointer, and behind it
// one that it does. (A word of type *abi.Type is a pointer to the collector: it is a value of its own.) What the code tells of pointers in
// frames is found with the roots: see code-pointers.ts.
import { type Address, NOT_AN_ADDRESS, type ObjectId, WORD } from "../base/units.js";
import { type PointerArea, pointerAreas } from "../runtime/modules.js";
import { INTERIOR, OFFSET_MASK } from "./edges.js";
import { dataAddress, inferDynamic, type TypingState, typeAt } from "./inference.js";
import { eachPointer } from "./object-pointers.js";
import { POINTER } from "./pointer-kinds.js";
import type { RootTable } from "./roots.js";

/** Interfaces in roots and objects without a type. Types found here are queued to be followed. */
export function inferUndeclared(typing: TypingState, roots: RootTable): void {
  inferFromWords(typing, roots);
  inferInObjects(typing);
}

/** Words of data that no variable is known of: the word before one may be an interface's first. */
function inferFromWords(typing: TypingState, roots: RootTable): void {
  const { memory, types, modules } = typing.runtime;
  const areas = modules.flatMap((module) => pointerAreas(memory, module));
  for (let row = 0; row < roots.count; row++) {
    const id = roots.object[row];
    const slot = roots.slot[row];
    if (roots.code[row] !== POINTER.unknown || roots.certain[row] === 0 || slot === NOT_AN_ADDRESS || typeAt(typing, id) >= 0) continue;
    if (roots.value[row] !== dataAddress(typing, id)) continue;
    // In a frame the word before may be what an earlier variable left there; of data every word is of now.
    if (roots.owners[roots.owner[row]].kind !== "data") continue;
    const word = memory.tryAddress(slot - WORD) ?? 0;
    const first = isPointer(areas, slot - WORD) ? undefined : types.firstWord(word);
    if (first) inferDynamic(typing, id, word, first === "itab");
  }
}

/** Whether a word of data or bss is a pointer, or may be one because its mask is not in the core. */
function isPointer(areas: readonly PointerArea[], slot: Address): boolean {
  const area = areas.find(({ start, words }) => slot >= start && slot < start + words * WORD);
  const index = area ? (slot - area.start) / WORD : 0;
  return area !== undefined && (area.bits === undefined || (area.bits[index >>> 3] & (1 << (index & 7))) !== 0);
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
      if (first && !isPointerOfObject(typing, id, (edgeOffsets[edge] & OFFSET_MASK) - 1))
        inferDynamic(typing, target, word, first === "itab");
    }
  }
}

/** Whether an object's own mask says that a word of it is a pointer. */
function isPointerOfObject({ objects, runtime }: TypingState, id: ObjectId, index: number): boolean {
  let isPointer = false;
  eachPointer(runtime.memory, objects, runtime.pointerMasks, id, (word) => {
    isPointer ||= word === index;
  });
  return isPointer;
}
