// A dump in another thread: questions go there, answers come back as plain data, and nobody here waits.
import { type MessagePort, Worker } from "node:worker_threads";
import { ResourceError } from "../base/errors.js";
import type { Finding } from "../base/findings.js";
import { NO_NAMES, PackageNames } from "../base/package-names.js";
import { Cancelled, type Progress } from "../base/progress.js";
import type { DumpFiles } from "../dump.js";
import type { Query } from "../query/query.js";
import { withContents } from "../query/trace-source.js";
import { type Reply, type Request, shareMemory, unpackError } from "./protocol.js";

/** A question on its way. */
export interface Asked<Result> {
  /** Rejects with a DumpError, Cancelled, or what is a bug. */
  readonly result: Promise<Result>;
  /** Gives up: at once when it still waits, at the next tick when it runs. Nothing after it was answered. */
  cancel(): void;
}

/** How often progress is told. ms */
const TELLING = 100;

/** Where the other thread is. stage: "" before the first one. done and total are in the stage's own unit, total 0 when unknown. */
export interface RemoteProgress {
  /** Name of the query that runs; "open" at the start. */
  readonly query: string;
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** The other end: a Worker, or a MessagePort whose far side is served in a test. */
interface Line {
  postMessage(message: Request): void;
  onMessage(listener: (reply: Reply) => void): void;
  onError(listener: (error: Error) => void): void;
  close(): Promise<unknown>;
}

/** A question that has no answer yet, in the queue or on its way. */
interface Waiting {
  readonly name: string;
  /** Makes the request when it is sent: a question that is put off gets a new id each time. */
  readonly message: (id: number, between: boolean) => Request;
  /** Below 0: in the background, put off whenever another question comes. */
  readonly priority: number;
  /** Nobody wants the answer any more: what comes is dropped, and it is not asked again. */
  isGivenUp: boolean;
  readonly progress: Progress | undefined;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A dump that lives in another thread. One question runs there at a time; the others wait here and can be dropped. What comes
 * while one runs is tried there at once, at the running one's next tick: what does not need the heap is answered, what does waits.
 */
export class RemoteDump {
  private readonly line: Line;
  private readonly shared = shareMemory();
  /** Not yet sent; highest priority first, and the oldest first of the same. */
  private readonly waiting: Waiting[] = [];
  /** The one that the thread works at in its turn. */
  private running: { readonly question: Waiting; readonly priority: number; readonly id: number } | undefined;
  /** Questions that were sent while another one ran. */
  private readonly between = new Map<number, Waiting>();
  /** Of the next message. Ids are never used twice, so a late reply finds nobody. */
  private nextId = 1;
  /** Why nothing can be asked any more: the thread has ended, or the dump was closed. */
  private broken: Error | undefined;
  private stage: { readonly name: string; readonly total: number } | undefined;
  /** Passes progress on to whoever asked, every TELLING ms. */
  private teller: NodeJS.Timeout | undefined;
  /** Damage met so far. */
  findings: readonly Finding[] = [];
  /** What packages are called; known with the first answer. */
  names: PackageNames = NO_NAMES;
  /** Settles when the dump is open or cannot be opened. */
  readonly opened: Promise<void>;

  private constructor(line: Line, files: DumpFiles, progress?: Progress) {
    this.line = line;
    line.onMessage((reply) => this.receive(reply));
    line.onError((error) => this.fail(error));
    this.opened = this.send("open", (id) => ({ kind: "open", id, files, shared: this.shared.buffer }), Number.POSITIVE_INFINITY, progress)
      .result as Promise<void>;
    this.opened.catch(() => {}); // told by the first question too
  }

  /** Opens a dump in a thread of its own. Returns at once. */
  static open(files: DumpFiles, progress?: Progress): RemoteDump {
    const worker = new Worker(new URL("./thread.js", import.meta.url), { stdout: true, stderr: true, execArgv: [] });
    return new RemoteDump(
      {
        postMessage: (message) => worker.postMessage(message),
        onMessage: (listener) => void worker.on("message", listener),
        onError(listener) {
          worker.on("error", listener);
          worker.on("exit", () => listener(new Error("the thread that holds the dump has ended")));
        },
        close: () => worker.terminate(),
      },
      files,
      progress,
    );
  }

  /** The same over a port that somebody serves. */
  static over(port: MessagePort, files: DumpFiles, progress?: Progress): RemoteDump {
    return new RemoteDump(
      {
        postMessage: (message) => port.postMessage(message),
        onMessage: (listener) => void port.on("message", listener),
        onError: (listener) => void port.on("messageerror", listener),
        close: async () => port.close(),
      },
      files,
      progress,
    );
  }

  /**
   * Asks; the answer comes when those with a higher priority, and older ones of the same, are answered, at once when it needs
   * no heap. A priority below 0 is background: its run is put off when another question needs the heap, and begun again later.
   * Args and Result are plain data.
   * withContents: what the answer would write to a file comes along. progress: told where it is while it runs; what it throws
   * ends the question.
   */
  ask<Args, Result>(query: Query<Args, Result>, args: Args, priority = 0, withContents = false, progress?: Progress): Asked<Result> {
    const { name } = query;
    return this.send<Result>(name, (id, between) => ({ kind: "ask", id, query: name, args, withContents, between }), priority, progress);
  }

