// Rules about points of accumulation: some have a failure of their own, the others are large.
import { type AccumulationTree, ROW, type Row } from "../accounting/accumulation-tree.js";
import { type Bytes, hex, NONE, type NodeId, type ObjectId } from "../base/units.js";
import { tryChannel } from "../runtime/records/channel.js";
import type { Case } from "./case.js";
import { commonParent, contextsAmong } from "./contexts.js";
import type { Figures } from "./figures.js";
import { CONTEXT, FINALIZER_RUNNER, POOL, RUNNER_FRAME, RUNTIME_NAME, TIMER } from "./name-lists.js";
import { ownersOf } from "./owners.js";
import { objectOf, ownerOf } from "./points.js";
import type { Rule } from "./rule.js";
import { aboutPoint, expressionOf, type SeenPoint, whyNext } from "./seen-points.js";
import { FULL_CHANNEL, WEIGHT } from "./weights.js";

/** A list of callbacks, not a closure that happens to be held. */
const MANY_CALLBACKS = 100;
/** What the program can do nothing about is told from this share of the memory in use, and size, on. */
const ENORMOUS: { readonly share: number; readonly bytes: Bytes } = { share: 0.2, bytes: 64 * 2 ** 20 };
/** The part of a finding that one object has by itself. */
const NEARLY_ALL = 0.9;
const FUNCTION = "func ";

/** The queue of finalizers or cleanups holds what waits for them. */
export const finalizerBacklog: Rule<"point", "finalizer-backlog"> = {
  id: "finalizer-backlog",
  looksAt: "point",
  weight: WEIGHT["finalizer-backlog"],
  evidence(seen, from) {
    const { tree, point } = seen;
    // The queue may be the point itself, or stand above it: then what it holds is told under it.
    const kinds = [...point.above, point.row].map((row) => ownerOf(from.heap, tree, row)?.kind);
    if (!kinds.includes("finalizer-queue") && !kinds.includes("cleanup-queue")) return undefined;
    const stuck = stuckRunner(from);
    // Points of both queues become one finding.
    const queued = from.runtime.specials.filter(({ kind }) => kind === "finalizer-queue" || kind === "cleanup-queue").length;
    return { ...aboutPoint(from, seen), cause: "finalizers", figures: { queued, ...(stuck ? { stuck } : {}) } };
  },
};

/** Where the goroutine that runs finalizers or cleanups is stuck. */
function stuckRunner({ runtime: { goroutines, functions } }: Case): Figures["finalizer-backlog"]["stuck"] {
  for (const goroutine of goroutines.all) {
    if (!FINALIZER_RUNNER.test(functions.find(goroutine.startPc)?.name ?? "")) continue;
    const frames = goroutine.unwound().frames.flatMap((frame) => functions.inlinedAt(frame.fn, frame.symbolPc));
    const own = frames.find((each) => !RUNNER_FRAME.test(each.name));
    if (own) return { function: own.name, file: own.file, line: own.line, state: goroutine.waitReason || goroutine.status };
  }
  return undefined;
}

/** Contexts of one parent hang in its map of children; with a deadline, also in their timers, and then nobody holds them alone. */
export const contextsNeverCancelled: Rule<"point", "contexts-never-cancelled"> = {
  id: "contexts-never-cancelled",
  looksAt: "point",
  weight: WEIGHT["contexts-never-cancelled"],
  evidence(seen, from) {
    const { held, tree, point } = seen;
    const found = contextsAmong(held.members);
    // Sessions that each have a context are sessions.
    if (!found || !held.main || !(CONTEXT.test(held.main.type) || TIMER.test(held.main.type))) return undefined;
    const parent = commonParent(from, found.contexts);
    const isNamed = expressionOf(from, tree, point.row) !== undefined || tree.kind[point.row] === ROW.owner;
    const holder = isNamed && seen.name !== undefined ? { holder: seen.name } : {};
    return {
      ...aboutPoint(from, seen),
      cause: `contexts of ${parent}`,
      figures: { count: found.count, ...(parent === undefined ? {} : { parent }), ...holder },
    };
  },
};

