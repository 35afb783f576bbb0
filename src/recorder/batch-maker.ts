// Batches made anew: records are appended, a full batch is followed by another of its kind.
import { ByteWriter } from "../base/byte-writer.js";
import type { FoundBatch } from "./buffers.js";
import { BATCH_ROOM } from "./limits.js";

/** Appends records to batches of one kind. */
export class BatchMaker {
  readonly made: FoundBatch[] = [];
  private readonly generation: number;
  private readonly m: number;
  private readonly time: number;
  private readonly first: number | undefined;
  private readonly experiment: number;
  private bytes: ByteWriter | undefined;

  /**
   * @param m thread of the batches
   * @param time ticks; all batches have the same
   * @param first a byte that each batch begins with, as EvStacks; undefined for events
   * @param experiment 0 for none
   */
  constructor(generation: number, m: number, time: number, first: number | undefined, experiment = 0) {
    this.generation = generation;
    this.m = m;
    this.time = time;
    this.first = first;
    this.experiment = experiment;
  }

  /** Where the next record is to be written; a batch that is nearly full is closed first. */
  record(): ByteWriter {
    if (this.bytes && this.bytes.length > BATCH_ROOM) this.flush();
    if (!this.bytes) {
      this.bytes = new ByteWriter();
      if (this.first !== undefined) this.bytes.byte(this.first);
    }
    return this.bytes;
  }

  /** Closes the batch at hand. @returns all that were made */
  flush(): readonly FoundBatch[] {
    if (this.bytes) {
      const { generation, m, time, experiment } = this;
      this.made.push({ generation, m, time, experiment, data: this.bytes.done(), raw: undefined, from: "made", lastTime: time });
    }
    this.bytes = undefined;
    return this.made;
  }
}
