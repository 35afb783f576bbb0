// What each goroutine will do to locks, groups, channels and conditions once it goes on: nobody else can say who holds a lock.
import type { Address } from "../base/units.js";
import { Future, type FutureCall, type Standing, type Watcher } from "../runtime/code/future.js";
import { programOf } from "../runtime/code/program.js";
import { Symbols } from "../runtime/code/symbols.js";
import { deferredCalls } from "../runtime/deferred-calls.js";
import type { GoFunction } from "../runtime/functions.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { defersOf } from "../runtime/records/defer.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { tracebackFormat } from "../runtime/traceback-format.js";
import type { Frame } from "../runtime/unwind.js";
import { programTest } from "../stacks/program-functions.js";
import { CallReader, type LockEffect, type Mode, type Use } from "./calls.js";
import { DEEPEST_CALL, MOST_FUTURE_FRAMES, MOST_STEPS } from "./limits.js";

/** A release that the goroutine comes to without taking the object before: it has it. */
export interface Release {
  readonly object: Address;
  readonly mode: Mode;
  /** By a deferred call. */
  readonly deferred: boolean;
  /** "main.move at cycles.go:41", or of a deferred call the function that deferred it. */
  readonly where: string;
}

/** What it will do to a channel or condition, and where its code does that. */
export interface FutureUse extends Use {
  readonly where: string;
}

/** What one goroutine will do, once it goes on. */
export interface Outlook {
  readonly releases: readonly Release[];
  readonly uses: readonly FutureUse[];
  /** Locks that it waits for and, on some way, comes to take again before it has released them. */
  readonly again: ReadonlySet<Address>;
}

/** A lock that its functions have taken on every way to where they stand, and not released. */
export interface Taken {
  readonly object: Address;
  readonly mode: Mode;
  readonly where: string;
}

/** A lock that a goroutine is about to take, and how. */
export interface Awaited {
  readonly object: Address;
  readonly mode: Mode;
}

/** Locks by key that the goroutine has where it stands: on every way through the code, and on some way. Data flow's must and may. */
interface Facts {
  readonly must: ReadonlySet<number>;
  readonly may: ReadonlySet<number>;
}

type Place = Pick<FutureCall, "within" | "pc" | "closures">;

const MODES: readonly Mode[] = ["write", "read", "done"];
// A fact as a number: four to an address, which stays below 2^53 since addresses have 47 bits.
const key = (object: Address, mode: Mode): number => object * 4 + MODES.indexOf(mode);
/** A lock was tried in code that does not say which: one that is released later may be that one. */
const TRIED = -1;
/** Of a lock that is held for reading twice. */
const twice = (object: Address): number => object * 4 + MODES.length;
/** The waiting itself: what is inside the function that wanted the lock. */
const WAITING = /^(?:runtime\.|(?:internal\/)?sync\.(?:runtime_|\(\*(?:Mutex|RWMutex|WaitGroup)\)\.\w+$))/;
/** Names of wrappers since Go 1.22, for a binary that does not tell the funcID of one. */
const WRAPPER = /\.deferwrap\d+$|-fm$/;

/**
 * Follows goroutines' code from where they stand to their ends, frame by frame from the innermost, with the locks that they may
 * have as facts of a data flow analysis (runtime/code/future.ts). A release without a take before it tells of a lock that was
 * taken in the past, which no record of the runtime does.
 */
export class Futures {
  /** Goroutines that were not followed: there were too many. */
  unfollowed = 0;
  private readonly runtime: GoRuntime;
  private readonly most: number;
  private readonly reader: CallReader;
  private readonly program;
  private readonly future: Future<Facts>;
  private readonly isProgram;
  private readonly wrapperId: number | undefined;
  private readonly foreign = new Map<GoFunction, boolean>();
  private readonly calls = new Map<GoFunction, readonly GoFunction[] | undefined>();
  // What is found of the goroutine at hand.
  private releases = new Map<number, Release>();
  private uses = new Map<string, FutureUse>();
  private again = new Set<Address>();
  private takes = new Map<number, Taken>();
  private pending: ReadonlySet<number> = new Set();
  private deferred: ReadonlyMap<Address, string> = new Map();

