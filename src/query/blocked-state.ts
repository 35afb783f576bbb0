// What is waited for, in words: its name and its state.
import { type Address, NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { readField, readFieldOr } from "../runtime/layout/layout.js";
import { enclosing, nameOffset } from "../value/fields.js";
import type { WaitGroup, WaitKind } from "./blocked-groups.js";

const SYNC_TYPES: Partial<Record<WaitKind, string>> = {
  mutex: "sync.Mutex",
  rwmutex: "sync.RWMutex",
  waitgroup: "sync.WaitGroup",
  cond: "sync.Cond",
};

/** "main.first.mu"; "" outside global variables. */
export function nameOf(dump: Dump, kind: WaitKind, address: Address): string {
  const global = address > 0 ? dump.runtime.variables.globalAt(address) : undefined;
  if (!global) return "";
  const { types } = dump.runtime;
  const offset = address - global.address;
  const place =
    enclosing(types, global.type, offset, (type) => type.name === SYNC_TYPES[kind]) ?? nameOffset(types, global.type, offset, NONE);
  return `${global.name}${place.text}`;
}

export function stateOfObject(dump: Dump, { kind, address }: WaitGroup): string {
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
