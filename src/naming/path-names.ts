// Paths from a root in words: the owner, and a Go expression for each object on the way.
import { type Address, hex, NONE, type NodeId, type ObjectId, type OwnerId, type TypeId, WORD } from "../base/units.js";
import { nameSteps, type Step } from "../expression/name.js";
import { shortestPath } from "../graph/paths.js";
import { reaches } from "../graph/reachability.js";
import { INTERIOR, OFFSET_MASK } from "../heap/edges.js";
import type { ObjectTypes } from "../heap/evidence.js";
import { PART_WORD } from "../heap/part-words.js";
import type { PathTypes } from "../heap/path-types.js";
import type { OwnerKind, RootDescription } from "../heap/roots.js";
import type { Snapshot } from "../heap/snapshot.js";
import type { StaticVariable } from "../heap/statics.js";
import { type Certainty, memoryWith, SCRATCH } from "../runtime/frame-variables.js";
import { goroutinePlace } from "../stacks/goroutine-place.js";
import { variableExpression } from "../stacks/local-variables.js";
import type { ValueEnvironment } from "../value/scalars.js";
import { LONGEST_NAMED } from "./limits.js";
import { type NamedObject, nameObject, typeName } from "./object-names.js";

/** What a path begins with. */
export interface PathRoot {
  readonly kind: OwnerKind;
  /** "main.global", "goroutine 17 main.worker s". */
  readonly name: string;
  /** Of the owner alone, whichever of its words it is: "main.global", "goroutine 17". */
  readonly owner: string;
  readonly goroutine?: number;
  readonly function?: string;
  readonly variable?: string;
  /** false: taken conservatively, the word may be no pointer. */
  readonly certain: boolean;
  /** "likely": the word may be another variable's; of local variables only. */
  readonly variableCertainty?: Certainty;
  /** Of a finalizer: its own object is reached from it, so that it is never run and nothing of the path ever freed. runtime.SetFinalizer */
  readonly cycle?: true;
}

/** An object of a path, and the Go expression that leads to it. */
interface PathStep extends NamedObject {
  readonly expression: string;
}

/** A path in words. */
export interface NamedPath {
  readonly root: PathRoot;
  readonly steps: readonly PathStep[];
}

/**
 * A path of nodes, virtual root and owner first, with a name for each step. The parts of a value are no steps of their own.
 * @param parts  they are
 */
export function namePath(snapshot: Snapshot, nodes: readonly NodeId[], parts = false): NamedPath {
  const { graph } = snapshot.heap;
  const path = nodes.slice(2).map((node) => graph.objectOfNode(node));
  const along = pathTypes(snapshot, nodes);
  // A name grows with the path: the far end of a long list is named by its address.
  const { description, names } = expressions(snapshot, nodes.slice(0, 2 + LONGEST_NAMED), along.types);
  const kept = parts ? path.map((_, index): ValueStep => ({ index, name: undefined })) : valueSteps(snapshot, nodes, along.types);
  return {
    root: { ...describeRoot(description), ...(isCycle(snapshot, nodes[1], description.owner.object) ? { cycle: true } : {}) },
    steps: kept.map(({ index, name }) => ({
      ...nameStep(snapshot, path[index], name, along, parts),
      expression: names[index] ?? castOf(snapshot, path[index], along.types),
    })),
  };
}

/** A finalizer keeps alive what its object and its function point to: if that is the object itself, it stays so. @param node  of the finalizer */
function isCycle({ heap }: Snapshot, node: NodeId, object: Address | undefined): boolean {
  const { kind } = heap.roots.owners[node - 1] ?? {};
  const id = kind === "finalizer" && object !== undefined ? heap.objects.find(object) : NONE;
  return id !== NONE && reaches(heap.graph.referents, node, heap.graph.nodeOfObject(id));
}

/** An object of a path as the value that it stands for. */
function nameStep(snapshot: Snapshot, id: ObjectId, name: string | undefined, along: PathTypes, parts: boolean): NamedObject {
  const named = nameObject(snapshot, id, along.types);
  if (parts) return { ...named, type: typeName(snapshot, along.types.type[id]) };
  const { count, bytes } = along.partsOf(id);
  return { ...named, type: name ?? named.type, bytes: named.bytes + bytes, ...(count > 0 ? { parts: count } : {}) };
}

/** The value that a path ends in: the object itself, or the one before it that it is a part of. */
export function nameTarget(snapshot: Snapshot, nodes: readonly NodeId[], parts: boolean): NamedObject & { readonly steps: number } {
  const along = pathTypes(snapshot, nodes);
  const { index, name } = parts
    ? { index: nodes.length - 3, name: undefined }
    : (valueSteps(snapshot, nodes, along.types).at(-1) as ValueStep);
  return { ...nameStep(snapshot, snapshot.heap.graph.objectOfNode(nodes[index + 2]), name, along, parts), steps: index + 1 };
}

/** A step that is a value or stands for one; with its name when the value's own place is no object. */
interface ValueStep {
  readonly index: number;
  readonly name: string | undefined;
}

