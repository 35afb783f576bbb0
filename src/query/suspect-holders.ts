// Where live bytes pile up: the variables, containers and queues whose children hold much.
import { type Bytes, counted, formatBytes, formatCount, hex, NONE, type ObjectId, parseAddress, type TypeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { readField } from "../runtime/layout/layout.js";
import { type DominatorNode, dominatorTree } from "./dominator-rows.js";
import { goroutinePlace } from "./goroutine-place.js";
import { mergePaths } from "./merged-paths.js";
import type { Suspect } from "./suspect.js";
import { describeMembers, type Habits } from "./suspect-habits.js";
import { sampleMembers } from "./suspect-members.js";

/** A point holds at least this part of the live bytes by itself. */
const LEAST_SHARE = 0.05;
const DEPTH = 24;
const MOST_POINTS = 24;

/** What a sync.Pool keeps its values in, one a P. */
const POOL = "[]sync.poolLocal";

/** A row whose children hold much, with the rows above it. */
interface Point {
  readonly row: DominatorNode;
  readonly above: readonly DominatorNode[];
  /** What it holds less what its own points hold. */
  readonly bytes: Bytes;
}

/** Points of accumulation: every byte belongs to the innermost one. */
export function holderSuspects(dump: Dump, whole: Bytes): Suspect[] {
  const { liveBytes } = dump.heap;
  const root = dominatorTree(dump, 0, { depth: DEPTH, min: Math.max(1, liveBytes / 200), group: "none", top: 0 });
  const points: Point[] = [];
  for (const child of root.children ?? []) collect(child, [], liveBytes * LEAST_SHARE, points);
  const largest = points.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_POINTS);
  const members = sampleMembers(
    dump,
    largest.map((point) => point.row),
  );
  return largest.flatMap((point, index) => describe(dump, point, (type) => members(index, type), whole));
}

function collect(row: DominatorNode, above: readonly DominatorNode[], least: Bytes, points: Point[]): Bytes {
  // A type that comes back is a list of several types: its first element stands for all.
  const isLoop =
    row.address !== undefined && above.some((each) => each.address !== undefined && each.type === row.type && each.type !== "unknown");
  if (
    isLoop ||
    row.retainedBytes < least ||
    row.type.startsWith("(smaller") ||
    row.type === "goroutine" ||
    row.type.startsWith("goroutine ")
  )
    return 0;
  let taken = 0;
  // Rows of several are what a container holds, not holders themselves.
  for (const child of row.type === POOL ? [] : (row.children ?? []))
    if (child.count === 1 && !child.type.startsWith("(")) taken += collect(child, [...above, row], least, points);
  const bytes = row.retainedBytes - taken;
  if (bytes < least) return taken;
  points.push({ row, above, bytes });
  return row.retainedBytes;
}

function describe(dump: Dump, point: Point, membersOf: (type: TypeId) => readonly ObjectId[], whole: Bytes): Suspect[] {
  const { row, above, bytes } = point;
  const { liveBytes } = dump.heap;
  const top = above[0] ?? row;
  if (top.type === "register") return [];
  const expression = row.expression ?? row.owner ?? above.findLast((each) => each.expression ?? each.owner)?.expression ?? top.owner;
  // Of several objects held by nobody alone the paths to them are asked.
  const shared = row.owner === undefined && row.address === undefined;
  const habits = describeMembers(dump, row, above, membersOf);
  const held = (row.children ?? []).filter((child) => !child.type.startsWith("(")).slice(0, 2);
  const share = `${Math.round((bytes / liveBytes) * 100)}% of the live heap`;
  const size = `${formatBytes(bytes)} (${share})`;
  const what = `${formatCount(row.count)} × ${row.type}`;
  const evidence = [
    ...held.map((child) => `${formatBytes(child.retainedBytes)}: ${formatCount(child.count)} × ${deepName(child)}`),
    ...habits.evidence,
  ];
  const where = expression ?? row.type;
  const special = specialKind(dump, point, where, size, habits);
  if (special) {
    return [
      {
        ...special,
        bytes,
        share: bytes / whole,
        evidence: [...evidence, ...special.evidence],
        next: `dominators CORE '${where}'`,
        expression: where,
        score: (bytes / whole) * special.weight * habits.weight,
      },
    ];
  }
  if (shared) {
    const example = parseAddress(row.example ?? "");
    const id = example === undefined ? NONE : dump.heap.objects.find(example);
    const owners = id === NONE || row.count > 2_000_000 ? [] : holdersOf(dump, row.type);
    return [
      {
        kind: "equal objects",
        title: `${what} hold ${size}, reached from several owners${owners.length > 0 ? `: ${owners.join(", ")}` : ""}`,
        bytes,
        share: bytes / whole,
        evidence,
        next: `why CORE --type '^${row.type.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$' --merge`,
        score: (bytes / whole) * 0.8 * habits.weight,
      },
    ];
  }
  const own = row.bytes > bytes * 0.9;
  const members = held[0] && held[0].count > 1 ? `${formatCount(held[0].count)} × ${held[0].type}` : "";
  const title = own
    ? `${where} is one block of ${size}, ${row.type}`
    : `${where}${row.owner === undefined || row.type === "global" ? "" : ` (${row.type})`} holds ${size}${members === "" ? "" : `: ${members}`}${goroutineOf(dump, where)}`;
  return [
    {
      kind: own ? "large object" : "accumulation",
      title,
      bytes,
      share: bytes / whole,
      evidence: row.expression === undefined ? evidence : [`a ${row.type}`, ...evidence],
      expression: where,
      next: `dominators CORE '${where}'`,
      score: (bytes / whole) * (own ? 0.5 : 1) * habits.weight,
    },
  ];
}