  /** @param most  instructions followed for all goroutines together */
  constructor(runtime: GoRuntime, most = MOST_STEPS) {
    this.runtime = runtime;
    this.most = most;
    this.reader = new CallReader(runtime);
    this.program = programOf(runtime);
    this.isProgram = programTest(runtime);
    this.wrapperId = tracebackFormat(runtime).wrapperId;
    const watcher: Watcher<Facts> = {
      call: (call, facts) => this.onCall(call, facts),
      join: (a, b) => ({ must: new Set([...a.must].filter((each) => b.must.has(each))), may: new Set([...a.may, ...b.may]) }),
      same: (a, b) => a.must.size === b.must.size && a.may.size === b.may.size,
      passes: (fn, pc, facts) =>
        facts.may.has(TRIED) || !/\.Try/.test(this.reader.isInlined(fn, pc) ?? "")
          ? facts
          : { ...facts, may: new Set([...facts.may, TRIED]) },
      isInlined: (fn, pc) => this.reader.isInlined(fn, pc),
    };
    this.future = new Future(runtime, watcher, this.program);
  }

  /** What a goroutine will do. @param awaited  locks it waits for: it has them when it goes on */
  of(goroutine: Goroutine, awaited: readonly Awaited[]): Outlook {
    this.releases = new Map();
    this.uses = new Map();
    this.again = new Set();
    if (this.future.steps > this.most) {
      this.unfollowed++;
      return { releases: [], uses: [], again: this.again };
    }
    const wanted = new Set(awaited.map(({ object, mode }) => key(object, mode)));
    this.pending = wanted;
    // It waits until it has the lock: what runs after that, runs with it.
    let facts: Facts = { must: wanted, may: wanted };
    const { frames } = goroutine.unwound();
    const first = frames.findIndex((each) => !WAITING.test(each.fn.name));
    const records = [...defersOf(this.runtime, goroutine.address)];
    const all = deferredCalls(this.runtime, goroutine);
    this.deferred = new Map(all.map(({ closure, by }) => [closure, by?.name ?? ""]));
    this.future.begin();
    for (const [index, frame] of frames.slice(0, Math.max(first, 0) + MOST_FUTURE_FRAMES).entries()) {
      if (index < first || first < 0) continue;
      if (!this.mayMatter(frame.fn)) continue;
      // A record of a deferred call names the frame by its stack pointer: runtime/runtime2.go _defer.sp
      const deferred = records.filter((each) => each.sp === frame.sp).map((each) => each.closure);
      const { must, may } = this.future.follow(this.standing(goroutine, frame, index, deferred), facts);
      facts = { must, may: new Set([...may].filter((each) => each !== TRIED)) };
    }
    return { releases: [...this.releases.values()], uses: [...this.uses.values()], again: this.again };
  }

  /** Locks it took before, whether it will release them or not. */
  past(goroutine: Goroutine, awaited: readonly Awaited[]): readonly Taken[] {
    if (this.future.steps > this.most) return [];
    this.takes = new Map();
    this.pending = new Set();
    this.deferred = new Map();
    this.future.begin();
    const symbols = new Symbols();
    let facts: Facts = { must: new Set(), may: new Set() };
    let entry: Float64Array | undefined;
    const { frames } = goroutine.unwound();
    const first = Math.max(
      frames.findIndex((each) => !WAITING.test(each.fn.name)),
      0,
    );
    for (const [index, { fn, pc, sp, fp }] of [...frames.slice(first, first + MOST_FUTURE_FRAMES).entries()].reverse()) {
      const reached = this.future.reach({ fn, pc, sp, fp, stack: goroutine.stack, deferred: [] }, facts, symbols, entry);
      entry = reached?.registers;
      if (!reached) continue;
      facts = reached.facts;
      // The call that waits tells what one symbol stands for.
      const waiting = index === 0 && reached.call ? this.reader.effect(reached.call) : undefined;
      if (waiting?.action === "take" && awaited.length === 1 && awaited[0]) symbols.bind(waiting.object, awaited[0].object);
    }
    const read = (address: Address) => this.runtime.memory.tryAddress(address) ?? Number.NaN;
    return [...facts.must].flatMap((each) => {
      const taken = this.takes.get(each);
      const object = taken ? symbols.resolve(taken.object, read) : Number.NaN;
      return taken && object > 0 ? [{ ...taken, object }] : [];
    });
  }

  /** Where a frame goes on. Only the innermost has the goroutine's registers. */
  private standing(goroutine: Goroutine, frame: Frame, index: number, deferred: readonly Address[]): Standing {
    const registers = index === 0 ? goroutine.registers : undefined;
    const { fn, pc, sp } = frame;
    const at = { fn, pc, sp, stack: goroutine.stack, deferred };
    if (!registers) return at;
    const { names } = this.program.machine;
    return {
      ...at,
      register(number) {
        const value = registers.byName(names[number] ?? "");
        return value === undefined || value >= 1n << 53n ? Number.NaN : Number(value);
      },
    };
  }

