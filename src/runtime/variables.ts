// Variables by address: globals, locals of a frame, captures of closures; the only door from DWARF variables to the rest.
import type { Arch } from "../base/arch.js";
import { lastAtOrBefore, partitionPoint } from "../base/search.js";
import type { Address, Bytes, TypeId } from "../base/units.js";
import type { DebugInfo, FrameContext } from "../dwarf/dwarf.js";
import { argumentPlaces } from "./argument-places.js";
import type { TypeTable } from "./types.js";
import type { Frame } from "./unwind.js";

/** A package variable, at its place in the process. */
export interface GlobalVariable {
  readonly name: string;
  readonly address: Address;
  readonly size: Bytes;
  readonly type: TypeId;
}

/** A variable that lives in a frame's memory. */
interface LocalVariable {
  readonly name: string;
  /** From the frame's CFA. */
  readonly offset: Bytes;
  readonly size: Bytes;
  readonly type: TypeId;
}

/** All variables that DWARF tells of, by address or by name; types are interned when a variable is asked for. */
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

/** @param bias  load bias: DWARF's addresses are link-time ones */
export function readVariables(debug: DebugInfo, types: TypeTable, bias: Address, arch: Arch): Variables {
  return new DwarfVariables(debug, types, bias, arch);
}

/**
 * The variables with further globals, which are read when an address where they are, or a name that may be theirs, is asked for.
 * @param more  ascending by address; none overlaps another
 */
export function withGlobals(
  variables: Variables,
  more: {
    readonly globals: () => readonly GlobalVariable[];
    readonly isThere: (address: Address) => boolean;
    readonly mayBeNamed: (name: string) => boolean;
  },
): Variables {
  return {
    localAt: (frame, address) => variables.localAt(frame, address),
    locals: (frame) => variables.locals(frame),
    captures: (pc) => variables.captures(pc),
    globalAt(address) {
      const known = variables.globalAt(address);
      if (known || !more.isThere(address)) return known;
      const last = lastAtOrBefore(more.globals(), address, (each) => each.address);
      return last && address < last.address + last.size ? last : undefined;
    },
    global: (name) => variables.global(name) ?? (more.mayBeNamed(name) ? more.globals().find((each) => each.name === name) : undefined),
    globalNames: () => [...variables.globalNames(), ...more.globals().map((each) => each.name)],
  };
}

/** Asked for a frame at this address, a frame variable's location is its offset from the CFA. */
const FRAME_BASE: Address = 2 ** 40;
/** Variables of no size share their address with the next one: so many are passed over. */
const MOST_EMPTY = 4;

class DwarfVariables implements Variables {
  private readonly debug: DebugInfo;
  private readonly types: TypeTable;
  private readonly bias: Address;
  private readonly arch: Arch;
  /** Ascending by address. */
  private readonly globals: ReturnType<DebugInfo["globals"]>;
  private readonly byPc = new Map<Address, readonly LocalVariable[]>();

  constructor(debug: DebugInfo, types: TypeTable, bias: Address, arch: Arch) {
    this.debug = debug;
    this.types = types;
    this.bias = bias;
    this.arch = arch;
    this.globals = debug.globals();
  }

  globalAt(address: Address): GlobalVariable | undefined {
    const { globals } = this;
    const link = address - this.bias;
    const last = partitionPoint(globals.length, (index) => globals[index].address <= link) - 1;
    for (let at = last; at >= 0 && at > last - MOST_EMPTY; at--) {
      const global = this.toGlobal(globals[at]);
      if (address < global.address + global.size) return global;
    }
    return undefined;
  }

  global(name: string): GlobalVariable | undefined {
    const found = this.debug.global(name);
    return found && this.toGlobal(found, name);
  }

  globalNames(): readonly string[] {
    return this.globals.map((each) => each.name);
  }

  localAt(frame: Frame, address: Address): LocalVariable | undefined {
    const offset = address - frame.fp;
    const all = this.locals(frame);
    return all.find((each) => each.offset === offset) ?? all.find((each) => offset >= each.offset && offset < each.offset + each.size);
  }

  locals(frame: Frame): readonly LocalVariable[] {
    let found = this.byPc.get(frame.symbolPc);
    if (!found) {
      const pc = frame.symbolPc - this.bias;
      const listed = this.listed(pc);
      found = [...listed, ...this.spilled(frame, pc, listed)];
      this.byPc.set(frame.symbolPc, found);
    }
    return found;
  }

  captures(pc: Address): ReturnType<Variables["captures"]> {
    const found = this.debug.functionAt(pc - this.bias);
    if (!found || found.lowPc !== pc - this.bias || found.captures.length === 0) return undefined;
    return found.captures.map((each) => ({ name: each.name, offset: each.offset, type: this.types.fromDwarf(each.type) }));
  }

  private toGlobal(found: ReturnType<DebugInfo["globals"]>[number], name = found.name): GlobalVariable {
    const type = this.types.fromDwarf(found.type);
    return { name, address: found.address + this.bias, size: this.types.get(type).size, type };
  }

  /** Those whose location lists say that they are in memory at pc; of a variable in pieces its first, when that is. */
  private listed(pc: Address): readonly LocalVariable[] {
    const context: FrameContext = { pc, cfa: FRAME_BASE, bias: 0, register: () => undefined };
    return this.debug.localsAt(pc).flatMap((variable): LocalVariable[] => {
      const at = variable.locate(context);
      if (at.kind !== "memory" && at.kind !== "pieces") return [];
      const type = this.types.fromDwarf(variable.type);
      const [first] = at.kind === "pieces" ? at.pieces : [{ at, size: undefined }];
      if (first?.at.kind !== "memory") return [];
      const size = first.size ?? this.types.get(type).size;
      return [{ name: variable.name, offset: first.at.address - FRAME_BASE, size, type }];
    });
  }

  /** Parameters have a place in the frame's arguments even where their location list says nothing: on the stack, or a spill slot. */
  private spilled(frame: Frame, pc: Address, known: readonly LocalVariable[]): readonly LocalVariable[] {
    const parameters = this.debug.functionAt(pc)?.variables.filter((each) => each.kind !== "local" && !each.inlined) ?? [];
    const of = (kind: string) =>
      parameters.filter((each) => each.kind === kind).map((each) => ({ name: each.name, type: this.types.fromDwarf(each.type) }));
    return argumentPlaces(this.types, of("parameter"), of("result"), this.arch)
      .map((each) => ({ ...each, offset: each.offset + frame.argp - frame.fp }))
      .filter((each) => !known.some((other) => other.offset < each.offset + each.size && each.offset < other.offset + other.size));
  }
}
