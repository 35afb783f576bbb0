// Goroutines by what they wait for.
import type { Address } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { conditionOf } from "../runtime/records/condition.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Wait } from "../runtime/wait.js";
import { type Role, type SyncKind, type SyncSource, syncWait } from "./sync.js";

/** What can be waited for. "other": for nothing that has an object, as the runtime's own goroutines do. */
export type WaitKind = SyncKind | "channel" | "cond" | "nil channel" | "empty select" | "network" | "sleep" | "other";

/** A goroutine that waits, and how. */
export interface Member {
  readonly goroutine: Goroutine;
  readonly select: boolean;
  /** "receive", "send", "read", "write"; "" where there is but one. */
  readonly operation: string;
  readonly role: Role;
}

/** What some goroutines wait for. */
export interface WaitGroup {
  readonly kind: WaitKind;
  /** Of the object; 0 for none. */
  readonly address: Address;
  readonly members: Member[];
}

/** One group per object, or per kind of wait for nothing that has an address. */
export function waitGroups(runtime: SyncSource & Pick<GoRuntime, "goroutines">, waits: readonly Wait[]): readonly WaitGroup[] {
  const { goroutines } = runtime;
  const byAddress = new Map(goroutines.all.map((each) => [each.address, each]));
  const groups = new Map<string, WaitGroup>();
  // A goroutine in a select is in the group of each of its channels; one without any record gets a group by its wait reason.
  const placed = new Set<Goroutine>();
  const add = (kind: WaitKind, address: Address, member: Member) => {
    const key = `${kind} ${address}`;
    let group = groups.get(key);
    if (!group) {
      group = { kind, address, members: [] };
      groups.set(key, group);
    }
    group.members.push(member);
    placed.add(member.goroutine);
  };
  for (const wait of waits) {
    const goroutine = byAddress.get(wait.goroutine);
    if (!goroutine || goroutine.system) continue;
    const { kind, object, role } = waitedFor(runtime, goroutine, wait);
    const operation = kind === "channel" || kind === "network" ? wait.operation : "";
    add(kind, object, { goroutine, select: wait.select, operation, role });
  }
  for (const goroutine of goroutines.all) {
    if (placed.has(goroutine) || goroutine.system || (goroutine.status !== "waiting" && goroutine.status !== "leaked")) continue;
    add(reasonKind(goroutine.waitReason), 0, { goroutine, select: false, operation: "", role: "other" });
  }
  return [...groups.values()];
}

/** What a record of a wait means: a semaphore is a field of a lock or group, a notify list one of a condition. */
function waitedFor(
  runtime: SyncSource,
  goroutine: Goroutine,
  { operation, object }: Wait,
): { readonly kind: WaitKind; readonly object: Address; readonly role: Role } {
  if (operation === "semaphore") return syncWait(runtime, goroutine, object);
  if (operation === "condition") return { kind: "cond", object: conditionOf(runtime, object) ?? object, role: "other" };
  return { kind: operation === "read" || operation === "write" ? "network" : "channel", object, role: "other" };
}

/** Of waits for what has no address, or none that was found. */
function reasonKind(reason: string): WaitKind {
  if (reason.includes("nil chan")) return "nil channel";
  if (reason.includes("select (no cases)")) return "empty select";
  if (reason.startsWith("sleep")) return "sleep";
  if (reason.startsWith("IO wait")) return "network";
  return reason.startsWith("sync.Cond") ? "cond" : "other";
}
