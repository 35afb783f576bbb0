// Findings in words: each rule's sentence, the facts that speak for it or against, and what to ask next.
import { counted, formatBytes, formatCount, formatShare } from "../../src/base/units.js";
import type {
  Confidence,
  Figures,
  GroupFigures,
  Part,
  RuleId,
  Sign,
  Suspect,
  Suspects,
  WasteFigures,
  Whole,
} from "../../src/query/suspects.js";
import { commandLine } from "../text/command-line.js";
import { escapeText } from "../text/escape.js";
import { formatPlace } from "../text/goroutine-group.js";
import { cutText } from "../text/table.js";
import { signText } from "./signs.js";

/** A finding as people read it. */
export interface SuspectText {
  /** What kind of failure it is: "accumulation", "blocked goroutines"... */
  readonly kind: string;
  /** The sentence a person would say; names the culprit, its size and its share. */
  readonly title: string;
  /** What the share is of: "the live heap". */
  readonly of: string;
  /** What each part is. */
  readonly parts: readonly string[];
  /** The parts in words, then facts. */
  readonly evidence: readonly string[];
  /** Words after `corescope` that show more; CORE stands for the core. */
  readonly next: string;
}

/** A finding in words. Parts and signs that say the same are told once. */
export function suspectText(suspect: Suspect): SuspectText {
  const wording = WORDINGS[suspect.rule] as Wording<RuleId>;
  const of = wholeText(suspect.whole);
  // One size in a title: a second number with the same unit would be taken for it.
  const size = `${formatBytes(suspect.bytes)} (${formatShare(suspect.share, 1)} of ${of})`;
  const parts = suspect.parts.map((part) => (wording.part ?? partText)(part));
  // Facts of the rule first, then the signs for and against.
  const facts = [...siteFacts(suspect), ...(wording.facts?.(suspect.figures) ?? []), ...suspect.signs.map(signText)];
  return {
    kind: wording.kind,
    title: `${wording.title(suspect.figures, size)}${siteText(suspect)}`,
    of,
    parts,
    evidence: [
      ...suspect.parts.map(
        ({ bytes, count }, index) => `${formatBytes(bytes)}: ${count === 1 ? parts[index] : times(count, parts[index])}`,
      ),
      ...new Set(facts.filter((fact) => fact !== "")),
    ],
    next: commandLine(suspect.next),
  };
}

/** A finding as --json prints it: the figures, and what people read of them. */
export interface SuspectJson extends Pick<SuspectText, "kind" | "title" | "of" | "evidence"> {
  readonly bytes: number;
  /** Of the whole, 0 to 1. */
  readonly share: number;
  /** what: the part in words. */
  readonly parts: readonly (Part & { readonly what: string })[];
  /** Go expression of the object, or of what holds it. */
  readonly expression?: string;
  /** A line for a shell that shows more. */
  readonly next: string;
  readonly score: number;
  /** "high": a fault by its kind or by its signs; "low": what a program of that size may need. */
  readonly confidence: Confidence;
  /** Equal for the same finding in another core, build or host. */
  readonly signature: string;
  readonly rule: RuleId;
  readonly subject: Suspect["subject"];
  readonly whole: Whole;
  readonly figures: Figures[RuleId];
  /** Where the heap profile saw objects of it allocated; absent without a profile. */
  readonly sites?: NonNullable<Suspect["sites"]>;
  readonly signs: readonly Sign[];
  /** What `next` asks. */
  readonly question: Suspect["next"];
}

/** What `suspects --json` prints. */
export interface SuspectsJson extends Omit<Suspects, "rows"> {
  readonly rows: readonly SuspectJson[];
}

/** @param paste makes a hint a line for a shell */
export function suspectJson(suspect: Suspect, paste: (hint: string) => string): SuspectJson {
  const { kind, title, of, parts, evidence, next } = suspectText(suspect);
  const { expression } = suspect.subject;
  return {
    kind,
    title,
    bytes: suspect.bytes,
    share: suspect.share,
    of,
    parts: suspect.parts.map(({ bytes, count, ...part }, index) => ({ bytes, count, what: parts[index], ...part })),
    evidence,
    ...(expression === undefined ? {} : { expression }),
    next: paste(next),
    score: suspect.score,
    confidence: suspect.confidence,
    signature: suspect.signature,
    rule: suspect.rule,
    subject: suspect.subject,
    whole: suspect.whole,
    figures: suspect.figures,
    ...(suspect.sites ? { sites: suspect.sites } : {}),
    signs: suspect.signs,
    question: suspect.next,
  };
}

/** How a rule is worded. */
interface Wording<Id extends RuleId> {
  readonly kind: string;
  /** @param size "51.6 MiB (6% of the live heap)", the finding's own: a title has no other */
  title(figures: Figures[Id], size: string): string;
  facts?(figures: Figures[Id]): readonly string[];
  part?(part: Part): string;
}

