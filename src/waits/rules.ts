// The rules about waits: each looks at who waits for what and who has it, and returns figures or nothing. None reads the heap.
//
// What must not be told: main in select{}, workers that wait for work on a channel or a condition, servers in Accept, a lock that is
// held for a moment. So a wait is only told when who should end it is blocked himself, is not there, or lets many wait.
import { functionShape, signatureOf } from "../base/signature.js";
import { type Address, hex } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { type FrameRow, type GoroutineReader, stateOf } from "../stacks/goroutine-rows.js";
import { type ChainLink, Chains } from "./chains.js";
import type { Cycle } from "./cycles.js";
import type { WaitGroup, WaitKind } from "./groups.js";
import type { Holder } from "./holders.js";
import { MOST_TOLD } from "./limits.js";
import type { WaitName } from "./places.js";
import { stateOfObject } from "./state.js";
import type { WaitEvidence, WaitFinding, WaitLink, WaitRuleId, WaitThing, WaitWho } from "./wait-finding.js";

export type { WaitFinding, WaitThing, WaitWho } from "./wait-finding.js";

/** A lock for which so many wait is told though its holder runs. */
const MANY_BEHIND_A_RUNNER = 10;
/** So long nobody holds a lock who runs. */
const LONG_HELD = 1e9;
/** Senders that wait while a receiver is there: fewer are a queue that does its work. */
const MANY_SENDERS = 5;
/** Of senders that nobody is seen to serve; a single one may be served by what no stack shows. */
const SENDERS_ALONE = 2;

/** What the rules look at. */
export interface Waiting {
  readonly runtime: GoRuntime;
  readonly groups: readonly WaitGroup[];
  readonly holders: ReadonlyMap<WaitGroup, readonly Holder[]>;
  /** Goroutines that may be holders, but were not followed: then nobody can be said to be left to end a wait. */
  readonly unfollowed: number;
  readonly cycles: readonly Cycle[];
  readonly reader: GoroutineReader;
  readonly names: (group: WaitGroup) => WaitName;
  /** It died of "all goroutines are asleep - deadlock!". runtime/proc.go checkdead */
  readonly isAllAsleep: boolean;
}

interface WaitCase extends Waiting {
  readonly chains: Chains;
}

type Rule = (from: WaitCase) => readonly WaitEvidence<WaitRuleId>[];

/** Every finding about waits: circles first, then by the goroutines that cannot go on. */
export function judgeWaits(waiting: Waiting): readonly WaitFinding[] {
  const from = { ...waiting, chains: new Chains(waiting.groups, waiting.holders) };
  const user = from.runtime.goroutines.all.filter((each) => !each.system);
  const byId = new Map(user.map((each) => [each.id, each]));
  const found = RULES.flatMap((rule) => rule(from)).map(({ ids, ...rest }) => {
    const told = [...ids].flatMap((id) => byId.get(id) ?? []);
    const first = [...ids].sort((a, b) => a - b).slice(0, MOST_TOLD);
    const common = commonOf(from.reader, told);
    return {
      ...rest,
      signature: signatureOfWait(rest, common),
      goroutines: ids.size,
      ids: first,
      share: ids.size / Math.max(1, user.length),
      ...common,
    } as WaitFinding;
  });
  const isCircle = ({ rule }: WaitFinding) => (rule === "deadlock" ? 1 : 0);
  return found.sort((a, b) => isCircle(b) - isCircle(a) || b.goroutines - a.goroutines);
}

/** Of a circle by all who are in it, since none of them is the first; else by where most stand and who started them. */
function signatureOfWait(found: Omit<WaitEvidence<WaitRuleId>, "ids">, { at, createdBy }: Pick<WaitFinding, "at" | "createdBy">): string {
  const isCircle = (each: typeof found): each is Omit<WaitEvidence<"deadlock">, "ids"> => each.rule === "deadlock";
  const functions = isCircle(found)
    ? found.figures.steps.map(({ who }) => who.top?.function ?? "").sort()
    : [at?.function ?? "", createdBy?.function ?? ""];
  return signatureOf([found.rule, ...functions.map(functionShape)]);
}

/** Goroutines whose common place is looked for. */
const MOST_ASKED = 200;

/** What most of them have in common, and the longest wait. */
function commonOf(reader: GoroutineReader, goroutines: readonly Goroutine[]): Pick<WaitFinding, "at" | "createdBy" | "longestNanoseconds"> {
  const longest = goroutines.reduce((most, each) => Math.max(most, reader.waitOf(each) ?? -1), -1);
  const places = new Map<string, { readonly at: FrameRow; readonly first: Goroutine; count: number }>();
  for (const each of goroutines.slice(0, MOST_ASKED)) {
    const at = topOf(reader, each);
    if (!at) continue;
    const key = `${at.function} ${at.line}`;
    const known = places.get(key) ?? { at, first: each, count: 0 };
    places.set(key, known);
    known.count++;
  }
  const most = [...places.values()].reduce<{ at: FrameRow; first: Goroutine; count: number } | undefined>(
    (best, each) => (best && best.count >= each.count ? best : each),
    undefined,
  );
  const createdBy = most && reader.creatorOf(most.first);
  return {
    ...(most ? { at: most.at } : {}),
    ...(createdBy ? { createdBy } : {}),
    ...(longest >= 0 ? { longestNanoseconds: longest } : {}),
  };
}

