// Goroutines that stand in one line of the program in one state, with what they hold.
import type { Bytes } from "../base/units.js";
import type { Case } from "./case.js";

export interface Group {
  readonly ids: readonly number[];
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly state: string;
  /** Functions that they began in. */
  readonly entries: ReadonlySet<string>;
  /** Heap that one of them holds alone. */
  readonly heapBytes: Bytes;
  readonly stackBytes: Bytes;
}

/** Groups of the program's goroutines, in the order of their first ones. */
export function groupGoroutines({ heap, retention, runtime, names }: Case): readonly Group[] {
  const retained = new Map<number, Bytes>();
  heap.roots.owners.forEach(({ goroutine }, id) => {
    if (goroutine !== undefined) retained.set(goroutine, (retained.get(goroutine) ?? 0) + retention.retained[heap.graph.nodeOfOwner(id)]);
  });
  const groups = new Map<string, Group & { ids: number[]; entries: Set<string>; heapBytes: Bytes; stackBytes: Bytes }>();
  for (const { id, system, stack } of runtime.goroutines.all) {
    if (system) continue;
    const { function: name, file, line, state, entry } = names.place(id);
    const key = `${name} ${line} ${state}`;
    const group = groups.get(key) ?? { ids: [], function: name, file, line, state, entries: new Set(), heapBytes: 0, stackBytes: 0 };
    groups.set(key, group);
    group.ids.push(id);
    group.entries.add(entry);
    group.heapBytes += retained.get(id) ?? 0;
    group.stackBytes += stack.hi - stack.lo;
  }
  return [...groups.values()];
}
