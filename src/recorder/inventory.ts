// What the batches of one generation say, as far as ending it needs it.
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { EV, SPECS } from "../trace/events.js";
import { cursor, readVarint, recordLength } from "../trace/wire.js";
import type { FoundBatch } from "./buffers.js";

/** The experiment of allocations, and its batch of types. internal/trace/tracev2 AllocFree; runtime traceAllocFreeTypesBatch */
export const ALLOC_FREE = 1;
export const TYPES_BATCH = 0;

/** What the batches of one generation say, as far as ending it needs it. */
export class Inventory {
  /** Ids that the generation defines: of texts, stacks and types. Those that events use but nothing defines have to be added. */
  readonly strings = new Set<number>();
  readonly stacks = new Set<number>();
  readonly types = new Set<number>();
  /** Goroutines that have a status or a beginning in the generation; others have to be given a status. */
  readonly goroutines = new Set<number>();
  private readonly created = new Set<number>();
  /** The first status of each: what the goroutine was at the generation's beginning. */
  readonly statuses = new Map<number, number>();
  /** Ps with a status, threads with a batch. */
  readonly procs = new Set<number>();
  readonly threads = new Set<number>();
  /** Ids that events and samples name. */
  readonly usedStacks = new Set<number>();
  readonly usedStrings = new Set<number>();
  /** It has the clock's frequency, or the batch that has it since Go 1.25. internal/trace/tracev2 EvSync */
  hasSync = false;
  /** The greatest ids: new ones are given behind them. */
  mostString = 0;
  mostStack = 0;
  /** Ticks of the trace clock. */
  lastTime = 0;
  firstTime = Number.POSITIVE_INFINITY;

  constructor(batches: readonly FoundBatch[], findings: Findings) {
    for (const batch of batches) {
      this.firstTime = Math.min(this.firstTime, batch.time);
      this.lastTime = Math.max(this.lastTime, batch.lastTime);
      try {
        if (batch.experiment !== 0) this.addTypes(batch);
        else this.add(batch);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        findings.add("trace-event", "a thread's events end in damage; what follows is left out", error.message, { partial: true });
      }
    }
  }

  /**
   * Did a goroutine come into being here? One with a status too was there before and has ended since: the id of a thread's
   * own goroutine, from C, is used again.
   */
  isNew(goroutine: number): boolean {
    return this.created.has(goroutine) && !this.statuses.has(goroutine);
  }

  /** Types of the experiment of allocations: id, address, size, pointer bytes, length of the name, the name. */
  private addTypes(batch: FoundBatch): void {
    const { data } = batch;
    if (batch.experiment !== ALLOC_FREE || data[0] !== TYPES_BATCH) return;
    for (let at = 1; at < data.length; ) {
      this.types.add(readVarint(data, at, data.length));
      for (let i = 0; i < 3; i++) readVarint(data, cursor.at, data.length);
      const length = readVarint(data, cursor.at, data.length);
      if (length < 0) return;
      at = cursor.at + length;
    }
  }

  /**
   * Reads every record of a batch, for its ids and times. Records of tables have their own forms; events begin with a time and have as many
   * numbers as SPECS says.
   */
  private add(batch: FoundBatch): void {
    const { data } = batch;
    const kind = data[0];
    if (kind === EV.Frequency || kind === EV.Sync) {
      this.hasSync = true;
      return;
    }
    const timed = kind !== EV.Strings && kind !== EV.Stacks && kind !== EV.CPUSamples;
    if (timed) this.threads.add(batch.m);
    let time = batch.time;
    const args: number[] = [0, 0, 0, 0, 0];
    for (let at = timed ? 0 : 1; at < data.length; ) {
      const length = recordLength(data, at, data.length, "trace batch");
      if (length <= 0) return;
      const type = data[at];
      const end = at + length;
      cursor.at = at + 1;
      if (type === EV.String || type === EV.Stack) {
        const id = readVarint(data, cursor.at, end);
        (type === EV.String ? this.strings : this.stacks).add(id);
        if (type === EV.String) this.mostString = Math.max(this.mostString, id);
        else {
          this.mostStack = Math.max(this.mostStack, id);
          const frames = readVarint(data, cursor.at, end);
          for (let i = 0; i < frames; i++) {
            readVarint(data, cursor.at, end);
            this.usedStrings.add(readVarint(data, cursor.at, end));
            this.usedStrings.add(readVarint(data, cursor.at, end));
            readVarint(data, cursor.at, end);
          }
        }
      } else if (type === EV.CPUSample) {
        for (let i = 0; i < 4; i++) readVarint(data, cursor.at, end);
        this.usedStacks.add(readVarint(data, cursor.at, end));
      } else {
        const spec = SPECS[type];
        if (!spec) return;
        time += readVarint(data, cursor.at, end);
        for (let i = 0; i < spec.args.length; i++) {
          args[i] = readVarint(data, cursor.at, end);
          const argument = spec.args[i]?.kind;
          if (argument === "stack") this.usedStacks.add(args[i]);
          else if (argument === "string") this.usedStrings.add(args[i]);
        }
        this.note(type, args);
      }
      at = end;
    }
    this.lastTime = Math.max(this.lastTime, time);
  }

  /** What a kind of event says of goroutines and Ps. */
  private note(type: number, args: readonly number[]): void {
    const id = args[0];
    switch (type) {
      case EV.GoStatus:
      case EV.GoStatusStack:
        this.goroutines.add(id);
        if (!this.statuses.has(id)) this.statuses.set(id, args[2]);
        break;
      case EV.GoCreate:
      case EV.GoCreateBlocked:
      case EV.GoCreateSyscall:
        this.goroutines.add(id);
        this.created.add(id);
        break;
      case EV.ProcStatus:
        this.procs.add(id);
        break;
    }
  }
}
