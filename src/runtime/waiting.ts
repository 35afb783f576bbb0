// What goroutines wait on: channels and conditions through their sudogs, semaphores of package sync through the runtime's
// table, what no list leads to through their own stacks. runtime/sema.go, chan.go
import type { Findings } from "../base/findings.js";
import { type Address, hex } from "../base/units.js";
import type { OnDamage } from "./records/chain.js";
import { tryChannel } from "./records/channel.js";
import { queuedSudogs, semaphoreSudogs, sudogsOf } from "./records/sudog.js";
import type { GoRuntime } from "./runtime.js";
import { Conditions, stackWaits } from "./stack-waits.js";
import type { Wait } from "./wait.js";

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
  private readonly runtime: GoRuntime;
  private readonly conditions: Conditions;
  private readonly receivers = new Map<Address, ReadonlySet<Address>>();
  private readonly damaged: OnDamage;

  constructor(runtime: GoRuntime, findings: Findings) {
    this.runtime = runtime;
    this.conditions = new Conditions(runtime);
    this.damaged = (at) => findings.add("waits-damaged", "a list of waiting goroutines does not end", hex(at), { partial: true });
  }

  /** Of the channel operation it is in; since Go 1.26 also of a lock, which the table of semaphores has, or a condition. */
  sudogs(goroutine: Address): void {
    for (const { address, channel, isSelect, element } of sudogsOf(this.runtime, goroutine, this.damaged)) {
      if (channel > 0) {
        const operation = this.receiversOf(channel).has(address) ? "receive" : "send";
        this.waits.push({ goroutine, object: channel, operation, select: isSelect, sudog: address });
      } else if (element > 0 && this.conditions.holds(element, goroutine))
        this.waits.push({ goroutine, object: element, operation: "condition", select: false, sudog: address });
    }
  }

  /** Sudogs that wait to receive from a channel: a sudog itself does not say whether it sends. */
  private receiversOf(address: Address): ReadonlySet<Address> {
    let known = this.receivers.get(address);
    if (!known) {
      const first = tryChannel(this.runtime, address)?.firstReceiver ?? 0;
      known = new Set([...queuedSudogs(this.runtime, first, this.damaged)].map((each) => each.address));
      this.receivers.set(address, known);
    }
    return known;
  }

  /** Those of locks and groups; the address is the semaphore's, which src/waits leads to its lock. */
  semaphores(): void {
    for (const { address, goroutine, element } of semaphoreSudogs(this.runtime, this.damaged))
      this.waits.push({ goroutine, object: element, operation: "semaphore", select: false, sudog: address });
  }
}
