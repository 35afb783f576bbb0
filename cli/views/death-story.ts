// How it came to the end, a sentence each: where it broke and who panicked again, the map, channel or pointer that it died of with
// those who were at it, the circle of calls that filled the stack.
import { counted, formatCount } from "../../src/base/units.js";
import type { firstLook } from "../../src/query/first-look.js";

type Death = ReturnType<typeof firstLook.run>["death"];
type Culprit = NonNullable<Death["culprit"]>;
type MapUser = NonNullable<Culprit["others"]>[number];
type Place = Culprit["place"];

/** Functions of a circle that are named; those between are counted. */
const MOST_FUNCTIONS = 6;
/** Goroutines of one kind that are numbered. */
const MOST_NUMBERED = 4;
/** Kinds of others at a map. */
const MOST_KINDS = 4;

/** Sentences behind the summary; none of a death that its summary tells wholly. */
export function storyOf(death: Pick<Death, "origin" | "again" | "recovered" | "culprit" | "recursion">): string[] {
  return [...originOf(death), ...(death.culprit ? culpritOf(death.culprit) : []), ...(death.recursion ? recursionOf(death.recursion) : [])];
}

const at = ({ file, line }: Place) => `${file}:${line}`;
/** "main.go:95 (main.count)" */
const placed = (place: Place) => `${at(place)} (${place.function})`;

function originOf({ origin, again = [], recovered }: Pick<Death, "origin" | "again" | "recovered">): string[] {
  const last = again.at(-1);
  if (!origin || !last) return [];
  const times = again.length > 1 ? ` ${again.length === 2 ? "twice" : counted(again.length, "time")}, last` : "";
  return [
    recovered
      ? `panicked at ${at(origin)}, recovered, and panicked again${times} at ${placed(last)}`
      : `panicked at ${at(origin)}; its deferred calls panicked on the way${times} at ${placed(last)}`,
  ];
}

const DOING = { write: "writing", read: "reading", delete: "deleting from", clear: "clearing", iteration: "iterating over" } as const;
const DOES = { write: "writes", read: "reads", delete: "deletes from", clear: "clears", iteration: "iterates over" } as const;

function culpritOf(culprit: Culprit): string[] {
  const { kind, accessed, state, others } = culprit;
  const name = nameOf(culprit);
  if (kind === "nil") return [`${name} was nil${accessed ? `: there is no ${accessed}` : ""}`];
  if (kind === "channel") return [`the ${state} channel is ${name}`];
  return [`the ${state === undefined ? "" : `${state} `}map is ${name}`, ...(others ? usersOf(others) : [])];
}

/** "s.events (chan *main.order)" */
function nameOf({ kind, expression, type, address }: Culprit): string {
  const what = type ?? { map: "a map", channel: "a channel", nil: "a pointer" }[kind];
  if (expression !== undefined) return `${expression} (${what})`;
  return address === undefined ? `not named in the code: ${what}` : `${address} (${what})`;
}

/** Others at the map, those that do the same at the same place in one sentence. */
function usersOf(others: readonly MapUser[]): string[] {
  if (others.length === 0) return ["the other goroutine had left it before the process was frozen"];
  const kinds = new Map<string, MapUser[]>();
  for (const each of others) {
    const key = `${each.action} ${each.inside} ${each.certain} ${at(each.place)}`;
    kinds.set(key, [...(kinds.get(key) ?? []), each]);
  }
  const all = [...kinds.values()];
  const rest = all.slice(MOST_KINDS).reduce((sum, each) => sum + each.length, 0);
  return [...all.slice(0, MOST_KINDS).map(userOf), ...(rest > 0 ? [`${counted(rest, "more goroutine")} at it`] : [])];
}

function userOf(users: readonly MapUser[]): string {
  const [{ action, inside, certain, place }] = users;
  const isOne = users.length === 1;
  const numbers = users.slice(0, MOST_NUMBERED).map((each) => each.goroutine);
  const more = users.length > MOST_NUMBERED ? ` and ${formatCount(users.length - MOST_NUMBERED)} more` : "";
  const who = `goroutine${isOne ? "" : "s"} ${numbers.join(", ")}${more}`;
  const what = certain ? "it" : "a map of this type";
  return inside
    ? `${who} ${isOne ? "was" : "were"} ${DOING[action]} ${what} at ${placed(place)}`
    : `${who} ran code that ${DOES[action]} ${what} at ${placed(place)}`;
}

function recursionOf({ functions, rounds, depth, arguments: given }: NonNullable<Death["recursion"]>): string[] {
  // Callers first: the innermost comes first in the answer.
  const names = functions.map((each) => each.function).reverse();
  const shown =
    names.length <= MOST_FUNCTIONS ? names : [...names.slice(0, MOST_FUNCTIONS - 1), `${names.length - MOST_FUNCTIONS + 1} more`];
  const [only] = functions;
  const what =
    names.length === 1 && only
      ? `${only.function} calls itself at ${at(only)}`
      : `${counted(names.length, "function")} call each other in a circle: ${shown.join(" > ")}`;
  return [`${what}; ${counted(rounds, "round")} deep, ${counted(depth, "frame")}`, ...given.slice(0, 2).map(argumentOf)];
}

function argumentOf({ function: fn, name, type, change, innermost }: NonNullable<Death["recursion"]>["arguments"][number]): string {
  const whose = `${name} of ${fn} (${type})`;
  if (change === "same") return `${whose} is the same in every round: ${innermost}`;
  return `${whose} ${change > 0 ? "grows" : "falls"} by ${formatCount(Math.abs(change))} with each round, to ${innermost}`;
}
