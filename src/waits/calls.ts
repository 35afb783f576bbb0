// Which calls of package sync and of the runtime change what others wait for, with the object of each. What a call does is told by
// the name of its function, on which object by its arguments.
import type { Address } from "../base/units.js";
import type { FutureCall } from "../runtime/code/future.js";
import type { GoFunction } from "../runtime/functions.js";
import type { RecordSource } from "../runtime/records/chain.js";
import { conditionOf } from "../runtime/records/condition.js";
import { readMutex, readRWMutex, rwMutexOf } from "../runtime/records/lock.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { MOST_CASES } from "./limits.js";
import { SYNC_METHOD } from "./sync.js";

/** "read", "write": how a lock is held; "done": of a sync.WaitGroup. */
export type Mode = "read" | "write" | "done";

/** On a lock or group; taking a group is adding to it. */
export interface LockEffect {
  readonly action: "take" | "release";
  readonly mode: Mode;
  readonly object: Address;
}

/** What a call does to what others wait for. "enter": what it calls tells, "never": it does not return. */
export type Effect =
  | LockEffect
  /** Of channels and conditions. */
  | { readonly action: "use"; readonly uses: readonly Use[] }
  | { readonly action: "enter" | "never" | "nothing" };

/** Something done to a channel or condition. */
export interface Use {
  readonly object: Address;
  readonly operation: "send" | "receive" | "close" | "signal";
}

/** What ends a wait for a channel or condition. */
export function endsOf(operation: string): ReadonlySet<Use["operation"]> {
  if (operation === "receive") return new Set(["send", "close"]);
  return operation === "send" ? new Set(["receive", "close"]) : new Set(["signal"]);
}

/** What methods of package sync do; slow paths too, for the fast ones are inlined. */
const METHODS: Readonly<Record<string, readonly ["take" | "release", Mode]>> = {
  "Mutex.Lock": ["take", "write"],
  "Mutex.lockSlow": ["take", "write"],
  "Mutex.TryLock": ["take", "write"],
  "Mutex.Unlock": ["release", "write"],
  "Mutex.unlockSlow": ["release", "write"],
  "RWMutex.Lock": ["take", "write"],
  "RWMutex.TryLock": ["take", "write"],
  "RWMutex.Unlock": ["release", "write"],
  "RWMutex.RLock": ["take", "read"],
  "RWMutex.TryRLock": ["take", "read"],
  "RWMutex.RUnlock": ["release", "read"],
  "RWMutex.rUnlockSlow": ["release", "read"],
  "WaitGroup.Done": ["release", "done"],
};

/** Functions that do not return. */
const NEVER =
  /^(?:runtime\.(?:gopanic|panic|goPanic|throw|fatal|block$|Goexit$|morestack|sigpanic|unreachableMethod)|(?:internal\/)?sync\.(?:throw|fatal)$|os\.Exit$|log\.(?:Fatal|Panic)|log\.\(\*Logger\)\.(?:Fatal|Panic))/;
/** What the compiler makes of operations on channels, and which argument is the channel. */
const CHANNEL: Readonly<Record<string, readonly [argument: number, operation: Use["operation"]]>> = {
  "runtime.chansend1": [0, "send"],
  "runtime.chanrecv1": [0, "receive"],
  "runtime.chanrecv2": [0, "receive"],
  "runtime.closechan": [0, "close"],
  "runtime.selectnbsend": [0, "send"],
  "runtime.selectnbrecv": [1, "receive"],
};
/** struct scase { c, elem }. runtime/select.go */
const SELECT_CASE = 16;
const NOTHING: Effect = { action: "nothing" };

/** Reads calls; what a place of the code calls is looked up once. */
export class CallReader {
  private readonly runtime: GoRuntime;
  /** Both by pc: a place is met again on every way through the code. */
  private readonly methods = new Map<Address, string>();
  private readonly regions = new Map<Address, string | undefined>();
  /** By function and depth left. */
  private readonly interesting = new Map<string, boolean>();

  constructor(runtime: GoRuntime) {
    this.runtime = runtime;
  }

  /** What a call does, as far as the function that is called tells. */
  effect(call: FutureCall): Effect {
    const { target } = call;
    const channel = CHANNEL[target.name];
    if (channel) return { action: "use", uses: [{ object: call.argument(channel[0]), operation: channel[1] }] };
    if (target.name === "runtime.selectgo") return { action: "use", uses: selected(call) };
    if (NEVER.test(target.name)) return { action: "never" };
    if (/^(?:internal\/)?sync\./.test(target.name)) return this.ofSync(call) ?? NOTHING;
    return target.name.startsWith("runtime.") ? NOTHING : { action: "enter" };
  }

