// Chunks of package arena (GOEXPERIMENT=arenas): one object to the collector, many values of many types to the program. runtime/arena.go
import type { TypeId } from "../base/units.js";
import { BY_HEADER, pack, RANK } from "./evidence.js";
import type { ObjectTable } from "./objects.js";

/** Whether the process has any. */
export const hasChunks = ({ spans }: ObjectTable): boolean => spans.userArena.includes(1);

/** A chunk is a chunk, whatever a pointer to its first value says. @param packed  see TypingState */
export function nameChunks(objects: ObjectTable, packed: Int32Array, chunk: () => TypeId): void {
  if (!hasChunks(objects)) return;
  const { spans, firstId } = objects;
  for (let span = 0; span < spans.count; span++) {
    if (spans.userArena[span] === 0) continue;
    for (let id = firstId[span]; id < firstId[span + 1]; id++) packed[id] = pack(chunk(), RANK.header, BY_HEADER);
  }
}