const topOf = (reader: GoroutineReader, goroutine: Goroutine) => reader.topOf(reader.rowsOf(goroutine.unwound().frames.slice(0, 50)));

function whoOf({ reader }: WaitCase, goroutine: Goroutine): WaitWho {
  const top = topOf(reader, goroutine);
  const createdBy = reader.creatorOf(goroutine);
  const wait = reader.waitOf(goroutine);
  return {
    id: goroutine.id,
    state: stateOf(goroutine),
    ...(top ? { top } : {}),
    ...(createdBy ? { createdBy } : {}),
    ...(wait === undefined ? {} : { waitNanoseconds: wait }),
  };
}

function thingOf({ runtime, names }: WaitCase, group: WaitGroup): WaitThing {
  return { kind: group.kind, address: hex(group.address), name: names(group), state: stateOfObject(runtime, group) };
}

const linkOf = (from: WaitCase, { group, holder }: ChainLink): WaitLink => ({
  thing: thingOf(from, group),
  holder: whoOf(from, holder.goroutine),
  evidence: holder.evidence,
});

const idsOf = (group: WaitGroup) => group.members.map((each) => each.goroutine.id);
const isBlocked = ({ status }: Goroutine) => status === "waiting" || status === "leaked" || status === "syscall";

/** Of a circle through a channel that its holder only could reach: the lock on the way says more, who waits for whom in it is told by that. */
const isWeak = ({ goroutines }: Cycle) => goroutines.some(({ evidence }) => evidence === "reference");
const inCircles = ({ cycles }: WaitCase) => new Set(cycles.filter((each) => !isWeak(each)).flatMap((each) => each.involved));

/** Circles, with all who wait behind them. */
const deadlocks: Rule = (from) => {
  const byAddress = new Map<Address, WaitGroup>(from.groups.map((each) => [each.address, each]));
  const byId = new Map(from.runtime.goroutines.all.map((each) => [each.id, each]));
  return from.cycles.flatMap((cycle): WaitEvidence<"deadlock">[] => {
    if (isWeak(cycle)) return [];
    const steps = cycle.goroutines.flatMap(({ id, waitsFor, evidence }) => {
      const [goroutine, group] = [byId.get(id), byAddress.get(Number(waitsFor))];
      return goroutine && group ? [{ who: whoOf(from, goroutine), thing: thingOf(from, group), evidence }] : [];
    });
    if (steps.length === 0) return [];
    const involved = cycle.involved.flatMap((id) => byId.get(id) ?? []);
    const ids = new Set([...cycle.involved, ...from.chains.behind(involved)]);
    return [{ rule: "deadlock", certainty: cycle.certainty, ids, figures: { steps, involved: cycle.involved.length } }];
  });
};

/** Convoys, one for each last holder. */
const convoys: Rule = (from) => {
  const circles = inCircles(from);
  const byLast = new Map<Goroutine, readonly ChainLink[]>();
  for (const group of from.groups.filter((each) => each.kind === "mutex" || each.kind === "rwmutex")) {
    const chain = from.chains.from(group);
    const last = chain.at(-1)?.holder.goroutine;
    if (!last || chain.some(({ holder }) => circles.has(holder.goroutine.id))) continue;
    if (chain.length > (byLast.get(last)?.length ?? 0)) byLast.set(last, chain);
  }
  return [...byLast].flatMap(([last, chain]): WaitEvidence<"lock-convoy">[] => {
    const ids = from.chains.behind([last]);
    const longest = Math.max(...chain.flatMap(({ group }) => group.members.map((each) => from.reader.waitOf(each.goroutine) ?? 0)));
    if (isBlocked(last) ? ids.size < 2 && longest < LONG_HELD : ids.size < MANY_BEHIND_A_RUNNER && longest < LONG_HELD) return [];
    return [{ rule: "lock-convoy", certainty: "strong", ids, figures: { chain: chain.map((each) => linkOf(from, each)) } }];
  });
};

/** Locks that are held by nobody who is left, groups that nobody counts down any more. */
const nobodyLeft: Rule = (from) => {
  if (from.unfollowed > 0) return [];
  const circles = inCircles(from);
  const kinds: ReadonlySet<WaitKind> = new Set(["mutex", "rwmutex", "waitgroup"]);
  return from.groups.flatMap((group): WaitEvidence<"nobody-left">[] => {
    if (!kinds.has(group.kind) || from.chains.ownersOf(group).length > 0 || !isKept(from, group)) return [];
    const waiting = group.members.map((each) => each.goroutine);
    const ids = new Set([...idsOf(group), ...from.chains.behind(waiting)]);
    if (waiting.some(({ id }) => circles.has(id))) return [];
    return [{ rule: "nobody-left", certainty: "likely", ids, figures: { thing: thingOf(from, group) } }];
  });
};

