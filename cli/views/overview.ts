// The first look, part by part: the command prints them all, home shows each when its answer comes.
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import type { firstLook } from "../../src/query/first-look.js";
import type { memoryUse } from "../../src/query/memory-use.js";
import type { overview } from "../../src/query/overview.js";
import { formatBar, formatShare } from "../text/bytes.js";
import { escapeText } from "../text/escape.js";
import { formatPlace, formatReason } from "../text/goroutine-group.js";
import { type Page, proseWidth } from "../text/style.js";
import { cutText, formatTable, padText } from "../text/table.js";
import { wrapWords } from "../text/wrap.js";
import { storyOf } from "./death-story.js";
import { type SuspectJson, suspectText } from "./suspects.js";
import { type FindingText, leakText, waitText } from "./waits.js";

type Overview = ReturnType<typeof overview.run>;
type DominatorNode = Overview["topHolders"][number];
type Stalls = Pick<Overview, "waits" | "leaks" | "explanation">;
type StackGroup = Overview["topStacks"][number];
type LeakedGroup = Overview["leaks"][number];
type Suspect = Overview["topSuspects"][number];
type WaitFinding = Overview["waits"][number];
type HeapUse = Pick<Overview, "heap" | "topTypes">;
type FirstLook = ReturnType<typeof firstLook.run>;
type MemoryUse = ReturnType<typeof memoryUse.run>;

/** Columns of the labels at the left. */
const labelWidth = 12;
/** Columns of a bar of 100 per cent; types have half of it. */
const barWidth = 20;
/** Mappings and files named of a class. */
const MOST_PARTS = 3;
/** A build setting of more characters that is a list shows its first parts and how many there are. */
const LONGEST_SETTING = 60;

/** A label and its text, broken into lines that keep the label's column free and sizes whole. */
function entry(label: string, text: string, page: Page, most = Number.POSITIVE_INFINITY): string[] {
  if (text === "") return [];
  const room = proseWidth(page) - labelWidth;
  const lines = wrapWords(escapeText(text.trim()).split(/ (?!(?:B|[KMGT]iB)\b)/), room, "", "");
  // A cut is marked; what is left of a sentence would else be read as the whole.
  const shown = lines.length > most ? [...lines.slice(0, most - 1), `${lines[most - 1]} …`] : lines;
  return shown.map(
    (one, index) =>
      (index === 0 ? page.bold(padText(label, labelWidth)) : " ".repeat(labelWidth)) +
      cutText(one, Math.max(1, page.width - labelWidth), one.includes(" ") ? "end" : "start"),
  );
}

/** What killed it and where, in few lines however much a panic said. */
export function deathLines({ death }: FirstLook, page: Page): string[] {
  const place = death.origin ?? death.top;
  const where = place ? ` at ${place.file}:${place.line}` : "";
  const whole = entry("Death", `${death.summary}${where}`, page);
  const most = mostLines(page);
  const story = storyOf(death).flatMap((sentence) => entry("", sentence, page, most));
  if (whole.length <= most + 1) return [...whole, ...story];
  // A long message is cut in its middle: goroutine and place, at its end, are what the reader needs.
  const goroutine = / in goroutine [0-9]+ \([^\n]*\)$/.exec(death.summary)?.[0] ?? "";
  const said = death.summary.slice(0, death.summary.length - goroutine.length);
  return [...entry("Death", said, page, most - 1), ...entry("", `${goroutine}${where}`, page, 2), ...story];
}

/** Lines for one thing on a screen with room for many: more where they are short. */
const mostLines = (page: Page) => (page.width < 60 ? 5 : 3);

/** The program and how it ended. */
export function programLines({ program }: FirstLook, page: Page): string[] {
  const died = program.signal === null ? "no signal recorded" : `died of ${program.signal}`;
  return entry("Program", `${program.name}  pid ${program.pid}  ${died}`, page);
}

/** How it was started and what it was built from. */
export function buildLines({ program }: FirstLook, page: Page): string[] {
  const settings = Object.entries(program.buildSettings);
  // vcs.revision, vcs.time and vcs.modified say of which source it is: a line of their own. runtime/debug BuildSetting
  const vcs = settings.filter(([key]) => key.startsWith("vcs")).map(([key, value]) => `${key}=${value}`);
  const build = settings.filter(([key]) => !key.startsWith("vcs")).map(([key, value]) => `${key}=${shortened(value)}`);
  return [
    ...entry("Path", program.path, page),
    ...entry("Arguments", program.arguments, page),
    ...entry("Go", `${program.goVersion} linux/${program.arch}`, page),
    ...entry("Experiments", program.experiments.join(" "), page),
    ...entry("Module", program.module, page),
    ...entry("Source", vcs.join(" "), page),
    ...entry("Build", build.join(" "), page),
  ];
}

