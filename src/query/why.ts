// Why is it alive: the shortest path from a root, each step as a Go expression.
import { NotFoundError, UsageError } from "../base/errors.js";
import { type Hex, hex, NONE, NOT_AN_ADDRESS, type ObjectId, parseAddress, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { nameSteps, type Step } from "../expression/name.js";
import { shortestPath } from "../graph/paths.js";
import { SLOT_MASK } from "../heap/pointers.js";
import type { OwnerKind, RootDescription } from "../heap/roots.js";
import type { StaticVariable } from "../heap/statics.js";
import { explainAddress, type NamedObject, nameObject, typeName, typePattern } from "./object-names.js";
import type { Query } from "./query.js";

export interface WhyArgs {
  readonly address?: string;
  /** Regular expression: the largest live object of a matching type is taken. */
  readonly type?: string;
}

export interface PathRoot {
  readonly kind: OwnerKind;
  /** "main.global", "goroutine 17 main.worker s". */
  readonly name: string;
  readonly goroutine?: number;
  readonly function?: string;
  readonly variable?: string;
  /** false: taken conservatively, the word may be no pointer. */
  readonly certain: boolean;
}

export interface PathStep {
  readonly address: Hex;
  readonly type: string;
  readonly bytes: number;
  readonly expression: string;
}

export interface Why {
  readonly object: NamedObject;
  readonly reachable: boolean;
  /** With type: how many objects matched. */
  readonly matching?: number;
  readonly paths: readonly { readonly root: PathRoot; readonly steps: readonly PathStep[] }[];
  /** Why there is no path. */
  readonly explanation?: string;
}

export const why: Query<WhyArgs, Why> = {
  name: "why",
  summary: "the path that keeps an object alive",
  run(dump, args) {
    const { heap } = dump;
    const { id, matching } =
      args.type === undefined ? { id: byAddress(dump, args.address), matching: undefined } : largestOf(dump, args.type);
    const found = matching === undefined ? {} : { matching };
    const object = nameObject(dump, id);
    if (!heap.isLive(id))
      return {
        object,
        reachable: false,
        ...found,
        paths: [],
        explanation: `${object.address} is garbage: allocated, but no root reaches it`,
      };
    return { object, reachable: true, ...found, paths: [pathTo(dump, id)] };
  },
};

function byAddress(dump: Dump, text: string | undefined): ObjectId {
  if (text === undefined) throw new UsageError("why needs an address or --type", "corescope why core 0xc000012000");
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(`${text}: not an address`, "Addresses are hexadecimal: 0xc000012000.");
  const id = dump.heap.objects.find(address);
  if (id === NONE) throw new NotFoundError("object at", hex(address), [], explainAddress(dump, address));
  return id;
}

function largestOf(dump: Dump, text: string): { readonly id: ObjectId; readonly matching: number } {
  const { objects, types } = dump.heap;
  const matches = typePattern(dump, text);
  const wanted = Array.from({ length: dump.runtime.types.count }, (_, type) => matches(typeName(dump, type)));
  let best = NONE;
  let bestSize = -1;
  let bestLive = false;
  let matching = 0;
  for (let span = 0; span < objects.spans.count; span++) {
    const size = objects.spans.elementSize[span];
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      const type = types.type[id];
      if (type === NONE || !wanted[type]) continue;
      matching++;
      const live = dump.heap.isLive(id);
      if (best === NONE || (live && !bestLive) || (live === bestLive && size > bestSize)) {
        best = id;
        bestSize = size;
        bestLive = live;
      }
    }
  }
  if (best === NONE) throw new NotFoundError("object of a type that matches", text, nearTypes(dump, text));
  return { id: best, matching };
}

/** Types whose name holds the last word of the pattern. */
function nearTypes(dump: Dump, text: string): readonly string[] {
  const word = /[A-Za-z_]\w*/g;
  const last = (text.match(word) ?? []).at(-1)?.toLowerCase() ?? "";
  const out: string[] = [];
  for (let type = 0; last !== "" && type < dump.runtime.types.count && out.length < 3; type++) {
    const { name } = dump.runtime.types.get(type);
    if (name.toLowerCase().includes(last)) out.push(name);
  }
  return out;
}

