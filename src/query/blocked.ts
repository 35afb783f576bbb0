// The waits-for picture: on what goroutines wait, who could release it, and the circles among them.
import { type Address, type Hex, hex, NONE, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readField, readFieldOr } from "../runtime/layout/layout.js";
import { readWaits, type Wait } from "../runtime/waiting.js";
import { enclosing, nameOffset } from "../value/fields.js";
import { type FrameRow, type GoroutineReader, goroutineReader } from "./goroutine-rows.js";
import type { Query } from "./query.js";

export type WaitKind =
  | "channel"
  | "mutex"
  | "rwmutex"
  | "waitgroup"
  | "cond"
  | "semaphore"
  | "nil channel"
  | "empty select"
  | "network"
  | "sleep"
  | "other";

export interface WaiterRow {
  readonly id: number;
  /** "chan receive", "sync.Mutex.Lock": as the runtime says. */
  readonly reason: string;
  /** One of several channels of a select. */
  readonly select: boolean;
  readonly waitNanoseconds?: number;
  readonly top?: FrameRow;
}

/** A goroutine that could end the wait, with the reason to think so. */
export interface HolderRow {
  readonly id: number;
  readonly why: string;
  readonly top?: FrameRow;
}

export interface BlockedRow {
  readonly kind: WaitKind;
  /** Of the channel, mutex, group...; absent for waits on nothing that has an address. */
  readonly address?: Hex;
  /** "main.config.mu": of a global variable; "" when it has no such name. */
  readonly name: string;
  /** "unbuffered", "locked, 2 waiting", "wakes in 59 minutes". */
  readonly state: string;
  readonly count: number;
  /** The longest waits, at most 100. */
  readonly waiting: readonly WaiterRow[];
  readonly longestNanoseconds?: number;
  /** Goroutines with a reference to it on their stack that do not wait for it: an inference, no record. At most 10. */
  readonly holders: readonly HolderRow[];
  readonly holderCount: number;
}

/** Goroutines each of which waits for the next one, the last for the first. */
export interface Cycle {
  readonly goroutines: readonly { readonly id: number; readonly waitsFor: string; readonly reason: string; readonly top?: FrameRow }[];
  /** Every step has one possible holder only. */
  readonly only: boolean;
}

export interface Blocked {
  readonly rows: readonly BlockedRow[];
  readonly cycles: readonly Cycle[];
  readonly total: { readonly objects: number; readonly goroutines: number };
}

export interface BlockedArgs {
  /** 0 = all. */
  readonly top: number;
}

const MOST_WAITING_SHOWN = 100;
const MOST_HOLDERS = 10;
/** Stacks deeper than this are searched at their inner end only. */
const MOST_STACK_SEARCHED = 1 << 20;

export const blocked: Query<BlockedArgs, Blocked> = {
  name: "blocked",
  summary: "who waits for what, who could release it, and deadlocks",
  run(dump, { top }, { findings, progress }) {
    const reader = goroutineReader(dump);
    progress.stage("reading who waits", dump.runtime.goroutines.all.length);
    const groups = waitGroups(dump, readWaits(dump.runtime, findings));
    const located = [...groups.values()].filter((each) => each.range);
    progress.stage("searching stacks for holders", located.length);
    const holders = findHolders(dump, located);
    const rows = [...groups.values()].map((group) => describeGroup(dump, group, holders.get(group) ?? [], reader));
    const keyed = rows.map((row, index) => ({ row, index }));
    keyed.sort(
      (a, b) => (b.row.longestNanoseconds ?? -1) - (a.row.longestNanoseconds ?? -1) || b.row.count - a.row.count || a.index - b.index,
    );
    const sorted = keyed.map((each) => each.row);
    return {
      rows: top > 0 ? sorted.slice(0, top) : sorted,
      cycles: findCycles(located, holders, reader),
      total: {
        objects: rows.length,
        goroutines: new Set([...groups.values()].flatMap((each) => each.members.map((member) => member.goroutine.id))).size,
      },
    };
  },
};

interface Member {
  readonly goroutine: Goroutine;
  readonly select: boolean;
  readonly operation: string;
}

interface WaitGroup {
  readonly kind: WaitKind;
  /** Of the object; 0 for none. */
  readonly address: Address;
  readonly members: Member[];
  /** Addresses that a reference to it may have: the allocation or variable it lies in. */
  readonly range: { readonly start: Address; readonly end: Address } | undefined;
}