/** DefaultGODEBUG of an old module is a list of dozens; JSON has it whole. */
function shortened(value: string): string {
  const parts = value.split(",");
  if (value.length <= LONGEST_SETTING || parts.length < 3) return value;
  return `${parts.slice(0, 2).join(",")},… (${parts.length} in all)`;
}

/** The address space by what it is used for. */
export function memoryLines({ memory }: MemoryUse, page: Page): string[] {
  // Shares are of mapped bytes; what is only reserved costs address space and nothing else.
  const rows = memory.classes.map(({ name, bytes }) => [
    `  ${name}`,
    formatBytes(bytes),
    formatShare(bytes, memory.mappedBytes),
    formatBar(bytes, memory.mappedBytes, barWidth),
  ]);
  const columns = [{ title: "", cut: "end" }, { title: "", align: "right" }, { title: "", align: "right" }, { title: "" }] as const;
  // What is under one per cent is not worth a line.
  const others = memory.mappings.reduce((sum, each) => sum + each.bytes, 0);
  const reserved = memory.reservedBytes > 0 ? `, ${formatBytes(memory.reservedBytes)} more reserved without access` : "";
  return [
    ...entry("Memory", `${formatBytes(memory.mappedBytes)} mapped${reserved}`, page),
    ...formatTable(columns, rows, proseWidth(page)),
    ...(others < memory.mappedBytes / 100 ? [] : entry("  others", largest(memory.mappings), page)),
    ...entry("  files", largest(memory.files), page),
  ];
}

/** The largest of several, and what the rest comes to. */
function largest(parts: readonly { readonly name: string; readonly bytes: number; readonly count?: number }[]): string {
  const shown = parts.slice(0, MOST_PARTS);
  const rest = parts.slice(MOST_PARTS).reduce((sum, each) => sum + each.bytes, 0);
  const more = rest > 0 ? [`${formatCount(parts.length - MOST_PARTS)} more of ${formatBytes(rest)}`] : [];
  const nameOf = ({ name, bytes, count }: (typeof parts)[number]) =>
    count === undefined ? name : `${formatCount(count)} × ${name} of ${formatBytes(bytes / count)}`;
  return [...shown.map((each) => `${formatBytes(each.bytes)} ${nameOf(each)}`), ...more].join(", ");
}

/** Live and garbage. */
export function heapLines({ heap }: HeapUse, { stats }: Pick<MemoryUse, "stats">, page: Page): string[] {
  const rows = [
    ["  live", formatBytes(heap.liveBytes), heap.liveBytes, heap.liveObjects],
    ["  garbage", formatBytes(heap.garbageBytes), heap.garbageBytes, heap.garbageObjects],
  ] as const;
  const cells = rows.map(([name, size, bytes, objects]) => [
    name,
    size,
    formatShare(bytes, heap.allocatedBytes),
    counted(objects, "object"),
    formatBar(bytes, heap.allocatedBytes, barWidth),
  ]);
  const columns = [{ title: "" }, ...Array.from({ length: 3 }, () => ({ title: "", align: "right" as const })), { title: "" }];
  // By the runtime's own counters, and not from the spans: a core may have one without the other.
  const spans = stats
    ? `${formatBytes(stats.heapInuse)} in use, ${formatBytes(stats.heapIdle)} idle, of it ${formatBytes(stats.heapReleased)} released; stacks ${formatBytes(stats.stackInuse)}; from the system ${formatBytes(stats.sys)}`
    : "the runtime's statistics are not in the core";
  return [
    ...entry("Heap", `${formatBytes(heap.allocatedBytes)} allocated in ${counted(heap.allocatedObjects, "object")}`, page),
    ...formatTable(columns, cells, proseWidth(page)),
    ...entry("Typed", `${formatShare(heap.typedBytes, heap.liveBytes)} of the live bytes (guesses not counted)`, page),
    ...entry("Spans", spans, page),
  ];
}

