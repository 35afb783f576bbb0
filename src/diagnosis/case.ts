// What is diagnosed: a heap with its runtime, its names, and the memory that it takes.
import type { HeapNames, Sources } from "../accounting/sources.js";
import { type Address, type Bytes, NONE, type ObjectId } from "../base/units.js";
import type { Heap } from "../heap/heap.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GoType } from "../runtime/types.js";

export interface Case extends Sources {
  readonly names: HeapNames;
  /** The heap's spans, free ones not yet given back, and stacks. */
  readonly inUse: Bytes;
}

/** @param names made when they are asked for */
export function caseOf({ heap, retention, runtime, progress }: Sources, names: HeapNames): Case {
  return { heap, retention, runtime, progress, names, inUse: Math.max(1, memoryInUse(runtime) ?? heap.objects.bytes) };
}

function memoryInUse({ accounts }: GoRuntime): Bytes | undefined {
  return accounts && accounts.heapInuse + accounts.heapFree + accounts.stackInuse;
}

/** Where the object's value begins: behind the header, where it has one. */
export function startOf({ objects }: Heap, id: ObjectId): Address {
  return objects.addressOf(id) + objects.dataStart[objects.spanOf(id)];
}

/** undefined when nothing is known. */
export function typeOf({ heap, runtime }: Pick<Case, "heap" | "runtime">, id: ObjectId): GoType | undefined {
  const type = id === NONE ? NONE : heap.types.type[id];
  return type === NONE ? undefined : runtime.types.get(type);
}
