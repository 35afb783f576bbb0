// Functions by pc and name; their variables, with scopes, and what closures capture.
//
// A subprogram is a tree: blocks within blocks, and calls that the compiler has inlined with the variables of what they called. A
// variable is there while pc is in the code of its block and of all blocks around it.
import { decodeText } from "../base/byte-reader.js";
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes } from "../base/units.js";
import { DW_AT, DW_TAG } from "./constants.js";
import type { Die } from "./dies.js";
import type { DwarfType } from "./dwarf-type.js";
import { MOST_SCOPE_DIES } from "./limits.js";
import { NameIndex, nameBytes } from "./names.js";
import { reportDamage, type Scan } from "./scan.js";
import type { Types } from "./types.js";
import { type DwarfVariable, nestedScope, type Scope, Variable } from "./variables.js";

/** What a closure captures, in the order of offsets: offset in the closure object; "&x" is captured by reference (its type is the pointer's). */
interface DwarfCapture {
  readonly name: string;
  readonly offset: Bytes;
  readonly type: DwarfType;
}

/** A function with code, [lowPc, highPc) link-time. One whose code lies in several ranges is one of these for each. */
export interface DwarfFunction {
  readonly name: string;
  readonly lowPc: Address;
  readonly highPc: Address;
  /** In the order of the debug information; those of inlined functions too. */
  readonly variables: readonly DwarfVariable[];
  /** DW_AT_go_closure_offset: since Go 1.23; empty before, and for functions that are no closures. */
  readonly captures: readonly DwarfCapture[];
  /** false: compiled with -N, so that each variable has its place and each statement its code. */
  readonly optimised: boolean;
}

/** All functions of the scan; each is made when it is first asked for. */
export class Functions {
  private readonly types: Types;
  private readonly scan: Scan;
  private readonly findings: Findings;
  private readonly names: NameIndex;
  /** By row of the scan. */
  private readonly made = new Map<number, FunctionEntry>();
  /** Rows of the scan, ascending by low address. */
  private order: Int32Array | undefined;

  constructor(types: Types, scan: Scan, findings: Findings) {
    this.types = types;
    this.scan = scan;
    this.findings = findings;
    this.names = new NameIndex(types.dies, scan.functionOffset);
  }

  /** The function whose code covers a link-time pc. */
  at(pc: Address): FunctionEntry | undefined {
    const { functionLow, functionHigh } = this.scan;
    this.order ??= Int32Array.from({ length: functionLow.length }, (_, row) => row).sort(
      (a, b) => functionLow.at(a) - functionLow.at(b) || a - b,
    );
    const order = this.order;
    const row = order[partitionPoint(order.length, (index) => functionLow.at(order[index]) <= pc) - 1];
    return row !== undefined && pc < functionHigh.at(row) ? this.row(row) : undefined;
  }

  /** By full name; of several, one of a Go unit. */
  byName(name: string): FunctionEntry | undefined {
    const rows = this.names.rows(name);
    const row = rows.find((r) => this.types.dies.unitOf(this.scan.functionOffset.at(r))?.isGo) ?? rows[0];
    return row === undefined ? undefined : this.row(row);
  }

  /** Its variables whose scope covers pc. */
  localsAt(pc: Address): readonly DwarfVariable[] {
    return this.at(pc)?.variables.filter((variable) => variable.covers(pc)) ?? [];
  }

  /** The function of a row of the scan. */
  private row(row: number): FunctionEntry {
    let entry = this.made.get(row);
    if (entry === undefined) {
      const { functionOffset, functionLow, functionHigh } = this.scan;
      entry = new FunctionEntry(this.types, this.findings, functionOffset.at(row), functionLow.at(row), functionHigh.at(row));
      this.made.set(row, entry);
    }
    return entry;
  }
}

/** One range of one DW_TAG_subprogram; its variables are read when first asked for. */
class FunctionEntry implements DwarfFunction {
  readonly lowPc: Address;
  readonly highPc: Address;
  private readonly types: Types;
  private readonly findings: Findings;
  private readonly offset: number;
  private text: string | undefined;
  private list: readonly Variable[] | undefined;
  private captured: readonly DwarfCapture[] | undefined;

  constructor(types: Types, findings: Findings, offset: number, lowPc: Address, highPc: Address) {
    this.types = types;
    this.findings = findings;
    this.offset = offset;
    this.lowPc = lowPc;
    this.highPc = highPc;
  }

  get name(): string {
    this.text ??= decodeText(nameBytes(this.types.dies, this.offset) ?? new Uint8Array(0));
    return this.text;
  }

  get variables(): readonly Variable[] {
    this.list ??= this.readVariables();
    return this.list;
  }

  get captures(): readonly DwarfCapture[] {
    if (this.captured === undefined) {
      const captures: DwarfCapture[] = [];
      for (const variable of this.variables) {
        const offset = variable.closureOffset;
        if (offset !== undefined && !variable.inlined) captures.push({ name: variable.name, offset, type: variable.type });
      }
      this.captured = captures.sort((a, b) => a.offset - b.offset);
    }
    return this.captured;
  }

  get optimised(): boolean {
    const { dies } = this.types;
    const producer = this.types.safely(() => {
      const unit = dies.unitOf(this.offset);
      return unit && dies.at(unit.firstDie, unit).stringBytes(DW_AT.producer);
    }, undefined);
    // "Go cmd/compile go1.26.8; -N -l regabi"
    return !/; .*-N\b/.test(decodeText(producer ?? new Uint8Array(0)));
  }

  /** Walks the subprogram's tree; damage ends it, what was read stays. */
  private readVariables(): readonly Variable[] {
    const found: Variable[] = [];
    const { dies } = this.types;
    try {
      const root = dies.at(this.offset);
      if (!root.hasChildren) return found;
      const scopes: (Scope | undefined)[] = [{ ranges: undefined, parent: undefined, inlineDepth: 0 }];
      let position = root.next;
      for (let count = 0; scopes.length > 0; count++) {
        if (count > MOST_SCOPE_DIES || position >= root.unit.end) throw dies.error(this.offset, "a subprogram without end");
        const die = dies.at(position, root.unit);
        position = die.next;
        if (die.tag === 0) {
          scopes.pop();
          continue;
        }
        // undefined: inside what has no variables of this function (nested subprograms, C's local types).
        const scope = scopes[scopes.length - 1];
        if (scope !== undefined && (die.tag === DW_TAG.formal_parameter || die.tag === DW_TAG.variable)) {
          const variable = this.variable(die, root, scope);
          if (variable !== undefined) found.push(variable);
        }
        if (die.hasChildren) scopes.push(scope === undefined ? undefined : nestedScope(die, scope));
      }
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      reportDamage(this.findings, error);
    }
    return found;
  }

  /** The variable of a DIE; undefined and a finding when it is damaged. */
  private variable(die: Die, root: Die, scope: Scope): Variable | undefined {
    try {
      return new Variable(this.types, this.findings, die, root, scope);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      reportDamage(this.findings, error);
      return undefined;
    }
  }
}