/** Shared by the rules about goroutines, and by those about fields. */
const GOROUTINES = { title: groupTitle, facts: groupFacts };
const FIELDS = { facts: fieldFacts };

/**
 * The wording of each rule; the compiler asks for one of every RuleId. A title names the culprit, the size and its share, in one sentence.
 */
const WORDINGS: { readonly [Id in RuleId]: Wording<Id> } = {
  "finalizer-backlog": {
    kind: "finalizer backlog",
    title: ({ queued, stuck }, size) =>
      `finalizers do not keep up: ${formatCount(queued)} are queued, and objects waiting for them hold ${size}${stuck ? `; the one running is stuck in ${stuck.function}, ${formatPlace(stuck)} [${stuck.state}]` : ""}`,
  },
  "contexts-never-cancelled": {
    kind: "contexts never cancelled",
    title: ({ count, parent }, size) =>
      `${counted(count, "context")}${parent === undefined ? "" : ` derived from ${parent}`} were never cancelled and hold ${size}`,
    facts: ({ holder }) => (holder === undefined ? [] : [`they hang in ${holder}`]),
  },
  "timers-never-stopped": {
    kind: "timers never stopped",
    title: ({ count, closure, calls = count, maker }, size) => {
      const of = (call: string) => (maker === undefined ? closure && `${call} ${closure}` : `set by ${maker}`);
      const whose = calls < count ? of("calling") : of("that call");
      const some = whose && (calls < count ? `, ${formatCount(calls)} of them ${whose},` : ` ${whose}`);
      return `${counted(count, "timer")}${some ?? ""} are pending and hold ${size}`;
    },
    facts: ({ count, closure, calls = count }) => (closure === undefined ? [] : [`${formatCount(calls)} call ${closure}`]),
  },
  "full-channel": {
    kind: "full channel",
    title: ({ channel, state }, size) => `channel ${channel} holds ${size}: ${state ? channelText(state) : "a channel"}`,
  },
  callbacks: {
    kind: "callbacks",
    title: (figures, size) => `${figures.holder} holds ${counted(figures.count, "callback")} of ${figures.function}, which capture ${size}`,
    facts: ({ file, line }) => (file === undefined || line === undefined ? [] : [`written at ${formatPlace({ file, line })}`]),
  },
  "sync-pool": {
    kind: "sync.Pool",
    title: ({ pool, isVictim }, size) => `sync.Pool ${pool} keeps ${size}${isVictim ? ", unused since the last collection" : ""}`,
  },
  "equal-objects": {
    kind: "equal objects",
    title: ({ count, type, isRuntimes, owners }, size) =>
      `${times(count, type)}${runtimes(isRuntimes)} hold ${size}, reached from several owners${owners.length > 1 ? `: ${owners.join(", ")}` : ""}`,
  },
  "large-object": {
    kind: "large object",
    title: ({ holder, type, isRuntimes, isBlock }, size) =>
      holder === type
        ? `one block${runtimes(isRuntimes)} takes ${size}: its type, and what holds it, have no name`
        : `${holder}${runtimes(isRuntimes)} ${isBlock ? "is one block of" : "itself takes"} ${size}, ${type}`,
  },
  accumulation: { kind: "accumulation", title: accumulationTitle, facts: ({ type }) => (type === undefined ? [] : [`a ${type}`]) },
  "goroutine-stacks": { kind: "goroutine stacks", ...GOROUTINES },
  "blocked-goroutines": { kind: "blocked goroutines", ...GOROUTINES },
  goroutine: { kind: "goroutine", ...GOROUTINES },
  "pinned-array": {
    kind: "pinned array",
    ...FIELDS,
    title: (figures, size) =>
      `small pieces in ${figures.holder}${fieldOf(figures)} pin ${size} of ${counted(figures.count, "large array")} that nobody else sees`,
  },
  "slice-capacity": {
    kind: "slice capacity",
    ...FIELDS,
    title: (figures, size) =>
      `${figures.holder}${fieldOf(figures)} wastes ${size}: ${counted(figures.count, "slice with a capacity far beyond its length pins", "slices with a capacity far beyond their length pin")} what lies behind it`,
  },
  "map-slack": {
    kind: "map slack",
    ...FIELDS,
    title: (figures, size) =>
      `${figures.holder} has room for ${size} more than it holds${roomText(figures)}: a map that was large once never shrinks`,
    facts: (figures) => [...fieldFacts(figures), ...roomFacts(figures)],
  },
  "duplicate-strings": {
    kind: "duplicate strings",
    ...FIELDS,
    title: (figures, size) =>
      `${figures.holder}${fieldOf(figures)} holds ${size} of duplicate strings: ${counted(figures.count, "copy", "copies")} of equal text${repeatedText(figures)}`,
  },
  garbage: {
    kind: "garbage",
    title: ({ gc }, size) => `${size} is garbage not yet collected${gc ? gcText(gc) : ""}`,
    part: (part) => partText(part).replace(/^unknown/, "objects of unknown type"),
  },
  "free-heap": {
    kind: "free heap",
    title: (_, size) => `${size} is free heap and not yet given back to the system: there was a burst, the resident size is not a leak`,
    facts: ({ liveBytes, spanBytes, releasedBytes }) => [
      `live ${formatBytes(liveBytes)}, spans in use ${formatBytes(spanBytes)}, given back ${formatBytes(releasedBytes)}`,
    ],
  },
  fragmentation: {
    kind: "fragmentation",
    title: ({ worst }, size) => `${size} is free slots: few objects keep many spans alive${worst ? classText(worst) : ""}`,
    facts: ({ spanBytes, objectBytes, worst }) => [
      ...(worst ? [`slots of ${formatCount(worst.slotBytes)} B: ${formatShare(worst.objects, worst.slots)} used`] : []),
      `spans in use ${formatBytes(spanBytes)}, objects ${formatBytes(objectBytes)}`,
    ],
  },
  "native-memory": {
    kind: "native memory",
    title: ({ goBytes, cgo }, size) =>
      `${size} is mapped outside Go's heap (${cgo === false ? "mmap; cgo is not linked" : "cgo or mmap"}), more than the ${formatBytes(goBytes)} of the Go heap and stacks`,
  },
  "forgotten-mappings": {
    kind: "forgotten mappings",
    title: ({ by, count, forgotten, cgo }, size) =>
      `${formatCount(forgotten)} of ${counted(count, "live mmap")} (${by.map((each) => `${each}.Mmap`).join(", ")}) are referred to by nothing in Go and were never unmapped: ${size}${cgo === false ? "; cgo is not linked" : ""}`,
  },
  "gc-at-its-limit": {
    kind: "GC at its limit",
    title: (_, size) => `the process is at its memory limit: ${size}; the collector runs nearly without pause`,
    facts: ({ collections, markedBytes }) => [`${counted(collections, "collection")}, live after the last ${formatBytes(markedBytes)}`],
  },
};

