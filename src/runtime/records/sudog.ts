// A goroutine in a list of those who wait: runtime.sudog. One goroutine has one for each channel of a select. runtime/runtime2.go
import type { Address } from "../../base/units.js";
import type { Binary } from "../binary/binary.js";
import { underlying } from "../layout/from-dwarf.js";
import { MOST_SEMAPHORE_ROOTS, MOST_SUDOGS } from "../limits.js";
import { chain, type OnDamage, pointerAt, type RecordSource } from "./chain.js";

/** Pointers that are not in the core are 0. */
export interface Sudog {
  readonly address: Address;
  /** The g that waits. */
  readonly goroutine: Address;
  /** Where the value lies that is sent, or is to be received; of a semaphore its word, of a condition its notifyList. */
  readonly element: Address;
  /** 0 for those that wait for no channel. */
  readonly channel: Address;
  /** One of several of a select. */
  readonly isSelect: boolean;
}

function readSudog({ layout, memory }: RecordSource, address: Address): Sudog {
  const struct = layout.struct("sudog");
  const pointer = (name: "g" | "elem" | "c") => pointerAt(memory, address + struct.offset(name));
  return {
    address,
    goroutine: pointer("g"),
    element: pointer("elem"),
    channel: pointer("c"),
    isSelect: memory.tryBytes(address + struct.offset("isSelect"), 1)?.[0] === 1,
  };
}

function linked({ layout, memory }: RecordSource, name: "next" | "waitlink"): (at: Address) => Address {
  const offset = layout.struct("sudog").offset(name);
  return (at) => pointerAt(memory, at + offset);
}

/**
 * g.waiting: the sudogs of the channel operation that a goroutine is in; those of a select in the order in which it locked the channels, by
 * their addresses (runtime/select.go selectgo). Since Go 1.26 also the one of a lock or condition, without a channel; it is the last, for
 * its waitlink leads to others that wait for the same.
 */
export function* sudogsOf(source: RecordSource, goroutine: Address, onDamage?: OnDamage): Iterable<Sudog> {
  const { layout, memory } = source;
  const first = pointerAt(memory, goroutine + layout.struct("g").offset("waiting"));
  for (const at of chain(first, linked(source, "waitlink"), MOST_SUDOGS, onDamage)) {
    const sudog = readSudog(source, at);
    yield sudog;
    if (sudog.channel <= 0) return;
  }
}

/** Those who wait in a queue of a channel, or of a condition, the first to be served first. */
export function* queuedSudogs(source: RecordSource, first: Address, onDamage?: OnDamage): Iterable<Sudog> {
  for (const at of chain(first, linked(source, "next"), MOST_SUDOGS, onDamage)) yield readSudog(source, at);
}

/** Everybody who waits for a semaphore. runtime.semtable: a treap of addresses per root, further waiters of an address behind waitlink. */
export function* semaphoreSudogs(source: RecordSource & { readonly binary: Binary }, onDamage: OnDamage): Iterable<Sudog> {
  const { layout, memory, binary } = source;
  const table = layout.global("runtime.semtable");
  const type = binary.debug.global("runtime.semtable")?.type;
  const array = type && underlying(type);
  if (table === undefined || array?.kind !== "array") return;
  const treap = layout.struct("semaRoot").offset("treap");
  const struct = layout.struct("sudog");
  const waitlink = linked(source, "waitlink");
  const seen = new Set<Address>();
  for (let i = 0; i < Math.min(array.count, MOST_SEMAPHORE_ROOTS); i++) {
    const pending = [pointerAt(memory, table + i * array.element.size + treap)];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node <= 0) continue;
      if (seen.has(node) || seen.size > MOST_SUDOGS) {
        onDamage(node);
        continue;
      }
      const { element } = readSudog(source, node);
      // Those behind waitlink wait for the same semaphore.
      for (const at of chain(node, waitlink, MOST_SUDOGS, onDamage, seen)) yield { ...readSudog(source, at), element };
      pending.push(pointerAt(memory, node + struct.offset("prev")), pointerAt(memory, node + struct.offset("next")));
    }
  }
}
