// The value an expression names: its type and where it lies.
import { NotFoundError, UsageError } from "../base/errors.js";
import { type Address, NONE, type TypeId } from "../base/units.js";
import { atomicTarget } from "../runtime/atomic-pointers.js";
import { readSyncMap } from "../runtime/maps/sync-maps.js";
import { channelBuffer } from "../runtime/records/channel.js";
import type { GoType } from "../runtime/types.js";
import { findKey, lookupKey } from "../value/key-lookup.js";
import { readInterface, type ValueEnvironment } from "../value/scalars.js";
import { type Expression, printExpression } from "./expression.js";

/** A value in memory. */
export interface Located {
  /** NONE: an address of which nothing else is known. */
  readonly type: TypeId;
  /** Where the value lies; for type NONE the address itself. */
  readonly address: Address;
  /** It begins at a variable of optimised code that may have been older or newer there, or of which only what was passed is known. */
  readonly doubt?: "likely" | "as passed" | undefined;
}

/** What evaluating needs besides memory and types. */
export interface EvaluationEnvironment extends ValueEnvironment {
  /** A variable by its full name: "main.global", "g12.main.worker.s", "g1.main.main.&wg". @throws NotFoundError when its value is not known */
  globals(name: string): Located | undefined;
  /** Names to offer when there is no such variable. */
  near?(name: string): readonly string[];
  /** The type of a closure object at an address, NONE when unknown; to read captured variables. */
  closureAt?(address: Address): TypeId;
}

/**
 * Where the value of an expression lies and of what type it is.
 * @throws NotFoundError for a variable, field or key that is not there; UsageError for a step its type does not have; MemoryFault
 */
export function evaluate(env: EvaluationEnvironment, expression: Expression): Located {
  const evaluator = new Evaluator(env);
  const found = evaluator.evaluate(expression);
  return evaluator.doubt === undefined ? found : { ...found, doubt: evaluator.doubt };
}

class Evaluator {
  private readonly env: EvaluationEnvironment;
  /** Of the variable that the value was reached from. */
  doubt: Located["doubt"];

  constructor(env: EvaluationEnvironment) {
    this.env = env;
  }

  evaluate(expression: Expression): Located {
    const whole = this.variable(printExpression(expression));
    if (whole) return whole;
    switch (expression.kind) {
      case "name":
        return this.name(expression.name);
      case "address":
        return { type: NONE, address: expression.address };
      case "field":
        return this.field(this.evaluate(expression.of), expression.name, expression);
      case "index":
        return this.index(expression, expression.key);
      case "assert":
        return this.assert(this.evaluate(expression.of), expression.type, expression);
      case "convert":
        return this.convert(expression);
      case "dereference":
        // (*T)(x) and x.Load() already stand for what they point to.
        if (expression.of.kind === "convert" || (expression.of.kind === "load" && expression.of.key === undefined))
          return this.evaluate(expression.of);
        return this.follow(this.evaluate(expression.of), expression);
      case "load":
        return this.load(this.evaluate(expression.of), expression.key, expression);
    }
  }

  /** A variable of exactly this name; x is also found as DWARF's &x, the pointer to a local moved to the heap. */
  private variable(name: string): Located | undefined {
    const found = this.named(name);
    if (found) return found;
    const moved = this.named(name.replace(/(^|\.)([^.&]+)$/, "$1&$2"));
    return moved && this.type(moved.type)?.kind === "pointer" ? this.follow(moved, { kind: "name", name }) : undefined;
  }

  private named(name: string): Located | undefined {
    const found = this.env.globals(name);
    if (found?.doubt) this.doubt = found.doubt;
    return found;
  }

  /** The longest variable that the path begins with, then fields. */
  private name(path: string): Located {
    for (let end = path.lastIndexOf("."); end > 0 && !path.slice(end).includes("/"); end = path.lastIndexOf(".", end - 1)) {
      const start = this.variable(path.slice(0, end));
      if (!start) continue;
      const fields = path.slice(end + 1).split(".");
      return fields.reduce((value, field, i) => {
        const name = `${path.slice(0, end)}.${fields.slice(0, i + 1).join(".")}`;
        return this.field(value, field, { kind: "name", name });
      }, start);
    }
    const near = this.env.near?.(path) ?? [];
    const advice = "name a variable with its package, as in main.global.sessions";
    // Every variable has a package: a bare word is no question that could be answered with "no".
    if (!path.includes("."))
      throw new UsageError(`no variable ${path}: it names no package${near.length > 0 ? `; near: ${near.join(", ")}` : ""}`, advice);
    throw new NotFoundError("variable", path, near, advice);
  }

  private type(id: TypeId): GoType | undefined {
    return id === NONE ? undefined : this.env.types.get(id);
  }

