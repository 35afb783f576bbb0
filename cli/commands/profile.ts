// The profiles that the program kept of itself, as tables of stacks or of places.
//
//      in use  objects   allocated  objects  kept  allocated in
//    12.3 MiB      120   400.2 MiB    4,020    3%  main.(*Store).add  order.go:88
//       main.newLine  order.go:95 (inlined)
//       main.(*Store).add  order.go:88
import { UsageError } from "../../src/base/errors.js";
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import { type NoProfileReason, type ProfileOrder, profile } from "../../src/query/profile.js";
import { optionChoice, optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { type Page, proseWidth } from "../text/style.js";
import { truncationLine } from "../text/table.js";
import { wrapText } from "../text/wrap.js";
import { delayText, heapColumns, profileTable, waitColumns } from "../views/profile.js";

type Answer = ReturnType<typeof profile.run>;
type Kind = Answer["kind"];
type Found = Extract<Answer, { found: true }>;

/** What rows may be sorted by, the first when nothing is said. */
const ORDERS: Readonly<Record<Kind, readonly [ProfileOrder, ...ProfileOrder[]]>> = {
  heap: ["inuse-bytes", "inuse-objects", "alloc-bytes", "alloc-objects"],
  block: ["delay", "contentions"],
  mutex: ["delay", "contentions"],
};

/** `corescope profile`: where memory was allocated, where goroutines waited. */
export const profileCommand = defineCommand({
  name: "profile",
  query: profile,
  operands: [{ name: "<kind>", help: "heap, block or mutex" }],
  options: [
    { flags: "--by <what>", help: "stack; site: the program's function and line (default: stack)" },
    { flags: "--sort <column>", help: "inuse-bytes, inuse-objects, alloc-bytes, alloc-objects; of block and mutex: delay, contentions" },
    { flags: "--now", help: "of the heap: all until the end; otherwise what runtime/pprof would have written, the state of a collection" },
  ],
  examples: [
    { line: "profile core heap", asks: "Who allocated what is in use?" },
    { line: "profile core heap --by site --now", asks: "Which lines of the program, until the last moment?" },
    { line: "profile core heap --sort alloc-objects --top 5", asks: "Who allocates most, whether or not it is freed?" },
    { line: "profile core block", asks: "Where did goroutines wait?" },
    { line: "profile core mutex --json", asks: "Who made others wait for a lock, for a program?" },
  ],
  args([word], options) {
    const kind = (["heap", "block", "mutex"] as const).find((each) => each === word);
    if (kind === undefined) throw new UsageError(`${word}: not one of heap, block, mutex`, "for example: corescope profile CORE heap");
    if (options.now === true && kind !== "heap")
      throw new UsageError(`--now goes with heap: a ${kind} profile is always of the end`, `for example: corescope profile CORE ${kind}`);
    return {
      kind,
      by: optionChoice(options, "by", ["stack", "site"]),
      ...(options.now === true ? { now: true } : {}),
      ...(optionText(options, "sort") === undefined ? {} : { sort: optionChoice(options, "sort", ORDERS[kind]) }),
      top: optionTop(options),
    };
  },
  text(answer, page) {
    if (!answer.found) return wrapText(REASONS[answer.kind][answer.reason], proseWidth(page), "");
    const { rows, total } = answer;
    const cut = truncationLine(rows.length, total.rows, "row");
    const table =
      answer.kind === "heap" ? profileTable(heapColumns, answer.rows, page) : profileTable(waitColumns(answer), answer.rows, page);
    return [...table, "", ...summary(answer, page), ...(cut ? [cut] : [])];
  },
  isNo: ({ found }) => !found,
  next: (answer) => (answer.found && answer.rows[0]?.frames ? [`profile CORE ${answer.kind} --by site`] : []),
});

/** What all rows add up to, and what the numbers are. */
function summary(answer: Found, page: Page): string[] {
  const lines = answer.kind === "heap" ? heapSummary(answer) : waitSummary(answer);
  return lines.flatMap((line, i) => wrapText(line, proseWidth(page), "").map((each) => (i === 0 ? each : page.dim(each))));
}

function heapSummary({ rate, now, total, later }: Extract<Found, { kind: "heap" }>): string[] {
  const { inuseBytes, inuseObjects, allocBytes, allocObjects, sampled } = total;
  const every = rate > 1 ? `, estimated from ${formatCount(sampled.inuse)} and ${counted(sampled.allocs, "sampled object")}` : "";
  const state = now
    ? "until the end"
    : `as runtime/pprof would have written it: the state at the end of a collection${later.objects > 0 ? "" : ", and nothing was sampled since"}`;
  return [
    `${formatBytes(inuseBytes)} in ${counted(inuseObjects, "object")} in use of ${formatBytes(allocBytes)} in ${counted(allocObjects, "object")} allocated${every}`,
    state,
    ...(!now && later.objects > 0 ? [`allocated since: ${formatBytes(later.bytes)} in ${counted(later.objects, "object")} (--now)`] : []),
    rateText(rate),
  ];
}

/** How exact the numbers are. */
function rateText(rate: number): string {
  if (rate === 1) return "MemProfileRate is 1: every object was counted";
  if (rate <= 0) return "MemProfileRate is 0: nothing was sampled any more when the program ended, and the numbers are not scaled";
  return `MemProfileRate is ${formatCount(rate)}: one sample in about ${formatBytes(rate)} allocated; sites that allocate little may be missing`;
}

function waitSummary(answer: Extract<Found, { kind: "block" | "mutex" }>): string[] {
  const { kind, rate, total, ticksPerSecond } = answer;
  const off = kind === "block" ? "SetBlockProfileRate" : "SetMutexProfileFraction";
  return [
    `${delayText(total)} in ${counted(total.contentions, "event")}`,
    ...(rate === 0 ? [`the profile was off when the program ended: ${off} was set to 0`] : []),
    ...(kind === "mutex" && rate > 1 ? [`one event in ${formatCount(rate)} was counted: the numbers are estimates`] : []),
    ...(kind === "block" && rate > 1
      ? ["what blocked for less than the rate was counted by chance, and by its probability: the numbers are estimates"]
      : []),
    ...(ticksPerSecond === undefined
      ? ["how long a tick of the processor's counter took the core does not tell: delays are in ticks"]
      : []),
  ];
}

/** Why there is no profile, and what would make one. */
const REASONS: Readonly<Record<Kind, Readonly<Record<NoProfileReason, string>>>> = {
  heap: {
    "not-linked":
      "no heap profile: nothing in this program asks for it, so the linker turned it off. A program that imports runtime/pprof (or net/http/pprof) and writes its heap profile somewhere keeps one.",
    "never-on": "no heap profile",
    "rate-zero": "no heap profile: runtime.MemProfileRate is 0",
    "nothing-yet": "the heap profile is empty: no object was sampled. By itself Go samples one in about 512 KiB allocated.",
    "not-in-core": "no heap profile: runtime.mbuckets is not in the core, or was not found in this stripped program",
  },
  block: {
    "not-linked": "no block profile",
    "never-on": "no block profile: nothing in this program calls runtime.SetBlockProfileRate, which turns it on",
    "rate-zero": "no block profile: runtime.SetBlockProfileRate was not called, or with 0, which turns it off",
    "nothing-yet": "the block profile is empty: no goroutine was blocked for so long that it was counted",
    "not-in-core": "no block profile: runtime.bbuckets is not in the core, or was not found in this stripped program",
  },
  mutex: {
    "not-linked": "no mutex profile",
    "never-on": "no mutex profile: nothing in this program calls runtime.SetMutexProfileFraction, which turns it on",
    "rate-zero": "no mutex profile: runtime.SetMutexProfileFraction was not called, or with 0, which turns it off",
    "nothing-yet": "the mutex profile is empty: nobody was made to wait for a lock, or no such event was counted",
    "not-in-core": "no mutex profile: runtime.xbuckets is not in the core, or was not found in this stripped program",
  },
};