/** The steps of a path that are values by themselves: parts of a map or channel are left out. */
function valueSteps(snapshot: Snapshot, nodes: readonly NodeId[], types: ObjectTypes): readonly ValueStep[] {
  const { graph, partWords, roots, objects } = snapshot.heap;
  const steps: ValueStep[] = [];
  let before: { readonly type: TypeId; readonly offset: number; readonly isObject: boolean } | undefined;
  for (const [i, node] of nodes.entries()) {
    if (i < 2) continue;
    const id = graph.objectOfNode(node);
    const slot = edgeOffset(snapshot, nodes[i - 1], node);
    if (i === 2) before = { type: roots.type[slot & OFFSET_MASK], offset: roots.offset[slot & OFFSET_MASK], isObject: false };
    const plan = before === undefined || before.type === NONE || slot >= INTERIOR ? null : partWords.of(before.type);
    const offset = before === undefined ? 0 : before.isObject ? slot * WORD - before.offset : before.offset;
    const word = plan === null ? PART_WORD.none : (plan.words[Math.floor((offset % plan.stride) / WORD)] ?? PART_WORD.none);
    const type = types.type[id];
    if (plan === null || word === PART_WORD.none) {
      steps.push({ index: i - 2, name: type === NONE ? undefined : snapshot.runtime.types.get(type).role.partOf });
    } else if (word !== PART_WORD.own) steps.push({ index: i - 2, name: plan.inner[word - PART_WORD.inner].name });
    else if (i === 2) steps.push({ index: 0, name: plan.name });
    before = { type, offset: objects.dataStart[objects.spanOf(id)], isObject: true };
  }
  return steps;
}

/** Types of a path's objects; see Heap.typesAlong. */
function pathTypes(snapshot: Snapshot, nodes: readonly NodeId[]): PathTypes {
  const { graph } = snapshot.heap;
  const path = nodes.slice(2).map((node) => graph.objectOfNode(node));
  return snapshot.heap.typesAlong(edgeOffset(snapshot, nodes[1], nodes[2]) & OFFSET_MASK, path);
}

/** What a live object is called along the shortest path; a cast of its address when the path is very long. */
export function expressionOf(snapshot: Snapshot, id: ObjectId): string {
  const { heap } = snapshot;
  const nodes = shortestPath(heap.tree.parent, heap.graph.nodeOfObject(id));
  if (nodes.length > 2 && nodes.length <= LONGEST_NAMED) return expressions(snapshot, nodes).names.at(-1) as string;
  return castOf(snapshot, id);
}

/**
 * What an object is called as seen from one of its referrers (an owner or a live object); undefined when that one is garbage or far from the roots.
 * @param slot  the word of the referrer that points to it, as ObjectGraph.offsets has it
 */
export function expressionVia(snapshot: Snapshot, from: NodeId, to: NodeId, slot: number): string | undefined {
  const nodes = shortestPath(snapshot.heap.tree.parent, from);
  if (nodes.length < 2 || nodes.length > LONGEST_NAMED) return undefined;
  return expressions(snapshot, [...nodes, to], snapshot.heap.types, slot).names.at(-1);
}

/** `(*main.User)(0xc000012000)`; arrays of unknown length by their first element. */
export function castOf(snapshot: Snapshot, id: ObjectId, types: ObjectTypes = snapshot.heap.types): string {
  const { objects } = snapshot.heap;
  const start = hex(objects.addressOf(id) + objects.dataStart[objects.spanOf(id)]);
  const type = types.type[id];
  const known = type === NONE ? undefined : snapshot.runtime.types.get(type);
  if (!known) return start;
  const whole = known.kind === "array" && known.count === -1 ? known.element : type;
  return whole === NONE ? start : `(*${snapshot.runtime.types.get(whole).name})(${start})`;
}

/** Names of a path's objects. @param lastSlot  which of several pointers leads to the last one, as ObjectGraph.offsets has it */
function expressions(
  snapshot: Snapshot,
  nodes: readonly NodeId[],
  types: ObjectTypes = snapshot.heap.types,
  lastSlot?: number,
): { readonly description: RootDescription; readonly names: readonly string[] } {
  const { heap, runtime } = snapshot;
  const { graph, objects } = heap;
  const path = nodes.slice(2).map((node) => graph.objectOfNode(node));
  const slotTo = (index: number) =>
    lastSlot !== undefined && index === nodes.length - 1 ? lastSlot : edgeOffset(snapshot, nodes[index - 1], nodes[index]);
  const row = slotTo(2) & OFFSET_MASK;
  const description = heap.roots.describe(row);
  const memory = snapshot.runtime.process.memory;
  let pointed = heap.roots.value[row];
  const steps = path.map((object, i): Step => {
    const address = objects.addressOf(object);
    const start = address + objects.dataStart[objects.spanOf(object)];
    const next = path[i + 1];
    const slot = next === undefined ? 0 : (slotTo(i + 3) & OFFSET_MASK) * WORD - (start - address);
    const step: Step = { address: start, type: types.type[object], slot, pointed };
    if (next !== undefined) pointed = memory.tryAddress(start + slot) ?? objects.addressOf(next);
    return step;
  });
  const root = rootExpression(snapshot, description);
  const env = { memory: root.memory ?? memory, types: runtime.types, maps: runtime.maps };
  const names = nameSteps(env, root.text, root.type, root.offset, [...root.through, ...steps], root.address);
  return { description, names: names.slice(root.through.length) };
}