/** "; allocated at order.go:88, order.go:91": where most of the sampled objects in it were allocated. */
function siteText({ sites }: Suspect): string {
  const told = sites?.places.filter(({ sampled }) => sampled >= sites.sampled * LEAST_SITE).slice(0, MOST_SITES) ?? [];
  return told.length === 0 ? "" : `; allocated at ${[...new Set(told.map(({ site }) => formatPlace(site)))].join(", ")}`;
}

/** Of the sampled objects, for a place to be told. */
const LEAST_SITE = 0.1;

/** Where the sampled objects in it were allocated, and how much of what came from there is still in use: all of a leak, half of a cache. */
function siteFacts({ sites }: Suspect): readonly string[] {
  if (!sites) return [];
  return sites.places.slice(0, MOST_SITES).map(({ site, sampled, all }) => {
    const kept = `${formatShare(all.inuseObjects, all.allocObjects)} of ${counted(all.allocObjects, "object")} allocated there still in use`;
    return `${formatCount(sampled)} of ${formatCount(sites.sampled)} sampled objects allocated at ${formatPlace(site)} by ${site.function}: ${kept}`;
  });
}

const MOST_SITES = 3;

/** What a share is of, after "of": "the live heap". */
function wholeText({ kind, bytes }: Whole): string {
  switch (kind) {
    case "memory limit":
      return `GOMEMLIMIT ${formatBytes(bytes)}`;
    case "allocated":
      return "what is allocated";
    case "mapped by the program":
      return `the ${formatBytes(bytes)} that it mapped itself`;
    case "native and Go":
      return "that and Go's heap and stacks";
    default:
      return `the ${kind}`;
  }
}

/** "main.server.users, map[string]int", "main.Session, each with main.Buffer". */
function partText({ type, expression, each }: Part): string {
  if (expression !== undefined) return `${expression}, ${type}`;
  return each === undefined ? type : `${type}, each with ${each}`;
}

/** "4,000 × main.Session". */
function times(count: number, what: string): string {
  return `${formatCount(count)} × ${what}`;
}

/** What the runtime itself holds is marked as such: it is seldom a fault of the program. */
function runtimes(isRuntimes: boolean): string {
  return isRuntimes ? ", the Go runtime's own," : "";
}

