// Rules about memory outside Go's heap: C's, and what the program mapped itself.

import type { Bytes } from "../base/units.js";
import { isCgo, liveMaps } from "../runtime/mapped.js";
import { forgottenMaps } from "./mapped-memory.js";
import type { Rule } from "./rule.js";
import type { Subject } from "./suspect.js";
import { WEIGHT } from "./weights.js";

const PROCESS: Subject = { kind: "process" };
/** Less is what any program maps: C's own heap, thread stacks. */
const LEAST_NATIVE: Bytes = 16 * 2 ** 20;
/** Mappings told of native memory. */
const MOST_MAPPINGS = 3;

/** Mappings that are neither the runtime's nor files: C memory, mmap. */
export const nativeMemory: Rule<"process", "native-memory"> = {
  id: "native-memory",
  looksAt: "process",
  weight: WEIGHT["native-memory"],
  evidence({ runtime }) {
    const { accounts, memoryClasses } = runtime;
    if (!accounts) return undefined;
    const bytes = memoryClasses.others.reduce((sum, each) => sum + each.bytes, 0);
    const goBytes = accounts.heapInuse + accounts.heapFree + accounts.stackInuse;
    if (bytes < goBytes || bytes < LEAST_NATIVE) return undefined;
    const cgo = isCgo(runtime);
    return {
      subject: PROCESS,
      bytes,
      whole: { kind: "native and Go", bytes: bytes + goBytes },
      parts: memoryClasses.others.slice(0, MOST_MAPPINGS).map(({ bytes, count = 1, name }) => ({ bytes, count, type: name })),
      figures: { goBytes, ...(cgo === undefined ? {} : { cgo }) },
      next: { query: "mappings", args: {} },
      rank: bytes / (bytes + goBytes),
    };
  },
};

/** What the program mapped, lost the address of, and never unmapped. A map that something refers to is in use, however large. */
export const forgottenMappings: Rule<"process", "forgotten-mappings"> = {
  id: "forgotten-mappings",
  looksAt: "process",
  weight: WEIGHT["forgotten-mappings"],
  evidence(from) {
    const { runtime } = from;
    const maps = liveMaps(runtime);
    const all = bytesOf(maps);
    if (all < LEAST_NATIVE) return undefined;
    const forgotten = forgottenMaps(from, maps);
    const bytes = bytesOf(forgotten);
    if (bytes < LEAST_NATIVE) return undefined;
    const cgo = isCgo(runtime);
    return {
      subject: PROCESS,
      bytes,
      whole: { kind: "mapped by the program", bytes: all },
      figures: {
        by: [...new Set(maps.map((each) => each.by))],
        count: maps.length,
        forgotten: forgotten.length,
        ...(cgo === undefined ? {} : { cgo }),
      },
      next: { query: "mappings", args: {} },
      rank: bytes / (bytes + from.inUse),
    };
  },
};

const bytesOf = (maps: readonly { readonly bytes: Bytes }[]) => maps.reduce((sum, { bytes }) => sum + bytes, 0);
