// What goroutines wait on: channels and conditions through their sudogs, semaphores of package sync through the runtime's
// table, what no list leads to through their own stacks. runtime/sema.go, chan.go
import type { Findings } from "../base/findings.js";
import { type Address, hex } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { underlying } from "./layout/from-dwarf.js";
import type { GoRuntime } from "./runtime.js";
import { Conditions, stackWaits } from "./stack-waits.js";
import type { Wait } from "./wait.js";

const MOST_SUDOGS = 1 << 24;
/** Roots of the semaphore table. runtime/sema.go semTabSize */
const SEMAPHORE_ROOTS = 251;

/** Every wait for something that has an address. Counted out when the lists are damaged. */
export function readWaits(runtime: GoRuntime, findings: Findings): readonly Wait[] {
  const reader = new WaitReader(runtime, findings);
  for (const goroutine of runtime.goroutines.all) {
    if (goroutine.status === "waiting" || goroutine.status === "leaked") reader.sudogs(goroutine.address);
  }
  reader.semaphores();
  return [...reader.waits, ...stackWaits(runtime, new Set(reader.waits.map((each) => each.goroutine)))];
}

class WaitReader {
  readonly waits: Wait[] = [];
  private readonly memory: AddressSpace;
  private readonly runtime: GoRuntime;
  private readonly findings: Findings;
  private readonly sudog;
  private readonly conditions: Conditions;
  private readonly receivers = new Map<Address, ReadonlySet<Address>>();

  constructor(runtime: GoRuntime, findings: Findings) {
    this.runtime = runtime;
    this.memory = runtime.process.memory;
    this.findings = findings;
    this.sudog = runtime.layout.struct("sudog");
    this.conditions = new Conditions(runtime);
  }

  private field(address: Address, name: Parameters<typeof this.sudog.offset>[0]): Address {
    return this.memory.tryAddress(address + this.sudog.offset(name)) ?? 0;
  }

  private damaged(at: Address): void {
    this.findings.add("waits-damaged", "a list of waiting goroutines does not end", hex(at), { partial: true });
  }

  /**
   * g.waiting: the sudogs of the channel operation it is in, in the order of its cases. Since Go 1.26 also those of locks, which
   * the table of semaphores has, and of conditions, known by their list.
   */
  sudogs(goroutine: Address): void {
    const g = this.runtime.layout.struct("g");
    const seen = new Set<Address>();
    for (let at = this.memory.tryAddress(goroutine + g.offset("waiting")) ?? 0; at > 0; at = this.field(at, "waitlink")) {
      if (seen.has(at)) {
        this.damaged(at);
        return;
      }
      seen.add(at);
      const channel = this.field(at, "c");
      if (channel <= 0) {
        // Its waitlink leads to the others that wait for the same lock.
        this.condition(goroutine, at);
        return;
      }
      const select = this.memory.tryBytes(at + this.sudog.offset("isSelect"), 1)?.[0] === 1;
      const operation = this.receiversOf(channel).has(at) ? "receive" : "send";
      this.waits.push({ goroutine, object: channel, operation, select, sudog: at });
    }
  }

  private condition(goroutine: Address, sudog: Address): void {
    const object = this.field(sudog, "elem");
    if (object > 0 && this.conditions.holds(object, goroutine))
      this.waits.push({ goroutine, object, operation: "condition", select: false, sudog });
  }

  private receiversOf(channel: Address): ReadonlySet<Address> {
    let known = this.receivers.get(channel);
    if (!known) {
      const found = new Set<Address>();
      const first = channel + this.runtime.layout.struct("hchan").offset("recvq.first");
      for (let at = this.memory.tryAddress(first) ?? 0; at > 0; at = this.field(at, "next")) {
        if (found.has(at) || found.size > MOST_SUDOGS) {
          this.damaged(at);
          break;
        }
        found.add(at);
      }
      known = found;
      this.receivers.set(channel, known);
    }
    return known;
  }

  /** runtime.semtable: a treap of addresses per root, further waiters of an address behind waitlink. */
  semaphores(): void {
    const { layout, debug } = this.runtime;
    const table = layout.global("runtime.semtable");
    const type = debug.global("runtime.semtable")?.type;
    const array = type && underlying(type);
    if (table === undefined || array?.kind !== "array") return;
    const treap = layout.struct("semaRoot").offset("treap");
    const seen = new Set<Address>();
    for (let i = 0; i < Math.min(array.count, SEMAPHORE_ROOTS * 4); i++) {
      const pending = [this.memory.tryAddress(table + i * array.element.size + treap) ?? 0];
      for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        if (node <= 0) continue;
        if (seen.has(node) || seen.size > MOST_SUDOGS) {
          this.damaged(node);
          continue;
        }
        const object = this.field(node, "elem");
        for (let at = node; at > 0; at = this.field(at, "waitlink")) {
          if (seen.has(at)) {
            this.damaged(at);
            break;
          }
          seen.add(at);
          this.waits.push({ goroutine: this.field(at, "g"), object, operation: "semaphore", select: false, sudog: at });
        }
        pending.push(this.field(node, "prev"), this.field(node, "next"));
      }
    }
  }
}