/** Word of the first edge between two nodes (row of RootTable for owners, of a certain root if there is one). */
function edgeOffset(snapshot: Snapshot, from: NodeId, to: NodeId): number {
  const { graph, roots } = snapshot.heap;
  const { referents, offsets } = graph;
  const fromOwner = from <= graph.ownerCount;
  let uncertain: number | undefined;
  for (let edge = referents.first[from]; edge < referents.first[from + 1]; edge++) {
    if (referents.targets[edge] !== to) continue;
    if (!fromOwner || roots.certain[offsets[edge] & OFFSET_MASK] === 1) return offsets[edge];
    uncertain ??= offsets[edge];
  }
  return uncertain ?? 0;
}

/** A root's pointer in words: its variable, or what is known of its place. */
export function describeRoot(description: RootDescription): PathRoot {
  const { owner, frame, local, place, certain } = description;
  const base = { kind: owner.kind, owner: owner.name, certain };
  if (owner.goroutine === undefined) return { ...base, name: owner.name, ...(owner.kind === "global" ? { variable: owner.name } : {}) };
  const variable = local?.variable.name ?? place;
  const named = { ...base, goroutine: owner.goroutine, variable, ...(local ? { variableCertainty: local.variable.certainty } : {}) };
  if (!frame) return { ...named, name: `${owner.name} ${variable}` };
  const fn = local?.variable.function ?? frame.fn.name;
  return { ...named, name: `${owner.name} ${fn} ${variable}`, function: fn };
}

/** A variable as an expression with its type. */
export interface RootExpression {
  /** "" when nothing that can be named holds the pointer. */
  readonly text: string;
  /** NONE then. */
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** That has the address, when the variable is in several pieces. */
  readonly memory?: ValueEnvironment["memory"];
  /** Values on the stack that lead from the variable to the pointer. */
  readonly through: readonly Step[];
}

/** The variable that holds a root's pointer. */
export function rootExpression(snapshot: Snapshot, description: RootDescription): RootExpression {
  const { owner, goroutine, frame, local, slot, through } = description;
  if (owner.global) return globalExpression(snapshot, owner.global, slot);
  const text = goroutine && frame && local && variableExpression(snapshot, goroutine, frame, local.variable);
  if (!text) return { text: "", type: NONE, offset: 0, address: NONE, through: [] };
  const { types } = snapshot.runtime;
  const steps = through.map((each, i): Step => {
    const next = through[i + 1]?.via?.slot ?? slot;
    const isArray = each.size > types.get(each.type).size;
    const type = isArray ? types.arrayOf(each.type) : each.type;
    return { address: each.address, type, slot: next - each.address, pointed: each.address };
  });
  const { place, type } = local.variable;
  // "&x" is the pointer to x, which escaped.
  const known = { text, type, offset: local.offset, through: steps };
  if (place.kind === "memory") return { ...known, address: place.address };
  if (place.kind === "absent") return { ...known, address: NONE };
  return { ...known, address: SCRATCH, memory: memoryWith(snapshot.runtime.process.memory, SCRATCH, place.bytes) };
}

/** Static data is named by the pointers that lead to it: main.global for what &Store{...} made. */
function globalExpression(snapshot: Snapshot, variable: StaticVariable, slot: number): RootExpression {
  const own = { type: variable.type, offset: slot - variable.address, address: variable.address, through: [] };
  if (!variable.via) return { ...own, text: variable.name };
  const chain: StaticVariable[] = [];
  for (let at: StaticVariable | undefined = variable; at?.via; at = at.via.variable) chain.unshift(at);
  const first = chain[0].via?.variable as StaticVariable;
  const steps = chain.map(
    (each, i): Step => ({ address: each.address, type: each.type, slot: chain[i + 1]?.via?.offset ?? 0, pointed: each.address }),
  );
  const env = { memory: snapshot.runtime.process.memory, types: snapshot.runtime.types, maps: snapshot.runtime.maps };
  const names = nameSteps(env, first.name, first.type, chain[0].via?.offset ?? 0, steps, first.address);
  return { ...own, text: names.at(-1) ?? variable.name };
}

/** An owner in a person's words: "main.global", "goroutine 17 main.worker". */
export function ownerName(snapshot: Snapshot, id: OwnerId): string {
  const owner = snapshot.heap.roots.owners[id];
  if (owner.global) return globalExpression(snapshot, owner.global, owner.global.address).text;
  if (owner.goroutine === undefined) return owner.name;
  const place = goroutinePlace(snapshot, owner.goroutine);
  return `${owner.name}${place.function === "" ? "" : ` ${place.function}`}${owner.kind === "register" ? " (registers)" : ""}`;
}
