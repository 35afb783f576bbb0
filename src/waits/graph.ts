// Who waits for whom, as a graph, and who in it is stuck.
import type { Goroutine } from "../runtime/goroutines.js";
import type { RecordSource } from "../runtime/records/chain.js";
import { tryChannel } from "../runtime/records/channel.js";
import { endsOf, type Use } from "./calls.js";
import type { WaitGroup, WaitKind } from "./groups.js";
import type { Holder } from "./holders.js";
import type { Role } from "./sync.js";

/** Those who have to end these waits are known by what their code goes on to do; other waits anybody may end who can reach the object. */
const OWNED: ReadonlySet<WaitKind> = new Set(["mutex", "rwmutex", "waitgroup"]);

/** What some goroutines want of an object, and who could give it. Nodes of the graph: goroutines first, then these. */
export interface Want {
  readonly group: WaitGroup;
  readonly members: readonly number[];
  readonly holders: readonly { readonly node: number; readonly holder: Holder }[];
  /** What ends the wait for a channel or condition. */
  readonly ends: ReadonlySet<Use["operation"]>;
  /** The wait lasts while any of the holders is stuck, not only while all are: they hold a lock, or have to be counted down. */
  readonly any: boolean;
  /** Somebody who waits for nothing could end it, or something that is no goroutine. */
  readonly outside: boolean;
}

/** Goroutines that wait, and what they want: the nodes, in this order. */
export interface WaitGraph {
  readonly goroutines: readonly Goroutine[];
  readonly wants: readonly Want[];
}

/** @param holders  of each group, who could end its waits */
export function waitGraph(
  source: RecordSource,
  groups: readonly WaitGroup[],
  holders: ReadonlyMap<WaitGroup, readonly Holder[]>,
): WaitGraph {
  const nodes = new Map<Goroutine, number>();
  for (const { members } of groups) for (const { goroutine } of members) if (!nodes.has(goroutine)) nodes.set(goroutine, nodes.size);
  const wants = groups.flatMap((group) => {
    const byRole = new Map<string, { readonly role: Role; readonly operation: string; readonly members: number[] }>();
    for (const { goroutine, role, operation } of group.members) {
      const key = `${role} ${operation}`;
      const known = byRole.get(key) ?? { role, operation, members: [] };
      byRole.set(key, known);
      known.members.push(nodes.get(goroutine) as number);
    }
    return [...byRole.values()].map(({ role, operation, members }): Want => {
      const able = (holders.get(group) ?? []).filter((each) => keeps(role, each));
      const waiting = able.flatMap((holder) => {
        const node = nodes.get(holder.goroutine);
        return node === undefined ? [] : [{ node, holder }];
      });
      return {
        group,
        members,
        holders: waiting,
        ends: endsOf(operation),
        any: OWNED.has(group.kind),
        outside: waiting.length < able.length || (group.kind === "channel" && tryChannel(source, group.address)?.ofTimer === true),
      };
    });
  });
  return { goroutines: [...nodes.keys()], wants };
}

/** Whether a holder keeps a wait of this role: readers wait for a writer, a writer that is announced for readers. */
function keeps(role: Role, { mode }: Holder): boolean {
  if (role === "writer") return mode !== "write";
  return role === "reader" || role === "queued" ? mode !== "read" : true;
}

/** The greatest set of goroutines and wants that only members of the set could release; it shrinks when one is seen to be free. */
export class Stuck {
  private readonly graph: WaitGraph;
  /** [goroutines, then wants] */
  private readonly stuck: Uint8Array;
  /** By goroutine: the wants that it could give something to. */
  private readonly wantsOf: number[][];
  /** By want: holders that are still stuck. */
  private readonly left: number[];

  constructor(graph: WaitGraph) {
    const { goroutines, wants } = graph;
    const count = goroutines.length;
    this.graph = graph;
    this.stuck = new Uint8Array(count + wants.length).fill(1);
    this.wantsOf = goroutines.map(() => []);
    this.left = wants.map((want, at) => {
      for (const { node } of want.holders) this.wantsOf[node].push(at);
      return want.holders.length;
    });
    wants.forEach((want, at) => {
      // Who has a lock is not known, but somebody has; a channel that no stack leads to nobody may reach.
      if (want.any ? this.left[at] === 0 : want.outside) this.free(count + at);
    });
  }

  /** Whether a node is still thought to be stuck. */
  has(node: number): boolean {
    return this.stuck[node] === 1;
  }

  /** Takes a node out, and all that it could release. @returns the goroutines among them */
  free(first: number): number[] {
    const { goroutines, wants } = this.graph;
    const count = goroutines.length;
    const freed: number[] = [];
    const pending: number[] = [];
    const release = (node: number) => {
      if (this.stuck[node] === 0) return;
      this.stuck[node] = 0;
      pending.push(node);
    };
    release(first);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node >= count) {
        wants[node - count].members.forEach(release);
        continue;
      }
      freed.push(node);
      for (const at of this.wantsOf[node]) {
        this.left[at]--;
        // `any`: free only when no holder is stuck any more; otherwise a single one that is free can end the wait.
        if (this.left[at] === 0 || !wants[at].any) release(count + at);
      }
    }
    return freed;
  }
}