  /** The library takes and releases its own locks by itself; only package sync does what the program asks it to. */
  private isForeign(fn: GoFunction): boolean {
    let foreign = this.foreign.get(fn);
    if (foreign === undefined) {
      const { file } = this.runtime.functions.lineAt(fn, fn.entry);
      foreign = !fn.name.startsWith("sync.") && !this.isProgram({ function: fn.name, file });
      this.foreign.set(fn, foreign);
    }
    return foreign;
  }

  /** Whether a function is worth following: most call nothing that others wait for. */
  private mayMatter(fn: GoFunction): boolean {
    return this.reader.mayMatter(fn, DEEPEST_CALL, (each) => this.callsOf(each));
  }

  /** Made by the compiler for `defer f(x)` and method values: it only calls what it was given, often through an interface. */
  private isWrapper({ funcId, name }: GoFunction): boolean {
    return funcId === this.wrapperId || WRAPPER.test(name);
  }

  /** Functions it calls by their address; undefined: calls through pointers matter, too, when a deferred call is one. */
  private callsOf(fn: GoFunction): readonly GoFunction[] | undefined {
    let known = this.calls.get(fn);
    if (!known && !this.calls.has(fn) && !this.isWrapper(fn)) {
      const found = new Set<GoFunction>();
      for (const each of this.program.read(fn)?.instructions ?? []) {
        const place = each.action === "call" || each.action === "jump" ? each.target : undefined;
        if (typeof place !== "number" || (place >= fn.entry && place < fn.end)) continue;
        const target = this.program.at(place);
        if (target) found.add(target);
      }
      known = [...found];
      this.calls.set(fn, known);
    }
    return known;
  }

  /** What a call adds to the facts. */
  private onCall(call: FutureCall, facts: Facts): Facts | "enter" | "never" {
    const effect = this.reader.effect(call);
    switch (effect.action) {
      case "never":
        return "never";
      case "enter":
        return !this.isForeign(call.target) && this.mayMatter(call.target) ? "enter" : facts;
      case "take":
      case "release":
        return Number.isNaN(effect.object) ? facts : this.onLock(call, effect, facts);
      case "use":
        for (const use of effect.uses) this.use(call, use);
        return facts;
      default:
        return facts;
    }
  }

  /** A lock is taken or released. */
  private onLock(call: Place, effect: LockEffect, facts: Facts): Facts | "never" {
    const { object, mode } = effect;
    const at = key(object, mode);
    if (effect.action === "take") {
      if (!this.takes.has(at)) this.takes.set(at, { object, mode, where: this.place(call).where });
      if (this.pending.has(at) && facts.may.has(at)) this.again.add(object);
      // It would wait for itself: no way leads on.
      const isOwn = facts.must.has(key(object, "write")) || (mode === "write" && facts.must.has(key(object, "read")));
      if (isOwn && mode !== "done") return "never";
      const added = mode === "read" && facts.must.has(at) ? [at, twice(object)] : [at];
      return { must: new Set([...facts.must, ...added]), may: new Set([...facts.may, ...added]) };
    }
    // Released though not taken on this way: it had it before. After a Try that may have been this lock, nothing is concluded.
    const isHeld = !facts.must.has(at) && (mode === "done" || !facts.may.has(TRIED));
    if (isHeld && !this.releases.has(at)) this.releases.set(at, { object, mode, ...this.place(call) });
    const without = (set: ReadonlySet<number>) => {
      const last = mode === "read" && set.has(twice(object)) ? twice(object) : at;
      return new Set([...set].filter((each) => each !== last));
    };
    return { must: without(facts.must), may: without(facts.may) };
  }

  /** The first place of each use is kept. */
  private use(call: FutureCall, { object, operation }: Use): void {
    const name = `${object} ${operation}`;
    if (object > 0 && !this.uses.has(name)) this.uses.set(name, { object, operation, where: this.place(call).where });
  }

  /** Of a deferred call the function that deferred it, of others file and line. */
  private place({ within, pc, closures }: Place): { readonly deferred: boolean; readonly where: string } {
    const closure = closures.find((each) => this.deferred.has(each));
    if (closure !== undefined) return { deferred: true, where: this.deferred.get(closure) ?? "" };
    const outer = this.runtime.functions.inlinedAt(within, pc).at(-1);
    const file = outer?.file ?? "";
    return { deferred: false, where: `${within.name} at ${file.slice(file.lastIndexOf("/") + 1)}:${outer?.line ?? 0}` };
  }
}
