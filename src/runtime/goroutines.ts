// The goroutines of the program. runtime/runtime2.go g; runtime/proc.go allgs
import type { Findings } from "../base/findings.js";
import { addressWord, uint64 } from "../base/uint64.js";
import { type Address, hex, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Process, Registers, Thread } from "../process/process.js";
import type { FunctionTable } from "./functions.js";
import type { Goroutine, GoroutineStatus } from "./goroutine.js";
import { readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { MOST_GOROUTINES, MOST_ID, MOST_SINGLY } from "./limits.js";
import type { Module } from "./modules.js";
import { type Position, Scheduler } from "./scheduler.js";
import { readStackMaps, type StackMaps } from "./stack-maps.js";
import type { Frame, UnwindStart, Unwound } from "./unwind.js";

export type { Goroutine } from "./goroutine.js";

/** All goroutines of the process. */
export interface GoroutineTable {
  /** Those not dead, in the order of runtime.allgs. */
  readonly all: readonly Goroutine[];
  readonly deadCount: number;
  /** What is live in their frames. */
  readonly stackMaps: StackMaps;
  find(id: number): Goroutine | undefined;
}

/** runtime.g.atomicstatus without the scan bit. runtime/runtime2.go _Gidle */
const STATUS: readonly GoroutineStatus[] = [
  "idle",
  "runnable",
  "running",
  "syscall",
  "waiting",
  "unknown",
  "dead",
  "unknown",
  "copystack",
  "preempted",
  "leaked",
  "deadextra",
];
/** _Gscan: the collector holds the goroutine. runtime/runtime2.go */
const SCAN_BIT = 0x1000;

/** A goroutine by the address of its record: every field is read when it is asked for. */
class GoroutineView implements Goroutine {
  readonly id: number;
  readonly address: Address;
  readonly status: GoroutineStatus;
  private readonly scheduler: Scheduler;
  private found: Position | undefined;

  constructor(scheduler: Scheduler, address: Address, id: number, status: GoroutineStatus) {
    this.scheduler = scheduler;
    this.address = address;
    this.id = id;
    this.status = status;
  }

  get waitReason(): string {
    return this.status === "waiting" || this.status === "leaked" ? this.scheduler.waitReason(this.address, this.status) : "";
  }
  /** ns of the runtime's clock; 0 when the collector has not seen it waiting. */
  get waitSince(): number {
    return this.status === "waiting" || this.status === "syscall" ? this.scheduler.field(this.address, "waitsince") : 0;
  }
  get stack(): { readonly lo: Address; readonly hi: Address } {
    return this.scheduler.stackOf(this.address);
  }
  get createdByPc(): Address {
    return this.scheduler.field(this.address, "gopc");
  }
  get startPc(): Address {
    return this.scheduler.field(this.address, "startpc");
  }
  get parentId(): number {
    return this.scheduler.field(this.address, "parentGoid");
  }
  get lockedM(): Address {
    return this.scheduler.field(this.address, "lockedm");
  }
  get system(): boolean {
    return this.hasKnownStart ? this.scheduler.isSystem(this.address) : OWN_WAITS.has(this.waitReason);
  }
  get hasKnownStart(): boolean {
    return this.scheduler.hasKnownStart(this.address);
  }
  /** The thread it is on. g.m alone does not tell: that m may have another goroutine by now. */
  get thread(): Thread | undefined {
    const machine = this.scheduler.machine(this.scheduler.field(this.address, "m"));
    return machine?.curg === this.address ? machine.thread : undefined;
  }
  /** Found at the first question: most goroutines are never asked for their frames. */
  private get position(): Position {
    this.found ??= this.scheduler.position(this.address, this.status);
    return this.found;
  }
  get registers(): Registers | undefined {
    return this.position.registers;
  }
  get start(): UnwindStart | undefined {
    return this.position.start;
  }
  unwound(): Unwound {
    return this.scheduler.unwind(this, this.position);
  }
  walk(visit: (frame: Frame) => void): void {
    this.scheduler.walk(this, this.position, visit);
  }
}

/** What only goroutines of the runtime's own wait for, in any release. runtime/runtime2.go waitReasonStrings */
const OWN_WAITS: ReadonlySet<string> = new Set([
  "GC sweep wait",
  "GC scavenge wait",
  "GC worker (idle)",
  "GC worker (active)",
  "GOMAXPROCS updater (idle)",
  "finalizer wait",
  "cleanup wait",
  "force gc (idle)",
]);

/** runtime.allgs: addresses of every g there ever was; those that are missing from a damaged core read as 0. */
function readAddresses(memory: AddressSpace, allgs: Address | undefined, findings: Findings): Float64Array {
  const header = allgs !== undefined && memory.tryBytes(allgs, 3 * WORD) ? readSlice(memory, allgs) : { array: 0, length: 0 };
  const length = Math.min(header.length, MOST_GOROUTINES);
  const bytes = length > 0 ? memory.tryBytes(header.array, length * WORD) : undefined;
  if (!bytes) {
    findings.add("goroutines-missing", "the list of goroutines is not, or not wholly, in the core", hex(header.array), { partial: true });
    return Float64Array.from({ length: Math.min(length, MOST_SINGLY) }, (_, i) => memory.tryAddress(header.array + i * WORD) ?? 0);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length }, (_, i) => addressWord(view, i * WORD, 0));
}

