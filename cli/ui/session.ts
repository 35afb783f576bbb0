// One person at one dump: state, answers, and what keys do to the world. Knows no React; whoever draws listens.
import { NO_NAMES } from "../../src/base/package-names.js";
import { names } from "../../src/query/names.js";
import { show } from "../../src/query/show.js";
import type { AnyCommand } from "../command.js";
import { explainInside as explain } from "../paste.js";
import { escapeText } from "../text/escape.js";
import { shortenAnswer } from "../text/names.js";
import { AnswerBook, type Answers } from "./answers.js";
import { bodyOf } from "./body.js";
import { type Completion, completeLine, wordsOf } from "./completion.js";
import { type Frame, listHeight, makeFrame, type Size } from "./frame.js";
import { type Key, makeKeyReader } from "./keys.js";
import { reduce } from "./navigation.js";
import { Redraw } from "./redraw.js";
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

/** What a session needs of the world: everything it does outside itself goes through these. */
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

/** After it a lone escape was the key, not the beginning of a sequence. */
const flushMilliseconds = 25;
/** Parts of a value that completion knows. */
const mostOffered = 200;

/** A session in progress. */
export class Session implements Surroundings {
  readonly screens: readonly Screen[];
  state: State;
  private readonly options: SessionOptions;
  private readonly book: AnswerBook;
  private readonly redraw = new Redraw();
  private readonly reader = makeKeyReader();
  // Moving the cursor makes a new view of the same rows: the last body is kept for that.
  private last: { readonly view: View; readonly stamp: number; readonly body: Body } | undefined;
  private size: Size;
  /** Counts everything that a body is made from and that is not in its view. */
  private stamp = 0;
  /** Grows with each place that is opened: its questions come before older ones. */
  private priority = 0;
  /** Runs while half a sequence is held back. */
  private holding: NodeJS.Timeout | undefined;
  /** The frame that was made last; undefined once something has changed. */
  private drawn: Frame | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.screens = options.screens;
    this.size = options.size;
    this.book = new AnswerBook(options.dump, {
      shorten: (answer) => this.shorten(answer),
      save: (path, chunks, replaces) => this.save(path, chunks, replaces),
      answered: (arrive) => this.answered(arrive),
    });
    this.state = startAt({ screen: options.screens[0].name, args: {} });
    this.askFor(presentView(this.state));
  }

  /** Calls back after changes of the frame; returns how to stop. */
  readonly listen = (listener: () => void): (() => void) => this.redraw.listen(listener);

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
    // Keys that are whole are obeyed now; half of one waits for the rest, or for the moment after which it was the escape key.
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
      // Another place has questions of its own; moving in the same one asks nothing.
      if (view.place !== before.place) this.askFor(view);
      const { mode } = state;
      // Words for completion are asked for while the line is typed, so that tab need not wait.
      if (mode.kind === "prompt" && mode.sign === ":" && /^(?:[:.[]|tab)$/.test(key)) this.askWords(mode.text);
    }
    this.changed();
  }

  /** A fault is said, and ends nothing. */
  private step(key: Key): Step {
    try {
      return reduce(this.state, key, this);
    } catch (error) {
      return { state: { ...this.state, message: explain(error).lines[0] ?? "" }, effects: [] };
    }
  }

  /** The terminal has another size: everything is laid out anew. */
  resize(size: Size): void {
    this.size = size;
    this.stamp++;
    this.state = settle(this.state, this);
    this.changed();
  }

  /** Stops timers; the dump is the owner's. */
  close(): void {
    clearTimeout(this.holding);
    this.redraw.close();
  }

  /** The body of a view, made anew only when something it is made from has changed. */
  body(view: View): Body {
    const { last, stamp } = this;
    // Not compared: cursor and scrolling, of which no body is made.
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
    return completeLine(text, this.options.commands, () => wordsOf(this.book.results()));
  }

  /** Asks the screen for its lines. */
  private makeBody(view: View): Body {
    const given = {
      args: view.place.args,
      answers: this.answersOf(view),
      width: Math.max(20, this.size.columns - 2),
      folds: view.folds,
      findings: this.shorten(this.options.dump.findings),
    };
    return bodyOf(screenOf(view.place, this), given, view.filter);
  }

  /** Answers to a view's questions, in their order; a question that cannot be put is a failed one. */
  private answersOf(view: View): readonly Answer[] {
    const { asks, failure } = this.asksOf(view);
    return failure ? [failure] : asks.map((each) => this.book.answerTo(each) ?? { state: "cancelled" });
  }

  /** A view's questions, or why they cannot be put: a screen's asks may throw on what a person typed. */
  private asksOf(view: View): { readonly asks: readonly Ask[]; readonly failure?: Answer } {
    try {
      return { asks: screenOf(view.place, this).asks(view.place.args) };
    } catch (error) {
      return { asks: [], failure: { state: "failed", lines: explain(error).lines } };
    }
  }

  /** Puts a view's questions that have no answer; what is shown now comes before what was asked for earlier. */
  private askFor(view: View, again = false, replaces = false): void {
    this.stamp++;
    this.priority++;
    for (const each of this.asksOf(view).asks) {
      const state = this.book.answerTo(each)?.state;
      // A file is written once, and again when that is asked for.
      const isSettled = (state === "done" && !(again && each.save)) || (state === "failed" && !again);
      if (state === "waiting" || isSettled) continue;
      const { save } = each;
      if (!save) this.put(each);
      else if (replaces || save.replaces) this.put({ ...each, save: { ...save, replaces: true } });
      else if (this.options.isFile(save.path)) this.confirm(save.path, { kind: "retry", replaces: true });
      else this.put(each);
    }
    // Never those that a step of the breadcrumb shows: going back is to be at once.
    this.book.forgetOld(this.state.stack.flatMap((shown) => this.asksOf(shown).asks));
  }

  /** Nothing that is there is replaced before somebody says so. */
  private confirm(path: string, yes: Effect): void {
    this.state = { ...this.state, mode: { kind: "confirm", path, yes } };
  }

  /** What completion may need: names, and the parts of the value that the line ends in a part of. */
  private askWords(line: string): void {
    // Of "main.server.sess" the value main.server: its fields are what the word may become.
    const whole = /(\S*\.\S+)[.[][^.[\s]*$/.exec(line)?.[1];
    const parts = whole === undefined ? [] : [ask(show, { of: whole, depth: 1, offset: 0, top: mostOffered })];
    for (const each of [ask(names, {}), ...parts]) if (!this.book.answerTo(each)) this.put(each);
  }

  /** Puts one question, and redraws its progress until the thread is idle. */
  private put(question: Ask): void {
    this.book.put(question, this.priority);
    this.redraw.tick(() => {
      this.changed();
      return this.options.dump.progress() !== undefined;
    });
  }

  /** An answer has come: the cursor stays on the line where it was, though lines may have come above it. */
  private answered(arrive: () => void): void {
    const view = presentView(this.state);
    // Taken before the answer counts: afterwards the rows are others.
    const line = this.body(view).rows[view.cursor];
    arrive();
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

  /** Writes a file and says so. @throws DumpError of the disk's */
  private async save(path: string, chunks: Iterable<Uint8Array>, replaces: boolean): Promise<void> {
    await this.options.save(path, chunks, replaces);
    this.state = { ...this.state, message: `written: ${path}` };
    this.changed();
  }

  /** Does what a key wants of the world. @param view the one before the key */
  private perform(effect: Effect, view: View): void {
    if (effect.kind === "quit") this.options.quit();
    // OSC 52: the terminal puts the text on the clipboard, over ssh too.
    else if (effect.kind === "copy") this.options.write(`\u001b]52;c;${Buffer.from(effect.text).toString("base64")}\u0007`);
    else if (effect.kind === "suspend") this.options.suspend();
    else if (effect.kind === "retry") this.askFor(view, true, effect.replaces);
    else if (effect.kind === "save") this.saveView(effect.path, view, effect.replaces);
    else {
      this.book.cancel(this.asksOf(view).asks);
      this.stamp++;
    }
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

  /** The frame is another. */
  private changed(): void {
    this.drawn = undefined;
    this.redraw.changed();
  }
}
