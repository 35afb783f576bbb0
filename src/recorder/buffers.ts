// Batches of a trace that are still in the dead process's buffers: queued, in the reader's hands, and open in each thread.
import { FormatError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, hex } from "../base/units.js";
import { readField } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { type Batch, readBatchHeader, recordLength } from "../trace/wire.js";
import { MOST_QUEUED } from "./limits.js";
import type { TracerState } from "./tracer-state.js";

/** A batch with where it was found. */
export interface FoundBatch extends Batch {
  /** The whole batch with its header, as the runtime wrote it; undefined when it was open and is encoded anew. */
  readonly raw: Uint8Array | undefined;
  readonly from: "recorder" | "file" | "reading" | "queued" | "thread" | "strings" | "samples" | "made";
  /** Clock of the buffer's last event; the base time when it is not known. */
  readonly lastTime: number;
}

/** What a length is padded to in a buffer. runtime traceBytesPerNumber */
const LENGTH_BYTES = 10;

/** Buffers by address, each used once: a thread that has just handed its buffer on still points to it. */
export class Buffers {
  private readonly runtime: GoRuntime;
  private readonly state: TracerState;
  private readonly findings: Findings;
  private readonly used = new Set<Address>();
  /** Partly written last events that were cut. */
  trimmed = 0;

  constructor(runtime: GoRuntime, state: TracerState, findings: Findings) {
    this.runtime = runtime;
    this.state = state;
    this.findings = findings;
    for (const at of this.list(state.empty)) this.used.add(at);
  }

  /** Addresses along link; stops at a circle and says so. */
  private list(first: Address): Address[] {
    const { memory } = this.runtime.process;
    const struct = this.runtime.layout.struct("traceBuf");
    const out: Address[] = [];
    const seen = new Set<Address>();
    for (let at = first; at !== 0; ) {
      if (seen.has(at) || at < 0 || out.length >= MOST_QUEUED) {
        this.lost(at, "the list of buffers is a circle or damaged");
        break;
      }
      seen.add(at);
      out.push(at);
      const next = memory.tryAddress(at + struct.offset("link"));
      if (next === undefined) {
        this.lost(at, "the buffer is not in the core");
        break;
      }
      at = next;
    }
    return out;
  }

  private lost(at: Address, why: string): void {
    this.findings.add("trace-buffer", "a buffer of the tracer cannot be read; its events are missing", `${hex(at)}: ${why}`, {
      partial: true,
    });
  }

  /** One buffer of a generation; undefined when it is empty, of another generation, stale or damaged. */
  private read(at: Address, generation: number, tid: number | undefined, from: FoundBatch["from"]): FoundBatch | undefined {
    if (at === 0 || this.used.has(at)) return undefined;
    const { memory } = this.runtime.process;
    const struct = this.runtime.layout.struct("traceBuf");
    if (!memory.tryBytes(at, struct.offset("arr"))) {
      this.lost(at, "it is not in the core");
      return undefined;
    }
    const pos = readField(memory, struct, at, "pos");
    const lenPos = readField(memory, struct, at, "lenPos");
    const lastTime = readField(memory, struct, at, "lastTime");
    const most = struct.width("arr");
    if (pos === 0) return undefined;
    if (!(lenPos >= 3 && lenPos + LENGTH_BYTES <= pos && pos <= most)) {
      this.lost(at, `positions ${lenPos} and ${pos} of ${most}`);
      return undefined;
    }
    const bytes = memory.tryBytes(at + struct.offset("arr"), pos)?.slice();
    if (!bytes) {
      this.lost(at, "its bytes are not in the core");
      return undefined;
    }
    // The length of an open buffer is not written; whatever stands there belongs to its former life.
    const head = bytes.slice(0, lenPos + 1);
    head[lenPos] = 0;
    let header: ReturnType<typeof readBatchHeader>;
    try {
      header = readBatchHeader(head, 0, head.length, "trace buffer");
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    if (!header || header.lengthAt !== lenPos) {
      this.lost(at, "its header is damaged");
      return undefined;
    }
    if (header.generation !== generation) return undefined;
    // A thread that ends has no id any more, its buffer has.
    if (tid !== undefined && tid !== 0 && header.m !== tid) return undefined;
    this.used.add(at);
    const data = this.wholeRecords(bytes.subarray(lenPos + LENGTH_BYTES), header.experiment, at);
    const flushed = from === "reading" || from === "queued";
    const intact = data.length === pos - lenPos - LENGTH_BYTES;
    return {
      generation,
      m: header.m,
      time: header.time,
      experiment: header.experiment,
      data,
      raw: flushed && intact ? bytes : undefined,
      from,
      lastTime: Math.max(lastTime, header.time),
    };
  }

  /** Without the record that the thread was writing when it was stopped. */
  private wholeRecords(data: Uint8Array, experiment: number, buffer: Address): Uint8Array {
    if (experiment !== 0) return data;
    let at = 0;
    while (at < data.length) {
      let length: number;
      try {
        length = recordLength(data, at, data.length, "trace buffer");
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        this.findings.add("trace-event", "a thread's events end in damage; what follows is left out", `${hex(buffer)}: ${error.message}`, {
          partial: true,
        });
        break;
      }
      if (length < 0) {
        this.trimmed++;
        break;
      }
      at += length;
    }
    return data.subarray(0, at);
  }

  /**
   * What memory holds of a generation, in the order in which it would have been written.
   * @param consumed bytes of the batches that the reader has passed on, to tell whether it was done with the one in its hands
   */
  collect(generation: number, consumed: ReadonlySet<string>): FoundBatch[] {
    const parity = generation % 2;
    const { state } = this;
    const out: FoundBatch[] = [];
    const take = (at: Address, tid: number | undefined, from: FoundBatch["from"]) => {
      const found = this.read(at, generation, tid, from);
      if (found) out.push(found);
    };
    const inHand = this.read(state.reading, generation, undefined, "reading");
    if (inHand && !consumed.has(batchKey(inHand))) out.push(inHand);
    for (const at of this.list(state.full[parity])) take(at, undefined, "queued");
    for (const thread of state.threads) for (const at of thread.buffers[parity]) take(at, thread.tid, "thread");
    take(state.stringBuffers[parity], undefined, "strings");
    take(state.cpuBuffers[parity], undefined, "samples");
    return out.filter((batch) => batch.data.length > 0);
  }
}

/** Two batches with one key are the same batch: generation, thread, time and contents. */
export function batchKey(batch: Batch): string {
  let sum = 0;
  for (let i = 0; i < batch.data.length; i++) sum = (Math.imul(sum, 31) + batch.data[i]) | 0;
  return `${batch.generation} ${batch.m} ${batch.time} ${batch.experiment} ${batch.data.length} ${sum}`;
}