/**
 * What lies behind allgs' length is zero, but for one g that was about to be added, and is still dead: one that lives tells that the
 * length is damaged. runtime/proc.go allgadd
 */
function checkEnd(scheduler: Scheduler, allgs: Address | undefined, findings: Findings): void {
  const { memory, g } = scheduler;
  if (allgs === undefined || memory.tryBytes(allgs, 3 * WORD) === undefined) return;
  const { array, length, capacity } = readSlice(memory, allgs);
  const after = length < capacity ? (memory.tryAddress(array + length * WORD) ?? 0) : 0;
  const isLonger = after !== 0 && (memory.tryBytes(after, g.size) === undefined || !DORMANT.has(scheduler.field(after, "atomicstatus")));
  if (length > capacity || isLonger || (length === 0 && capacity > 0))
    findings.add("goroutines-missing", "the list of goroutines contradicts its own length", hex(allgs), { partial: true });
}

/** _Gidle, _Gdead, _Gdeadextra. runtime/runtime2.go */
const DORMANT: ReadonlySet<number> = new Set([0, 6, 11]);

/** All goroutines; dead ones are counted only. */
export function readGoroutines(
  process: Process,
  layout: Layout,
  functions: FunctionTable,
  modules: readonly Module[],
  findings: Findings,
): GoroutineTable {
  const scheduler = new Scheduler(process, layout, functions, findings);
  const { memory } = process;
  const all: Goroutine[] = [];
  let deadCount = 0;
  const addresses = readAddresses(memory, layout.global("runtime.allgs"), findings);
  checkEnd(scheduler, layout.global("runtime.allgs"), findings);
  const { g } = scheduler;
  const statusAt = g.offset("atomicstatus");
  const idAt = g.offset("goid");
  const seen = new Set<Address>();
  const ids = new Set<number>();
  for (const address of addresses) {
    // allgs has each g once, so a second time is damage.
    const isAgain = seen.has(address);
    seen.add(address);
    const record = address > 0 ? memory.tryBytes(address, g.size) : undefined;
    if (!record) {
      findings.add("goroutine-missing", "a goroutine's record is not in the core", hex(address), { partial: true });
      continue;
    }
    const fields = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const status = STATUS[fields.getUint32(statusAt, true) % SCAN_BIT] ?? "unknown";
    if (status === "dead" || status === "deadextra" || (status === "syscall" && scheduler.isLent(address))) {
      deadCount++;
      continue;
    }
    const id = uint64(fields, idAt);
    // A list that is damaged leads to memory that is no goroutine's: each is listed once, and most of a real one is in order.
    const { hi } = scheduler.stackOf(address);
    const doubts = Number(status === "unknown") + Number(id === 0 || id > MOST_ID) + Number(hi === 0) + Number(address % WORD !== 0);
    if (isAgain || doubts >= 2) {
      findings.add("goroutine-odd", "an entry in the list of goroutines is no goroutine, and left out", hex(address), { partial: true });
      continue;
    }
    if (ids.has(id))
      findings.add("goroutine-twin", "goroutines with the same number: one of them is damaged", hex(address), { partial: true });
    ids.add(id);
    all.push(new GoroutineView(scheduler, address, id, status));
  }
  let byId: Map<number, Goroutine> | undefined;
  return {
    all,
    deadCount,
    stackMaps: readStackMaps(process, layout, functions, modules, findings),
    find(id) {
      byId ??= new Map(all.map((each) => [each.id, each]));
      return byId.get(id);
    },
  };
}
