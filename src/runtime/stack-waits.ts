// Waits that no list of the runtime leads to from the goroutine: its own stack names the object, the object names the goroutine.
import { type Address, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Goroutine } from "./goroutines.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";
import type { Wait } from "./wait.js";

const MOST_WAITERS = 1 << 20;
const LARGEST_FRAME = 1 << 12;
const MOST_FRAMES = 20;
const OF_THE_LIBRARY = /^(?:runtime|sync|internal\/poll)\./;

/** Who waits in the lists of sync.Cond. runtime/sema.go notifyListWait */
export class Conditions {
  private readonly memory: AddressSpace;
  private readonly list;
  private readonly sudog;
  /** By the address of the list: the g of its sudogs, by sudog. */
  private readonly known = new Map<Address, ReadonlyMap<Address, Address>>();

  constructor(runtime: GoRuntime) {
    const { layout } = runtime;
    this.memory = runtime.process.memory;
    this.list = layout.hasStruct("notifyList") ? layout.struct("notifyList") : undefined;
    this.sudog = layout.struct("sudog");
  }

  /** Whether the notifyList at this address has the goroutine among its waiters. */
  holds(list: Address, goroutine: Address): boolean {
    return this.waiters(list).has(goroutine);
  }

  /** Sudogs by the g they stand for. */
  waiters(list: Address): ReadonlyMap<Address, Address> {
    const before = this.known.get(list);
    if (before) return before;
    const found = new Map<Address, Address>();
    this.known.set(list, found);
    if (!this.list) return found;
    let at = this.memory.tryAddress(list + this.list.offset("head")) ?? 0;
    for (let count = 0; at > 0 && count < MOST_WAITERS; count++) {
      const waiting = this.memory.tryAddress(at + this.sudog.offset("g")) ?? 0;
      if (waiting <= 0 || found.has(waiting)) break;
      found.set(waiting, at);
      at = this.memory.tryAddress(at + this.sudog.offset("next")) ?? 0;
    }
    return found;
  }
}

/** Waits for conditions (before Go 1.26; later g.waiting has them) and for descriptors. @param placed goroutines whose wait is known */
export function stackWaits(runtime: GoRuntime, placed: ReadonlySet<Address>): Wait[] {
  const conditions = new Conditions(runtime);
  const { layout } = runtime;
  const { memory } = runtime.process;
  const list = layout.hasStruct("syncCond") ? layout.struct("syncCond").offset("notify") : undefined;
  const poll = layout.hasStruct("pollDesc") ? layout.struct("pollDesc") : undefined;

  const condition = ({ address: goroutine, stack }: Goroutine, word: Address): Wait | undefined => {
    // A condition lies in the heap or in a variable; words of the stack may have the sudog below them, too.
    if (list === undefined || (word >= stack.lo && word < stack.hi)) return undefined;
    const sudog = conditions.waiters(word + list).get(goroutine);
    return sudog === undefined ? undefined : { goroutine, object: word + list, operation: "condition", select: false, sudog };
  };
  const descriptor = ({ address: goroutine }: Goroutine, word: Address): Wait | undefined => {
    if (!poll || !memory.tryBytes(word, poll.size)) return undefined;
    const operation = (["read", "write"] as const).find(
      (each) => memory.tryAddress(word + poll.offset(each === "read" ? "rg" : "wg")) === goroutine,
    );
    return operation && { goroutine, object: word, operation, select: false, sudog: 0 };
  };

  const found: Wait[] = [];
  for (const goroutine of runtime.goroutines.all) {
    if (placed.has(goroutine.address)) continue;
    const reason = goroutine.waitReason;
    const test = reason.startsWith("sync.Cond") ? condition : reason.startsWith("IO wait") ? descriptor : undefined;
    const wait = test && search(memory, goroutine, (word) => test(goroutine, word));
    if (wait) found.push(wait);
  }
  return found;
}

/** The first word of the innermost frames, up to the first outside the library, that passes the test. */
function search(memory: AddressSpace, goroutine: Goroutine, test: (word: Address) => Wait | undefined): Wait | undefined {
  for (const frame of goroutine.unwound().frames.slice(0, MOST_FRAMES)) {
    for (const word of wordsOf(memory, frame)) {
      const wait = test(word);
      if (wait) return wait;
    }
    if (!OF_THE_LIBRARY.test(frame.fn.name)) return undefined;
  }
  return undefined;
}

/** Words of a frame and of its arguments that can be addresses. */
function wordsOf(memory: AddressSpace, frame: Frame): Address[] {
  const size = Math.min(frame.argp + 4 * WORD - frame.sp, LARGEST_FRAME);
  const words: Address[] = [];
  for (let at = frame.sp; at < frame.sp + size; at += WORD) {
    const word = memory.tryAddress(at) ?? 0;
    if (word > 0 && word % WORD === 0) words.push(word);
  }
  return words;
}
