// Debug information from named bytes: types, constants, globals and locals by name; knows no ELF.
//
//     .debug_info ── scan ──> columns of offsets ── names ──> rows by name
//          │
//          └── dies ──> one DIE where it lies ── attributes ──> numbers, texts, references, blocks
//                                │
//                                ├── types ──────> fields, elements, sizes
//                                └── functions ──> variables ── lists, expressions ──> where they lie
//
// The file is gone through once, for offsets; what is asked for is read from there and kept.
import { decodeText } from "../base/byte-reader.js";
import type { Findings } from "../base/findings.js";
import type { PackageName } from "../base/package-names.js";
import type { Address } from "../base/units.js";
import { DW_AT, DW_TAG } from "./constants.js";
import { Dies } from "./dies.js";
import type { DwarfType } from "./dwarf-type.js";
import { type DwarfFunction, Functions } from "./functions.js";
import { NameIndex, nameBytes } from "./names.js";
import { type Scan, scanUnits } from "./scan.js";
import type { DwarfSections } from "./sections.js";
import { Types } from "./types.js";
import type { DwarfVariable } from "./variables.js";

export type { DwarfField, DwarfType } from "./dwarf-type.js";
export type { FrameContext, Location } from "./expressions.js";
export type { DwarfFunction } from "./functions.js";
export type { DwarfSections } from "./sections.js";
export type { DwarfVariable } from "./variables.js";

/** A package's variable, by its full name ("runtime.allgs"); address is link-time. */
export interface DwarfGlobal {
  readonly name: string;
  readonly address: Address;
  readonly type: DwarfType;
}

/** What the debug information of one executable says; all addresses are link-time. */
export interface DebugInfo {
  /** By full name ("runtime.mspan", "map[string]int"). Of several, a Go type before a C type, one with a runtime type before one without. */
  type(name: string): DwarfType | undefined;
  /** The type whose DIE lies at an offset of .debug_info, of which `offset` of a type is one. @throws FormatError when none lies there. */
  typeAt(offset: number): DwarfType;
  /** By DW_AT_go_runtime_type: an rtype's address minus moduledata.types. */
  typeByRuntimeOffset(offset: number): DwarfType | undefined;
  /** Every named type, in the order of the section; a name may come twice. */
  typeNames(): Iterable<string>;
  /** The Go packages that have a unit; one without code and variables of its own has none. */
  packages(): readonly PackageName[];
  /** Value of a Go constant ("runtime._PageSize"); exact from -2^48 to 2^53, rounded beyond. */
  constant(name: string): number | undefined;
  /** Elements of a variable that never changes ("runtime.waitReasonStrings"); debug information has none, tables of a release do. */
  texts?(name: string): readonly string[] | undefined;
  /** By full name ("runtime.allgs"); of several, one of a Go unit. */
  global(name: string): DwarfGlobal | undefined;
  /** Ascending by address. */
  globals(): readonly DwarfGlobal[];
  /** The function whose code covers a link-time pc. */
  functionAt(pc: Address): DwarfFunction | undefined;
  /** By full name; of several, one of a Go unit. */
  functionByName(name: string): DwarfFunction | undefined;
  /** Variables whose scope (lexical block, inlined subroutine) covers pc. Give the pc of the call (return address - 1), not of the return. */
  localsAt(pc: Address): readonly DwarfVariable[];
}

/**
 * Reads DWARF 2 to 5 (Go writes 4 up to 1.24, 5 since 1.25). Units are scanned once; the rest is read when asked for.
 * Damage is skipped and counted as "dwarf-damaged".
 *
 * @param name  of the file, for messages
 * @returns undefined when there is no .debug_info (stripped)
 */
export function readDebugInfo(sections: DwarfSections, name: string, findings: Findings): DebugInfo | undefined {
  const info = sections.section(".debug_info");
  if (info === undefined || info.length === 0) return undefined;
  const dies = new Dies(sections, info, name);
  return new Debug(dies, scanUnits(dies, findings), findings);
}

/** A row of the scan; name and type are read when first asked for. */
class Global implements DwarfGlobal {
  readonly offset: number;
  readonly address: Address;
  private readonly types: Types;
  private text: string | undefined;

  constructor(types: Types, offset: number, address: Address) {
    this.types = types;
    this.offset = offset;
    this.address = address;
  }

  get name(): string {
    this.text ??= decodeText(nameBytes(this.types.dies, this.offset) ?? new Uint8Array(0));
    return this.text;
  }

  get type(): DwarfType {
    const dies = this.types.dies;
    const origins = this.types.safely(() => dies.at(this.offset).origins(), []);
    const typed = origins.find((die) => die.has(DW_AT.type)) ?? dies.at(this.offset);
    return this.types.typeOf(typed);
  }
}

