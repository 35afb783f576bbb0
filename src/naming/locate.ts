// The object, owner or value that a person named: by address or by expression.
import { NotFoundError, UsageError } from "../base/errors.js";
import { realName } from "../base/package-names.js";
import { editDistance } from "../base/spelling.js";
import { type Address, hex, NONE, type NodeId, parseAddress, type TypeId } from "../base/units.js";
import { type EvaluationEnvironment, evaluate, type Located } from "../expression/evaluate.js";
import { parseExpression } from "../expression/parse.js";
import type { Snapshot } from "../heap/snapshot.js";
import { memoryWith, SCRATCH } from "../runtime/frame-variables.js";
import { localVariable } from "../stacks/local-variables.js";
import type { ValueEnvironment } from "../value/scalars.js";
import { placeOfAddress } from "./object-names.js";

/** What evaluating an expression in this snapshot needs: globals by name, locals as g12.main.worker.s. */
function evaluationEnvironment(snapshot: Snapshot): EvaluationEnvironment {
  const { runtime } = snapshot;
  const env = {
    memory: snapshot.runtime.process.memory,
    types: runtime.types,
    maps: runtime.maps,
    globals: (name: string): Located | undefined => {
      const global = runtime.variables.global(name);
      if (global) return { type: global.type, address: global.address };
      const local = localVariable(snapshot, name);
      if (!local || local.place.kind === "absent") return undefined;
      const { type, place } = local;
      const doubt = local.asPassed ? "as passed" : local.certainty === "likely" ? "likely" : undefined;
      // What has no place of its own is put beside the memory, for all that is read from here on.
      if (place.kind === "bytes") env.memory = memoryWith(snapshot.runtime.process.memory, SCRATCH, place.bytes);
      return { type, address: place.kind === "bytes" ? SCRATCH : place.address, doubt };
    },
    near: (name: string) => nearVariables(snapshot, name),
    closureAt: (address: Address) => runtime.closureType(snapshot.runtime.process.memory.tryAddress(address) ?? 0),
  };
  return env;
}

/** Names like the wrong one: its package and a name that differs in a letter or two, then the same name in another package. */
function nearVariables(snapshot: Snapshot, wrong: string): readonly string[] {
  const [, pack = "", name = ""] = /^((?:.*\/)?[^./]*)\.([^.]*)/.exec(wrong.toLowerCase()) ?? ["", "", wrong.toLowerCase()];
  // A lower score is nearer: 0 to 2 letters off in the same package, 3 the same name elsewhere, 4 a part of it, 5 both a letter off.
  const scored: { readonly name: string; readonly score: number }[] = [];
  for (const global of snapshot.runtime.variables.globalNames()) {
    if (global.includes("..")) continue;
    const low = global.toLowerCase();
    const dot = low.indexOf(".", low.lastIndexOf("/") + 1);
    const own = low.slice(dot + 1);
    const samePackage = low.slice(0, dot) === pack;
    const letters = editDistance(own, name, 2);
    if (samePackage && letters <= 2) scored.push({ name: global, score: letters });
    else if (own === name || (pack === "" && own.startsWith(name) && name.length > 2)) scored.push({ name: global, score: 3 });
    else if (samePackage && name !== "" && (own.startsWith(name.slice(0, 3)) || own.includes(name)))
      scored.push({ name: global, score: 4 });
    else if (editDistance(low.slice(0, dot), pack, 1) <= 1 && letters <= 1) scored.push({ name: global, score: 5 });
  }
  return scored
    .sort((a, b) => a.score - b.score)
    .slice(0, 5)
    .map((each) => each.name);
}

/** Kinds whose first word is a pointer. */
const POINTERS: ReadonlySet<string> = new Set(["pointer", "unsafe.Pointer", "map", "chan", "func", "slice", "string"]);

/** A typed place, in a memory that has it too when it is a variable in registers or in several pieces. */
export interface Place extends Located {
  readonly memory: ValueEnvironment["memory"];
  /** ObjectId of the heap object that the place lies in, NONE for none. */
  readonly object: number;
}

/**
 * A typed place: an address takes the type of the object it is in. That it is likely only is told by a finding, to every command that asks.
 * @throws NotFoundError, UsageError
 */
export function locate(snapshot: Snapshot, text: string): Place {
  const { memory } = snapshot.runtime.process;
  const address = parseAddress(text);
  if (address !== undefined && isAddress(text)) {
    const { objects, types } = snapshot.heap;
    const object = objects.find(address);
    if (object === NONE) throw new NotFoundError("object at", hex(address), [], { id: "place", place: placeOfAddress(snapshot, address) });
    return { type: types.type[object], address: dataAddress(snapshot, object), memory, object };
  }
  const env = evaluationEnvironment(snapshot);
  const found = evaluateText(snapshot, env, text);
  if (found.doubt === "as passed")
    snapshot.findings.add("variable-as-passed", "of an argument only what was passed is known, not what it was set to since", text);
  else if (found.doubt)
    snapshot.findings.add(
      "likely-variable",
      "a variable of optimised code was asked for: its value is likely, but may be a little older or newer than the line",
      text,
    );
  return {
    ...found,
    memory: env.memory,
    /** Asked for only where it is needed: it takes the heap. */
    get object() {
      return snapshot.heap.objects.find(found.address);
    },
  };
}

