// Waits that no list of the runtime leads to from the goroutine: its own stack names the object, the object names the goroutine.
import { type Address, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Goroutine } from "./goroutines.js";
import { LARGEST_WAIT_FRAME, MOST_WAIT_FRAMES } from "./limits.js";
import { notifyListOf, notifySudogs } from "./records/condition.js";
import { polledBy } from "./records/poll-descriptor.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";
import type { Wait } from "./wait.js";

/** Functions between the program's call and the wait. */
const OF_THE_LIBRARY = /^(?:runtime|sync|internal\/poll)\./;

/** Who waits in the lists of sync.Cond. runtime/sema.go notifyListWait */
export class Conditions {
  private readonly runtime: GoRuntime;
  /** By the address of the list: the g of its sudogs, by sudog. */
  private readonly known = new Map<Address, ReadonlyMap<Address, Address>>();

  constructor(runtime: GoRuntime) {
    this.runtime = runtime;
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
    for (const { address, goroutine } of notifySudogs(this.runtime, list)) if (goroutine > 0) found.set(goroutine, address);
    return found;
  }
}

/** Waits for conditions (before Go 1.26; later g.waiting has them) and for descriptors. @param placed goroutines whose wait is known */
export function stackWaits(runtime: GoRuntime, placed: ReadonlySet<Address>): Wait[] {
  const conditions = new Conditions(runtime);
  const { memory } = runtime;

  const condition = ({ address: goroutine, stack }: Goroutine, word: Address): Wait | undefined => {
    // A condition lies in the heap or in a variable; words of the stack may have the sudog below them, too.
    const list = word >= stack.lo && word < stack.hi ? undefined : notifyListOf(runtime, word);
    const sudog = list === undefined ? undefined : conditions.waiters(list).get(goroutine);
    return list === undefined || sudog === undefined
      ? undefined
      : { goroutine, object: list, operation: "condition", select: false, sudog };
  };
  const descriptor = ({ address: goroutine }: Goroutine, word: Address): Wait | undefined => {
    const operation = polledBy(runtime, word, goroutine);
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
  for (const frame of goroutine.unwound().frames.slice(0, MOST_WAIT_FRAMES)) {
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
  const size = Math.min(frame.argp + 4 * WORD - frame.sp, LARGEST_WAIT_FRAME);
  const words: Address[] = [];
  for (let at = frame.sp; at < frame.sp + size; at += WORD) {
    const word = memory.tryAddress(at) ?? 0;
    if (word > 0 && word % WORD === 0) words.push(word);
  }
  return words;
}
