// Events put into the batches of a thread, or left out of them, with the times of all others unchanged.

import { ByteWriter } from "../base/byte-writer.js";
import { type Batch, cursor, readVarint, recordLength } from "./wire.js";

/** A change at a byte of a batch: bytes put before the event there, or without bytes the event there left out. */
export interface Edit {
  readonly batch: number;
  readonly at: number;
  readonly put?: Uint8Array;
}

/** The batches of a thread with the edits made; batches that none is for stay the same objects. An edit after a batch's end is passed over. */
export function editBatches(batches: readonly Batch[], edits: readonly Edit[]): Batch[] {
  const byBatch = new Map<number, Edit[]>();
  for (const edit of edits) {
    const known = byBatch.get(edit.batch);
    if (known) known.push(edit);
    else byBatch.set(edit.batch, [edit]);
  }
  return batches.map((batch, index) => {
    const own = byBatch.get(index);
    if (!own) return batch;
    return {
      ...batch,
      data: editData(
        batch.data,
        own.sort((a, b) => a.at - b.at),
      ),
    };
  });
}

/** An event's time is written as the difference to the one before it: the next that stays takes over that of those left out. */
function editData(data: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const out = new ByteWriter();
  let from = 0;
  let owed = 0;
  const copyTo = (to: number): void => {
    if (owed > 0 && from < to) {
      const time = readVarint(data, from + 1, data.length);
      out.byte(data[from]).varint(owed + time);
      from = cursor.at;
      owed = 0;
    }
    out.put(data.subarray(from, to));
    from = to;
  };
  for (const { at, put } of edits) {
    if (at > data.length || (!put && at === data.length)) break;
    copyTo(at);
    if (put) out.put(put);
    else {
      owed += readVarint(data, at + 1, data.length);
      const length = recordLength(data, at, data.length, "batch");
      from = length < 0 ? data.length : at + length;
    }
  }
  copyTo(data.length);
  return out.done();
}