/** The value of an expression whose packages may be written short or whole. @throws NotFoundError, UsageError, MemoryFault */
function evaluateText(snapshot: Snapshot, env: EvaluationEnvironment, text: string): Located {
  const typed = parseExpression(text);
  const whole = wholeNames(snapshot, text);
  if (whole === text) return evaluate(env, typed);
  try {
    return evaluate(env, parseExpression(whole));
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    // "g12.worker.s" is a variable of the function worker, also where there is a package of that name.
    try {
      return evaluate(env, typed);
    } catch {
      throw error;
    }
  }
}

/**
 * What a person typed with the import paths that JSON shows; paths as the linker writes them ("yaml%2ev3") are known too, and of two
 * packages of a name the one that has the variable or type.
 */
export function wholeNames(snapshot: Snapshot, text: string): string {
  const { types, variables } = snapshot.runtime;
  return snapshot.runtime.names.expand(realName(text), (name) => {
    const member = name.indexOf(".", name.lastIndexOf("/") + 1);
    for (let end = name.length; end > Math.max(member, 0); end = name.lastIndexOf(".", end - 1))
      if (variables.global(name.slice(0, end)) || types.byName(name.slice(0, end)) !== NONE) return true;
    return false;
  });
}

/** Whether an expression names the very place it evaluates to, so that a pointer there leads no further: a cast of an address, *p, p.Load(). */
export function namesPlace(text: string): boolean {
  const { kind, ...rest } = parseExpression(text);
  return (
    kind === "convert" || kind === "dereference" || kind === "address" || (kind === "load" && (rest as { key?: string }).key === undefined)
  );
}

/** An address alone, no expression. */
export function isAddress(text: string): boolean {
  return /^\s*(?:0[xX])?[0-9a-fA-F]+\s*$/.test(text) && parseAddress(text) !== undefined;
}

/** Where the data of an object begins: after its malloc header, if it has one. */
function dataAddress(snapshot: Snapshot, object: number): Address {
  const { objects } = snapshot.heap;
  return objects.addressOf(object) + objects.dataStart[objects.spanOf(object)];
}

/**
 * The graph's node that an address or expression means: the object a pointer, map, slice or interface value leads to,
 * the object it lies in, or the global variable it is.
 */
export function locateNode(snapshot: Snapshot, text: string): NodeId {
  const { graph, roots } = snapshot.heap;
  const at = locate(snapshot, text);
  const byAddress = isAddress(text) || (at.object !== NONE && namesPlace(text));
  const target = byAddress ? NONE : targetOf(snapshot, at);
  if (at.object !== NONE && (target === NONE || byAddress)) return graph.nodeOfObject(at.object);
  // A variable of its own, not a field of it: the owner itself.
  const owner = roots.owners.findIndex(({ global }) => global && at.address >= global.address && at.address < global.address + global.size);
  if (owner >= 0 && roots.owners[owner].global?.address === at.address && snapshot.runtime.variables.global(wholeNames(snapshot, text)))
    return graph.nodeOfOwner(owner);
  if (target !== NONE) return graph.nodeOfObject(target);
  if (at.object !== NONE) return graph.nodeOfObject(at.object);
  if (owner >= 0) return graph.nodeOfOwner(owner);
  const goroutine = goroutineOf(snapshot, text, at.address);
  const owned = goroutine === undefined ? NONE : roots.owners.findIndex((each) => each.goroutine === goroutine);
  if (owned >= 0) return graph.nodeOfOwner(owned);
  throw new NotFoundError("object behind", text, [], { id: "place", place: placeOfAddress(snapshot, at.address) });
}

/** The goroutine whose variable an expression means: by the stack it lies on; one in registers by its name. */
export function goroutineOf(snapshot: Snapshot, text: string, address: Address): number | undefined {
  const { all } = snapshot.runtime.goroutines;
  // A variable in registers lies at the made-up address SCRATCH: only the text still says whose it is.
  const named = address >= SCRATCH ? /(?:^|[^\w.])g([0-9]+)\./.exec(text)?.[1] : undefined;
  return named === undefined ? all.find(({ stack }) => address >= stack.lo && address < stack.hi)?.id : Number(named);
}

/** Where the bytes are that a value of a pointer-like kind leads to; undefined for nil and for other kinds. */
export function pointedBy(
  snapshot: Snapshot,
  { type, address, memory }: Located & { readonly memory: ValueEnvironment["memory"] },
): Address | undefined {
  if (type === NONE) return undefined;
  const { kind } = snapshot.runtime.types.get(type);
  if (!POINTERS.has(kind) && kind !== "interface") return undefined;
  const value = memory.tryAddress(address + (kind === "interface" ? 8 : 0));
  return value === undefined || value <= 0 ? undefined : value;
}

/**
 * The object that a value of a pointer-like kind leads to, also by a pointer into its middle; NONE for others, nil, and what lies outside
 * the heap.
 */
export function targetOf(
  snapshot: Snapshot,
  at: { readonly type: TypeId; readonly address: Address; readonly memory?: ValueEnvironment["memory"] },
): number {
  const value = pointedBy(snapshot, { memory: snapshot.runtime.process.memory, ...at });
  return value === undefined ? NONE : snapshot.heap.objects.find(value);
}

/** The text that a query was given as its argument. @throws UsageError when there is none */
export function needText(text: string | undefined, query: string, argument: "of" | "address"): string {
  if (text === undefined || text.trim() === "")
    throw new UsageError(`${query} needs an address or an expression`, { id: "example", query, args: { [argument]: "main.global" } });
  return text;
}
