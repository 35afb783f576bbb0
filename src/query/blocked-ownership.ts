// Who holds a lock, by what its functions have still to do: deferred releases, and locks taken above the line where they stand.
import { type Address, WORD } from "../base/units.js";
import type { Dump } from "../dump.js";
import { type DeferredCall, deferredCalls } from "../runtime/deferred-calls.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { Frame } from "../runtime/unwind.js";
import type { Mode, SyncCall, SyncCallReader } from "./blocked-code.js";
import type { WaitGroup, WaitKind } from "./blocked-groups.js";
import type { RangeIndex } from "./blocked-ranges.js";

export interface Taken {
  readonly group: WaitGroup;
  readonly mode: Mode;
  readonly why: string;
}

const TYPES: Partial<Record<WaitKind, SyncCall["type"]>> = { mutex: "Mutex", rwmutex: "RWMutex", waitgroup: "WaitGroup" };
const STRUCTS = { mutex: "syncMutex", rwmutex: "syncRWMutex", waitgroup: "syncWaitGroup" } as const;
/** Before Go 1.23 the debug information does not tell how many variables a closure captured. */
const MOST_CAPTURED = 4;

export class Ownership {
  private readonly dump: Dump;
  private readonly syncCalls: SyncCallReader;
  private readonly ranges: RangeIndex;
  /** Locks in global variables: code names them by their address. */
  private readonly globals: readonly WaitGroup[];
  private readonly waitsFor: ReadonlyMap<Goroutine, ReadonlySet<WaitGroup>>;

  constructor(
    dump: Dump,
    syncCalls: SyncCallReader,
    groups: readonly WaitGroup[],
    ranges: RangeIndex,
    waitsFor: ReadonlyMap<Goroutine, ReadonlySet<WaitGroup>>,
  ) {
    this.waitsFor = waitsFor;
    this.dump = dump;
    this.syncCalls = syncCalls;
    this.ranges = ranges;
    this.globals = groups.filter((each) => TYPES[each.kind] && dump.runtime.variables.globalAt(each.address));
  }

  /** What the goroutine will release when its functions return. */
  deferred(goroutine: Goroutine): Taken[] {
    return deferredCalls(this.dump.runtime, goroutine).flatMap((call) => {
      const first = this.syncCalls(call.code)[0];
      // One that takes the lock before it releases it does not have it yet.
      if (first?.action !== "release") return [];
      const releases = this.syncCalls(call.code).filter((each) => each.action === "release");
      const by = call.by ? `${call.by.name} defers` : "it defers";
      return releases.flatMap((release) =>
        this.released(goroutine, call, release).map((group) => ({
          group,
          mode: release.mode,
          why: `${by} its ${release.mode === "done" ? "Done" : release.mode === "read" ? "RUnlock" : "Unlock"}`,
        })),
      );
    });
  }

  private released(goroutine: Goroutine, call: DeferredCall, release: SyncCall): WaitGroup[] {
    const words = release.variable === undefined ? this.captured(call) : [release.variable];
    return words.flatMap((word) =>
      this.ranges.at(word).filter((group) => {
        if (TYPES[group.kind] !== release.type) return false;
        const isOnlyOne = () => this.ranges.at(word).filter((each) => each.kind === group.kind).length === 1;
        const isIt = release.variable === undefined ? word === group.address : this.isWithin(word, group);
        if (!isIt && !(word === group.range?.start && isOnlyOne())) return false;
        return !this.waitsBeforeTaking(goroutine, call, group);
      }),
    );
  }

  /** "defer mu.Unlock(); mu.Lock()": the deferred call is there before the lock is. */
  private waitsBeforeTaking(goroutine: Goroutine, { by }: DeferredCall, group: WaitGroup): boolean {
    if (!this.waitsFor.get(goroutine)?.has(group) || group.kind === "waitgroup") return false;
    const frame = goroutine.unwound().frames.find((each) => !/^(?:runtime|(?:internal\/)?sync)\./.test(each.fn.name));
    return frame !== undefined && frame.fn.entry === by?.entry && !this.takenAbove(frame, group);
  }

  private captured({ closure, code }: DeferredCall): Address[] {
    const offsets =
      this.dump.runtime.variables.captures(code.entry)?.map((each) => each.offset) ??
      Array.from({ length: MOST_CAPTURED }, (_, index) => (index + 1) * WORD);
    return offsets.map((offset) => this.dump.process.memory.tryAddress(closure + offset) ?? 0);
  }

  /** Locks in global variables that its functions took. */
  named(goroutine: Goroutine): Taken[] {
    if (this.globals.length === 0) return [];
    const { frames } = goroutine.unwound();
    return frames.flatMap((frame) => {
      const calls = this.syncCalls(frame.fn).filter((each) => each.variable !== undefined);
      if (calls.length === 0) return [];
      return this.globals.flatMap((group) => {
        const taken = this.standing(
          frame,
          calls.filter((each) => TYPES[group.kind] === each.type && this.isWithin(each.variable ?? 0, group)),
        );
        return taken ? [{ group, mode: taken.mode, why: `${this.where(frame, taken)} takes it, above where it stands` }] : [];
      });
    });
  }

  /** Whether the frame's function has, by its code, taken a lock of this kind that it reaches through a pointer. */
  takenAbove(frame: Frame, group: WaitGroup): Omit<Taken, "group"> | undefined {
    const calls = this.syncCalls(frame.fn).filter((each) => each.variable === undefined && each.type === TYPES[group.kind]);
    const taken = this.standing(frame, calls);
    return taken && { mode: taken.mode, why: `${this.where(frame, taken)} takes such a lock, above where it stands` };
  }

  /** The take that is in force: the last call above the frame's line, unless that or the next below says otherwise. */
  private standing(frame: Frame, calls: readonly SyncCall[]): SyncCall | undefined {
    if (calls.length === 0) return undefined;
    const line = this.lineOf(frame);
    const above = calls.filter((each) => each.line < line);
    const last = above.at(-1);
    if (last?.action === "take") return last;
    const next = calls.find((each) => each.line > line);
    return next?.action === "release" ? above.findLast((each) => each.action === "take") : undefined;
  }

  private isWithin(address: Address, group: WaitGroup): boolean {
    const struct = group.kind in STRUCTS ? STRUCTS[group.kind as keyof typeof STRUCTS] : undefined;
    return struct !== undefined && address >= group.address && address < group.address + this.dump.runtime.layout.struct(struct).size;
  }

  private lineOf(frame: Frame): number {
    return this.dump.runtime.functions.inlinedAt(frame.fn, frame.symbolPc).at(-1)?.line ?? 0;
  }

  private where(frame: Frame, call: SyncCall): string {
    const file = this.dump.runtime.functions.inlinedAt(frame.fn, frame.symbolPc).at(-1)?.file ?? "";
    return `${frame.fn.name} at ${file.slice(file.lastIndexOf("/") + 1)}:${call.line}`;
  }
}
