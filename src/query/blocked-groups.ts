// Goroutines by what they wait for.
import { type Address, NONE, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { Wait } from "../runtime/waiting.js";
import { type SyncKind, syncObject, syncOffsets } from "./blocked-sync.js";

export type WaitKind = SyncKind | "channel" | "cond" | "nil channel" | "empty select" | "network" | "sleep" | "other";

export interface Member {
  readonly goroutine: Goroutine;
  readonly select: boolean;
  readonly operation: string;
}

export interface WaitGroup {
  readonly kind: WaitKind;
  /** Of the object; 0 for none. */
  readonly address: Address;
  readonly members: Member[];
  /** Addresses that a reference to it may have: the allocation or variable it lies in. */
  readonly range: { readonly start: Address; readonly end: Address } | undefined;
}

/** Goroutines by what they wait for. */
export function waitGroups(dump: Dump, waits: readonly Wait[]): Map<string, WaitGroup> {
  const { goroutines } = dump.runtime;
  const byAddress = new Map(goroutines.all.map((each) => [each.address, each]));
  const groups = new Map<string, WaitGroup>();
  const placed = new Set<Goroutine>();
  const add = (kind: WaitKind, address: Address, member: Member) => {
    const key = `${kind} ${address}`;
    let group = groups.get(key);
    if (!group) {
      group = { kind, address, members: [], range: address > 0 ? containing(dump, address) : undefined };
      groups.set(key, group);
    }
    group.members.push(member);
    placed.add(member.goroutine);
  };
  const offsets = syncOffsets(dump);
  for (const wait of waits) {
    const goroutine = byAddress.get(wait.goroutine);
    if (!goroutine || goroutine.system) continue;
    const member = { goroutine, select: wait.select, operation: wait.operation };
    if (wait.operation !== "semaphore") add("channel", wait.object, member);
    else {
      const { kind, base } = syncObject(dump, goroutine, wait.object, offsets);
      add(kind, base, member);
    }
  }
  for (const goroutine of goroutines.all) {
    if (placed.has(goroutine) || goroutine.system || (goroutine.status !== "waiting" && goroutine.status !== "leaked")) continue;
    const { kind, address } = otherWait(dump, goroutine);
    add(kind, address, { goroutine, select: false, operation: "" });
  }
  return groups;
}

/** Waits that are in no list reachable from a semaphore or channel. */
function otherWait(dump: Dump, goroutine: Goroutine): { readonly kind: WaitKind; readonly address: Address } {
  const reason = goroutine.waitReason;
  if (reason.includes("nil chan")) return { kind: "nil channel", address: 0 };
  if (reason.includes("select (no cases)")) return { kind: "empty select", address: 0 };
  if (reason.startsWith("sleep")) return { kind: "sleep", address: 0 };
  if (reason.startsWith("IO wait"))
    return { kind: "network", address: variableOf(dump, goroutine, "internal/poll.runtime_pollWait", "pd") };
  if (reason.startsWith("sync.Cond")) return { kind: "cond", address: variableOf(dump, goroutine, "sync.(*Cond).Wait", "c") };
  return { kind: "other", address: 0 };
}

/** Value of a pointer variable in the frame of a function, where the debug information has it; 0 otherwise. */
function variableOf(dump: Dump, goroutine: Goroutine, fn: string, name: string): Address {
  for (const frame of goroutine.unwound().frames.slice(0, 20)) {
    const levels = dump.runtime.functions.inlinedAt(frame.fn, frame.symbolPc);
    const index = levels.findIndex((each) => each.name === fn);
    if (index < 0) continue;
    const found = frameVariables(dump.runtime, frame, undefined).find(
      (each) => each.name === name && each.inlineDepth === levels.length - 1 - index,
    );
    if (found?.place.kind === "memory") return Math.max(dump.process.memory.tryAddress(found.place.address) ?? 0, 0);
    return 0;
  }
  return 0;
}

/** The heap slot, variable or words that hold the address. */
function containing(dump: Dump, address: Address): { readonly start: Address; readonly end: Address } {
  const { spans, variables } = dump.runtime;
  const span = spans.find(address);
  if (span !== NONE) {
    const size = spans.elementSize[span];
    const start = spans.base[span] + Math.floor((address - spans.base[span]) / size) * size;
    return { start, end: start + size };
  }
  const global = variables.globalAt(address);
  return global ? { start: global.address, end: global.address + global.size } : { start: address, end: address + WORD };
}
