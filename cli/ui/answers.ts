// What a session has asked its dump, and what became of it: answers are kept, so that going back costs nothing.
import { Cancelled } from "../../src/base/progress.js";
import type { RemoteDump } from "../../src/worker/worker.js";
import { explainInside as explain } from "../paste.js";
import type { Answer, Ask } from "./screen.js";

/** What a session needs from a dump; RemoteDump has it. */
export type Answers = Pick<RemoteDump, "ask" | "progress" | "findings"> & Partial<Pick<RemoteDump, "names">>;

/** What the answers' owner does with them. */
export interface AnswersOwner {
  /** An answer as people read it. */
  shorten<T>(answer: T): T;
  /** Writes what an answer has for a file. */
  save(path: string, chunks: Iterable<Uint8Array>, replaces: boolean): Promise<void>;
  /** An answer has come: calls arrive(), after which it is known. */
  answered(arrive: () => void): void;
}

/** A question that was put, and how to give it up. */
interface Known {
  answer: Answer;
  cancel(): void;
}

/** Answers kept; the oldest are dropped beyond it, and asked again when somebody comes back to them. */
const mostAnswers = 300;

/** The answers of a session, by their questions. */
export class AnswerBook {
  private readonly dump: Answers;
  private readonly owner: AnswersOwner;
  /** By askKey; the order is that of asking, oldest first. */
  private readonly known = new Map<string, Known>();

  constructor(dump: Answers, owner: AnswersOwner) {
    this.dump = dump;
    this.owner = owner;
  }

  /** Undefined for what was never asked, or given up. */
  answerTo(question: Ask): Answer | undefined {
    return this.known.get(askKey(question))?.answer;
  }

  /** Puts a question; its answer is awaited from now on. */
  put(question: Ask, priority: number): void {
    const { query, args, isBackground, save } = question;
    const key = askKey(question);
    const asked = this.dump.ask(query, args, isBackground ? -1 : priority, save !== undefined);
    // The entry is made anew, behind all others: the order of the map is that of the last asking.
    const entry: Known = { answer: { state: "waiting" }, cancel: () => asked.cancel() };
    this.known.delete(key);
    this.known.set(key, entry);
    // Shortened once, when it arrives: screens draw it at every key.
    const settle = (answer: Answer) =>
      this.owner.answered(() => {
        entry.answer = this.owner.shorten(answer);
      });
    // A file that cannot be written makes the question a failed one: the screen says why.
    const saved = asked.result.then(async (result) => {
      const chunks = save?.chunks(result);
      if (save && chunks) await this.owner.save(save.path, chunks, save.replaces);
      return result;
    });
    saved.then(
      (result) => settle({ state: "done", result }),
      (error: unknown) => settle(error instanceof Cancelled ? { state: "cancelled" } : { state: "failed", lines: explain(error).lines }),
    );
  }

  /** Gives up those of the questions that are not answered yet. */
  cancel(questions: readonly Ask[]): void {
    for (const key of questions.map(askKey)) {
      const known = this.known.get(key);
      if (known?.answer.state !== "waiting") continue;
      known.cancel();
      // Forgotten at once: the other thread may take its time, and somebody may ask again before.
      this.known.delete(key);
    }
  }

  /** Drops the oldest answers where there are too many, but none to these questions. */
  forgetOld(kept: readonly Ask[]): void {
    if (this.known.size <= mostAnswers) return;
    const keys = new Set(kept.map(askKey));
    for (const [key, { answer }] of this.known) {
      if (this.known.size <= mostAnswers) return;
      if (!keys.has(key) && answer.state !== "waiting") this.known.delete(key);
    }
  }

  /** Results known so far, for completion. */
  *results(): Generator<unknown> {
    for (const { answer } of this.known.values()) if (answer.state === "done") yield answer.result;
  }
}

/** Equal questions have one answer; that of one which writes a file is its own. */
function askKey({ query, args, save }: Ask): string {
  return `${query.name} ${JSON.stringify(args)} ${save?.path ?? ""}`;
}