  /** What runs now; undefined when nothing does. */
  progress(): RemoteProgress | undefined {
    if (!this.running) return undefined;
    return {
      query: this.running.question.name,
      stage: this.stage?.name ?? "",
      done: this.shared.done[0],
      total: this.stage?.total ?? 0,
    };
  }

  /** Ends the thread; whatever waits is rejected with Cancelled. Settles when it has ended. */
  async close(): Promise<void> {
    this.fail(new Cancelled());
    await this.line.close();
  }

  /** Puts a question on its way; rejects at once when the thread is gone. */
  private send<Result>(name: string, message: Waiting["message"], priority: number, progress?: Progress): Asked<Result> {
    let mine: Waiting | undefined;
    const result = new Promise<Result>((resolve, reject) => {
      if (this.broken) {
        reject(this.broken);
        return;
      }
      mine = { name, message, priority, isGivenUp: false, progress, resolve, reject };
      this.place(mine);
    });
    return { result, cancel: () => mine && this.cancel(mine) };
  }

  /** Sends it between when something runs that it need not wait for. */
  private place(one: Waiting): void {
    if (this.running && this.running.question.name !== "open" && one.priority >= 0) {
      const id = this.nextId++;
      this.between.set(id, one);
      this.line.postMessage(one.message(id, true));
      Atomics.add(this.shared.between, 0, 1);
      return;
    }
    this.enqueue(one);
    this.startNext();
  }

  /** Behind all of the same or a higher priority. */
  private enqueue(one: Waiting): void {
    const at = this.waiting.findIndex((each) => each.priority < one.priority);
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, one);
  }

  /** Ends what runs at its next tick: it fails with Cancelled, and then receive() decides whether it was given up or only put off. */
  private stopRunning(): void {
    if (this.running) Atomics.store(this.shared.cancelled, 0, this.running.id);
  }

  /** Sends the first that waits, unless something runs. */
  private startNext(): void {
    if (this.running || this.broken) return;
    const next = this.waiting.shift();
    if (!next) return;
    const id = this.nextId++;
    this.running = { question: next, priority: next.priority, id };
    this.stage = undefined;
    this.line.postMessage(next.message(id, false));
    const { progress } = next;
    if (progress) this.teller = setInterval(() => this.tell(next, () => progress.tick(this.shared.done[0])), TELLING);
  }

  private endRunning(): void {
    clearInterval(this.teller);
    this.running = undefined;
  }

  /** Calls what the one who asked gave us; what that throws ends the question. */
  private tell(question: Waiting, call: () => void): void {
    try {
      call();
    } catch (error) {
      clearInterval(this.teller);
      question.isGivenUp = true;
      question.reject(error as Error);
      this.stopRunning();
    }
  }

  /**
   * Where a question is decides what giving up means: out of the queue, told to the thread by its id, or at the running one's next tick.
   */
  private cancel(one: Waiting): void {
    const at = this.waiting.indexOf(one);
    one.isGivenUp = true;
    const between = [...this.between].find(([, each]) => each === one);
    if (at >= 0) this.waiting.splice(at, 1);
    if (between) Atomics.store(this.shared.cancelled, 1, between[0]);
    if (at >= 0 || between) one.reject(new Cancelled());
    else if (this.running?.question === one) this.stopRunning();
  }

  /** Takes a reply. A question that failed with Cancelled although nobody gave it up was put off for another one, and waits again. */
  private receive(reply: Reply): void {
    const between = this.between.get(reply.id);
    if (between && this.between.delete(reply.id)) {
      this.receiveBetween(between, reply);
      return;
    }
    const { running } = this;
    if (!running || reply.id !== running.id) return;
    if (reply.kind === "stage") {
      this.stage = reply;
      const { name, total } = reply;
      if (!running.question.isGivenUp) this.tell(running.question, () => running.question.progress?.stage(name, total));
      return;
    }
    this.endRunning();
    const { question } = running;
    if (reply.kind === "answer") this.resolve(question, reply);
    else if (reply.kind === "failed") {
      const error = unpackError(reply.error);
      if (error instanceof Cancelled && !question.isGivenUp) this.enqueue(question);
      else question.reject(error);
    }
    this.startNext();
  }

  /**
   * "later" and missed: nothing ran any more, so it is sent again. "later" otherwise: it waits its turn, and what runs in the background
   * makes room for it.
   */
  private receiveBetween(question: Waiting, reply: Reply): void {
    if (reply.kind === "answer") this.resolve(question, reply);
    else if (reply.kind === "failed") question.reject(unpackError(reply.error));
    else if (reply.kind === "later" && !question.isGivenUp) {
      if (reply.isMissed) this.place(question);
      else {
        this.enqueue(question);
        if (this.running && this.running.priority < 0) this.stopRunning();
        this.startNext();
      }
    }
  }

  /** Findings and names before the promise: whoever waits for the answer may read both. */
  private resolve(question: Waiting, { result, contents, findings, packages }: Reply & { readonly kind: "answer" }): void {
    this.findings = findings;
    if (packages) this.names = new PackageNames(packages);
    question.resolve((contents ? withContents(result as object, () => contents) : result) as never);
  }

  /** The other thread is gone. */
  private fail(error: Error): void {
    if (this.broken) return;
    const memory = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
    this.broken = memory ? new ResourceError("out of memory", { id: "node-memory" }) : error;
    const lost = [...(this.running ? [this.running.question] : []), ...this.between.values(), ...this.waiting.splice(0)];
    this.between.clear();
    this.endRunning();
    for (const one of lost) one.reject(this.broken);
  }
}
