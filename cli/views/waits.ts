// Findings about waits in words: who cannot go on, for what, who has it, and where he stands.
import { counted, formatBytes, formatCount, formatShare } from "../../src/base/units.js";
import type { Leaked } from "../../src/query/leaked.js";
import type { WaitFinding, WaitThing, WaitWho } from "../../src/query/waits.js";
import { commandLine, type Question } from "../text/command-line.js";
import { formatDuration } from "../text/duration.js";
import { formatPlace, formatState } from "../text/goroutine-group.js";

type LeakedGroup = Leaked["groups"][number];
type Place = NonNullable<WaitFinding["at"]>;
type Of<Rule extends WaitFinding["rule"]> = Extract<WaitFinding, { rule: Rule }>;

/** A finding as people read it, and what to ask next: words after `corescope`, CORE stands for the core. */
export interface FindingText {
  readonly title: string;
  readonly next: string;
}

/** A finding about waits. */
export function waitText(finding: WaitFinding): FindingText {
  return { title: titleOf(finding), next: commandLine(nextOf(finding)) };
}

/** Goroutines that nothing can wake, as one finding. @param all  the program's goroutines */
export function leakText(group: LeakedGroup, all: number): FindingText {
  const { count, ids, top, createdBy, retainedBytes = 0 } = group;
  const holding = retainedBytes > 0 ? ` and ${count === 1 ? "holds" : "hold"} ${formatBytes(retainedBytes)}` : "";
  const what = count === 1 ? "what it waits for" : "what they wait for";
  const started = createdBy && createdBy.function !== "" ? `; started by ${placeText(createdBy)}` : "";
  return {
    title: `${many(count, ids, count / Math.max(1, all))} can never go on${holding}: [${formatState(group)}]${top ? ` in ${placeText(top)}` : ""}, and nothing that still runs can reach ${what}${started}`,
    next: commandLine({ query: "leaked", args: {} }),
  };
}

function nextOf(finding: WaitFinding): Question {
  if (finding.rule === "stalled-finalizer") return { query: "goroutine", args: { of: finding.figures.who.id } };
  return { query: finding.rule === "nil-channel" ? "leaked" : "blocked", args: {} };
}

function titleOf(finding: WaitFinding): string {
  switch (finding.rule) {
    case "deadlock":
      return deadlockText(finding);
    case "lock-convoy":
      return convoyText(finding);
    case "nobody-left":
      return nobodyText(finding);
    case "blocked-senders":
      return sendersText(finding);
    case "nil-channel":
      return `${crowd(finding)} ${verb(finding, "waits", "wait")} for a nil channel, for ever: ${atText(finding)}`;
    case "all-asleep": {
      const { places } = finding.figures;
      const told = places.map(({ count, who }) => `${formatCount(count)} in ${standsText(who)}`).join(", ");
      const left = finding.goroutines - places.reduce((sum, { count }) => sum + count, 0);
      return `${many(finding.goroutines, finding.ids, finding.share)} all wait, and nothing is left that could wake one: ${told}${left > 0 ? `, and ${formatCount(left)} elsewhere` : ""}`;
    }
    case "stalled-finalizer": {
      const { who, runs, queued } = finding.figures;
      const others = runs === "finalizers" ? "no other finalizer runs until it returns" : "the queue behind it waits";
      const count = queued > 1 ? `, ${formatCount(queued)} are queued` : "";
      return `goroutine ${who.id}, which runs ${runs}, is blocked in one: ${standsText(who)}; ${others}${count}`;
    }
  }
}

/** "deadlock: goroutine 19 (main.(*Store).Get main.go:56) waits for main.Store.mu, which goroutine 20 (...) has, which waits for ...". */
function deadlockText({ figures: { steps, involved }, certainty, goroutines, share }: Of<"deadlock">): string {
  const name = certainty === "strong" ? "deadlock" : "possible deadlock";
  const behind = goroutines - involved;
  const all = `${counted(involved, "goroutine")}${involved === 1 ? " waits for itself" : " wait for each other"}`;
  const more =
    behind > 0 ? `, ${formatCount(behind)} more wait behind ${involved === 1 ? "it" : "them"} (${formatShare(share, 1)} of all)` : "";
  const shown = steps.slice(0, MOST_STEPS).map(({ who, thing }) => `${goroutineText(who)} waits for ${thingText(thing)}`);
  const rest = steps.length > MOST_STEPS ? `… ${formatCount(steps.length - MOST_STEPS)} more, then ` : "";
  const circle =
    steps.length === 1 ? `${shown[0]}, which it holds itself` : `${shown.join(", held by ")}, held by ${rest}goroutine ${steps[0].who.id}`;
  return `${name}: ${all}${more}: ${circle}`;
}

/** Steps of a circle, and locks of a chain, in a sentence. */
const MOST_STEPS = 3;

