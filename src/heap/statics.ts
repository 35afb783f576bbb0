// Static data without a name of its own ("..stmp_": composite literals of variables), typed by the pointers to it.
import type { Findings } from "../base/findings.js";
import { lastAtOrBefore } from "../base/search.js";
import { type Address, hex, NONE, type TypeId, WORD } from "../base/units.js";
import { type Module, oddMasks, pointerAreas } from "../runtime/modules.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GlobalVariable } from "../runtime/variables.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";

/** A variable of data or bss: a named global, or static data that a pointer in another one gives a type. */
export interface StaticVariable extends GlobalVariable {
  /** The variable whose pointer at `offset` leads here; undefined for named globals. */
  readonly via: { readonly variable: StaticVariable; readonly offset: number } | undefined;
}

/** Words of data and bss that the module's masks name and that are not zero; where a mask is missing, all of them. */
export interface DataWords {
  /** [count] ascending */
  readonly slot: Float64Array;
  readonly value: Float64Array;
  /** [count] 0: nothing says that it is a pointer, and nothing that it is none. */
  readonly certain: Uint8Array;
  readonly count: number;
}

/** The variable that holds a slot of data or bss. */
export interface Statics {
  at(slot: Address): StaticVariable | undefined;
}

/**
 * The compiler lays composite literals of package variables out as data without a name, and a variable points to them. Here
 * such data gets a type and the variable's name.
 *
 * Types static data by worklist: what a typed word of one variable points to, when it is data without a name, is of the pointed type.
 * @param words  pointer words of all modules
 */
export function findStatics(runtime: GoRuntime, kinds: PointerKinds, words: DataWords): Statics {
  const found = new Map<Address, StaticVariable>();
  const areas = runtime.modules.map((module) => staticArea(module));
  const isStatic = (address: Address) => areas.some((area) => address >= area.start && address < area.end);
  const named = (address: Address): StaticVariable | undefined => {
    const global = runtime.variables.globalAt(address);
    return global && { ...global, via: undefined };
  };
  let sorted: StaticVariable[] = [];
  const at = (slot: Address): StaticVariable | undefined => {
    const global = named(slot);
    if (global) return global;
    const last = lastAtOrBefore(sorted, slot, (each) => each.address);
    return last && slot < last.address + last.size ? last : undefined;
  };
  /** Rows whose variable was not known in an earlier round. */
  let waiting = Array.from({ length: words.count }, (_, i) => i).filter((i) => isStatic(words.value[i]));
  // Each round follows one pointer further; static data that hangs deeper is left without a type.
  for (let round = 0; round < 16 && waiting.length > 0; round++) {
    const next: number[] = [];
    const before = found.size;
    for (const i of waiting) {
      const variable = at(words.slot[i]);
      if (!variable) {
        next.push(i);
        continue;
      }
      const offset = words.slot[i] - variable.address;
      const type = pointee(runtime, kinds.codeAt(variable.type, offset), words.slot[i]);
      const address = words.value[i];
      if (type === NONE || named(address) || found.has(address)) continue;
      const { size, count } = runtime.types.get(type);
      // The backing array of a slice is as long as the capacity behind the pointer says.
      const elements = count === -1 ? (runtime.process.memory.tryAddress(words.slot[i] + 2 * WORD) ?? 0) : 1;
      if (size * elements > 0) found.set(address, { name: variable.name, address, size: size * elements, type, via: { variable, offset } });
    }
    if (found.size === before) break;
    sorted = [...found.values()].sort((a, b) => a.address - b.address);
    waiting = next;
  }
  return { at };
}

/** Words of data and bss that may be pointers. runtime/mgcmark.go markrootBlock */
export function readDataWords(runtime: GoRuntime, findings: Findings): DataWords {
  const { memory } = runtime.process;
  const slots: number[] = [];
  const values: number[] = [];
  const certain: number[] = [];
  for (const module of runtime.modules) {
    for (const end of oddMasks(module)) {
      const message = "pointer masks of global variables are not as long as those: what they keep alive is not wholly known";
      findings.add("data-mask-odd", message, hex(end), { partial: true });
    }
    for (const { start, words, bits } of pointerAreas(memory, module)) {
      const bytes = memory.tryBytes(start, words * WORD)?.slice();
      if (!bytes) {
        findings.add("data-missing", "global variables are not in the core", hex(start), { partial: true });
        continue;
      }
      if (!bits) {
        const message = "pointer masks of global variables are not in the core: every word of them is taken as a possible pointer";
        findings.add("data-mask-missing", `${message}, which may keep garbage`, hex(start), { partial: true });
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let word = 0; word < words; word++) {
        if (bits && (bits[word >>> 3] & (1 << (word & 7))) === 0) continue;
        const high = view.getUint32(word * 8 + 4, true);
        const value = high * 0x100000000 + view.getUint32(word * 8, true);
        if (value === 0 || high > 0xffff) continue;
        slots.push(start + word * WORD);
        values.push(value);
        certain.push(bits ? 1 : 0);
      }
    }
  }
  return { slot: Float64Array.from(slots), value: Float64Array.from(values), certain: Uint8Array.from(certain), count: slots.length };
}

/** From the first to the last byte of a module's variables. */
function staticArea(module: Module): { readonly start: Address; readonly end: Address } {
  return { start: Math.min(module.noptrdata, module.data), end: Math.max(module.enoptrbss, module.ebss) };
}

/** The type that a pointer word says its target is of; NONE when it does not say. */
function pointee(runtime: GoRuntime, code: number, slot: Address): TypeId {
  const kind = code % KIND_STEP;
  const target = (code - kind) / KIND_STEP;
  const { types } = runtime;
  if (kind === POINTER.typed) return target;
  if (kind === POINTER.array) return types.arrayOf(target);
  if (kind !== POINTER.eface && kind !== POINTER.iface) return NONE;
  const word = runtime.process.memory.tryAddress(slot - WORD) ?? 0;
  const type = word > 0 ? types.interfaceTarget(word, kind === POINTER.iface) : NONE;
  if (type === NONE) return NONE;
  return types.get(type).kind === "pointer" ? types.get(type).element : type;
}