  private nameOf(id: TypeId): string {
    return this.type(id)?.name ?? "of unknown type";
  }

  /** What a pointer points to. */
  private follow(value: Located, at: Expression): Located {
    const type = this.type(value.type);
    if (type?.kind !== "pointer") throw new UsageError(`${printExpression(at)}: ${this.nameOf(value.type)} is no pointer`);
    const target = this.env.memory.readAddress(value.address);
    if (target === 0) throw new NotFoundError("value", printExpression(at), [], "a pointer on the way is nil");
    return { type: type.element, address: target };
  }

  /** Goes through pointers, as Go does before .field and [i]. */
  private through(value: Located, at: Expression): Located {
    return this.type(value.type)?.kind === "pointer" ? this.follow(value, at) : value;
  }

  private field(value: Located, name: string, at: Expression): Located {
    const struct = this.structOf(this.through(value, at), at);
    const type = this.type(struct.type);
    if ((type?.kind === "map" || type?.role.kind === "sync.Map") && name === "key") return struct;
    const field = type?.fields.find((each) => each.name === name);
    if (field) return { type: field.type, address: struct.address + field.offset };
    // A closure that captures x by reference has a field &x.
    const moved = type?.fields.find((each) => each.name === `&${name}`);
    if (moved) return this.follow({ type: moved.type, address: struct.address + moved.offset }, at);
    const promoted = this.promoted(struct, name, at, 0);
    if (promoted) return promoted;
    const names = type?.fields.map((each) => each.name) ?? [];
    throw new NotFoundError("field", `${name} in ${this.nameOf(struct.type)}`, nearest(name, names));
  }

  /** Channels and closures have fields here that Go keeps to itself. */
  private structOf(value: Located, at: Expression): Located {
    const type = this.type(value.type);
    if (type?.kind !== "chan" && type?.kind !== "func") return value;
    const address = this.env.memory.readAddress(value.address);
    if (address === 0) throw new NotFoundError("value", printExpression(at), [], `a ${type.kind} on the way is nil`);
    return { type: type.kind === "chan" ? type.header : (this.env.closureAt?.(address) ?? NONE), address };
  }

  /** A field of an embedded struct, the shallowest first. */
  private promoted(value: Located, name: string, at: Expression, depth: number): Located | undefined {
    const type = this.type(value.type);
    if (type?.kind !== "struct" || depth > 8) return undefined;
    const inner: Located[] = [];
    for (const field of type.fields) {
      if (!field.embedded) continue;
      const embedded = { type: field.type, address: value.address + field.offset };
      if (this.type(field.type)?.kind === "pointer" && this.env.memory.tryAddress(embedded.address) === 0) continue;
      inner.push(this.through(embedded, at));
    }
    for (const each of inner) {
      const field = this.type(each.type)?.fields.find((candidate) => candidate.name === name);
      if (field) return { type: field.type, address: each.address + field.offset };
    }
    for (const each of inner) {
      const found = this.promoted(each, name, at, depth + 1);
      if (found) return found;
    }
    return undefined;
  }

  private index(at: Expression & { readonly kind: "index" }, key: string): Located {
    const isKey = (at.of.kind === "field" && at.of.name === "key") || (at.of.kind === "name" && at.of.name.endsWith(".key"));
    const buffer = this.channelBuffer(at.of);
    if (buffer) return this.element(buffer.address, buffer.type, buffer.count, key, at);
    const value = this.through(this.evaluate(at.of), at);
    // What evaluating puts beside the memory is in it only now.
    const { memory, types } = this.env;
    const type = this.type(value.type);
    if (isKey && type?.role.kind === "sync.Map") {
      const entry = this.syncEntry(value, key, at.of);
      return { type: entry.any, address: entry.key };
    }
    switch (type?.kind) {
      case "array":
        return this.element(value.address, type.element, type.count < 0 ? Number.MAX_SAFE_INTEGER : type.count, key, at);
      case "slice":
        // Up to its capacity: corescope names what a slice's array keeps alive behind its length.
        return this.element(memory.readAddress(value.address), type.element, memory.readUint(value.address + 16, 8), key, at);
      case "map": {
        const entry = lookupKey(this.env, value.type, memory.readAddress(value.address), key);
        if (!entry) throw new NotFoundError("key", `${key} in ${printExpression(at.of)}`);
        return isKey ? { type: type.key, address: entry.key } : { type: type.element, address: entry.value };
      }
      case "string": {
        const byte = types.byName("uint8");
        return this.element(memory.readAddress(value.address), byte, memory.readUint(value.address + 8, 8), key, at);
      }
      default:
        throw new UsageError(`${printExpression(at)}: ${this.nameOf(value.type)} has no elements`);
    }
  }