/** Whether its state says that the wait goes on: a lock that was given back a moment ago has woken its next holder already. */
function isKept({ runtime }: WaitCase, group: WaitGroup): boolean {
  const state = stateOfObject(runtime, group);
  if (state?.kind === "mutex") return state.locked;
  if (state?.kind === "rwmutex") return state.writer === "holds" || state.readers > 0;
  return state?.kind === "waitgroup" && state.counter > 0;
}

/** Senders by the line they stand in: each may have a channel of its own. */
const senders: Rule = (from) => {
  const places = new Map<string, { readonly groups: Set<WaitGroup>; readonly ids: Set<number> }>();
  for (const group of from.groups) {
    if (group.kind !== "channel") continue;
    for (const { goroutine, operation, select } of group.members) {
      if (operation !== "send" || select) continue;
      const top = topOf(from.reader, goroutine);
      const key = top ? `${top.function} ${top.line}` : "";
      const known = places.get(key) ?? { groups: new Set(), ids: new Set() };
      places.set(key, known);
      known.groups.add(group);
      known.ids.add(goroutine.id);
    }
  }
  return [...places.values()].flatMap(({ groups, ids }): WaitEvidence<"blocked-senders">[] => {
    const receivers = new Map<number, Goroutine>();
    for (const group of groups)
      for (const { goroutine, operations } of from.holders.get(group) ?? [])
        if (operations.includes("receive")) receivers.set(goroutine.id, goroutine);
    const isTold = receivers.size === 0 ? ids.size >= SENDERS_ALONE && from.unfollowed === 0 : ids.size >= MANY_SENDERS;
    const [first] = groups;
    if (!isTold || !first) return [];
    const told = [...receivers.values()].slice(0, MOST_TOLD).map((each) => whoOf(from, each));
    return [
      {
        rule: "blocked-senders",
        certainty: receivers.size > 0 ? "strong" : "likely",
        ids,
        figures: { thing: thingOf(from, first), channels: groups.size, receivers: told, receiverCount: receivers.size },
      },
    ];
  });
};

/** By the line they stand in. */
const nilChannels: Rule = (from) => {
  const places = new Map<string, Set<number>>();
  for (const group of from.groups) {
    if (group.kind !== "nil channel") continue;
    for (const { goroutine } of group.members) {
      const top = topOf(from.reader, goroutine);
      const key = top ? `${top.function} ${top.line}` : "";
      places.set(key, (places.get(key) ?? new Set()).add(goroutine.id));
    }
  }
  return [...places.values()].map((ids): WaitEvidence<"nil-channel"> => ({ rule: "nil-channel", certainty: "strong", ids, figures: {} }));
};

/** Functions that the runtime runs finalizers and cleanups in. runtime/mfinal.go, mcleanup.go */
const RUNNERS: ReadonlySet<string> = new Set(["runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups"]);
/** Go 1.24 runs cleanups where it runs finalizers, in a closure of AddCleanup. */
const CLEANUP = /^runtime\.(?:runCleanups$|AddCleanup)/;

/** They are the program's while one of its functions runs in them. */
const stalledRunners: Rule = (from) =>
  from.runtime.goroutines.all.flatMap((goroutine): WaitEvidence<"stalled-finalizer">[] => {
    if (goroutine.system || !isBlocked(goroutine)) return [];
    const { frames } = goroutine.unwound();
    if (!frames.some((each) => RUNNERS.has(each.fn.name))) return [];
    const runs = from.reader.rowsOf(frames).some((each) => CLEANUP.test(each.function)) ? "cleanups" : "finalizers";
    const queue = frames.some((each) => each.fn.name === "runtime.runCleanups") ? "cleanup-queue" : "finalizer-queue";
    const queued = from.runtime.specials.filter((each) => each.kind === queue).length;
    const figures = { who: whoOf(from, goroutine), runs, queued } as const;
    return [{ rule: "stalled-finalizer", certainty: "strong", ids: new Set([goroutine.id]), figures }];
  });

/** Where goroutines stand that the runtime found asleep. */
const MOST_PLACES = 3;

/** The runtime's own verdict; which of them should have woken the others only the program knows, unless a circle tells. */
const allAsleep: Rule = (from) => {
  if (!from.isAllAsleep || inCircles(from).size > 0) return [];
  const places = new Map<string, { count: number; readonly first: Goroutine }>();
  const user = from.runtime.goroutines.all.filter((each) => !each.system && isBlocked(each));
  for (const goroutine of user) {
    const top = topOf(from.reader, goroutine);
    const key = `${top?.function} ${top?.line} ${goroutine.waitReason}`;
    const known = places.get(key) ?? { count: 0, first: goroutine };
    places.set(key, known);
    known.count++;
  }
  const told = [...places.values()].sort((a, b) => b.count - a.count).slice(0, MOST_PLACES);
  const figures = { places: told.map(({ count, first }) => ({ count, who: whoOf(from, first) })) };
  return user.length === 0 ? [] : [{ rule: "all-asleep", certainty: "strong", ids: new Set(user.map((each) => each.id)), figures }];
};

/** All of them; each speaks for itself. */
const RULES: readonly Rule[] = [deadlocks, convoys, nobodyLeft, senders, nilChannels, stalledRunners, allAsleep];