/** Goroutines by what they wait for. */
function waitGroups(dump: Dump, waits: readonly Wait[]): Map<string, WaitGroup> {
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

interface SyncOffsets {
  readonly mutex: number;
  readonly writer: number;
  readonly reader: number;
  readonly group: number;
}

/** Where the semaphores lie in the types of package sync, from their own definitions. */
function syncOffsets(dump: Dump): SyncOffsets {
  const { types } = dump.runtime;
  const offset = (typeName: string, field: string): number => {
    const search = (id: number, base: number, depth: number): number => {
      if (id === NONE || depth > 4) return NONE;
      const type = types.get(id);
      if (type.kind !== "struct") return NONE;
      for (const each of type.fields) {
        if (each.name === field) return base + each.offset;
        const inside = depth > 0 || each.name === "mu" ? search(each.type, base + each.offset, depth + 1) : NONE;
        if (inside !== NONE) return inside;
      }
      return NONE;
    };
    return search(types.byName(typeName), 0, 0);
  };
  return {
    mutex: offset("sync.Mutex", "sema"),
    writer: offset("sync.RWMutex", "writerSem"),
    reader: offset("sync.RWMutex", "readerSem"),
    group: offset("sync.WaitGroup", "sema"),
  };
}

/** Which lock a semaphore belongs to: the method that waits says it. */
function syncObject(
  dump: Dump,
  goroutine: Goroutine,
  semaphore: Address,
  offsets: SyncOffsets,
): { readonly kind: WaitKind; readonly base: Address } {
  const { functions } = dump.runtime;
  for (const frame of goroutine.unwound().frames.slice(0, 20)) {
    for (const { name } of functions.inlinedAt(frame.fn, frame.symbolPc)) {
      const method = /^(?:internal\/)?sync\.\(\*(Mutex|RWMutex|WaitGroup)\)\.(\w+)/.exec(name);
      if (!method) continue;
      const minus = (kind: WaitKind, offset: number) => ({ kind, base: offset === NONE ? semaphore : semaphore - offset });
      if (method[1] === "Mutex") return minus("mutex", offsets.mutex === NONE ? 4 : offsets.mutex);
      if (method[1] === "WaitGroup") return minus("waitgroup", offsets.group);
      return minus("rwmutex", method[2].startsWith("R") ? offsets.reader : offsets.writer);
    }
  }
  return { kind: "semaphore", base: semaphore };
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

interface Holder {
  readonly goroutine: Goroutine;
  /** The reference is to the very object, not only into what it lies in. */
  readonly exact: boolean;
}

/** For each thing waited for: goroutines that do not wait for it and have its address somewhere on their stack. */
function findHolders(dump: Dump, groups: readonly WaitGroup[]): Map<WaitGroup, Holder[]> {
  const found = new Map<WaitGroup, Holder[]>();
  if (groups.length === 0) return found;
  const sorted = groups.flatMap((group) => (group.range ? [{ group, ...group.range }] : [])).sort((a, b) => a.start - b.start);
  const starts = Float64Array.from(sorted, (each) => each.start);
  const members = new Map(groups.map((group) => [group, new Set(group.members.map((each) => each.goroutine))]));
  const lowest = starts[0];
  const highest = sorted.reduce((most, each) => Math.max(most, each.end), 0);
  for (const goroutine of dump.runtime.goroutines.all) {
    const from = goroutine.start?.sp ?? goroutine.stack.lo;
    const to = Math.min(goroutine.stack.hi, from + MOST_STACK_SEARCHED);
    const bytes = to > from ? dump.process.memory.tryBytes(from - (from % WORD), to - from) : undefined;
    if (!bytes) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const seen = new Map<WaitGroup, boolean>();
    for (let at = 0; at + WORD <= bytes.length; at += WORD) {
      const high = view.getUint32(at + 4, true);
      if (high > 0x1fffff) continue;
      const value = high * 0x100000000 + view.getUint32(at, true);
      if (value < lowest || value >= highest) continue;
      const last = upperBound(starts, value) - 1;
      // Several may lie in one allocation.
      for (let i = last; i >= 0 && starts[i] === starts[last]; i--) {
        const { group, start, end } = sorted[i];
        if (value < end) seen.set(group, (seen.get(group) ?? false) || value === group.address || value === start);
      }
    }
    for (const [group, exact] of seen) {
      if (members.get(group)?.has(goroutine)) continue;
      const list = found.get(group);
      if (list) list.push({ goroutine, exact });
      else found.set(group, [{ goroutine, exact }]);
    }
  }
  return found;
}

/** Index of the first start above the value. */
function upperBound(starts: Float64Array, value: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function describeGroup(dump: Dump, group: WaitGroup, holders: readonly Holder[], reader: GoroutineReader): BlockedRow {
  const topOf = (goroutine: Goroutine) => {
    const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames.slice(0, 50)));
    return top ? { top } : {};
  };
  const waits = group.members.map((member) => ({ member, wait: reader.waitOf(member.goroutine) }));
  waits.sort((a, b) => (b.wait ?? -1) - (a.wait ?? -1) || a.member.goroutine.id - b.member.goroutine.id);
  const longest = waits[0]?.wait;
  return {
    kind: group.kind,
    ...(group.address > 0 ? { address: hex(group.address) } : {}),
    name: nameOf(dump, group.kind, group.address),
    state: stateOfObject(dump, group),
    count: group.members.length,
    waiting: waits.slice(0, MOST_WAITING_SHOWN).map(({ member, wait }) => ({
      id: member.goroutine.id,
      reason: member.select ? `select (${member.operation})` : member.goroutine.waitReason,
      select: member.select,
      ...(wait === undefined ? {} : { waitNanoseconds: wait }),
      ...topOf(member.goroutine),
    })),
    ...(longest === undefined ? {} : { longestNanoseconds: longest }),
    holders: holders.slice(0, MOST_HOLDERS).map(({ goroutine, exact }) => ({
      id: goroutine.id,
      why: exact ? "a reference to it on its stack" : "a reference to what it lies in, on its stack",
      ...topOf(goroutine),
    })),
    holderCount: holders.length,
  };
}

const SYNC_TYPES: Partial<Record<WaitKind, string>> = {
  mutex: "sync.Mutex",
  rwmutex: "sync.RWMutex",
  waitgroup: "sync.WaitGroup",
  cond: "sync.Cond",
};

/** "main.first.mu"; "" outside global variables. */
function nameOf(dump: Dump, kind: WaitKind, address: Address): string {
  const global = address > 0 ? dump.runtime.variables.globalAt(address) : undefined;
  if (!global) return "";
  const { types } = dump.runtime;
  const offset = address - global.address;
  const place =
    enclosing(types, global.type, offset, (type) => type.name === SYNC_TYPES[kind]) ?? nameOffset(types, global.type, offset, NONE);
  return `${global.name}${place.text}`;
}

function stateOfObject(dump: Dump, { kind, address }: WaitGroup): string {
  const { memory } = dump.process;
  const { layout } = dump.runtime;
  if (address <= 0) return "";
  if (kind === "channel") {
    const struct = layout.struct("hchan");
    if (!memory.tryBytes(address, struct.size)) return "not in the core";
    const size = readField(memory, struct, address, "dataqsiz");
    const count = readField(memory, struct, address, "qcount");
    const closed = readField(memory, struct, address, "closed") !== 0 ? ", closed" : "";
    const timer = struct.has("timer") && readFieldOr(memory, struct, address, "timer", 0) !== 0 ? ", of a timer" : "";
    return `${size === 0 ? "unbuffered" : `${count} of ${size} buffered`}${closed}${timer}`;
  }
  if (kind === "mutex") {
    const state = memory.tryBytes(address, 4) ? memory.readUint(address, 4) : 0;
    return `${state % 2 === 1 ? "locked" : "not locked"}, ${Math.floor(state / 8)} waiting${Math.floor(state / 4) % 2 === 1 ? ", starving" : ""}`;
  }
  if (kind === "network" && layout.hasStruct("pollDesc")) {
    const struct = layout.struct("pollDesc");
    return memory.tryBytes(address, struct.size) ? `file descriptor ${readField(memory, struct, address, "fd")}` : "";
  }
  return "";
}

const LOCKS = new Set<WaitKind>(["mutex", "rwmutex"]);
const LONGEST_CYCLE = 1000;

/** Circles of goroutines that wait for locks which the next one may hold. */
function findCycles(groups: readonly WaitGroup[], holders: ReadonlyMap<WaitGroup, readonly Holder[]>, reader: GoroutineReader): Cycle[] {
  const waitsFor = new Map<Goroutine, WaitGroup>();
  for (const group of groups) if (LOCKS.has(group.kind)) for (const { goroutine } of group.members) waitsFor.set(goroutine, group);
  const cycles: Cycle[] = [];
  const done = new Set<Goroutine>();
  for (const start of waitsFor.keys()) {
    const path: Goroutine[] = [];
    const onPath = new Map<Goroutine, number>();
    let at: Goroutine | undefined = start;
    while (at && !done.has(at) && !onPath.has(at) && path.length < LONGEST_CYCLE) {
      onPath.set(at, path.length);
      path.push(at);
      const group: WaitGroup | undefined = waitsFor.get(at);
      const next: readonly Holder[] = group ? (holders.get(group) ?? []) : [];
      at = (next.find((each) => waitsFor.has(each.goroutine) && each.exact) ?? next.find((each) => waitsFor.has(each.goroutine)))
        ?.goroutine;
    }
    const first = at ? onPath.get(at) : undefined;
    if (first !== undefined) {
      const members = path.slice(first);
      cycles.push({
        goroutines: members.map((goroutine) => {
          const group = waitsFor.get(goroutine) as WaitGroup;
          const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames.slice(0, 50)));
          return { id: goroutine.id, waitsFor: hex(group.address), reason: goroutine.waitReason, ...(top ? { top } : {}) };
        }),
        only: members.every((goroutine) => holders.get(waitsFor.get(goroutine) as WaitGroup)?.length === 1),
      });
    }
    for (const each of path) done.add(each);
  }
  return cycles;
}
