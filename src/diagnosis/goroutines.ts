// Goroutines that stand in the same place by the hundred, or hold much.
import { type Bytes, counted, formatBytes } from "../base/units.js";
import { quoteWord } from "../base/words.js";
import type { Dump } from "../dump.js";
import { goroutinePlace } from "../stacks/goroutine-place.js";
import { type Part, type Suspect, suspectOf, type Whole } from "./suspect.js";

interface Group {
  readonly ids: number[];
  readonly function: string;
  readonly entries: Set<string>;
  readonly place: string;
  readonly state: string;
  retained: Bytes;
  /** Those that hold some of it. */
  holders: number;
  stacks: Bytes;
}

const MOST_ENTRIES = 3;

/** Groups of goroutines at one place, with what they hold and their stacks. */
export function goroutineSuspects(dump: Dump, whole: Whole): Suspect[] {
  const { heap, retention, runtime } = dump;
  const retained = new Map<number, Bytes>();
  heap.roots.owners.forEach((owner, id) => {
    if (owner.goroutine !== undefined)
      retained.set(owner.goroutine, (retained.get(owner.goroutine) ?? 0) + retention.retained[heap.graph.nodeOfOwner(id)]);
  });
  const groups = new Map<string, Group>();
  for (const goroutine of runtime.goroutines.all) {
    if (goroutine.system) continue;
    const place = goroutinePlace(dump, goroutine.id);
    const key = `${place.function} ${place.line} ${place.state}`;
    let group = groups.get(key);
    if (!group) {
      const file = place.file.slice(place.file.lastIndexOf("/") + 1);
      group = {
        ids: [],
        function: place.function,
        entries: new Set(),
        place: file === "" ? "" : `${file}:${place.line}`,
        state: place.state,
        retained: 0,
        holders: 0,
        stacks: 0,
      };
      groups.set(key, group);
    }
    group.ids.push(goroutine.id);
    group.entries.add(place.entry);
    const own = retained.get(goroutine.id) ?? 0;
    group.retained += own;
    if (own > 0) group.holders++;
    group.stacks += goroutine.stack.hi - goroutine.stack.lo;
  }
  return [...groups.values()].flatMap((group) => describe(group, whole));
}

function describe(group: Group, whole: Whole): Suspect[] {
  const count = group.ids.length;
  const bytes = group.retained + group.stacks;
  const share = bytes / whole.bytes;
  if (share < 0.03 && count < 1000) return [];
  const many = count > 1 ? `${counted(count, "goroutine")} are` : `goroutine ${group.ids[0]} is`;
  const _parts: readonly Part[] = [
    { bytes: group.retained, count: group.holders, what: "heap that one of them holds alone" },
    { bytes: group.stacks, count, what: "stack" },
  ];
  const entries = [...group.entries].filter((each) => each !== group.function);
  const more = entries.length > MOST_ENTRIES ? ` and ${counted(entries.length - MOST_ENTRIES, "other")}` : "";
  const started = entries.length === 0 ? "" : `started as ${entries.slice(0, MOST_ENTRIES).join(", ")}${more}`;
  const title = `${many} in ${group.function}${group.place === "" ? "" : ` at ${group.place}`} [${group.state}] and hold${count > 1 ? "" : "s"}`;
  const inHeap = group.retained > 0 ? `, ${formatBytes(group.retained)} of it heap` : " of stacks";
  return suspectOf({
    kind: group.stacks > group.retained ? "goroutine stacks" : count > 1 ? "blocked goroutines" : "goroutine",
    title: (size) => `${title} ${size}${inHeap}`,
    bytes,
    of: whole,
    facts: [...(started === "" ? [] : [started]), `goroutine ${group.ids.slice(0, 5).join(", ")}${count > 5 ? ", …" : ""}`],
    next: `histogram CORE --by goroutine --focus ${quoteWord(group.function.replace(/[()*[\]]/g, "."))}`,
    // A few dozen are a pool of workers, hundreds at one place are stuck.
    score: share * (count >= 100 ? 2.5 : count >= 10 ? 1.5 : 1),
  });
}
