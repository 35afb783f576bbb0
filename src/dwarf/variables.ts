// Variables of functions: their scopes, and where they lie.
import { decodeText } from "../base/byte-reader.js";
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Address, Bytes } from "../base/units.js";
import { DW_AT, DW_TAG } from "./constants.js";
import type { Die } from "./dies.js";
import type { DwarfType } from "./dwarf-type.js";
import { ABSENT, evaluate, type FrameContext, type Location } from "./expressions.js";
import { MOST_PLACES_REMEMBERED } from "./limits.js";
import { locationEntries, locationExpression, type Range, rangesOf } from "./lists.js";
import { reportDamage } from "./scan.js";
import type { Types } from "./types.js";

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

/**
 * A block or an inlined call, within others up to the function itself. ranges: the code it covers, undefined: all of its parent's;
 * inlineDepth: how many inlined calls it is in.
 */
export interface Scope {
  readonly ranges: readonly Range[] | undefined;
  readonly parent: Scope | undefined;
  readonly inlineDepth: number;
}

/**
 * The scope that the children of a DIE are in; undefined below what has no variables of the function.
 * DW_TAG_lexical_block, DW_TAG_inlined_subroutine: DWARF 5 sections 3.5 and 3.3.8
 */
export function nestedScope(die: Die, parent: Scope): Scope | undefined {
  if (die.tag === DW_TAG.lexical_block) return { ranges: rangesOf(die), parent, inlineDepth: parent.inlineDepth };
  if (die.tag === DW_TAG.inlined_subroutine) return { ranges: rangesOf(die), parent, inlineDepth: parent.inlineDepth + 1 };
  return undefined;
}

/** A variable or parameter of one subprogram. What it inherits from its abstract origins is looked up along them. */
export class Variable implements DwarfVariable {
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

  /** The first value along the DIE and its origins. */
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
