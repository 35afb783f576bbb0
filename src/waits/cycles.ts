// Deadlocks: circles of goroutines that wait for each other.
import { type Hex, hex } from "../base/units.js";
import { cyclicComponents } from "../graph/components.js";
import type { RecordSource } from "../runtime/records/chain.js";
import type { FrameRow, GoroutineReader } from "../stacks/goroutine-rows.js";
import { Stuck, type WaitGraph, type Want, waitGraph } from "./graph.js";
import type { WaitGroup } from "./groups.js";
import type { Evidence, Holder } from "./holders.js";

/** Evidence of what was done before, rather than of what code still has to do. */
const PAST: ReadonlySet<Evidence> = new Set(["taken", "alone"]);
const LOCKS = new Set(["mutex", "rwmutex"]);

/** One goroutine of a circle: it waits for what the next one holds, or could send to. */
interface CycleStep {
  readonly id: number;
  readonly waitsFor: Hex;
  readonly reason: string;
  readonly top?: FrameRow;
  /** Why the next goroutine of the circle is thought to hold it, and how: as of a holder. */
  readonly evidence: Evidence;
  readonly mode?: Holder["mode"];
  readonly operations: Holder["operations"];
  readonly where: string;
}

/** Goroutines none of which can go on before another of them does. */
export interface Cycle {
  /** A shortest circle: each waits for the next one, the last for the first. */
  readonly goroutines: readonly CycleStep[];
  /** All that are entangled in circles with these, ascending. */
  readonly involved: readonly number[];
  /**
   * "strong": each lock and group has a holder by what its code still has to do, and nothing but goroutines of circles can reach the
   * channels and conditions. "possible": a channel or condition that others can reach, too, but of those who are seen to use it all
   * are stuck behind a lock; or a lock that its holder, who took it before, is not seen to release.
   */
  readonly certainty: "strong" | "possible";
}

/**
 * A goroutine is stuck when each thing it waits for (a select: several) can only be released by stuck goroutines: a lock or counter
 * when one of those who have to release it is stuck, a channel or condition when all who could use it are. Circles are the strongly
 * connected components among the stuck.
 * @param prove frees those that others can reach; false when nothing can be proved: proof.ts
 */
export function findCycles(
  source: RecordSource,
  groups: readonly WaitGroup[],
  holders: ReadonlyMap<WaitGroup, readonly Holder[]>,
  reader: GoroutineReader,
  prove: (graph: WaitGraph, stuck: Stuck) => boolean,
): Cycle[] {
  const graph = waitGraph(source, groups, holders);
  const stuck = new Stuck(graph);
  const supposed = circlesOf(graph, stuck);
  const isProved = supposed.components.every((each) => wantsOf(graph, each).every((want) => want.any)) || prove(graph, stuck);
  const certain = isProved ? circlesOf(graph, stuck) : { components: [], edges: [] };
  const known = new Set(certain.components.flat());
  const possible = supposed.components.filter((each) => !each.some((node) => known.has(node)) && isLikely(graph, each));
  return [
    ...certain.components.map((each) => describe(each, graph, certain.edges, reader, isOfThePast(graph, each) ? "possible" : "strong")),
    ...possible.map((each) => describe(each, graph, supposed.edges, reader, "possible")),
  ].sort((a, b) => b.certainty.localeCompare(a.certainty) || (a.involved[0] ?? 0) - (b.involved[0] ?? 0));
}

/**
 * Edges from a stuck goroutine to what it wants, and from there to those who could give it; components of more than one node, or with a
 * loop.
 * @returns edges by node, goroutines first, and the components as lists of nodes
 */
function circlesOf({ wants, goroutines }: WaitGraph, stuck: Stuck) {
  const count = goroutines.length;
  const edges: number[][] = Array.from({ length: count + wants.length }, () => []);
  wants.forEach((want, at) => {
    if (!stuck.has(count + at)) return;
    for (const node of want.members) if (stuck.has(node)) edges[node].push(count + at);
    for (const { node } of want.holders) if (stuck.has(node)) edges[count + at].push(node);
  });
  return { edges, components: cyclicComponents(edges) };
}

/** All that the goroutines of a circle wait for, in the circle or beside it. */
function wantsOf({ goroutines, wants }: WaitGraph, component: readonly number[]): readonly Want[] {
  const inside = new Set(component.filter((node) => node < goroutines.length));
  return wants.filter((want) => want.members.some((node) => inside.has(node)));
}

/** A lock that nobody is seen to release: who has it is told by what happened before. */
function isOfThePast({ goroutines, wants }: WaitGraph, component: readonly number[]): boolean {
  return component.some((node) => wants[node - goroutines.length]?.holders.some(({ holder }) => PAST.has(holder.evidence)));
}

/** Somebody waits for a lock, and all of the channels have a partner in the circle who would go on to use them. */
function isLikely(graph: WaitGraph, component: readonly number[]): boolean {
  const inside = new Set(component);
  const waits = wantsOf(graph, component);
  const hasPartner = (want: Want) =>
    want.holders.some(({ node, holder }) => inside.has(node) && holder.operations.some((each) => want.ends.has(each)));
  return waits.some(({ group }) => LOCKS.has(group.kind)) && waits.every((want) => want.any || hasPartner(want));
}

/** A circle as plain data: its steps are the shortest way round. */
function describe(
  component: readonly number[],
  { goroutines, wants }: WaitGraph,
  edges: readonly (readonly number[])[],
  reader: GoroutineReader,
  certainty: Cycle["certainty"],
): Cycle {
  const count = goroutines.length;
  const circle = shortestCircle(component, edges);
  const steps: CycleStep[] = [];
  for (let at = 0; at < circle.length; at += 2) {
    const goroutine = goroutines[circle[at]];
    const want = wants[circle[at + 1] - count];
    const next = circle[(at + 2) % circle.length];
    const { evidence, mode, operations, where } = (want.holders.find((each) => each.node === next) as Want["holders"][number]).holder;
    const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames));
    steps.push({
      id: goroutine.id,
      waitsFor: hex(want.group.address),
      reason: goroutine.waitReason,
      ...(top ? { top } : {}),
      evidence,
      ...(mode === undefined ? {} : { mode }),
      operations,
      where,
    });
  }
  return {
    goroutines: steps,
    involved: component
      .filter((node) => node < count)
      .map((node) => goroutines[node].id)
      .sort((a, b) => a - b),
    certainty,
  };
}

/** From its first goroutine back to it, the shortest way: goroutine, want, goroutine, want... */
function shortestCircle(component: readonly number[], edges: readonly (readonly number[])[]): number[] {
  const start = component.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
  const inside = new Set(component);
  const parent = new Map<number, number>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    for (const to of edges[queue[head]]) {
      if (to === start) {
        const path: number[] = [];
        for (let at: number | undefined = queue[head]; at !== undefined; at = parent.get(at)) path.push(at);
        return path.reverse();
      }
      if (!inside.has(to) || parent.has(to)) continue;
      parent.set(to, queue[head]);
      queue.push(to);
    }
  }
  return [];
}
