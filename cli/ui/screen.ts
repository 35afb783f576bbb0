// A screen: questions to the dump, and the lines their answers make. It draws nothing and computes nothing that a query does not return.
import type { Finding } from "../../src/base/findings.js";
import type { Query } from "../../src/query/query.js";
import type { Key } from "./keys.js";

/** Where one can be: a screen and what it is about. Plain data, so that two places can be compared. */
export interface Place {
  readonly screen: string;
  readonly args: PlaceArgs;
}

/** What a place is about. Absent and undefined are the same. */
export type PlaceArgs = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a line is drawn beside its words. */
export type Tone = "plain" | "bold" | "dim" | "bad" | "good";

/** One line of a list. Its text is raw: whatever draws it escapes it. */
export interface Line {
  /** What is shown, at most as wide as the list. */
  readonly text: string;
  /** What find and filter look at, where it is more than is shown. */
  readonly words?: string;
  readonly tone?: Tone;
  /** Where Enter leads. */
  readonly open?: Place;
  /** What y copies; the text when absent. */
  readonly copy?: string;
  /** On a path: the pointer that leads to the line's object, as `why --ignore` takes it. */
  readonly pointer?: string;
  /** Of a line of a tree that has lines below it. */
  readonly fold?: { readonly key: string; readonly isOpen: boolean };
  /** Of a line of a tree: how deep it stands. */
  readonly depth?: number;
}

/** What a screen shows: lines that stay, and lines that scroll. */
export interface Body {
  readonly head: readonly Line[];
  readonly rows: readonly Line[];
  /** Said beside the row's number: "10,000 of 521,482 objects". */
  readonly note?: string;
  /** Keys of the screen that mean nothing now: neither offered nor obeyed. */
  readonly without?: readonly Key[];
}

/** What became of a question. */
export type Answer =
  | { readonly state: "waiting" }
  | { readonly state: "done"; readonly result: unknown }
  | { readonly state: "failed"; readonly lines: readonly string[] }
  | { readonly state: "cancelled" };

/** Where an answer goes, and what of it: undefined when the answer is a no, which leaves no file behind. */
interface AnswerFile {
  readonly path: string;
  /** The command line says that a file of that name may be replaced. */
  readonly replaces: boolean;
  chunks(result: unknown): Iterable<Uint8Array> | undefined;
}

/** A question of a screen. Asks of one query with equal args share their answer. */
export interface Ask {
  // biome-ignore lint/suspicious/noExplicitAny: a list of asks cannot name their types; ask() checks them.
  readonly query: Query<any, any>;
  readonly args: unknown;
  /** Costly and not what the screen is about: put off whenever something else is asked. */
  readonly isBackground?: boolean;
  /** A file to write from the answer. */
  readonly save?: AnswerFile;
}

/** Checks that the args are the query's. */
export function ask<Args, Result>(query: Query<Args, Result>, args: Args, options: { readonly isBackground?: boolean } = {}): Ask {
  return { query, args, ...options };
}

/** What a body is made from. */
export interface Given<Args extends PlaceArgs = PlaceArgs> {
  readonly args: Args;
  /** One for each ask, in their order. */
  readonly answers: readonly Answer[];
  /** Columns for a line. */
  readonly width: number;
  /** Lines of a tree that a person folded or unfolded. */
  readonly folds: Readonly<Record<string, boolean>>;
  readonly findings: readonly Finding[];
}

/** The answer to the ask at an index; undefined while there is none. */
export function resultOf<Args, Result>(given: Given, index: number, _query: Query<Args, Result>): Result | undefined {
  const answer = given.answers[index];
  return answer?.state === "done" ? (answer.result as Result) : undefined;
}

/** A key that means something on this screen only. */
export interface ScreenKey<Args extends PlaceArgs = PlaceArgs> {
  readonly key: Key;
  readonly help: string;
  /** Where it leads; undefined: nowhere from this line. */
  go?(args: Args, line: Line | undefined): Place | undefined;
  /** Instead of a place: a command line to begin with. */
  readonly line?: string;
  /** The place is this one seen otherwise (another order): it takes this one's step in the breadcrumb. */
  readonly stays?: boolean;
}

/** One screen; everything that only it knows. Args: what its places say, see Subjects in places.ts. */
export interface Screen<Args extends PlaceArgs = PlaceArgs> {
  readonly name: string;
  /** Its name in the bar at the top; screens without it are reached from others. */
  readonly tab?: string;
  /** Its step in the breadcrumb. */
  title(args: Args): string;
  /** @throws DumpError, shown in the screen */
  asks(args: Args): readonly Ask[];
  body(given: Given<Args>): Body;
  readonly keys: readonly ScreenKey<Args>[];
  /** What it answers, for its help. */
  readonly help: string;
}