/** The breadth-first tree's path to an object, root first. */
function pathTo(dump: Dump, id: ObjectId): { readonly root: PathRoot; readonly steps: readonly PathStep[] } {
  const { heap, runtime } = dump;
  const { graph, objects } = heap;
  const nodes = shortestPath(heap.tree.parent, graph.nodeOfObject(id));
  const path = nodes.slice(2).map((node) => graph.objectOfNode(node));
  const row = edgeSlot(dump, nodes[1], nodes[2]) & SLOT_MASK;
  const description = heap.roots.describe(row);
  const memory = dump.process.memory;
  let pointed = heap.roots.value[row];
  const steps = path.map((object, i): Step => {
    const address = objects.addressOf(object);
    const start = address + objects.dataStart[objects.spanOf(object)];
    const next = path[i + 1];
    const slot =
      next === undefined
        ? 0
        : (edgeSlot(dump, graph.nodeOfObject(object), graph.nodeOfObject(next)) & SLOT_MASK) * WORD - (start - address);
    const step: Step = { address: start, type: heap.types.type[object], slot, pointed };
    if (next !== undefined) pointed = memory.tryAddress(start + slot) ?? objects.addressOf(next);
    return step;
  });
  const env = { memory, types: runtime.types, layout: runtime.layout };
  const root = rootExpression(dump, description);
  const names = nameSteps(env, root.text, root.type, root.offset, steps, root.address);
  return {
    root: describeRoot(description),
    steps: path.map((object, i) => ({ ...nameObject(dump, object), expression: names[i] ?? hex(objects.addressOf(object)) })),
  };
}

/** Word of the first edge between two nodes (row of RootTable for owners). */
function edgeSlot(dump: Dump, from: number, to: number): number {
  const { referents, slots } = dump.heap.graph;
  for (let edge = referents.first[from]; edge < referents.first[from + 1]; edge++) if (referents.targets[edge] === to) return slots[edge];
  return 0;
}

function describeRoot(description: RootDescription): PathRoot {
  const { owner, frame, local, place, certain } = description;
  const base = { kind: owner.kind, certain };
  if (owner.goroutine === undefined) return { ...base, name: owner.name, ...(owner.kind === "global" ? { variable: owner.name } : {}) };
  const variable = local?.name ?? place;
  const named = { ...base, goroutine: owner.goroutine, variable };
  return frame
    ? { ...named, name: `${owner.name} ${frame.fn.name} ${variable}`, function: frame.fn.name }
    : { ...named, name: `${owner.name} ${variable}` };
}

interface RootExpression {
  readonly text: string;
  readonly type: number;
  readonly offset: number;
  readonly address: number;
}

/** The variable that holds the first pointer, as an expression with its type. */
function rootExpression(dump: Dump, description: RootDescription): RootExpression {
  const { owner, frame, local, slot } = description;
  if (owner.global) return globalExpression(dump, owner.global, slot);
  if (frame && local && slot !== NOT_AN_ADDRESS) {
    const address = frame.fp + local.offset;
    // "&x" is the pointer to x, which escaped.
    return { text: `g${owner.goroutine}.${frame.fn.name}.${local.name}`, type: local.type, offset: slot - address, address };
  }
  const where = frame ? `g${owner.goroutine}.${frame.fn.name}` : owner.goroutine === undefined ? owner.kind : `g${owner.goroutine}`;
  return { text: where, type: NONE, offset: 0, address: NONE };
}

/** Static data is named by the pointers that lead to it: main.global for what &Store{...} made. */
function globalExpression(dump: Dump, variable: StaticVariable, slot: number): RootExpression {
  if (!variable.via) return { text: variable.name, type: variable.type, offset: slot - variable.address, address: variable.address };
  const chain: StaticVariable[] = [];
  for (let at: StaticVariable | undefined = variable; at?.via; at = at.via.variable) chain.unshift(at);
  const first = chain[0].via?.variable as StaticVariable;
  const steps = chain.map(
    (each, i): Step => ({ address: each.address, type: each.type, slot: chain[i + 1]?.via?.offset ?? 0, pointed: each.address }),
  );
  const env = { memory: dump.process.memory, types: dump.runtime.types, layout: dump.runtime.layout };
  const names = nameSteps(env, first.name, first.type, chain[0].via?.offset ?? 0, steps, first.address);
  return { text: names.at(-1) ?? variable.name, type: variable.type, offset: slot - variable.address, address: variable.address };
}
