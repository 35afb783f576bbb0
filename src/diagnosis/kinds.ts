// Accumulations that have a name of their own: finalizers, contexts, timers, channels, callbacks, pools.

import type { DominatorNode } from "../accounting/dominator-rows.js";
import { counted, formatCount, hex, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import { tryChannel } from "../runtime/records/channel.js";
import { CONTEXT, CONTEXTS, commonParent, contextsAmong } from "./contexts.js";
import type { Held } from "./members.js";
import { POOL, type Point } from "./points.js";

/** What a rule says of a point. */
export interface Special {
  readonly kind: string;
  /** Things of one cause: points with the same are one finding. */
  readonly cause?: string;
  /** Of what the title counts. */
  readonly count: number;
  readonly title: (size: string, count: number) => string;
  readonly facts: readonly string[];
  readonly weight: number;
}

const TIMER = /^(?:runtime\.time(?:Timer|Ticker)|runtime\.timer|time\.(?:Timer|Ticker))$/;
/** A list of callbacks, not a closure that happens to be held. */
const MANY = 100;

/** The first rule that knows the point. @param where the point's expression, a type where it has none */
export function specialOf(dump: Dump, point: Point, held: Held, where: string): Special | undefined {
  return (
    finalizers(dump, point) ??
    contexts(dump, point, held, where) ??
    timers(held) ??
    channel(dump, point, where) ??
    callbacks(dump, held, where) ??
    pool(point, where)
  );
}

function finalizers(dump: Dump, { row, above }: Point): Special | undefined {
  if (![...above, row].some((each) => each.type === "finalizer-queue" || each.type === "cleanup-queue")) return undefined;
  const place = runnerPlace(dump);
  return {
    kind: "finalizer backlog",
    cause: "finalizers",
    count: 1,
    title: (size) => `finalizers do not keep up: objects waiting for them hold ${size}${place}`,
    facts: [],
    weight: 4,
  };
}

/** Contexts of one parent hang in its map of children; with a deadline, also in their timers, and then nobody holds them alone. */
function contexts(dump: Dump, { row }: Point, held: Held, where: string): Special | undefined {
  const found = contextsAmong(held.members);
  // Sessions that each have a context are sessions.
  if (!found || !held.main || !(CONTEXT.test(held.main.type) || TIMER.test(held.main.type))) return undefined;
  const parent = commonParent(dump, found.contexts);
  const whose = parent === undefined ? "" : ` derived from ${parent}`;
  return {
    kind: CONTEXTS,
    cause: `contexts${whose}`,
    count: found.count,
    title: (size, count) => `${counted(count, "context")}${whose} were never cancelled and hold ${size}`,
    facts: row.expression === undefined && row.owner === undefined ? [] : [`they hang in ${where}`],
    weight: 3,
  };
}

function timers({ members, main }: Held): Special | undefined {
  const timer = main && TIMER.test(main.type) ? main : undefined;
  if (!timer) return undefined;
  const closure = members
    .filter((each) => each.type.startsWith("func "))
    .sort((a, b) => b.count - a.count)[0]
    ?.type.slice("func ".length);
  const maker = closure === undefined ? "" : ` by ${closure.replace(/\.func\d+(?:\.\d+)*$/, "")}`;
  return {
    kind: "timers never stopped",
    // Every P has timers of its own.
    cause: `timers${maker}`,
    count: timer.count,
    title: (size, count) => `${counted(count, "timer")} set${maker} are pending and hold ${size}`,
    facts: closure === undefined ? [] : [`most call ${closure}`],
    weight: 3,
  };
}

function channel(dump: Dump, { row, above }: Point, where: string): Special | undefined {
  const found = [row, above.at(-1)].find((each) => each?.type.startsWith("chan "));
  if (!found) return undefined;
  const { text, isFull } = channelState(dump, found);
  return {
    kind: "full channel",
    count: 1,
    title: (size) => `channel ${found.expression ?? where} holds ${size}: ${text}`,
    facts: [],
    weight: isFull ? 3 : 1,
  };
}

function callbacks(dump: Dump, { members, bytes }: Held, where: string): Special | undefined {
  const closures = members.filter((each) => each.type.startsWith("func ") && each.count > MANY).sort((a, b) => b.bytes - a.bytes)[0];
  if (!closures || closures.bytes <= bytes / 3) return undefined;
  const name = closures.type.slice("func ".length);
  const place = functionPlace(dump, name);
  return {
    kind: "callbacks",
    count: closures.count,
    title: (size, count) => `${where} holds ${counted(count, "callback")} of ${name}, which capture ${size}`,
    facts: place === "" ? [] : [`written at ${place}`],
    weight: 2.5,
  };
}

function pool({ row }: Point, where: string): Special | undefined {
  if (row.type !== POOL) return undefined;
  const name = where.replace(/\.(?:local|victim)$/, "");
  const victim = where.endsWith(".victim") ? ", unused since the last collection" : "";
  return { kind: "sync.Pool", count: 1, title: (size) => `sync.Pool ${name} keeps ${size}${victim}`, facts: [], weight: 1.2 };
}

/** Where the goroutine that runs finalizers or cleanups is stuck. */
function runnerPlace(dump: Dump): string {
  const { goroutines, functions } = dump.runtime;
  for (const goroutine of goroutines.all) {
    const started = functions.find(goroutine.startPc)?.name ?? "";
    if (!/^runtime\.(?:runfinq|runFinalizers|runCleanups|\(\*cleanupQueue\).*)$/.test(started)) continue;
    const frames = goroutine.unwound().frames.flatMap((frame) => functions.inlinedAt(frame.fn, frame.symbolPc));
    const own = frames.find((each) => !each.name.startsWith("runtime.") && !each.name.startsWith("reflect."));
    if (own)
      return `; the one running is stuck in ${own.name}, ${fileName(own.file)}:${own.line} [${goroutine.waitReason || goroutine.status}]`;
  }
  return "";
}

const fileName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function functionPlace(dump: Dump, name: string): string {
  const fn = dump.runtime.functions.byName(name);
  if (!fn) return "";
  const { file, line } = dump.runtime.functions.lineAt(fn, fn.entry);
  return line > 0 ? `${fileName(file)}:${line}` : "";
}

function channelState(dump: Dump, row: DominatorNode): { readonly text: string; readonly isFull: boolean } {
  const at = row.address === undefined ? undefined : parseAddress(row.address);
  const found = at === undefined ? undefined : tryChannel(dump.runtime, at);
  if (!found) return { text: "a channel", isFull: false };
  const { address, length, capacity, firstSender } = found;
  const isFull = length === capacity && capacity > 0;
  const facts = `${formatCount(length)} of ${formatCount(capacity)} buffered`;
  return { text: `${isFull ? "it is full, " : ""}${facts}${firstSender > 0 ? ", senders wait" : ""} (${hex(address)})`, isFull };
}