/** The collector's state. */
export function gcLines({ gc }: MemoryUse, page: Page): string[] {
  if (!gc) return entry("GC", "its state is not in the core", page);
  // "next at" is the goal of GOGC; a memory limit may have it run earlier.
  const facts = [
    `phase ${gc.phase}`,
    counted(gc.cycles, "cycle"),
    `GOGC ${gc.gogc < 0 ? "off" : gc.gogc}`,
    `GOMEMLIMIT ${gc.memoryLimit === null ? "none" : formatBytes(gc.memoryLimit)}`,
    `next at ${formatBytes(gc.nextGoal)}`,
    gc.lastGcUnixNanoseconds === null ? "never ran" : `last ${formatTime(gc.lastGcUnixNanoseconds)}`,
  ];
  return entry("GC", facts.join(", "), page);
}

/** UTC to the millisecond; the number itself where no calendar has it. */
function formatTime(nanoseconds: string): string {
  const milliseconds = Number(nanoseconds) / 1e6;
  return Math.abs(milliseconds) < 8.64e15 ? new Date(milliseconds).toISOString() : nanoseconds;
}

/** Goroutines by status. */
export function goroutineLines({ goroutines }: FirstLook, page: Page): string[] {
  const byCount = Object.entries(goroutines.byStatus).sort(([, a], [, b]) => b - a);
  const parts = byCount.map(([status, count]) => `${formatCount(count)} ${status}`);
  return entry("Goroutines", [formatCount(goroutines.total), ...(parts.length > 0 ? [parts.join(", ")] : [])].join(": "), page);
}

/** What `overview --json` prints: findings as figures and in words, each with the line that shows more. */
export interface OverviewJson extends Omit<Overview, "topSuspects" | "waits" | "leaks"> {
  readonly waits: readonly (WaitFinding & FindingText)[];
  readonly leaks: readonly (LeakedGroup & FindingText)[];
  readonly topSuspects: readonly Pick<SuspectJson, "kind" | "title" | "bytes" | "rule" | "share" | "confidence" | "next">[];
}

/** @param paste makes a hint a line for a shell */
export function overviewJson(answer: Overview, paste: (hint: string) => string): OverviewJson {
  const worded = ({ title, next }: FindingText) => ({ title, next: paste(next) });
  return {
    ...answer,
    waits: answer.waits.map((each) => ({ ...each, ...worded(waitText(each)) })),
    leaks: answer.leaks.map((each) => ({ ...each, ...worded(leakText(each, answer.userGoroutines)) })),
    // Figures of a suspect are the answer to `suspects`; here it is an outline.
    topSuspects: answer.topSuspects.map((suspect) => {
      const { kind, title, next } = suspectText(suspect);
      const { bytes, rule, share, confidence } = suspect;
      return { kind, title, bytes, rule, share, confidence, next: paste(next) };
    }),
  };
}

/** One thing of the first screen that is wrong: its lines, and what it is about. */
export interface FoundPart {
  readonly lines: readonly string[];
  readonly found:
    | { readonly kind: "wait"; readonly of: WaitFinding }
    | { readonly kind: "leak"; readonly of: LeakedGroup }
    | { readonly kind: "suspect"; readonly of: Suspect }
    | { readonly kind: "none" };
  /** Words after `corescope` that show more; "" for none. */
  readonly next: string;
}

/** Findings that fit below the death: of what stalls the program, and of memory beside that or alone. */
const MOST_STALLS = 2;
const MOST_SUSPECTS = 3;
/** Lines of the first finding, which says what one came for, and of the others. */
const FIRST_LINES = 5;

/**
 * What explains the death first; memory that does not explain it has a heading of its own. Numbered through.
 * @param suspects  without those that the stalls have told of
 */