/** Where the goroutine is that an expression begins with: "; goroutine 7 is in main.write [sleep]". */
function goroutineOf(dump: Dump, expression: string): string {
  const id = /^g(\d+)\./.exec(expression)?.[1];
  if (id === undefined) return "";
  const place = goroutinePlace(dump, Number(id));
  return place.function === "" ? "" : `; goroutine ${id} is in ${place.function} [${place.state}]`;
}

/** A row with what its members hold most: "main.entry > []uint8". */
function deepName(row: DominatorNode): string {
  const inner = (row.children ?? []).find(
    (child) => child.count > 1 && !child.type.startsWith("(") && child.retainedBytes > row.retainedBytes / 3,
  );
  return inner ? `${row.type}, each with ${inner.type}` : row.type;
}

/** Names of the owners of most objects of a type. */
function holdersOf(dump: Dump, type: string): readonly string[] {
  const { objects, types } = dump.heap;
  function* ids(): Iterable<number> {
    for (let id = 0; id < objects.count; id++) {
      const known = types.type[id];
      if (known !== NONE && dump.heap.isLive(id) && dump.runtime.types.get(known).name === type) yield id;
    }
  }
  return mergePaths(dump, ids())
    .slice(0, 3)
    .map((each) => each.owner ?? each.type);
}

interface Special {
  readonly kind: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly weight: number;
}

/** Failures that have a name of their own: contexts, timers, full channels, callbacks, finalizers, pools. */
function specialKind(dump: Dump, { row, above }: Point, where: string, size: string, habits: Habits): Special | undefined {
  const chain = [...above, row];
  const members = (row.children ?? []).filter((child) => !child.type.startsWith("("));
  const names = [...members, ...members.flatMap((child) => child.children ?? [])];
  const rest = { evidence: [] };
  if (chain.some((each) => each.type === "finalizer-queue" || each.type === "cleanup-queue")) {
    return {
      kind: "finalizer backlog",
      title: `finalizers do not keep up: objects waiting for them hold ${size}${runnerPlace(dump)}`,
      ...rest,
      weight: 4,
    };
  }
  if (members.some((child) => /^context\./.test(child.type) && child.count > 100) || /^context\./.test(row.type)) {
    const count = names.filter((each) => /^context\.\w*[cC]tx$/.test(each.type)).reduce((most, each) => Math.max(most, each.count), 0);
    const parent = where.replace(/\.\(\*context\.\w+\)/g, "").replace(/\.children$/, "");
    return {
      kind: "contexts never cancelled",
      title: `${counted(count, "context")} derived from ${parent} were never cancelled and hold ${size}`,
      evidence: [`they hang in ${where}`],
      weight: 3,
    };
  }
  const timer = names.find((each) => /^(?:runtime\.time(?:Timer|Ticker)|runtime\.timer|time\.(?:Timer|Ticker))$/.test(each.type));
  if (timer) {
    const closure = habits.functions[0];
    const maker = closure === undefined ? "" : ` by ${closure.replace(/\.func\d+(?:\.\d+)*$/, "")}`;
    return {
      kind: "timers never stopped",
      title: `${counted(timer.count, "timer")} set${maker} are pending and hold ${size}`,
      evidence: closure === undefined ? [] : [`most call ${closure}`],
      weight: 3,
    };
  }
  const channel = [row, above.at(-1)].find((each) => each?.type.startsWith("hchan<"));
  if (channel) {
    const { text, isFull } = channelState(dump, channel);
    return {
      kind: "full channel",
      title: `channel ${channel.expression ?? where} holds ${size}: ${text}`,
      ...rest,
      weight: isFull ? 3 : 1,
    };
  }
  const closures = members
    .filter((child) => child.type.startsWith("func ") && child.count > 100)
    .sort((a, b) => b.retainedBytes - a.retainedBytes);
  if (closures[0] && closures[0].retainedBytes > row.retainedBytes / 3) {
    const name = closures[0].type.slice("func ".length);
    const place = functionPlace(dump, name);
    return {
      kind: "callbacks",
      title: `${where} holds ${counted(closures[0].count, "callback")} of ${name}, which capture ${size}`,
      evidence: place === "" ? [] : [`written at ${place}`],
      weight: 2.5,
    };
  }
  if (row.type === POOL) {
    const pool = where.replace(/\.(?:local|victim)$/, "");
    const victim = where.endsWith(".victim") ? ", unused since the last collection" : "";
    return { kind: "sync.Pool", title: `sync.Pool ${pool} keeps ${size}${victim}`, evidence: pooled(row), weight: 1.2 };
  }
  return undefined;
}

/** What the values of a pool are. */
function pooled(row: DominatorNode): readonly string[] {
  const counts = new Map<string, number>();
  const add = (each: DominatorNode): void => {
    if (!/^\(|sync\.(?:pool|eface)/.test(each.type)) counts.set(each.type, (counts.get(each.type) ?? 0) + each.count);
    else (each.children ?? []).forEach(add);
  };
  add(row);
  return [...counts].slice(0, 3).map(([type, count]) => `${formatCount(count)} × ${type}`);
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
  const address = row.address === undefined ? undefined : parseAddress(row.address);
  const memory = dump.process.memory;
  const struct = dump.runtime.layout.struct("hchan");
  if (address === undefined || !memory.tryBytes(address, struct.size)) return { text: "a channel", isFull: false };
  const length = readField(memory, struct, address, "qcount");
  const capacity = readField(memory, struct, address, "dataqsiz");
  const senders = readField(memory, struct, address, "sendq.first") !== 0;
  const isFull = length === capacity && capacity > 0;
  const facts = `${formatCount(length)} of ${formatCount(capacity)} buffered`;
  return { text: `${isFull ? "it is full, " : ""}${facts}${senders ? ", senders wait" : ""} (${hex(address)})`, isFull };
}