  /** undefined: nothing that others wait for. */
  private ofSync(call: FutureCall): Effect | undefined {
    const { name } = call.target;
    // The receiver; NaN when the code does not tell it.
    const first = call.argument(0);
    if (/\(\*Cond\)\.(?:Signal|Broadcast)$/.test(name)) return { action: "use", uses: [{ object: first, operation: "signal" }] };
    const notified = /runtime_notifyListNotify(?:One|All)$/.test(name) ? conditionOf(this.runtime, first) : undefined;
    if (notified !== undefined) return { action: "use", uses: [{ object: notified, operation: "signal" }] };
    // It gives the lock back and takes it again.
    if (/\(\*Cond\)\.Wait$/.test(name)) return NOTHING;
    const method = this.methodAt(call.within, call.pc, name);
    if (method === "WaitGroup.Add") {
      // An int in two's complement: Done is Add(-1), which the compiler may have inlined.
      const delta = call.argument(1);
      if (Number.isNaN(delta)) return NOTHING;
      return { action: delta < 0 || delta >= 2 ** 63 ? "release" : "take", mode: "done", object: first };
    }
    const meaning = METHODS[method];
    if (!meaning) return SYNC_METHOD.test(name) || /\bruntime_/.test(name) ? NOTHING : { action: "enter" };
    const [action, mode] = meaning;
    // The slow path of an inlined RLock begins at its semaphore.
    const inlined = name.endsWith("runtime_SemacquireRWMutexR") ? rwMutexOf(this.runtime, first, "readerSem") : undefined;
    return { action, mode, object: inlined ?? first };
  }

  /** What the program wrote: of methods inlined around a call the outermost. "Mutex.Lock" */
  private methodAt(within: GoFunction, pc: Address, target: string): string {
    const known = this.methods.get(pc);
    if (known !== undefined) return known;
    const levels = this.runtime.functions.inlinedAt(within, pc).slice(0, -1);
    const match = [target, ...levels.map((each) => each.name)].map((name) => SYNC_METHOD.exec(name)).findLast((each) => each !== null);
    const method = match ? `${match[1]}.${match[2]}` : "";
    this.methods.set(pc, method);
    return method;
  }

  /** Names the inlined method of a lock that an instruction is part of. */
  isInlined(fn: GoFunction, pc: Address): string | undefined {
    if (this.regions.has(pc)) return this.regions.get(pc);
    const levels = this.runtime.functions.inlinedAt(fn, pc);
    const at = levels.slice(0, -1).findLastIndex((each) => SYNC_METHOD.test(each.name));
    const region = at < 0 ? undefined : `${levels[at]?.name} ${levels[at + 1]?.line}`;
    this.regions.set(pc, region);
    return region;
  }

  /** Whether following a function can tell anything: it calls, at most so deep, what changes something. */
  mayMatter(fn: GoFunction, depth: number, calls: (fn: GoFunction) => readonly GoFunction[] | undefined): boolean {
    const key = `${fn.entry} ${depth}`;
    const known = this.interesting.get(key);
    if (known !== undefined) return known;
    // Recursion comes back here: a function that only calls itself changes nothing.
    this.interesting.set(key, false);
    const targets = calls(fn);
    const matters =
      targets === undefined ||
      targets.some(
        ({ name }) =>
          name in CHANNEL || name === "runtime.selectgo" || name === "runtime.deferreturn" || /^(?:internal\/)?sync\./.test(name),
      ) ||
      (depth > 0 && targets.some((each) => !each.name.startsWith("runtime.") && each !== fn && this.mayMatter(each, depth - 1, calls)));
    this.interesting.set(key, matters);
    return matters;
  }
}

/** The channels of a select statement, and what each case does; those to send on come first. runtime/select.go selectgo */
function selected(call: FutureCall): Use[] {
  const [cases, sends, receives] = [call.argument(0), call.argument(3), call.argument(4)];
  const count = sends + receives;
  if (!(cases > 0) || !(count > 0) || count > MOST_CASES) return [];
  return Array.from(
    { length: count },
    (_, index): Use => ({ object: call.word(cases + index * SELECT_CASE), operation: index < sends ? "send" : "receive" }),
  );
}

/** How a lock can be held as it is, to tell who cannot have it. */
export function heldModes(source: RecordSource, kind: "mutex" | "rwmutex", address: Address): ReadonlySet<Mode> {
  if (kind === "mutex") {
    const mutex = readMutex(source, address);
    return mutex ? new Set(mutex.locked ? ["write"] : []) : new Set(["read", "write"]);
  }
  const lock = readRWMutex(source, address);
  if (!lock) return new Set(["read", "write"]);
  if (lock.writer === "holds") return new Set(["write"]);
  return new Set(lock.readers > 0 ? ["read"] : []);
}