/** The answers: each index is built when it is first needed. */
class Debug implements DebugInfo {
  private readonly dies: Dies;
  private readonly scan: Scan;
  private readonly types: Types;
  private readonly functions: Functions;
  private readonly typeIndex: NameIndex;
  private readonly constantIndex: NameIndex;
  private readonly globalIndex: NameIndex;
  private readonly globalRows: Global[] = [];
  private sortedGlobals: readonly Global[] | undefined;
  private byRuntime: Map<number, number> | undefined;

  constructor(dies: Dies, scan: Scan, findings: Findings) {
    this.dies = dies;
    this.scan = scan;
    this.types = new Types(dies, findings);
    this.functions = new Functions(this.types, scan, findings);
    this.typeIndex = new NameIndex(dies, scan.typeOffset);
    this.constantIndex = new NameIndex(dies, scan.constantOffset);
    this.globalIndex = new NameIndex(dies, scan.globalOffset);
  }

  type(name: string): DwarfType | undefined {
    let best: number | undefined;
    let bestRank = -1;
    for (const row of this.typeIndex.rows(name)) {
      const offset = this.scan.typeOffset.at(row);
      const rank = this.rank(offset, this.scan.typeRuntime.at(row));
      if (rank <= bestRank) continue;
      best = offset;
      bestRank = rank;
    }
    return best === undefined ? undefined : this.typeAt(best);
  }

  /** Go names most types twice: a bare typedef, and the type itself with its kind and descriptor, which is the better answer. */
  private rank(offset: number, runtimeType: number): number {
    const die = this.dies.at(offset);
    const bare = die.tag === DW_TAG.typedef && !die.has(DW_AT.go_kind);
    return (die.unit.isGo ? 4 : 0) + (runtimeType !== 0 ? 2 : 0) + (bare ? 0 : 1);
  }

  typeAt(offset: number): DwarfType {
    return this.types.at(offset);
  }

  typeByRuntimeOffset(offset: number): DwarfType | undefined {
    if (this.byRuntime === undefined) {
      this.byRuntime = new Map();
      const { typeOffset, typeRuntime } = this.scan;
      for (let row = 0; row < typeRuntime.length; row++) {
        const runtime = typeRuntime.at(row);
        if (runtime !== 0 && !this.byRuntime.has(runtime)) this.byRuntime.set(runtime, typeOffset.at(row));
      }
    }
    const at = this.byRuntime.get(offset);
    return at === undefined ? undefined : this.typeAt(at);
  }

  *typeNames(): Iterable<string> {
    const { typeOffset } = this.scan;
    for (let row = 0; row < typeOffset.length; row++) {
      const bytes = nameBytes(this.dies, typeOffset.at(row));
      if (bytes !== undefined && bytes.length > 0) yield decodeText(bytes);
    }
  }

  packages(): readonly PackageName[] {
    return this.dies.units.flatMap((unit) => {
      if (!unit.isGo) return [];
      const text = (at: number) =>
        this.types.safely(() => decodeText(this.dies.at(unit.firstDie, unit).stringBytes(at) ?? new Uint8Array(0)), "");
      return [{ path: text(DW_AT.name), name: text(DW_AT.go_package_name) }];
    });
  }

  constant(name: string): number | undefined {
    const row = this.constantIndex.rows(name)[0];
    return row === undefined ? undefined : this.dies.at(this.scan.constantOffset.at(row)).number(DW_AT.const_value);
  }

  global(name: string): DwarfGlobal | undefined {
    const rows = this.globalIndex.rows(name);
    const go = rows.find((row) => this.dies.unitOf(this.scan.globalOffset.at(row))?.isGo) ?? rows[0];
    return go === undefined ? undefined : this.globalRow(go);
  }

  /** The variable of a row of the scan. */
  private globalRow(row: number): Global {
    const known = this.globalRows[row];
    if (known !== undefined) return known;
    const made = new Global(this.types, this.scan.globalOffset.at(row), this.dies.place(this.scan.globalAddress.at(row)));
    this.globalRows[row] = made;
    return made;
  }

  globals(): readonly DwarfGlobal[] {
    if (this.sortedGlobals === undefined) {
      const all = Array.from({ length: this.scan.globalOffset.length }, (_, row) => this.globalRow(row));
      this.sortedGlobals = all.sort((a, b) => a.address - b.address || a.offset - b.offset);
    }
    return this.sortedGlobals;
  }

  functionAt(pc: Address): DwarfFunction | undefined {
    return this.functions.at(pc);
  }

  functionByName(name: string): DwarfFunction | undefined {
    return this.functions.byName(name);
  }

  localsAt(pc: Address): readonly DwarfVariable[] {
    return this.functions.localsAt(pc);
  }
}
