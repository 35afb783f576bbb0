// One person at one dump: state, answers, and what keys do to the world. Knows no React; whoever draws listens.
import { NO_NAMES } from "../../src/base/package-names.js";
import { Cancelled } from "../../src/base/progress.js";
import { formatCount } from "../../src/base/units.js";
import { names } from "../../src/query/names.js";
import { show } from "../../src/query/show.js";
import type { RemoteDump } from "../../src/worker/worker.js";
import type { AnyCommand } from "../command.js";
import { explainInside as explain } from "../paste.js";
import { escapeText } from "../text/escape.js";
import { shortenAnswer } from "../text/names.js";
import { type Completion, completeLine, wordsOf } from "./completion.js";
import { type Frame, listHeight, makeFrame, type Size } from "./frame.js";
import { type Key, makeKeyReader } from "./keys.js";
import { reduce } from "./navigation.js";
import { wrapText } from "./parts/list.js";
import { hasWords } from "./prompt.js";
import { type Answer, type Ask, ask, type Body, type Screen } from "./screen.js";
import {
  type Effect,
  follow,
  presentView,
  type State,
  type Step,
  type Surroundings,
  screenOf,
  settle,
  startAt,
  type View,
} from "./state.js";

/** What a session needs from a dump; RemoteDump has it. */
export type Answers = Pick<RemoteDump, "ask" | "progress" | "findings"> & Partial<Pick<RemoteDump, "names">>;

export interface SessionOptions {
  readonly dump: Answers;
  readonly screens: readonly Screen[];
  /** For completion. */
  readonly commands: readonly AnyCommand[];
  /** Name of the core, shown at the top. */
  readonly name: string;
  readonly size: Size;
  readonly isColoured?: boolean;
  /** Import paths are shown whole. */
  readonly hasFullNames?: boolean;
  /** Writes what is no part of a frame: the clipboard's escape sequence. */
  write(text: string): void;
  /** A file that writing to the path would replace. */
  isFile(path: string): boolean;
  /** Writes a file; replaces: one that is there may go. */
  save(path: string, chunks: Iterable<Uint8Array>, replaces: boolean): Promise<void>;
  quit(): void;
  /** Gives the terminal back until somebody goes on. */
  suspend(): void;
}

interface Known {
  answer: Answer;
  cancel(): void;
}

const flushMilliseconds = 25;
const progressMilliseconds = 100;
/** Shortest time between two frames. */
const frameMilliseconds = 16;
const mostAnswers = 300;
/** Parts of a value that completion knows. */
const mostOffered = 200;

