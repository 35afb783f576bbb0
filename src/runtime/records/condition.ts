// A condition of package sync and its list of those who wait: sync.Cond, notifyList. sync/cond.go, runtime/sema.go
import type { Address } from "../../base/units.js";
import { readField } from "../layout/layout.js";
import { pointerAt, type RecordSource } from "./chain.js";
import { queuedSudogs, type Sudog } from "./sudog.js";

/** The sync.Cond of a notifyList; undefined when the program has none. */
export function conditionOf({ layout }: RecordSource, list: Address): Address | undefined {
  return layout.hasStruct("syncCond") ? list - layout.struct("syncCond").offset("notify") : undefined;
}

/** The notifyList of a sync.Cond; undefined when the program has none. */
export function notifyListOf({ layout }: RecordSource, condition: Address): Address | undefined {
  return layout.hasStruct("syncCond") ? condition + layout.struct("syncCond").offset("notify") : undefined;
}

/** How many wait for a sync.Cond: tickets given out and not yet called. undefined when it is not in the core. */
export function waitingFor(source: RecordSource, condition: Address): number | undefined {
  const { layout, memory } = source;
  const list = notifyListOf(source, condition);
  if (list === undefined || !layout.hasStruct("notifyList")) return undefined;
  const struct = layout.struct("notifyList");
  if (!memory.tryBytes(list, struct.size)) return undefined;
  return (readField(memory, struct, list, "wait") - readField(memory, struct, list, "notify")) >>> 0;
}

/** Those who wait in a notifyList, the first to be called first. */
export function notifySudogs(source: RecordSource, list: Address): Iterable<Sudog> {
  const { layout, memory } = source;
  return layout.hasStruct("notifyList") ? queuedSudogs(source, pointerAt(memory, list + layout.struct("notifyList").offset("head"))) : [];
}
