// The pointers a goroutine holds: what the garbage collector would mark from its stack. runtime/mgcmark.go scanstack, mgcstack.go
import type { Arch } from "../base/arch.js";
import { lastAtOrBefore } from "../base/search.js";
import { type Address, NOT_AN_ADDRESS, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { Goroutine } from "./goroutines.js";
import { KEPT_FRAMES, MOST_INNER } from "./limits.js";
import type { RecordSource } from "./records/chain.js";
import { defersOf } from "./records/defer.js";
import { panicsOf } from "./records/panic.js";
import type { GoRuntime } from "./runtime.js";
import type { FrameMap, StackMaps, StackObject, WordOffsets } from "./stack-maps.js";
import { type Frame, keptIndex } from "./unwind.js";

/** One word that is, or may be, a pointer out of the stack. */
export interface StackRoot {
  /** NOT_AN_ADDRESS for a register. */
  readonly slot: Address;
  readonly value: Address;
  /** Index into the goroutine's frames; -1 when no (kept) frame holds it. */
  readonly frame: number;
  /** false: taken conservatively; the value counts only if it hits an allocated object. */
  readonly certain: boolean;
  readonly what: "local" | "argument" | "stack object" | "conservative" | "ctxt" | "defer" | "panic" | "register";
  readonly register?: string;
}

/** A live pointer in a goroutine's stack to another place of the same stack. */
export interface InnerPointer {
  readonly slot: Address;
  readonly value: Address;
  /** As StackRoot has it. */
  readonly frame: number;
}

/** What a goroutine's stack holds, as the collector reads it. */
export interface StackPointers {
  readonly roots: readonly StackRoot[];
  readonly inner: readonly InnerPointer[];
}

/** Values below are never pointers: the first page is not mapped. */
const LOWEST_POINTER = 4096;
/** In these the thread waits for the kernel with nothing of the program's in its registers. */
const SYSTEM_CALLS = new Set(
  ["raise", "raiseproc", "tgkill", "usleep", "futex", "osyield", "epollwait", "nanotime1", "rt_sigprocmask", "exit", "exitThread"].map(
    (name) => `runtime.${name}`,
  ),
);

/** What stacks are scanned with; a GoRuntime is one. */
export type StackSource = RecordSource & Pick<GoRuntime, "process"> & { readonly goroutines: Pick<GoRuntime["goroutines"], "stackMaps"> };

/** A stack object of a walked frame, at its address; scanned once something live points into it. */
interface LiveObject {
  readonly address: Address;
  readonly frame: number;
  readonly object: StackObject;
  scanned: boolean;
}

/**
 * One goroutine's scan. As in the runtime, stack objects are not roots by themselves: the words of live frames are, and an object counts
 * from when a pointer to it is met.
 */
class StackScan {
  readonly roots: StackRoot[] = [];
  readonly inner: InnerPointer[] = [];
  private readonly memory: AddressSpace;
  private readonly lo: Address;
  private readonly hi: Address;
  private readonly objects: LiveObject[] = [];
  /** Pointers into the stack still to follow; precise ones first, as the runtime does. */
  private readonly precise: Address[] = [];
  private readonly conservative: Address[] = [];

  constructor(memory: AddressSpace, stack: { readonly lo: Address; readonly hi: Address }) {
    this.memory = memory;
    this.lo = stack.lo;
    this.hi = stack.hi;
  }

  /** One word: followed when it points into this stack, else a root. */
  add(slot: Address, value: Address, frame: number, certain: boolean, what: StackRoot["what"], register?: string): void {
    if (value < LOWEST_POINTER) return;
    if (value >= this.lo && value < this.hi) {
      (certain ? this.precise : this.conservative).push(value);
      if (certain && frame >= 0 && this.inner.length < MOST_INNER) this.inner.push({ slot, value, frame });
    } else
      this.roots.push(register === undefined ? { slot, value, frame, certain, what } : { slot, value, frame, certain, what, register });
  }

  /** A word at an address; 0, and nothing added, when it is missing. */
  slot(slot: Address, frame: number, certain: boolean, what: StackRoot["what"], register?: string): Address {
    const value = this.memory.tryAddress(slot) ?? 0;
    this.add(slot, value, frame, certain, what, register);
    return value;
  }

  /** Words that a map says are live pointers. */
  words(base: Address, offsets: WordOffsets, frame: number, what: StackRoot["what"]): void {
    for (const offset of offsets) this.slot(base + offset, frame, true, what);
  }

  /** Every word of a range, conservatively. */
  range(from: Address, to: Address, frame: number, what: StackRoot["what"] = "conservative", register?: string): void {
    for (let at = from; at + WORD <= to; at += WORD) this.slot(at, frame, false, what, register);
  }

  /**
   * A frame by its map: live locals below varp, live arguments above argp, and its stack objects, which come with ascending addresses:
   * find() relies on it.
   */
  frame(index: number, frame: Frame, map: FrameMap): void {
    this.words(frame.varp, map.locals, index, "local");
    this.words(frame.argp, map.args, index, "argument");
    for (const object of map.objects) {
      const address = (object.offset < 0 ? frame.varp : frame.argp) + object.offset;
      if (address >= frame.sp) this.objects.push({ address, frame: index, object, scanned: false });
    }
  }

  /** Follows pointers into the stack until no new object is reached. */
  follow(what: StackRoot["what"] = "stack object"): void {
    this.objects.sort((a, b) => a.address - b.address);
    for (;;) {
      const certain = this.precise.length > 0;
      const pointer = certain ? this.precise.pop() : this.conservative.pop();
      if (pointer === undefined) return;
      const found = this.find(pointer);
      if (!found || found.scanned) continue;
      found.scanned = true;
      for (const offset of found.object.pointers) this.slot(found.address + offset, found.frame, certain, certain ? what : "conservative");
    }
  }

  /** The object that holds the address, whether scanned or not. */
  private find(address: Address): LiveObject | undefined {
    const found = lastAtOrBefore(this.objects, address, (each) => each.address);
    return found && address < found.address + found.object.size ? found : undefined;
  }

  holds(address: Address): boolean {
    return this.find(address) !== undefined;
  }
}

/**
 * Every word of the goroutine that the collector would mark from, values as they stand; those that point into this stack apart.
 * Where the program was stopped at an arbitrary instruction no map is valid: registers and that frame are taken conservatively.
 */
export function stackRoots(runtime: StackSource, goroutine: Goroutine): StackPointers {
  if (goroutine.status === "idle" || goroutine.status === "dead" || goroutine.status === "deadextra") return { roots: [], inner: [] };
  const { memory, layout, process } = runtime;
  const maps = runtime.goroutines.stackMaps;
  const g = layout.struct("g");
  const scan = new StackScan(memory, goroutine.stack);
  scan.slot(goroutine.address + g.offset("sched.ctxt"), -1, true, "ctxt");

  let index = 0;
  let innermost = "";
  goroutine.walk((frame) => {
    if (index === 0) innermost = frame.fn.name;
    if (frame.conservative) conservativeFrame(scan, index, frame, maps, process.arch);
    else {
      const map = maps.at(frame);
      if (map.known) scan.frame(index, frame, map);
      else conservativeFrame(scan, index, frame, maps, process.arch);
    }
    index++;
  });
  // Without a table of functions nothing tells its frames: every word that is in use may be a pointer.
  if (index === 0 && goroutine.start) scan.range(goroutine.start.sp, goroutine.stack.hi, -1);

  scanRegisters(scan, goroutine, innermost, process.arch);
  scanVectorRegisters(scan, runtime, goroutine);
  scanDefers(scan, runtime, goroutine);
  scan.follow();
  scanPanics(scan, runtime, goroutine);
  scan.follow("panic");
  const { roots, inner } = scan;
  if (index <= 2 * KEPT_FRAMES) return { roots, inner };
  const total = index;
  const kept = <T extends { readonly frame: number }>(each: T): T => ({
    ...each,
    frame: each.frame < 0 ? -1 : keptIndex(each.frame, total),
  });
  return { roots: roots.map(kept), inner: inner.map(kept) };
}

/**
 * A frame whose map is not valid where it stands: all of its words and arguments may be pointers. One that a signal injected has a copy of
 * the interrupted registers above it.
 */
function conservativeFrame(scan: StackScan, index: number, frame: Frame, maps: StackMaps, arch: Arch): void {
  const injected =
    frame.fn.name === "runtime.asyncPreempt" || frame.fn.name === "runtime.sigpanic" || frame.fn.name === "runtime.debugCallV2";
  scan.range(frame.sp, frame.varp + (injected ? arch.injectedFrame : 0), index);
  scan.range(frame.argp, frame.argp + maps.argumentBytes(frame), index);
}

/** Registers of a goroutine that was running or interrupted: nothing says which hold pointers. */
function scanRegisters(scan: StackScan, goroutine: Goroutine, innermost: string, arch: Arch): void {
  const { registers } = goroutine;
  if (!registers || SYSTEM_CALLS.has(innermost)) return;
  for (const name of registers.names) {
    const value = arch.registers.special.includes(name) ? undefined : registers.byName(name);
    if (value !== undefined && value < 1n << 53n) scan.add(NOT_AN_ADDRESS, Number(value), -1, false, "register", name);
  }
}

/** Since Go 1.26 asynchronous preemption keeps the vector registers off the stack. runtime/preempt_xreg.go */
function scanVectorRegisters(scan: StackScan, { layout, memory }: RecordSource, goroutine: Goroutine): void {
  const g = layout.struct("g");
  if (!g.has("xRegs.state") || !layout.hasStruct("xRegState")) return;
  if (memory.tryBytes(goroutine.address + g.offset("asyncSafePoint"), 1)?.[0] !== 1) return;
  const state = memory.tryAddress(goroutine.address + g.offset("xRegs.state")) ?? 0;
  if (state > 0) scan.range(state, state + layout.struct("xRegState").size, -1, "register", "vector");
}

/** Closures of deferred calls, and the records themselves where they lie in the heap. */
function scanDefers(scan: StackScan, source: RecordSource, goroutine: Goroutine): void {
  for (const { address, slots, inHeap } of defersOf(source, goroutine.address)) {
    scan.slot(slots.closure, -1, true, "defer");
    scan.slot(slots.next, -1, true, "defer");
    if (inHeap) scan.add(slots.holder, address, -1, true, "defer");
  }
}

/** Panics lie on the stack, in a frame of gopanic; when that frame was not walked their values are read directly. */
function scanPanics(scan: StackScan, source: RecordSource, goroutine: Goroutine): void {
  for (const { address, value } of panicsOf(source, goroutine.address)) {
    if (scan.holds(address)) {
      scan.add(NOT_AN_ADDRESS, address, -1, true, "panic");
      return;
    }
    scan.slot(value, -1, true, "panic");
    scan.slot(value + WORD, -1, true, "panic");
  }
}