/** Every P has timers of its own. */
export const timersNeverStopped: Rule<"point", "timers-never-stopped"> = {
  id: "timers-never-stopped",
  looksAt: "point",
  weight: WEIGHT["timers-never-stopped"],
  evidence(seen, from) {
    const { members, main } = seen.held;
    if (!main || !TIMER.test(main.type)) return undefined;
    const closures = members.filter((each) => each.type.startsWith(FUNCTION)).sort((a, b) => b.count - a.count);
    // Fewer than half of them are not what the finding is about. Of functions that capture nothing no object tells.
    const most = closures.find((each) => each.count * 2 >= main.count);
    const code = most?.type.slice(FUNCTION.length);
    // "main.serve.func1" was written in main.serve; who took a method's value, "main.(*search).expire-fm", it does not tell.
    const maker = code?.endsWith("-fm") ? undefined : code?.replace(/\.func\d+(?:\.\d+)*$/, "");
    const closure = code?.replace(/-fm$/, "");
    return {
      ...aboutPoint(from, seen),
      cause: `timers of ${maker ?? closure}`,
      figures: {
        count: main.count,
        ...(most === undefined || closure === undefined ? {} : { closure, calls: Math.min(most.count, main.count) }),
        ...(maker === undefined ? {} : { maker }),
      },
    };
  },
};

/** A channel with a buffer, or what hangs in it. */
export const fullChannel: Rule<"point", "full-channel"> = {
  id: "full-channel",
  looksAt: "point",
  weight: WEIGHT["full-channel"],
  evidence(seen, from) {
    const { tree, point } = seen;
    // The channel itself, or the value in its buffer whose row is right below the channel's.
    const row = [point.row, point.above.at(-1)].find((each) => each !== undefined && tree.label(each).startsWith("chan "));
    if (row === undefined) return undefined;
    const state = channelState(from, tree, row);
    return {
      ...aboutPoint(from, seen),
      figures: { channel: expressionOf(from, tree, row) ?? nameOr(seen), ...(state ? { state } : {}) },
      ...(state?.isFull ? { weight: FULL_CHANNEL } : {}),
    };
  },
};

/** How full a channel is; undefined where the row is not one channel, or its record is missing. */
function channelState({ heap, runtime }: Case, tree: AccumulationTree, row: Row): Figures["full-channel"]["state"] {
  const id = tree.kind[row] === ROW.object ? objectOf(heap, tree, row) : NONE;
  const found = id === NONE ? undefined : tryChannel(runtime, heap.objects.addressOf(id));
  if (!found) return undefined;
  const { address, length, capacity, firstSender } = found;
  const isFull = length === capacity && capacity > 0;
  return { address: hex(address), length, capacity, isFull, haveSendersToWait: firstSender > 0 };
}

/** Functions that were handed over to be called later. */
export const callbacks: Rule<"point", "callbacks"> = {
  id: "callbacks",
  looksAt: "point",
  weight: WEIGHT.callbacks,
  evidence(seen, from) {
    const { members, bytes } = seen.held;
    const closures = members.filter((each) => each.type.startsWith(FUNCTION) && each.count > MANY_CALLBACKS);
    const [largest] = closures.sort((a, b) => b.bytes - a.bytes);
    // A third of the bytes: less would be a list of something else that has callbacks too.
    if (!largest || largest.bytes <= bytes / 3) return undefined;
    const name = largest.type.slice(FUNCTION.length);
    const { functions } = from.runtime;
    const fn = functions.byName(name);
    const place = fn && functions.lineAt(fn, fn.entry);
    return {
      ...aboutPoint(from, seen),
      figures: {
        holder: nameOr(seen),
        count: largest.count,
        function: name,
        ...(place && place.line > 0 ? { file: place.file, line: place.line } : {}),
      },
    };
  },
};

/** Pools keep what was put back until two collections have passed: victim is what the last one left. sync/pool.go */
export const syncPool: Rule<"point", "sync-pool"> = {
  id: "sync-pool",
  looksAt: "point",
  weight: WEIGHT["sync-pool"],
  evidence(seen, from) {
    if (seen.type !== POOL) return undefined;
    const where = nameOr(seen);
    return {
      ...aboutPoint(from, seen),
      figures: { pool: where.replace(/\.(?:local|victim)$/, ""), isVictim: where.endsWith(".victim") },
    };
  },
};