  /** ch.buf of a channel: its elements. */
  private channelBuffer(of: Expression): { readonly address: Address; readonly type: TypeId; readonly count: number } | undefined {
    const isField = of.kind === "field" && of.name === "buf";
    const isName = of.kind === "name" && of.name.endsWith(".buf");
    if (!isField && !isName) return undefined;
    const channel = this.through(this.evaluate(isField ? of.of : { kind: "name", name: of.name.slice(0, -".buf".length) }), of);
    const type = this.type(channel.type);
    if (type?.kind !== "chan") return undefined;
    const buffer = channelBuffer(this.env, type, this.env.memory.readAddress(channel.address));
    return buffer && { ...buffer, type: type.element };
  }

  private element(start: Address, type: TypeId, count: number, key: string, at: Expression): Located {
    const index = /^[0-9]{1,15}$/.test(key) ? Number(key) : NONE;
    if (index === NONE) throw new UsageError(`${printExpression(at)}: ${key} is no index`);
    if (index >= count) throw new NotFoundError("element", `${printExpression(at)}, there are ${count}`);
    return { type, address: start + index * (this.type(type)?.size ?? 1) };
  }

  private assert(value: Located, name: string, at: Expression): Located {
    const type = this.type(value.type);
    if (type?.kind !== "interface") throw new UsageError(`${printExpression(at)}: ${this.nameOf(value.type)} is no interface`);
    const dynamic = readInterface(this.env, type, value.address);
    if (!dynamic) throw new NotFoundError("value", printExpression(at), [], "the interface is nil");
    const found = this.nameOf(dynamic.type);
    if (found !== name) throw new NotFoundError("value", `${printExpression(at)}: it holds ${found}`, [found]);
    return { type: dynamic.type, address: dynamic.address };
  }

  /** (*T)(x): what is at the address x as a T; the value is the T itself, for *(*T)(x) says the same. */
  private convert(at: Expression & { readonly kind: "convert" }): Located {
    const address = this.addressOf(at.of);
    if (at.type === "unsafe.Pointer") return { type: NONE, address };
    const name = at.type.slice(1);
    const known = this.env.types.byName(name);
    // A closure's type is made of its code: it has no name of its own in the program.
    const closure = known === NONE && name.startsWith("func ") ? (this.env.closureAt?.(address) ?? NONE) : NONE;
    const type = closure !== NONE && this.nameOf(closure) === name ? closure : known;
    if (type === NONE) throw new NotFoundError("type", name, [], "name it with its package, as in (*main.T)(0xc000012000)");
    return { type, address };
  }

  private addressOf(of: Expression): Address {
    const value = this.evaluate(of);
    const kind = this.type(value.type)?.kind;
    if (kind === undefined) return value.address;
    if (kind !== "pointer" && kind !== "unsafe.Pointer" && kind !== "uint") return value.address;
    return this.env.memory.readAddress(value.address);
  }

  private load(value: Located, key: string | undefined, at: Expression & { readonly kind: "load" }): Located {
    const { memory, types } = this.env;
    const holder = this.through(value, at);
    const type = this.type(holder.type);
    if (key === undefined) {
      const target = type && atomicTarget(types, type);
      if (!target) throw new UsageError(`${printExpression(at)}: ${this.nameOf(holder.type)} is no atomic.Pointer`);
      const address = memory.readAddress(holder.address + target.offset);
      if (address === 0) throw new NotFoundError("value", printExpression(at), [], "the pointer is nil");
      return { type: target.target.id, address };
    }
    if (type?.role.kind !== "sync.Map") throw new UsageError(`${printExpression(at)}: ${this.nameOf(holder.type)} is no sync.Map`);
    const entry = this.syncEntry(holder, key, at.of);
    return { type: entry.any, address: entry.value };
  }

  private syncEntry(map: Located, key: string, of: Expression): { readonly any: TypeId; readonly key: Address; readonly value: Address } {
    const { types } = this.env;
    const any = ["interface {}", "any"].map((name) => types.byName(name)).find((id) => id !== NONE) ?? NONE;
    const entry = findKey(this.env, any, readSyncMap(this.env, types.get(map.type), map.address), key);
    if (entry) return { any, ...entry };
    throw new NotFoundError("key", `${key} in ${printExpression(of)}`);
  }
}

/** The names that a wrong one may have meant: same letters in another case, or a common beginning; at most five. */
function nearest(wrong: string, names: readonly string[]): readonly string[] {
  const lower = wrong.toLowerCase();
  const same = names.filter((name) => name.toLowerCase() === lower);
  const alike = names.filter((name) => name.toLowerCase().startsWith(lower.slice(0, 2)));
  return [...new Set([...same, ...alike, ...names])].slice(0, 5);
}