export function wrongParts(answer: Stalls & { readonly userGoroutines: number }, suspects: readonly Suspect[], page: Page): FoundPart[] {
  // What the stuck finalizer keeps is the same fault with its bytes.
  const backlog = suspects.find((each) => each.rule === "finalizer-backlog" && each.figures.stuck);
  const waits = answer.waits.filter((each) => !backlog || each.rule !== "stalled-finalizer");
  const suspectOf = (of: Suspect) => {
    const { title, next } = suspectText(of);
    return { title, next, kind: "suspect", of } as const;
  };
  const stalls = [
    ...waits.map((of) => ({ ...waitText(of), kind: "wait", of }) as const),
    ...answer.leaks.map((of) => ({ ...leakText(of, answer.userGoroutines), kind: "leak", of }) as const),
    ...(backlog && answer.explanation !== "memory" ? [suspectOf(backlog)] : []),
  ];
  const memory = suspects.filter((each) => each !== backlog || answer.explanation === "memory").map(suspectOf);
  if (answer.explanation === "memory") {
    const shown = memory.slice(0, stalls.length > 0 ? MOST_SUSPECTS - 1 : MOST_SUSPECTS);
    // Where all is as a program of that size may need it, nothing is accused.
    const isCalm = shown.length > 0 && shown.every(({ of }) => of.confidence === "low");
    const calm = isCalm ? [{ lines: [page.bold(NO_SIGN)], found: { kind: "none" }, next: "" } as const] : [];
    const parts = [
      ...calm,
      ...numbered(isCalm ? "" : "Suspects", shown, 0, page),
      ...numbered("Stalled", stalls.slice(0, 1), shown.length, page),
    ];
    return parts.length > 0 ? parts : [{ lines: entry("Suspects", "nothing stands out", page), found: { kind: "none" }, next: "" }];
  }
  const shown = stalls.slice(0, MOST_STALLS);
  const beside = memory.slice(0, stalls.length > 0 ? MOST_SUSPECTS - MOST_STALLS : MOST_SUSPECTS);
  const heading = { lines: [page.bold(NOT_THE_CAUSE)], found: { kind: "none" }, next: "" } as const;
  return [...numbered("Stalled", shown, 0, page), ...(beside.length > 0 ? [heading, ...numbered("", beside, shown.length, page)] : [])];
}

const NO_SIGN = "Memory, no sign of a fault";
const NOT_THE_CAUSE = "Memory, not what killed it";

/** @param before  findings above these */
function numbered(
  label: string,
  found: readonly (Exclude<FoundPart["found"], { kind: "none" }> & { readonly title: string; readonly next: string })[],
  before: number,
  page: Page,
): FoundPart[] {
  return found.map(({ title, next, ...what }, index) => {
    const most = index + before === 0 ? FIRST_LINES : mostLines(page);
    const text = entry(index === 0 ? label : " ", `${before + index + 1}. ${title}`, page, most);
    const more = " ".repeat(labelWidth + 3) + page.dim(`→ ${next.replace(/ ?\bCORE\b/, "")}`);
    return { lines: [...text, more], found: what, next };
  });
}

/** The most frequent stacks, a line each, in the state and at the place they have in common. */
export function stackLines(stacks: readonly StackGroup[], all: number, page: Page): string[] {
  if (stacks.length === 0) return [];
  const rows = stacks.map((group) => {
    const place = group.top ? `${group.top.function} ${formatPlace(group.top)}` : "";
    return cutText(
      escapeText(`  ${formatCount(group.count).padStart(6)}  ${formatReason(group)}  ${place}`),
      Math.max(40, page.width),
      "end",
    );
  });
  return [page.bold(`Stacks      of ${counted(all, "goroutine")}, the most frequent first`), ...rows];
}

/** Who holds most of the live heap, a line each. */
export function holderLines(holders: readonly DominatorNode[], liveBytes: number, page: Page): string[] {
  // Sizes end at one column, though these are no table.
  const wide = Math.max(0, ...holders.map((row) => formatBytes(row.retainedBytes).length));
  return holders.map((row, index) => {
    const name = row.owner ?? row.expression ?? `${row.count > 1 ? `${formatCount(row.count)} × ` : ""}${row.type}`;
    const share = formatShare(row.retainedBytes, liveBytes);
    const line = `${formatBytes(row.retainedBytes).padStart(wide)}  ${share.padStart(4)}  `;
    const room = proseWidth(page) - labelWidth - line.length;
    return page.bold(padText(index === 0 ? "Holders" : "", labelWidth)) + line + cutText(escapeText(name), Math.max(8, room), "start");
  });
}

/** The largest types, a title first. */
export function typeLines({ topTypes, heap }: HeapUse, page: Page): string[] {
  // A heap that could not be read has no types: a title over nothing helps nobody.
  if (topTypes.length === 0) return [];
  const rows = topTypes.map(({ type, count, bytes }) => [
    formatCount(count),
    formatBytes(bytes),
    formatShare(bytes, heap.liveBytes),
    formatBar(bytes, heap.liveBytes, barWidth / 2),
    type,
  ]);
  const columns = [
    { title: "count", align: "right" },
    { title: "bytes", align: "right" },
    { title: "share", align: "right" },
    { title: "" },
    { title: "live objects by type", cut: "start" },
  ] as const;
  const lines = formatTable(columns, rows, page.width);
  return [page.bold(lines[0]), ...lines.slice(1)];
}