/** "60 goroutines (81%) wait for main.Store.mu, held by goroutine 79, which waits for main.Index.mu, held by goroutine 19: ...". */
function convoyText(finding: Of<"lock-convoy">): string {
  const { chain } = finding.figures;
  const last = chain[chain.length - 1];
  const hidden = chain.length - MOST_STEPS;
  const shown = hidden > 0 ? [...chain.slice(0, MOST_STEPS - 1), last] : chain;
  const links = shown.map(({ thing, holder, evidence }, at) => {
    const before = hidden > 0 && at === shown.length - 1 ? `… after ${counted(hidden, "more lock")} ` : "";
    const has = evidence === "announced" ? "where a writer is next," : "held by";
    return `${before}${thingText(thing)}, ${has} goroutine ${holder.id}`;
  });
  return `${crowd(finding)} ${verb(finding, "waits", "wait")} for ${links.join(", which waits for ")}: ${standsText(last.holder)}`;
}

function nobodyText(finding: Of<"nobody-left">): string {
  const { thing } = finding.figures;
  const who = `${crowd(finding)} ${verb(finding, "waits", "wait")}`;
  const { state } = thing;
  if (state?.kind === "waitgroup")
    return `${who} for ${thingText(thing)}, whose counter is ${formatCount(state.counter)}, and no goroutine is left that calls its Done: ${atText(finding)}`;
  return `${who} for ${thingText(thing)}, which is locked, and no goroutine is left that would unlock it: ${atText(finding)}`;
}

function sendersText(finding: Of<"blocked-senders">): string {
  const { thing, channels, receivers, receiverCount } = finding.figures;
  const what = channels > 1 ? `${formatCount(channels)} channels` : channelText(thing);
  const start = `${crowd(finding)} ${verb(finding, "is", "are")} blocked sending to ${what}`;
  const place = `: ${atText(finding)}`;
  if (receiverCount === 0) {
    const by = finding.createdBy && finding.createdBy.function !== "" ? `; started by ${placeText(finding.createdBy)}` : "";
    return `${start}, and nobody is seen to receive${place}${by}`;
  }
  const first = receivers[0];
  const who =
    receiverCount === 1
      ? `its receiver, goroutine ${first.id}, is at`
      : `of ${formatCount(receiverCount)} receivers goroutine ${first.id} is at`;
  return `${start}${place}; ${who} ${standsText(first)}`;
}

/** "main.audit, which is full (16 of 16)", "a full channel (16 of 16)", "an unbuffered channel". */
function channelText({ name, state }: WaitThing): string {
  const isBuffered = state?.kind === "channel" && state.capacity > 0;
  const full = isBuffered ? `full` : "unbuffered";
  const room = isBuffered ? ` (${formatCount(state.length)} of ${formatCount(state.capacity)})` : "";
  return name.text === "" ? `${isBuffered ? "a" : "an"} ${full} channel${room}` : `${name.text}, ${full}${room}`;
}

/** "60 goroutines (81%)", "goroutine 12". */
const crowd = ({ goroutines, ids, share }: WaitFinding) => many(goroutines, ids, share);

const many = (count: number, [first]: readonly number[], share: number) =>
  count === 1 && first !== undefined ? `goroutine ${first}` : `${counted(count, "goroutine")} (${formatShare(share, 1)})`;

const verb = ({ goroutines }: WaitFinding, one: string, more: string) => (goroutines === 1 ? one : more);

/** What it is called; of what has no name the type and address. */
function thingText({ kind, name, address }: WaitThing): string {
  return name.text === "" ? `${TYPES[kind] ?? kind} ${address}` : name.text;
}

const TYPES: Partial<Record<WaitThing["kind"], string>> = {
  mutex: "sync.Mutex",
  rwmutex: "sync.RWMutex",
  waitgroup: "sync.WaitGroup",
  cond: "sync.Cond",
  channel: "channel",
};

/** "goroutine 19 (main.(*Store).Get main.go:56)". */
const goroutineText = ({ id, top }: WaitWho) => `goroutine ${id}${top ? ` (${placeText(top)})` : ""}`;

/** "main.(*App).reload main.go:147 [chan send, 3 minutes]". */
function standsText({ top, state, waitNanoseconds }: WaitWho): string {
  const wait = waitNanoseconds !== undefined && waitNanoseconds >= 1e9 ? `, ${formatDuration(waitNanoseconds)}` : "";
  return `${top ? `${placeText(top)} ` : ""}[${state}${wait}]`;
}

/** "main.(*Store).Put main.go:38, for 3 minutes". */
function atText({ at, longestNanoseconds }: WaitFinding): string {
  const wait = longestNanoseconds !== undefined && longestNanoseconds >= 1e9 ? `, for ${formatDuration(longestNanoseconds)}` : "";
  return `${at ? placeText(at) : "where is not known"}${wait}`;
}

const placeText = (place: Pick<Place, "function" | "file" | "line">) => `${place.function} ${formatPlace(place)}`;
