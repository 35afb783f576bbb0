// Deadlocks: circles of goroutines that wait for each other.
import { type Hex, hex } from "../base/units.js";
import type { Dump } from "../dump.js";
import { cyclicComponents } from "../graph/components.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readFieldOr } from "../runtime/layout/layout.js";
import type { WaitGroup } from "./blocked-groups.js";
import type { Evidence, Holder } from "./blocked-holders.js";
import type { Role } from "./blocked-sync.js";
import type { FrameRow, GoroutineReader } from "./goroutine-rows.js";

const LOCKS = new Set(["mutex", "rwmutex", "waitgroup"]);

/** One goroutine of a circle: it waits for what the next one holds, or could send to. */
export interface CycleStep {
  readonly id: number;
  readonly waitsFor: Hex;
  readonly reason: string;
  readonly top?: FrameRow;
  /** Why the next goroutine of the circle is thought to hold it. */
  readonly why: string;
  readonly evidence: Evidence;
}

/** Goroutines none of which can go on before another of them does. */
export interface Cycle {
  /** A shortest circle: each waits for the next one, the last for the first. */
  readonly goroutines: readonly CycleStep[];
  /** All that are entangled in circles with these, ascending. */
  readonly involved: readonly number[];
  /**
   * "strong": only locks and groups, each holder by what its code still has to do. "possible": something that no stack shows, in the
   * heap or a global variable, might still end one of the waits.
   */
  readonly certainty: "strong" | "possible";
}

/** What some goroutines want of an object, and who could give it. Nodes of the graph: goroutines first, then these. */
interface Want {
  readonly group: WaitGroup;
  readonly members: number[];
  /** By the strongest evidence there is. */
  readonly holders: readonly { readonly node: number; readonly holder: Holder }[];
  /** The wait lasts while any of the holders is stuck, not only while all are: they hold a lock, or have to be counted down. */
  readonly any: boolean;
  /** Somebody who waits for nothing could end it, or something that is no goroutine. */
  readonly outside: boolean;
}

interface WaitGraph {
  readonly goroutines: readonly Goroutine[];
  readonly wants: readonly Want[];
}

/**
 * A goroutine is stuck when each thing it waits for (a select: several) can only be released by stuck goroutines: a lock or counter
 * when one of those who have to release it is stuck, a channel or condition when all who could use it are. Circles are the strongly
 * connected components among the stuck.
 */
export function findCycles(
  dump: Dump,
  groups: readonly WaitGroup[],
  holders: ReadonlyMap<WaitGroup, readonly Holder[]>,
  reader: GoroutineReader,
): Cycle[] {
  const graph = waitGraph(dump, groups, holders);
  const count = graph.goroutines.length;
  const stuck = findStuck(graph);
  const edges: number[][] = Array.from({ length: count + graph.wants.length }, () => []);
  graph.wants.forEach((want, at) => {
    if (!stuck[count + at]) return;
    for (const node of want.members) if (stuck[node]) edges[node].push(count + at);
    for (const { node } of want.holders) if (stuck[node]) edges[count + at].push(node);
  });
  return cyclicComponents(edges)
    .map((component) => describe(component, graph, edges, reader))
    .sort((a, b) => b.certainty.localeCompare(a.certainty) || (a.involved[0] ?? 0) - (b.involved[0] ?? 0));
}

function waitGraph(dump: Dump, groups: readonly WaitGroup[], holders: ReadonlyMap<WaitGroup, readonly Holder[]>): WaitGraph {
  const nodes = new Map<Goroutine, number>();
  for (const { members } of groups) for (const { goroutine } of members) if (!nodes.has(goroutine)) nodes.set(goroutine, nodes.size);
  const wants = groups.flatMap((group) => {
    const byRole = new Map<Role, number[]>();
    for (const { goroutine, role } of group.members) {
      const members = byRole.get(role) ?? [];
      byRole.set(role, members);
      members.push(nodes.get(goroutine) as number);
    }
    return [...byRole].map(([role, members]): Want => {
      const able = releasers(role, holders.get(group) ?? []);
      const waiting = able.flatMap((holder) => {
        const node = nodes.get(holder.goroutine);
        return node === undefined ? [] : [{ node, holder }];
      });
      return {
        group,
        members,
        holders: waiting,
        any: able.some((each) => each.evidence !== "reference"),
        outside: waiting.length < able.length || (group.kind === "channel" && isOfTimer(dump, group)),
      };
    });
  });
  return { goroutines: [...nodes.keys()], wants };
}

/** Those who keep a wait of this role, by the strongest evidence. */
function releasers(role: Role, holders: readonly Holder[]): readonly Holder[] {
  const able = holders.filter(({ mode }) => {
    if (role === "writer") return mode !== "write";
    return role === "reader" || role === "queued" ? mode !== "read" : true;
  });
  const strongest = able[0]?.evidence;
  return able.filter((each) => each.evidence === strongest);
}

function isOfTimer({ runtime, process: { memory } }: Dump, { address }: WaitGroup): boolean {
  const struct = runtime.layout.struct("hchan");
  return memory.tryBytes(address, struct.size) !== undefined && readFieldOr(memory, struct, address, "timer", 0) !== 0;
}

/** The greatest set of goroutines and wants that only members of the set could release. */
function findStuck({ goroutines, wants }: WaitGraph): Uint8Array {
  const count = goroutines.length;
  const stuck = new Uint8Array(count + wants.length).fill(1);
  const held: number[][] = goroutines.map(() => []);
  const left = wants.map((want, at) => {
    for (const { node } of want.holders) held[node].push(at);
    return want.holders.length;
  });
  const free: number[] = [];
  const release = (node: number) => {
    if (stuck[node]) free.push(node);
    stuck[node] = 0;
  };
  wants.forEach((want, at) => {
    if (left[at] === 0 || (want.outside && !want.any)) release(count + at);
  });
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    if (node >= count) wants[node - count].members.forEach(release);
    else
      for (const at of held[node]) {
        left[at]--;
        if (left[at] === 0 || !wants[at].any) release(count + at);
      }
  }
  return stuck;
}

function describe(
  component: readonly number[],
  { goroutines, wants }: WaitGraph,
  edges: readonly (readonly number[])[],
  reader: GoroutineReader,
): Cycle {
  const count = goroutines.length;
  const circle = shortestCircle(component, edges);
  const steps: CycleStep[] = [];
  for (let at = 0; at < circle.length; at += 2) {
    const goroutine = goroutines[circle[at]];
    const want = wants[circle[at + 1] - count];
    const next = circle[(at + 2) % circle.length];
    const { evidence, why } = (want.holders.find((each) => each.node === next) as Want["holders"][number]).holder;
    const top = reader.topOf(reader.rowsOf(goroutine.unwound().frames));
    steps.push({
      id: goroutine.id,
      waitsFor: hex(want.group.address),
      reason: goroutine.waitReason,
      ...(top ? { top } : {}),
      why,
      evidence,
    });
  }
  return {
    goroutines: steps,
    involved: component
      .filter((node) => node < count)
      .map((node) => goroutines[node].id)
      .sort((a, b) => a - b),
    certainty: component.every((node) => node < count || isStrong(wants[node - count])) ? "strong" : "possible",
  };
}

function isStrong({ group, holders, any }: Want): boolean {
  return any && LOCKS.has(group.kind) && holders.every(({ holder }) => holder.evidence !== "alone");
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
