// Functions by pc and name; their variables, with scopes, and what closures capture.
import { decodeText } from "../base/byte-reader.js";
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { partitionPoint } from "../base/search.js";
import type { Address, Bytes } from "../base/units.js";
import { DW_AT, DW_TAG } from "./constants.js";
import type { Die } from "./dies.js";
import { ABSENT, evaluate, type FrameContext, type Location } from "./expressions.js";
import { MOST_PLACES_REMEMBERED, MOST_SCOPE_DIES } from "./limits.js";
import { locationEntries, locationExpression, type Range, rangesOf } from "./lists.js";
import { NameIndex, nameBytes } from "./names.js";
import { reportDamage, type Scan } from "./scan.js";
import type { DwarfType, Types } from "./types.js";

/** A parameter, result or local of a function, or of one inlined into it. Escaped variables are named "&x" and have a pointer type. */
export interface DwarfVariable {
  readonly name: string;
  readonly type: DwarfType;
  readonly kind: "parameter" | "result" | "local";
  /** Belongs to a function inlined here. */
  readonly inlined: boolean;
  /** How many inlined calls deep: 0 for the function itself. */
  readonly inlineDepth: number;
  /** Line of its declaration in the file of its function; 0 when unknown. */
  readonly declarationLine: number;
  /** Where it lies at frame.pc; "absent" when it is optimised away, not alive there, or damaged (then a finding too). */
  locate(frame: FrameContext): Location;
  /** Code that the entries of its location list cover, in their order; [] when its location is no list. */
  listed(): readonly Range[];
}

/** What a closure captures, in the order of offsets: offset in the closure object; "&x" is captured by reference (its type is the pointer's). */
export interface DwarfCapture {
  readonly name: string;
  readonly offset: Bytes;
  readonly type: DwarfType;
}

/** A function with code, [lowPc, highPc) link-time. */
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

/** The code a variable's scope covers; undefined: all of its parent's. */
interface Scope {
  readonly ranges: readonly Range[] | undefined;
  readonly parent: Scope | undefined;
  readonly inlineDepth: number;
}

/** All functions of the scan. */
export class Functions {
  private readonly types: Types;
  private readonly scan: Scan;
  private readonly findings: Findings;
  private readonly names: NameIndex;
  private readonly made = new Map<number, FunctionEntry>();
  /** Rows of the scan, ascending by low address. */
  private order: Int32Array | undefined;

  constructor(types: Types, scan: Scan, findings: Findings) {
    this.types = types;
    this.scan = scan;
    this.findings = findings;
    this.names = new NameIndex(types.dies, scan.functionOffset);
  }

  at(pc: Address): FunctionEntry | undefined {
    const { functionLow, functionHigh } = this.scan;
    this.order ??= Int32Array.from({ length: functionLow.length }, (_, row) => row).sort(
      (a, b) => functionLow.at(a) - functionLow.at(b) || a - b,
    );
    const order = this.order;
    const row = order[partitionPoint(order.length, (index) => functionLow.at(order[index]) <= pc) - 1];
    return row !== undefined && pc < functionHigh.at(row) ? this.row(row) : undefined;
  }

  byName(name: string): FunctionEntry | undefined {
    const rows = this.names.rows(name);
    const row = rows.find((r) => this.types.dies.unitOf(this.scan.functionOffset.at(r))?.isGo) ?? rows[0];
    return row === undefined ? undefined : this.row(row);
  }

  localsAt(pc: Address): readonly DwarfVariable[] {
    return this.at(pc)?.variables.filter((variable) => variable.covers(pc)) ?? [];
  }

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
        if (die.hasChildren) scopes.push(scope === undefined ? undefined : nested(die, scope));
      }
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      reportDamage(this.findings, error);
    }
    return found;
  }

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

function nested(die: Die, parent: Scope): Scope | undefined {
  if (die.tag === DW_TAG.lexical_block) return { ranges: rangesOf(die), parent, inlineDepth: parent.inlineDepth };
  if (die.tag === DW_TAG.inlined_subroutine) return { ranges: rangesOf(die), parent, inlineDepth: parent.inlineDepth + 1 };
  return undefined;
}

class Variable implements DwarfVariable {
  readonly kind: "parameter" | "result" | "local";
  readonly inlined: boolean;
  readonly inlineDepth: number;
  /** DW_AT_go_closure_offset. */
  readonly closureOffset: Bytes | undefined;
  private readonly types: Types;
  private readonly findings: Findings;
  private readonly die: Die;
  private readonly root: Die;
  private readonly scope: Scope;
  /** The DIE and its abstract origins. */
  private readonly chain: readonly Die[];
  private text: string | undefined;
  private readonly expressions = new Map<Address, Uint8Array | undefined>();

  constructor(types: Types, findings: Findings, die: Die, root: Die, scope: Scope) {
    this.types = types;
    this.findings = findings;
    this.die = die;
    this.root = root;
    this.scope = scope;
    this.inlineDepth = scope.inlineDepth;
    this.inlined = scope.inlineDepth > 0;
    this.chain = die.origins();
    const result = this.first((d) => d.number(DW_AT.variable_parameter)) === 1;
    this.kind = die.tag === DW_TAG.variable ? "local" : result ? "result" : "parameter";
    this.closureOffset = this.first((d) => d.number(DW_AT.go_closure_offset));
  }

  private first<T>(read: (die: Die) => T | undefined): T | undefined {
    for (const die of this.chain) {
      const value = read(die);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  get name(): string {
    this.text ??= decodeText(this.types.safely(() => this.first((die) => die.stringBytes(DW_AT.name)), undefined) ?? new Uint8Array(0));
    return this.text;
  }

  get type(): DwarfType {
    return this.types.typeOf(this.chain.find((die) => die.has(DW_AT.type)) ?? this.die);
  }

  get declarationLine(): number {
    return this.types.safely(() => this.first((die) => die.number(DW_AT.decl_line)), undefined) ?? 0;
  }

  /** Does the scope cover pc? */
  covers(pc: Address): boolean {
    for (let scope: Scope | undefined = this.scope; scope !== undefined; scope = scope.parent) {
      if (scope.ranges !== undefined && !scope.ranges.some(([low, high]) => pc >= low && pc < high)) return false;
    }
    return true;
  }

  listed(): readonly Range[] {
    return this.types.safely(() => locationEntries(this.die, DW_AT.location).map(({ low, high }): Range => [low, high]), []);
  }

  /** Remembered: thousands of goroutines wait at the same place in the code. */
  private expressionAt(pc: Address): Uint8Array | undefined {
    if (this.expressions.has(pc)) return this.expressions.get(pc);
    const expression = locationExpression(this.die, DW_AT.location, pc);
    if (this.expressions.size === MOST_PLACES_REMEMBERED) this.expressions.clear();
    this.expressions.set(pc, expression);
    return expression;
  }

  locate(frame: FrameContext): Location {
    try {
      const expression = this.expressionAt(frame.pc);
      if (expression !== undefined) return evaluate(expression, this.die, this.root, frame);
      const constant = this.die.has(DW_AT.location) ? undefined : this.first((die) => die.number(DW_AT.const_value));
      return constant === undefined ? ABSENT : { kind: "value", value: BigInt.asUintN(64, BigInt(constant)) };
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      reportDamage(this.findings, error);
      return ABSENT;
    }
  }
}