/** A session in progress. */
export class Session implements Surroundings {
  readonly screens: readonly Screen[];
  state: State;
  private readonly options: SessionOptions;
  private readonly known = new Map<string, Known>();
  private readonly reader = makeKeyReader();
  private readonly listeners = new Set<() => void>();
  // Moving the cursor makes a new view of the same rows: the last body is kept for that.
  private last: { readonly view: View; readonly stamp: number; readonly body: Body } | undefined;
  private size: Size;
  /** Counts everything that a body is made from and that is not in its view. */
  private stamp = 0;
  private priority = 0;
  private holding: NodeJS.Timeout | undefined;
  private ticking: NodeJS.Timeout | undefined;
  private drawn: Frame | undefined;
  private isTold = true;
  private resting: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.screens = options.screens;
    this.size = options.size;
    this.state = startAt({ screen: options.screens[0].name, args: {} });
    this.askFor(presentView(this.state));
  }

  /** Calls back after every change of the frame; returns how to stop. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What is to be drawn now; the same object until something changed. */
  frame(): Frame {
    this.drawn ??= makeFrame(this.state, this.size, {
      body: this.body(presentView(this.state)),
      screens: this.screens,
      name: this.options.name,
      working: this.working(),
      findings: this.options.dump.findings,
      names: this.options.hasFullNames ? NO_NAMES : (this.options.dump.names ?? NO_NAMES),
      isColoured: this.options.isColoured === true,
    });
    return this.drawn;
  }

  /** Bytes from the terminal. */
  type(chunk: string): void {
    clearTimeout(this.holding);
    const keys = this.reader.read(chunk);
    if (this.reader.isHolding()) {
      this.holding = setTimeout(() => {
        this.press(this.reader.flush());
      }, flushMilliseconds);
    }
    this.press(keys);
  }

  /** Keys, one after the other; one change of the frame. */
  press(keys: readonly Key[]): void {
    if (keys.length === 0) return;
    for (const key of keys) {
      const before = presentView(this.state);
      const { state, effects } = this.step(key);
      this.state = state;
      for (const effect of effects) this.perform(effect, before);
      const view = presentView(this.state);
      if (view.place !== before.place) this.askFor(view);
      const { mode } = state;
      if (mode.kind === "prompt" && mode.sign === ":" && /^(?:[:.[]|tab)$/.test(key)) this.askWords(mode.text);
    }
    this.changed();
  }

  /** A fault in a screen is said, and ends nothing. */
  private step(key: Key): Step {
    try {
      return reduce(this.state, key, this);
    } catch (error) {
      return { state: { ...this.state, message: explain(error).lines[0] ?? "" }, effects: [] };
    }
  }

  resize(size: Size): void {
    this.size = size;
    this.stamp++;
    this.state = settle(this.state, this);
    this.changed();
  }

  /** Stops timers; the dump is the owner's. */
  close(): void {
    clearTimeout(this.holding);
    clearTimeout(this.ticking);
    clearTimeout(this.resting);
    this.listeners.clear();
  }

  body(view: View): Body {
    const { last, stamp } = this;
    const isSame =
      last?.stamp === stamp && last.view.place === view.place && last.view.filter === view.filter && last.view.folds === view.folds;
    if (isSame) return last.body;
    const body = this.makeBody(view);
    this.last = { view, stamp, body };
    return body;
  }

  height(view: View): number {
    return listHeight(this.size, this.body(view).head.length);
  }

  isWaiting(view: View): boolean {
    return this.answersOf(view).some((answer) => answer.state === "waiting");
  }

  complete(text: string): Completion {
    return completeLine(text, this.options.commands, () => wordsOf(this.results()));
  }

  private makeBody(view: View): Body {
    const screen = screenOf(view.place, this);
    const answers = this.answersOf(view);
    const failures = answers.flatMap((answer) => (answer.state === "failed" ? [answer.lines] : []));
    const failed = failures.filter((lines, at) => failures.findIndex((each) => each.join() === lines.join()) === at).flat();
    let body: Body;
    try {
      body = screen.body({
        args: view.place.args,
        answers,
        width: Math.max(20, this.size.columns - 2),
        folds: view.folds,
        findings: this.shorten(this.options.dump.findings),
      });
    } catch (error) {
      body = { head: [], rows: explain(error, true).lines.map((text) => ({ text, tone: "bad" as const })) };
    }
    const isCancelled = body.rows.length === 0 && answers.some((answer) => answer.state === "cancelled");
    const said = [...failed, ...(isCancelled ? ["not answered: r asks again"] : [])];
    const width = Math.max(20, this.size.columns - 2);
    const told = said.flatMap((text) => wrapText(escapeText(text), width, "  "));
    const rows = [...told.map((text) => ({ text, tone: "bad" as const })), ...body.rows];
    if (view.filter === "") return said.length === 0 ? body : { ...body, rows };
    const wanted = view.filter.toLowerCase();
    const kept = rows.filter((line) => hasWords(line, wanted));
    return { ...body, rows: kept, note: `filter ${view.filter}: ${formatCount(kept.length)} of ${formatCount(rows.length)}` };
  }

  /** Answers to a view's questions, in their order; a question that cannot be put is a failed one. */
  private answersOf(view: View): readonly Answer[] {
    const asks = this.asksOf(view);
    if (!Array.isArray(asks)) return [asks as Answer];
    return asks.map((each) => this.known.get(askKey(each))?.answer ?? { state: "cancelled" });
  }

  private asksOf(view: View): readonly Ask[] | Answer {
    try {
      return screenOf(view.place, this).asks(view.place.args);
    } catch (error) {
      return { state: "failed", lines: explain(error).lines };
    }
  }

  /** Puts a view's questions that have no answer; what is shown now comes before what was asked for earlier. */
  private askFor(view: View, again = false, replaces = false): void {
    const asks = this.asksOf(view);
    this.stamp++;
    if (!Array.isArray(asks)) return;
    this.priority++;
    for (const each of asks as readonly Ask[]) {
      const key = askKey(each);
      const state = this.known.get(key)?.answer.state;
      // A file is written once, and again when that is asked for.
      const isSettled = (state === "done" && !(again && each.save)) || (state === "failed" && !again);
      if (state === "waiting" || isSettled) continue;
      const { save } = each;
      if (!save) this.put(key, each);
      else if (replaces || save.replaces) this.put(key, { ...each, save: { ...save, replaces: true } });
      else if (this.options.isFile(save.path)) this.confirm(save.path, { kind: "retry", replaces: true });
      else this.put(key, each);
    }
    this.forgetOld();
  }

  /** Nothing that is there is replaced before somebody says so. */
  private confirm(path: string, yes: Effect): void {
    this.state = { ...this.state, mode: { kind: "confirm", path, yes } };
  }

  /** What completion may need: names, and the parts of the value that the line ends in a part of. */
  private askWords(line: string): void {
    const whole = /(\S*\.\S+)[.[][^.[\s]*$/.exec(line)?.[1];
    const parts = whole === undefined ? [] : [ask(show, { of: whole, depth: 1, offset: 0, top: mostOffered })];
    for (const each of [ask(names, {}), ...parts]) if (!this.known.has(askKey(each))) this.put(askKey(each), each);
  }

  private put(key: string, { query, args, isBackground, save }: Ask): void {
    const asked = this.options.dump.ask(query, args, isBackground ? -1 : this.priority, save !== undefined);
    const entry: Known = { answer: { state: "waiting" }, cancel: () => asked.cancel() };
    this.known.delete(key);
    this.known.set(key, entry);
    const saved = asked.result.then(async (result) => {
      const chunks = save?.chunks(result);
      if (save && chunks) await this.save(save.path, chunks, save.replaces);
      return result;
    });
    saved.then(
      (result) => this.answered(entry, { state: "done", result }),
      (error: unknown) =>
        this.answered(entry, error instanceof Cancelled ? { state: "cancelled" } : { state: "failed", lines: explain(error).lines }),
    );
    this.tick();
  }

  private answered(entry: Known, answer: Answer): void {
    const view = presentView(this.state);
    const line = this.body(view).rows[view.cursor];
    entry.answer = this.shorten(answer);
    this.stamp++;
    this.state = follow(this.state, line, this);
    this.changed();
  }

  /** Names as screens show them; what they lead to is found by short names too. */
  private shorten<T>(answer: T): T {
    return this.options.hasFullNames ? answer : shortenAnswer(answer, () => this.options.dump.names ?? NO_NAMES);
  }

  /** The lines of a view as text. */
  private saveView(path: string, view: View, replaces: boolean): void {
    if (!replaces && this.options.isFile(path)) {
      this.confirm(path, { kind: "save", path, replaces: true });
      return;
    }
    const { head, rows } = this.body(view);
    const text = [...head, ...rows].map((line) => `${escapeText(line.text)}\n`).join("");
    this.save(path, [new TextEncoder().encode(text)], replaces).catch((error: unknown) => {
      this.state = { ...this.state, message: explain(error).lines[0] ?? "" };
      this.changed();
    });
  }

  private async save(path: string, chunks: Iterable<Uint8Array>, replaces: boolean): Promise<void> {
    await this.options.save(path, chunks, replaces);
    this.state = { ...this.state, message: `written: ${path}` };
    this.changed();
  }

  /** Answers of places long left are dropped, the oldest first. */
  private forgetOld(): void {
    const kept = new Set(
      this.state.stack.flatMap((view) => {
        const asks = this.asksOf(view);
        return Array.isArray(asks) ? (asks as readonly Ask[]).map(askKey) : [];
      }),
    );
    for (const [key, { answer }] of this.known) {
      if (this.known.size <= mostAnswers) return;
      if (!kept.has(key) && answer.state !== "waiting") this.known.delete(key);
    }
  }

  private perform(effect: Effect, view: View): void {
    if (effect.kind === "quit") this.options.quit();
    else if (effect.kind === "copy") this.options.write(`\u001b]52;c;${Buffer.from(effect.text).toString("base64")}\u0007`);
    else if (effect.kind === "suspend") this.options.suspend();
    else if (effect.kind === "retry") this.askFor(view, true, effect.replaces);
    else if (effect.kind === "save") this.saveView(effect.path, view, effect.replaces);
    else {
      const asks = this.asksOf(view);
      if (!Array.isArray(asks)) return;
      for (const key of (asks as readonly Ask[]).map(askKey)) {
        const known = this.known.get(key);
        if (known?.answer.state !== "waiting") continue;
        known.cancel();
        // Forgotten at once: the other thread may take its time, and somebody may ask again before.
        this.known.delete(key);
      }
      this.stamp++;
    }
  }

  /** Results known so far, for completion. */
  private *results(): Generator<unknown> {
    for (const { answer } of this.known.values()) if (answer.state === "done") yield answer.result;
  }

  /** What the other thread does now, for the status line. */
  private working(): string {
    const view = presentView(this.state);
    const progress = this.options.dump.progress();
    if (!progress) return "";
    const share = progress.total > 0 ? ` ${Math.min(100, Math.floor((progress.done / progress.total) * 100))}%` : "";
    const stage = progress.stage === "" ? progress.query : progress.stage;
    return `${stage}${share}${this.isWaiting(view) ? "" : " (in the background)"}`;
  }

  /** The frame is another; told at once, or soon after the last one was drawn. */
  private changed(): void {
    this.drawn = undefined;
    this.isTold = false;
    if (!this.resting) this.tell();
  }

  private tell(): void {
    this.isTold = true;
    for (const listener of this.listeners) listener();
    this.resting = setTimeout(() => {
      this.resting = undefined;
      if (!this.isTold) this.tell();
    }, frameMilliseconds);
  }

  /** Looks at the progress ten times a second while there is some. */
  private tick(): void {
    if (this.ticking) return;
    this.ticking = setTimeout(() => {
      this.ticking = undefined;
      this.changed();
      if (this.options.dump.progress()) this.tick();
    }, progressMilliseconds);
  }
}

function askKey({ query, args, save }: Ask): string {
  return `${query.name} ${JSON.stringify(args)} ${save?.path ?? ""}`;
}
