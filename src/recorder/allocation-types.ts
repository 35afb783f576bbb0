// The names of types that the experiment of allocations refers to. runtime/tracetype.go
import { NONE } from "../base/units.js";
import { MOST_STRING_BYTES } from "../trace/limits.js";
import { NO_THREAD } from "../trace/wire.js";
import { BatchMaker } from "./batch-maker.js";
import type { FoundBatch } from "./buffers.js";
import { ALLOC_FREE, type Inventory, TYPES_BATCH } from "./inventory.js";
import { stackWords } from "./stacks.js";
import type { Unfinished } from "./unfinished.js";

/** The names of types that the experiment of allocations refers to. runtime/tracetype.go */
export function writeTypes(given: Unfinished, known: Inventory, types: ReadonlyMap<number, Uint8Array>): readonly FoundBatch[] {
  const { runtime, generation } = given;
  const maker = new BatchMaker(generation, NO_THREAD, known.lastTime, TYPES_BATCH, ALLOC_FREE);
  for (const [id, bytes] of types) {
    const rtype = stackWords(bytes)[0] ?? 0;
    const found = known.types.has(id) ? NONE : runtime.types.byRtype(rtype);
    if (found === NONE) continue;
    const { name, size } = runtime.types.get(found);
    const text = new TextEncoder().encode(shortName(name)).subarray(0, MOST_STRING_BYTES);
    // abi.Type.PtrBytes is its second word, in every release.
    const pointers = runtime.process.memory.tryBytes(rtype + 8, 8) ? runtime.process.memory.readUint(rtype + 8, 8) : 0;
    maker.record().varint(id).varint(rtype).varint(size).varint(pointers).varint(text.length).put(text);
  }
  return maker.flush();
}

/** The tracer writes types as reflection does, with the last part of the package's path alone. */
function shortName(name: string): string {
  return name.replace(/[\w.\-~]+(?:\/[\w.\-~]+)*\/(?=[\w\-~]+\.)/g, "");
}