/** Several objects of a type that nobody holds alone: the ways to them are asked. */
export const equalObjects: Rule<"point", "equal-objects"> = {
  id: "equal-objects",
  looksAt: "point",
  weight: WEIGHT["equal-objects"],
  evidence(seen, from) {
    const { tree, point, type, count, held } = seen;
    if (tree.kind[point.row] !== ROW.objects && tree.kind[point.row] !== ROW.owners) return undefined;
    if (isNegligible(from, seen)) return undefined;
    // A sample of them: their ways to roots say which owners share them.
    const nodes = (held.members[0]?.samples ?? []).map((id): NodeId => from.heap.graph.nodeOfObject(id));
    const { expression: _, ...subject } = aboutPoint(from, seen).subject;
    return {
      ...aboutPoint(from, seen),
      subject,
      next: whyNext(type),
      figures: { count, type, isRuntimes: isRuntimes(seen), owners: ownersOf(from, nodes) },
    };
  },
};

/** One object that takes the bytes itself. */
export const largeObject: Rule<"point", "large-object"> = {
  id: "large-object",
  looksAt: "point",
  weight: WEIGHT["large-object"],
  evidence(seen, from) {
    const { tree, point, type, held } = seen;
    if (!(tree.bytes[point.row] > held.bytes * NEARLY_ALL) || isNegligible(from, seen)) return undefined;
    const id: ObjectId = objectOf(from.heap, tree, point.row);
    const isBlock = id !== NONE && from.heap.objects.sizeOf(id) > held.bytes * NEARLY_ALL;
    return { ...aboutPoint(from, seen), figures: { holder: nameOr(seen), type, isRuntimes: isRuntimes(seen), isBlock } };
  },
};

/** What holds much, and is nothing else. */
export const accumulation: Rule<"point", "accumulation"> = {
  id: "accumulation",
  looksAt: "point",
  weight: WEIGHT.accumulation,
  evidence(seen, from) {
    const { tree, point, held, type } = seen;
    if (isNegligible(from, seen)) return undefined;
    // A global variable is what one expects, and is not mentioned; queues and stacks are.
    const kind = tree.kind[point.row] === ROW.owner ? ownerOf(from.heap, tree, point.row)?.kind : undefined;
    const goroutine = goroutineOf(from, seen);
    return {
      ...aboutPoint(from, seen),
      figures: {
        holder: nameOr(seen),
        isRuntimes: isRuntimes(seen),
        ...(expressionOf(from, tree, point.row) === undefined ? {} : { type }),
        ...(kind === undefined || kind === "global" ? {} : { ownerKind: kind }),
        ...(held.main ? { members: { count: held.main.count, type: held.main.type } } : {}),
        ...(goroutine ? { goroutine } : {}),
      },
    };
  },
};

/** The goroutine whose variable a point's name begins with. */
function goroutineOf({ heap, names }: Case, { tree, point, name }: SeenPoint): Figures["accumulation"]["goroutine"] {
  const { parent } = heap.tree;
  const { ownerCount } = heap.graph;
  const row = [point.row, ...point.above.toReversed()].find((each) => tree.kind[each] === ROW.object || tree.kind[each] === ROW.owner);
  let node = row === undefined ? 0 : tree.node[row];
  while (node > ownerCount) node = parent[node];
  const id = node > 0 ? heap.roots.owners[node - 1].goroutine : undefined;
  if (id === undefined || !name?.startsWith(`g${id}.`)) return undefined;
  const place = names.place(id);
  return place.function === "" ? undefined : { id, function: place.function, state: place.state };
}

/** What the point is called; by its type where it has no name. */
function nameOr({ name, type }: SeenPoint): string {
  return name ?? type;
}

/** Whether the runtime itself holds it: tracer, profiles, finalizers. */
function isRuntimes(seen: SeenPoint): boolean {
  return RUNTIME_NAME.test(nameOr(seen));
}

/** The runtime's own, and not enormous. */
function isNegligible(from: Case, seen: SeenPoint): boolean {
  const { bytes } = seen.held;
  return isRuntimes(seen) && (bytes < ENORMOUS.bytes || bytes / from.inUse < ENORMOUS.share);
}
