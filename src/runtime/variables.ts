// Variables by address: globals, locals of a frame, captures of closures; the only door from DWARF variables to the rest.
import type { Arch } from "../base/arch.js";
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes, TypeId } from "../base/units.js";
import type { DebugInfo, FrameContext } from "../dwarf/dwarf.js";
import { argumentPlaces } from "./argument-places.js";
import type { TypeTable } from "./types.js";
import type { Frame } from "./unwind.js";

export interface GlobalVariable {
  readonly name: string;
  readonly address: Address;
  readonly size: Bytes;
  readonly type: TypeId;
}

/** A variable that lives in a frame's memory. */
export interface LocalVariable {
  readonly name: string;
  /** From the frame's CFA. */
  readonly offset: Bytes;
  readonly size: Bytes;
  readonly type: TypeId;
}

export interface Variables {
  /** The global whose bytes hold the address. */
  globalAt(address: Address): GlobalVariable | undefined;
  global(name: string): GlobalVariable | undefined;
  globalNames(): readonly string[];
  /** The local of the frame whose bytes hold the address. */
  localAt(frame: Frame, address: Address): LocalVariable | undefined;
  locals(frame: Frame): readonly LocalVariable[];
  /** Captured variables of the closure whose code starts at pc; undefined when DWARF does not tell (before Go 1.23). */
  captures(pc: Address): readonly { readonly name: string; readonly offset: Bytes; readonly type: TypeId }[] | undefined;
}

/** @param bias load bias: DWARF's addresses are link-time ones */
export function readVariables(debug: DebugInfo, types: TypeTable, bias: Address, arch: Arch): Variables {
  const globals = debug.globals();
  const byPc = new Map<Address, readonly LocalVariable[]>();
  const toGlobal = (at: number): GlobalVariable => {
    const found = globals[at];
    const type = types.fromDwarf(found.type);
    return { name: found.name, address: found.address + bias, size: types.get(type).size, type };
  };

  const locals = (frame: Frame): readonly LocalVariable[] => {
    const known = byPc.get(frame.symbolPc);
    if (known) return known;
    // Asked for a frame at address 0, a frame variable's location is its offset from the CFA.
    const BASE = 2 ** 40;
    const context: FrameContext = { pc: frame.symbolPc - bias, cfa: BASE, bias: 0, register: () => undefined };
    const out: LocalVariable[] = [];
    for (const variable of debug.localsAt(context.pc)) {
      const at = variable.locate(context);
      if (at.kind === "memory") {
        const type = types.fromDwarf(variable.type);
        out.push({ name: variable.name, offset: at.address - BASE, size: types.get(type).size, type });
      } else if (at.kind === "pieces") {
        let piece = 0;
        const type = types.fromDwarf(variable.type);
        for (const part of at.pieces) {
          if (part.at.kind === "memory" && piece === 0)
            out.push({ name: variable.name, offset: part.at.address - BASE, size: part.size, type });
          piece += part.size;
        }
      }
    }
    out.push(...spilled(frame, context.pc, out));
    byPc.set(frame.symbolPc, out);
    return out;
  };

  /** Parameters have a place in the frame's arguments even where their location list says nothing: on the stack, or a spill slot. */
  const spilled = (frame: Frame, pc: Address, known: readonly LocalVariable[]): readonly LocalVariable[] => {
    const parameters = debug.functionAt(pc)?.variables.filter((each) => each.kind !== "local" && !each.inlined) ?? [];
    const of = (kind: string) =>
      parameters.filter((each) => each.kind === kind).map((each) => ({ name: each.name, type: types.fromDwarf(each.type) }));
    return argumentPlaces(types, of("parameter"), of("result"), arch)
      .map((each) => ({ ...each, offset: each.offset + frame.argp - frame.fp }))
      .filter((each) => !known.some((other) => other.offset < each.offset + each.size && each.offset < other.offset + other.size));
  };

  return {
    globalAt(address) {
      const link = address - bias;
      const low = partitionPoint(globals.length, (index) => globals[index].address <= link) - 1;
      // Zero-size variables share their address with the next one.
      for (let at = low; at >= 0 && at > low - 4; at--) {
        const found = globals[at];
        if (found && found.address <= link) {
          const global = toGlobal(at);
          if (address < global.address + global.size) return global;
        }
      }
      return undefined;
    },
    global(name) {
      const found = debug.global(name);
      if (!found) return undefined;
      const type = types.fromDwarf(found.type);
      return { name, address: found.address + bias, size: types.get(type).size, type };
    },
    globalNames: () => globals.map((each) => each.name),
    locals,
    localAt(frame, address) {
      const offset = address - frame.fp;
      const all = locals(frame);
      return all.find((each) => each.offset === offset) ?? all.find((each) => offset >= each.offset && offset < each.offset + each.size);
    },
    captures(pc) {
      const found = debug.functionAt(pc - bias);
      if (!found || found.lowPc !== pc - bias || found.captures.length === 0) return undefined;
      return found.captures.map((each) => ({ name: each.name, offset: each.offset, type: types.fromDwarf(each.type) }));
    },
  };
}
