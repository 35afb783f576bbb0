/** What a dump says, as plain numbers beside what its program said: the raw material of the matrix. */
import { type Address, NONE, type ObjectId } from "../../src/base/units.js";
import type { Dump } from "../../src/dump.js";
import { freedIn } from "../../src/runtime/spans.js";
import type { Truth } from "../support/dump-cache.js";

/** One unreachable object and why it may be there. */
export interface Unreachable {
  readonly address: Address;
  readonly type: string;
  readonly bytes: number;
  /** Allocated after the last collection ended, or marked by it (and unreachable since). */
  readonly reason: "allocated since the last collection" | "marked by the last collection" | "revived through a weak handle";
}

/** Spans whose allocated slots are not as many as the runtime counted. */
export function spansOff(dump: Dump): string[] {
  const { objects } = dump.heap;
  const { spans } = objects;
  const off: string[] = [];
  for (let span = 0; span < spans.count; span++) {
    const slots = objects.countIn(span) + freedIn(spans, span);
    if (slots !== spans.allocCount[span])
      off.push(`span 0x${spans.base[span].toString(16)}: ${slots} slots, allocCount ${spans.allocCount[span]}`);
  }
  return off;
}

/** Objects by type name: live ones, or garbage. */
export function countTypes(dump: Dump, live: boolean): Map<string, number> {
  const { objects, types } = dump.heap;
  const counts = new Map<number, number>();
  for (let id = 0; id < objects.count; id++) {
    if (dump.heap.isLive(id) === live) counts.set(types.type[id], (counts.get(types.type[id]) ?? 0) + 1);
  }
  return new Map([...counts].map(([type, count]) => [typeName(dump, type), count]));
}

function typeName(dump: Dump, type: number): string {
  return type === NONE ? "unknown" : dump.runtime.types.get(type).name;
}

/** The name of an object's type. */
function typeOf(dump: Dump, id: ObjectId): string {
  return typeName(dump, dump.heap.types.type[id]);
}

/** Rows of a table of counts that differ: "main.User: 12, the program said 13". */
export function differences(found: ReadonlyMap<string, number>, said: Readonly<Record<string, number>>): string[] {
  return Object.entries(said)
    .filter(([type, count]) => (found.get(type) ?? 0) !== count)
    .map(([type, count]) => `${type}: ${found.get(type) ?? 0}, the program said ${count}`);
}

/** Everything allocated that no root reaches. */
export function unreachable(dump: Dump): Unreachable[] {
  const { heap } = dump;
  const { spans } = heap.objects;
  const list: Unreachable[] = [];
  const weakly = weaklyHeld(dump);
  for (let id = 0; id < heap.objects.count; id++) {
    if (heap.isLive(id)) continue;
    const span = heap.objects.spanOf(id);
    const slot = heap.objects.slotOf(id, span);
    // The allocation bits of a swept span are the mark bits of the last collection; what came since has none.
    const marked = dump.process.memory.readUint(spans.allocBits[span] + Math.floor(slot / 8), 1) & (1 << (slot % 8));
    list.push({
      address: heap.objects.addressOf(id),
      type: typeOf(dump, id),
      bytes: heap.objects.sizeOf(id),
      reason: weakly.has(id)
        ? "revived through a weak handle"
        : marked
          ? "marked by the last collection"
          : "allocated since the last collection",
    });
  }
  return list;
}

/**
 * Objects whose weak handle still points to them. Making a weak pointer strong during the mark phase, as the unique package's
 * own clean-up does for each of its entries, keeps an object for one more cycle. runtime/mheap.go internal_weak_runtime_makeStrongFromWeak
 */
function weaklyHeld(dump: Dump): Set<ObjectId> {
  const { runtime, heap, process } = dump;
  const held = new Set<ObjectId>();
  for (const { kind, object, pointers } of runtime.specials) {
    if (kind === "weak-handle" && pointers.some(({ value }) => (process.memory.tryAddress(value) ?? 0) > 0))
      held.add(heap.objects.find(object));
  }
  return held;
}

/** Objects that the program keeps alive by one feature each and that are missing or called garbage. */
export function lost(dump: Dump, truth: Truth): string[] {
  const { heap } = dump;
  const rows: string[] = [];
  for (const { type, addresses } of truth.only ?? []) {
    const ids = addresses.map((address) => heap.objects.find(Number(address)));
    const missing = ids.filter((id) => id === NONE).length;
    const garbage = ids.filter((id) => id !== NONE && !heap.isLive(id)).length;
    if (missing + garbage > 0) rows.push(`${type}: of ${ids.length} objects ${missing} are not found, ${garbage} called garbage`);
  }
  return rows;
}

