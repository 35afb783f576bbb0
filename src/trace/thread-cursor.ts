// One thread's events of a generation, read one after the other. Source: internal/trace batchcursor.go
import { FormatError } from "../base/errors.js";
import { NONE } from "../base/units.js";
import { SPECS } from "./events.js";
import type { Generation } from "./generation.js";
import { type Batch, idOrNone, cursor as number, readVarint } from "./wire.js";

/** Which arguments of an event are stacks and strings, as indices. */
export const TABLE_ARGUMENTS = SPECS.map((spec) =>
  spec
    ? {
        stacks: spec.args.flatMap((arg, i) => (arg.kind === "stack" ? [i] : [])),
        strings: spec.args.flatMap((arg, i) => (arg.kind === "string" ? [i] : [])),
        ids: spec.args.flatMap((arg, i) => (arg.kind === "m" || arg.kind === "p" ? [i] : [])),
        count: spec.args.length,
      }
    : undefined,
);

/** One thread's events of a generation; the next one is read, and stays until it has been visited. */
export class ThreadCursor {
  readonly m: number;
  readonly batches: readonly Batch[];
  /** Arguments as in SPECS; after the last one stand those of an event before. */
  readonly args = new Float64Array(5);
  type = 0;
  time = 0;
  /** Where the event read stands. */
  batch = 0;
  eventAt = 0;
  private nextBatch = 0;
  private nextAt = 0;
  private lastTime = 0;
  private fresh = true;

  constructor(m: number, batches: readonly Batch[]) {
    this.m = m;
    this.batches = batches;
  }

  /**
   * Reads the next event into type, time and args; false at the end. The first event of a batch counts its time from the batch's.
   * @throws FormatError when the batch ends inside an event, or no event has this type
   */
  next(generation: Generation): boolean {
    while (this.nextBatch < this.batches.length && this.batches[this.nextBatch].data.length === this.nextAt) {
      this.nextBatch++;
      this.nextAt = 0;
      this.fresh = true;
    }
    if (this.nextBatch === this.batches.length) return false;
    const { unit } = generation;
    const batch = this.batches[this.nextBatch];
    const { data } = batch;
    if (this.fresh) {
      this.lastTime = batch.time * unit;
      this.fresh = false;
    }
    this.batch = this.nextBatch;
    this.eventAt = this.nextAt;
    const type = data[this.nextAt];
    const spec = TABLE_ARGUMENTS[type];
    if (!spec) throw fault(generation, `found invalid event type ${type} of thread ${this.m}`);
    const dt = readVarint(data, this.nextAt + 1, data.length);
    if (dt < 0) throw fault(generation, `found invalid uvarint for timestamp of thread ${this.m}`);
    for (let i = 0; i < spec.count; i++) {
      const value = readVarint(data, number.at, data.length);
      if (value < 0) throw fault(generation, `found invalid uvarint in an event of thread ${this.m}`);
      this.args[i] = value;
    }
    for (const i of spec.ids) this.args[i] = idOrNone(this.args[i]);
    this.type = type;
    this.lastTime += dt * unit;
    this.time = this.lastTime;
    this.nextAt = number.at;
    return true;
  }
}

/** What is wrong with a generation. */
export function fault(generation: Generation, message: string): FormatError {
  return new FormatError(generation.name, NONE, `generation ${generation.number}: ${message}`);
}