/** "main.cache (global) holds 51.6 MiB (6% of the live heap): 4,000 × main.Session; goroutine 12 is in main.serve [running]". */
function accumulationTitle({ holder, isRuntimes, ownerKind, members, goroutine }: Figures["accumulation"], size: string): string {
  const kind = ownerKind === undefined ? "" : ` (${ownerKind})`;
  const what = members ? `: ${times(members.count, members.type)}` : "";
  const where = goroutine ? `; goroutine ${goroutine.id} is ${inPlace(goroutine.function, goroutine.state)}` : "";
  return `${holder}${runtimes(isRuntimes)}${kind} holds ${size}${what}${where}`;
}

/** "it is full, 100 of 100 buffered, senders wait (0xc000012000)". */
function channelText({ address, length, capacity, isFull, haveSendersToWait }: NonNullable<Figures["full-channel"]["state"]>): string {
  const full = isFull ? "it is full, " : "";
  return `${full}${formatCount(length)} of ${formatCount(capacity)} buffered${haveSendersToWait ? ", senders wait" : ""} (${address})`;
}

/** When the garbage would have been collected. GOGC below 0 is off: never, but for a memory limit. */
function gcText({ gogc, nextGoal }: NonNullable<Figures["garbage"]["gc"]>): string {
  return gogc < 0 ? "; GOGC is off" : `; GOGC ${gogc}, next collection at ${formatBytes(nextGoal)}`;
}

/** "12 goroutines are in main.worker at worker.go:42 [chan receive] and hold 1.2 MiB (3% of the live heap), 1.1 MiB of it heap". */
function groupTitle(group: GroupFigures, size: string): string {
  const { count, ids, state, heapBytes } = group;
  const many = count > 1 ? `${counted(count, "goroutine")} are` : `goroutine ${ids[0]} is`;
  const place = group.file === "" ? "" : ` at ${formatPlace(group)}`;
  const heap = heapBytes > 0 ? `, ${formatBytes(heapBytes)} of it heap` : " of stacks";
  return `${many} ${inPlace(group.function === "" ? "" : group.function + place, state)} and hold${count > 1 ? "" : "s"} ${size}${heap}`;
}

/** "in main.serve [running]"; without a table of functions nobody knows in which. */
function inPlace(name: string, state: string): string {
  return name === "" ? `in a function that is not known [${state}]` : `in ${name} [${state}]`;
}

/** Functions named that goroutines of one place began in. */
const MOST_ENTRIES = 3;

/** With which functions they began, and their ids; both cut, and the rest counted. */
function groupFacts({ count, ids, entries }: GroupFigures): readonly string[] {
  // Three entries fill a line; the rest is counted.
  const more = entries.length > MOST_ENTRIES ? ` and ${counted(entries.length - MOST_ENTRIES, "other")}` : "";
  const started = entries.length === 0 ? [] : [`started as ${entries.slice(0, MOST_ENTRIES).join(", ")}${more}`];
  return [...started, `goroutine ${ids.join(", ")}${count > ids.length ? ", …" : ""}`];
}

/** " (main.Session.Buf)", of one field that is not the holder itself. */
function fieldOf({ holder, paths }: WasteFigures): string {
  return paths[0] === holder || paths.length > 1 ? "" : ` (${paths[0]})`;
}

/** ", 3,000 entries in 458,752 slots". */
function roomText({ entries, slots }: WasteFigures): string {
  if (entries === undefined || slots === undefined) return "";
  return `, ${entries === 0 ? "no entry" : counted(entries, "entry", "entries")} in ${counted(slots, "slot")}`;
}

/** How full the maps are. */
function roomFacts({ entries, slots }: WasteFigures): readonly string[] {
  return entries === undefined || slots === undefined ? [] : [`slots filled to ${formatShare(entries, slots)}`];
}

/** Columns of a text in a sentence. */
const LONGEST_TEXT = 50;

/** ", 88,199 of them of \"United Kingdom of Great Britain and Northern…\"". */
function repeatedText({ count, repeated }: WasteFigures): string {
  if (!repeated || repeated.text === "") return "";
  const { text, copies } = repeated;
  const quoted = `"${cutText(escapeText(text), LONGEST_TEXT)}"`;
  return copies >= count ? `: ${quoted}` : `, ${formatCount(copies)} of them of ${quoted}`;
}

/** ", most of 480 B: 5,000 main.reading of main.latest in 5,883 spans". */
function classText({ slotBytes, spans, objects, type, holder }: NonNullable<Figures["fragmentation"]["worst"]>): string {
  const what = `${counted(objects, "object")}${type === undefined ? "" : `, most ${type}`}`;
  return `, most in slots of ${formatCount(slotBytes)} B: ${counted(spans, "span")} for ${what}${holder === undefined ? "" : ` of ${holder}`}`;
}

/** The fields that lose the bytes, unless the one is the holder itself. */
function fieldFacts({ holder, paths }: WasteFigures): readonly string[] {
  return paths[0] === holder ? [] : [`in ${paths.join(", ")}`];
}