/** No type is known, or only guessed. */
function isUnknown(dump: Dump, id: ObjectId): boolean {
  const evidence = dump.heap.types.evidenceOf(id);
  return evidence === "none" || evidence === "guess";
}

/** The program's objects whose type was found to be another one. */
export function mistyped(dump: Dump, truth: Truth): string[] {
  const { heap } = dump;
  const rows: string[] = [];
  for (const { type, addresses } of truth.only ?? []) {
    const mayBeUnknown = truth.nameless?.[type] !== undefined;
    const wrong = new Map<string, number>();
    for (const address of addresses) {
      const id = heap.objects.find(Number(address));
      const found = id === NONE ? "no object" : typeOf(dump, id);
      if (found !== type && !(mayBeUnknown && isUnknown(dump, id))) wrong.set(found, (wrong.get(found) ?? 0) + 1);
    }
    for (const [found, count] of wrong) rows.push(`${type}: ${count} of ${addresses.length} called ${found}`);
  }
  return rows;
}

/** The runtime's accounts as a core has them, under MemStats names. */
export function memStats(dump: Dump): Record<string, number> {
  const { accounts } = dump.runtime;
  if (!accounts) throw new Error("no accounts");
  return {
    HeapInuse: accounts.heapInuse,
    HeapIdle: accounts.heapIdle,
    HeapReleased: accounts.heapReleased,
    StackInuse: accounts.stackInuse,
    Sys: accounts.sys,
    NumGC: accounts.gc.cycles,
  };
}

/** Types by address that malloc headers and large spans give, for objects whose type they are. */
export function typedByHeader(dump: Dump): Map<Address, string> {
  const { heap } = dump;
  const types = new Map<Address, string>();
  for (let id = 0; id < heap.objects.count; id++) {
    if (heap.types.evidenceOf(id) === "malloc header") types.set(heap.objects.addressOf(id), typeOf(dump, id));
  }
  return types;
}

/** Objects that another reading of the same core types by other evidence, against the types their headers gave. */
export function disagreements(blind: Dump, truth: ReadonlyMap<Address, string>): { same: number; different: string[] } {
  const { heap } = blind;
  let same = 0;
  const different: string[] = [];
  for (const [address, type] of truth) {
    const id = heap.objects.find(address);
    if (isUnknown(blind, id)) continue;
    const found = typeOf(blind, id);
    if (plain(found) === plain(type)) same++;
    else different.push(`0x${address.toString(16)}: ${type}, called ${found} by ${heap.types.evidenceOf(id)}`);
  }
  return { same, different };
}

/**
 * One name for types that have two: a map's inner structs are called map.bucket[K]V or maps.table by abi.Type and
 * bucket<K,V> or table<K,V> by DWARF, and the runtime allocates its m with padding behind it that *runtime.m ignores.
 */
function plain(name: string): string {
  return name
    .replace(/\b(?:noalg\.)?map\.(bucket|group|hdr|iter)\[.*/, "$1")
    .replace(/\b(bucket|group|table|hash|map)<.*/, "$1")
    .replace(/\binternal\/runtime\/maps\.(table|Map)\b/, "$1")
    .replace(/^runtime\.mPadded$/, "runtime.m");
}

/** Live objects in unswept spans that the finished mark phase did not mark: there can be none. */
export function unmarkedSurvivors(dump: Dump): string[] {
  const { heap } = dump;
  const { objects } = heap;
  const { spans } = objects;
  const found: string[] = [];
  for (let span = 0; span < spans.count; span++) {
    if (spans.sweepgen[span] !== spans.heapSweepgen - 2 || spans.inlineMarks[span]) continue;
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      const slot = objects.slotOf(id, span);
      const marked = dump.process.memory.readUint(spans.markBits[span] + Math.floor(slot / 8), 1) & (1 << (slot % 8));
      if (!marked && heap.isLive(id)) found.push(`0x${objects.addressOf(id).toString(16)}: ${typeOf(dump, id)}`);
    }
  }
  return found;
}

/** Goroutines as runtime.NumGoroutine counts them: those not started as the runtime's own, whatever they run now. */
export function userGoroutines(dump: Dump): number {
  const { functions, goroutines } = dump.runtime;
  let count = 0;
  for (const { status, startPc } of goroutines.all) {
    const start = functions.find(startPc)?.name ?? "";
    // runtime.isSystemGoroutine, for a goroutine that was just started.
    const own = start.startsWith("runtime.") && start !== "runtime.main" && start !== "runtime.corostart";
    if (!own && status !== "dead" && status !== "idle" && status !== "deadextra") count++;
  }
  return count;
}
