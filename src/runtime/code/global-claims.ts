// What the code of a program says of the variables that it refers to: which type lies at which address.
import { type Address, NONE, type TypeId, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { FunctionTable, GoFunction } from "../functions.js";
import { DEEPEST_RESULT, LONGEST_FUNCTION } from "../limits.js";
import type { TypeTable } from "../types.js";
import { type Meaning, meaningOf, type TypeWords } from "./call-meaning.js";
import { neverReturns } from "./calls.js";
import type { Source, Value } from "./flow-values.js";
import { decodeAll, type Machine } from "./instructions.js";
import { pairsOfWords } from "./interface-arguments.js";
import { type Event, followValues, type Question } from "./value-flow.js";

/** How code tells a variable's type, the surest first. */
export type Evidence = "allocation" | "result" | "operand" | "receiver" | "interface" | "argument";

/** A value of the type begins at the address. */
export interface Claim {
  readonly address: Address;
  readonly type: TypeId;
  readonly by: Evidence;
  readonly fn: GoFunction;
}

/** What code is read with. */
export interface CodeSource {
  readonly memory: AddressSpace;
  readonly machine: Machine;
  readonly functions: FunctionTable;
  readonly types: TypeTable;
  isVariable(address: Address): boolean;
}

/** A type that a value was found to have, and where. */
interface Typed {
  readonly type: TypeId;
  readonly by: Evidence;
}

/** What is known of the values of one function. */
interface Facts {
  readonly events: readonly Event[];
  of(source: Source): readonly Typed[];
}

const CLOSURE = /^(?:noalg\.)?struct \{ (?:\w+\.|\.)?F uintptr/;
/** Of generic code, which is told the real types apart. cmd/compile/internal/noder, shapes */
const SHAPE = /\bgo\.shape\./;
/** Functions that are passed addresses of the caller's variables only to read them. */
const ONLY_READ = /^runtime\.(?:newobject|makeslice|map(?:access[12]|assign|delete)|convT|chansend1$)/;
/** What the runtime makes without the types of the program: the headers of maps and channels. */
const RUNTIME_OWN = /^\*(?:internal\/runtime\/maps|runtime)\./;

/** Reads functions one by one; what is known of callees is kept. */
export class GlobalClaims {
  readonly claims: Claim[] = [];
  /** First words of interfaces: what is behind them has another type each time. */
  readonly interfaces = new Set<Address>();
  private readonly source: CodeSource;
  private readonly question: Question;
  private readonly words: TypeWords;
  private readonly meanings = new Map<Address, Meaning | undefined>();
  private readonly pairs = new Map<Address, readonly number[]>();
  private readonly results = new Map<string, TypeId>();
  private readonly changes = new Map<Address, ReturnType<Question["changes"]>>();

  constructor(source: CodeSource) {
    this.source = source;
    const { types, machine, functions } = source;
    this.words = typeWords(types);
    this.question = {
      machine,
      isVariable: source.isVariable,
      isTypeWord: (value) => types.firstWord(value) !== undefined,
      changes: (target) => {
        if (target === undefined) return "all";
        let known = this.changes.get(target);
        if (known === undefined) {
          const name = functions.find(target)?.name ?? "";
          known = neverReturns(functions, target)
            ? "never"
            : (machine.helpers.find((each) => name.startsWith(each.name))?.changes ?? "all");
          this.changes.set(target, known);
        }
        return known;
      },
      onlyReads: (target) => ONLY_READ.test(functions.find(target)?.name ?? ""),
    };
  }

  /** Adds what the function says. */
  read(fn: GoFunction): void {
    const facts = this.factsOf(fn);
    if (!facts) return;
    const loads = new Set<Source>();
    const stored = new Map<Address, Value[]>();
    for (const event of facts.events) {
      if (event.kind === "store") {
        const values = stored.get(event.address) ?? [];
        values.push(event.value);
        stored.set(event.address, values);
      } else if (event.kind === "call") this.fromCall(fn, event, loads);
      else if (event.kind === "pair" && typeof event.second === "object") loads.add(event.second);
    }
    for (const load of loads)
      if (load.kind === "variable") for (const each of facts.of(load)) this.claim(load.address, each.type, each.by, fn);
    for (const [address, values] of stored) for (const value of values) this.fromStore(fn, facts, address, value, stored);
  }

  private claim(address: Address, type: TypeId, by: Evidence, fn: GoFunction): void {
    if (!this.isHidden(type)) this.claims.push({ address, type, by, fn });
  }

  /** Addresses of variables that are passed; and which loaded values are. */
  private fromCall(fn: GoFunction, event: Event & { readonly kind: "call" }, loads: Set<Source>): void {
    for (const value of event.passed) if (typeof value === "object") loads.add(value);
    const isAddress = (value: Value): value is number => typeof value === "number" && this.source.isVariable(value);
    if (!event.passed.some(isAddress)) return;
    for (const { value, type, of, by } of this.meaning(event.target)?.says?.(event.passed) ?? [])
      if (of === "target" && type !== NONE && isAddress(value)) this.claim(value, type, by, fn);
    for (const [first, second] of this.interfacesOf(event)) {
      const type = this.dynamic(first);
      if (!isAddress(second) || type === NONE || this.source.types.get(type).kind !== "pointer") continue;
      const element = this.unconverted(this.source.types.get(type).element);
      if (element !== NONE) this.claim(second, element, "interface", fn);
    }
  }

  private fromStore(fn: GoFunction, facts: Facts, address: Address, value: Value, stored: ReadonlyMap<Address, readonly Value[]>): void {
    if (typeof value === "number" && this.question.isTypeWord(value)) this.interfaces.add(address);
    if (typeof value !== "object") return;
    const isSlice = stored.has(address + WORD) && stored.has(address + 2 * WORD);
    const typed = facts.of(value).map((each) => ({ ...each, type: isSlice ? this.asSlice(each.type) : each.type }));
    for (const each of typed) this.claim(address, each.type, each.by, fn);
    if (typed.length > 0 || value.kind !== "result" || value.address === 0) return;
    const type = this.resultOf(value.address, value.index, DEEPEST_RESULT);
    if (type !== NONE) this.claim(address, isSlice ? this.asSlice(type) : type, "result", fn);
  }

  /** A slice's literal is a new array. */
  private asSlice(type: TypeId): TypeId {
    const { types } = this.source;
    const { kind, element } = types.get(type);
    const array = kind === "pointer" && element !== NONE ? types.get(element) : undefined;
    return array?.kind === "array" ? this.words.sliceOf(array.element) : type;
  }

  /** The type of what a function answers in a register; NONE when its code does not tell. */
  private resultOf(target: Address, index: number, depth: number): TypeId {
    const key = `${target} ${index}`;
    const known = this.results.get(key);
    if (known !== undefined || depth === 0) return known ?? NONE;
    this.results.set(key, NONE);
    const fn = this.source.functions.find(target);
    const facts = fn?.entry === target ? this.factsOf(fn) : undefined;
    const found = new Set<TypeId>();
    for (const event of facts?.events ?? []) {
      if (event.kind !== "return") continue;
      const before = event.results[index - 1];
      // The data of an interface.
      if (typeof before === "number" && this.question.isTypeWord(before)) return NONE;
      const value = event.results[index];
      if (typeof value !== "object") continue;
      const types = facts?.of(value) ?? [];
      for (const { type } of types) found.add(type);
      if (types.length > 0 || value.kind !== "result" || value.address === 0) continue;
      const type = this.resultOf(value.address, value.index, depth - 1);
      if (type !== NONE) found.add(type);
    }
    const [type = NONE] = found.size === 1 ? found : [];
    this.results.set(key, type);
    return type;
  }

  private factsOf(fn: GoFunction): Facts | undefined {
    const { memory, machine } = this.source;
    const size = fn.end - fn.entry;
    const bytes = size > 0 && size <= LONGEST_FUNCTION ? memory.tryBytes(fn.entry, size) : undefined;
    const events = bytes && followValues(decodeAll(machine, bytes, fn.entry), this.question);
    return events && this.understand(fn, events);
  }

  private understand(fn: GoFunction, events: readonly Event[]): Facts {
    const typed = new Map<Source, Typed[]>();
    const note = (value: Value, said: TypeId, by: Evidence, pc: Address): void => {
      const type = this.isClosure(said) ? this.words.func() : said;
      if (typeof value !== "object" || type === NONE || this.isHidden(type)) return;
      // The address of a first field is the whole's own: for it the compiler checks that the whole is not nil.
      if ((by === "receiver" || by === "interface") && value.usedAt < pc) return;
      const known = typed.get(value) ?? [];
      if (!known.some((each) => each.type === type)) typed.set(value, [...known, { type, by }]);
    };
    for (const event of events) {
      if (event.kind === "pair") note(event.second, this.direct(event.first), "interface", event.pc);
      else if (event.kind === "call") this.noteCall(event, note);
    }
    const receiver = this.receiverOf(fn);
    return {
      events,
      of: (source) =>
        source.kind === "argument" && source.index === 0 && receiver !== NONE
          ? [{ type: receiver, by: "argument" }]
          : (typed.get(source) ?? []),
    };
  }

  private noteCall(event: Event & { readonly kind: "call" }, note: (value: Value, type: TypeId, by: Evidence, pc: Address) => void): void {
    const meaning = this.meaning(event.target);
    const result = meaning?.result?.(event.passed) ?? NONE;
    if (result !== NONE) note(event.result, result, "allocation", event.pc);
    for (const { value, type, of, by } of meaning?.says?.(event.passed) ?? []) if (of === "value") note(value, type, by, event.pc);
    if (event.passed.some((each) => typeof each === "number" && this.question.isTypeWord(each)))
      for (const [first, second] of this.interfacesOf(event)) note(second, this.direct(first), "interface", event.pc);
  }

  private meaning(target: Address): Meaning | undefined {
    if (!this.meanings.has(target)) {
      const fn = this.source.functions.find(target);
      this.meanings.set(target, fn?.entry === target ? meaningOf(fn.name, this.words) : undefined);
    }
    return this.meanings.get(target);
  }

  /** Interfaces that a call is passed in registers. */
  private *interfacesOf({ target, passed }: Event & { readonly kind: "call" }): Iterable<readonly [first: Value, second: Value]> {
    let numbers = this.pairs.get(target);
    if (!numbers) {
      const { memory, functions, machine } = this.source;
      const fn = functions.find(target);
      numbers = fn?.entry === target ? pairsOfWords(memory, functions, fn, machine.arguments.length) : [];
      this.pairs.set(target, numbers);
    }
    for (const each of numbers) yield [passed[each], passed[each + 1]];
  }

  /** The type in an interface by its first word. */
  private dynamic(first: Value): TypeId {
    const { types } = this.source;
    const word = typeof first === "number" ? types.firstWord(first) : undefined;
    return word ? types.interfaceTarget(first as number, word === "itab") : NONE;
  }

  /** The same, where the second word is the value itself. */
  private direct(first: Value): TypeId {
    const type = this.dynamic(first);
    const { isDirect, kind, element } = this.source.types.get(type);
    if (type === NONE || !isDirect || kind !== "pointer") return isDirect ? type : NONE;
    const target = this.unconverted(element);
    return target === element ? type : target === NONE ? NONE : this.words.pointerTo(target);
  }

  /**
   * What an interface was made of, by what it holds: a pointer to a string is made one to a flag.stringValue for it, and the same with every
   * other type that is no struct. NONE where that leaves nothing to say.
   */
  private unconverted(type: TypeId): TypeId {
    const { kind, element } = this.source.types.get(type);
    if (kind === "string") return this.source.types.byName("string");
    if (kind === "slice") return element === NONE ? NONE : this.words.sliceOf(element);
    return kind === "struct" || kind === "array" || kind === "pointer" || kind === "map" || kind === "chan" ? type : NONE;
  }

  private isHidden(type: TypeId): boolean {
    const { name } = this.source.types.get(type);
    return RUNTIME_OWN.test(name) || SHAPE.test(name);
  }

  /** A closure is allocated as a struct; what is kept is a func value. */
  private isClosure(type: TypeId): boolean {
    const { types } = this.source;
    const { kind, element } = types.get(type);
    return kind === "pointer" && element !== NONE && CLOSURE.test(types.get(element).name);
  }

  /** Of the function itself; NONE when it is no method of a pointer. */
  private receiverOf({ name }: GoFunction): TypeId {
    const match = /^(.*)\.\(\*([^()]+)\)\.[^.-]+$/.exec(name);
    const type = match ? this.source.types.byName(`${match[1]}.${match[2]}`) : NONE;
    return type === NONE ? NONE : this.words.pointerTo(type);
  }
}

/** Types by operands of code, and types made of others that the program may not describe. */
function typeWords(types: TypeTable): TypeWords {
  const made = (type: TypeId, kind: "pointer" | "slice", prefix: string, size: number): TypeId =>
    types.derived(type, `${kind} in code`, () => {
      const name = `${prefix}${types.get(type).name}`;
      const known = types.byName(name);
      if (known !== NONE && types.get(known).element === type) return known;
      return types.synthetic({ name, kind, size, rtype: 0, element: () => type });
    });
  let func = NONE;
  return {
    types,
    func() {
      if (func === NONE) func = types.synthetic({ name: "func", kind: "func", size: WORD, rtype: 0 });
      return func;
    },
    typeOf: (value) => (typeof value === "number" && types.firstWord(value) === "type" ? types.byRtype(value) : NONE),
    pointerTo: (type) => made(type, "pointer", "*", WORD),
    sliceOf: (type) => made(type, "slice", "[]", 3 * WORD),
  };
}
