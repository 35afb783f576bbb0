/** What a dump says, as plain numbers beside what its program said: the raw material of the matrix. */
import { type Address, NONE, type ObjectId } from "../../src/base/units.js";
import type { Dump } from "../../src/dump.js";
import type { Truth } from "../support/dump-cache.js";

/** One unreachable object and why it may be there. */
export interface Unreachable {
  readonly address: Address;
  readonly type: string;
  readonly bytes: number;
  /** Allocated after the last collection ended, or marked by it (and unreachable since). */
  readonly reason: "allocated since the last collection" | "marked by the last collection";
}

/** Spans whose allocated slots are not as many as the runtime counted. */
export function spansOff(dump: Dump): string[] {
  const { objects } = dump.heap;
  const { spans } = objects;
  const off: string[] = [];
  for (let span = 0; span < spans.count; span++) {
    const slots = objects.countIn(span);
    if (slots !== spans.allocCount[span]) off.push(`span 0x${spans.base[span].toString(16)}: ${slots} slots, allocCount ${spans.allocCount[span]}`);
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
export function typeOf(dump: Dump, id: ObjectId): string {
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
      reason: marked ? "marked by the last collection" : "allocated since the last collection",
    });
  }
  return list;
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

/** The program's objects whose type was found to be another one. */
export function mistyped(dump: Dump, truth: Truth): string[] {
  const { heap } = dump;
  const rows: string[] = [];
  for (const { type, addresses } of truth.only ?? []) {
    const wrong = new Map<string, number>();
    for (const address of addresses) {
      const id = heap.objects.find(Number(address));
      const found = id === NONE ? "no object" : typeOf(dump, id);
      if (found !== type) wrong.set(found, (wrong.get(found) ?? 0) + 1);
    }
    for (const [found, count] of wrong) rows.push(`${type}: ${count} of ${addresses.length} called ${found}`);
  }
  return rows;
}

/** The runtime's accounts as a core has them, under MemStats names. */
export function memStats(dump: Dump): Record<string, number> {
  const { accounts } = dump.runtime;
  return {
    HeapInuse: accounts.heapInuse,
    HeapIdle: accounts.heapIdle,
    HeapReleased: accounts.heapReleased,
    StackInuse: accounts.stackInuse,
    Sys: accounts.sys,
    NumGC: accounts.gc.cycles,
  };
}
