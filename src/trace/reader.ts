// A trace read generation by generation; the memory taken is that of one generation.
import { FormatError } from "../base/errors.js";
import type { ByteSource } from "../base/source.js";
import { counted, NONE } from "../base/units.js";
import { EV } from "./events.js";
import { formatHas, HEADER_SIZE, readHeader } from "./format.js";
import { Generation } from "./generation.js";
import { MOST_BATCH_BYTES, MOST_HEADER, WINDOW } from "./limits.js";
import { type Batch, type BatchHeader, readBatchHeader } from "./wire.js";

/** A batch and where it stands in the file. EndOfGeneration counts as a batch without a thread, of that one byte. */
export interface PlacedBatch extends Batch {
  readonly offset: number;
  /** Bytes in the file, header and data. */
  readonly wireSize: number;
  readonly endOfGeneration: boolean;
}

/**
 * The batches of a trace, in the order of the file, read in windows of 1 MiB; their data are views of a window.
 *
 * @param from offset of the first batch
 * @throws FormatError at the first byte that begins no batch, and where the file ends inside one
 */
export function* readBatches(source: ByteSource, from = HEADER_SIZE): Generator<PlacedBatch> {
  let window = new Uint8Array(0);
  let start = from;
  let at = 0;
  // Reads on from what has not been taken yet.
  const fill = (): void => {
    start += at;
    window = source.read(start, WINDOW) as Uint8Array<ArrayBuffer>;
    at = 0;
  };
  for (;;) {
    // A window that may end inside a batch is filled anew, so that a batch is always in one piece.
    if (window.length - at < MOST_BATCH_BYTES + MOST_HEADER && start + window.length < source.size) fill();
    if (at >= window.length) return;
    const offset = start + at;
    if (window[at] === EV.EndOfGeneration) {
      yield {
        generation: 0,
        m: NONE,
        time: 0,
        experiment: 0,
        data: window.subarray(at, at + 1),
        offset,
        wireSize: 1,
        endOfGeneration: true,
      };
      at++;
      continue;
    }
    const header: BatchHeader | undefined = readBatchHeader(window, at, window.length, source.name, start);
    if (!header) throw new FormatError(source.name, offset, "the file ends inside a batch header");
    const end = header.dataAt + header.size;
    if (end > window.length) {
      throw new FormatError(
        source.name,
        offset,
        `failed to read full batch: read ${counted(window.length - header.dataAt, "byte")} but wanted ${header.size}`,
      );
    }
    const { generation, m, time, experiment } = header;
    yield {
      generation,
      m,
      time,
      experiment,
      data: window.subarray(header.dataAt, end),
      offset,
      wireSize: end - at,
      endOfGeneration: false,
    };
    at = end;
  }
}

/**
 * The generations of a trace, one after the other; each is complete when it comes. internal/trace generation.go readGeneration
 *
 * Since format 1.26 a byte of its own ends a generation, and one without it is incomplete. Before, a generation ends where the first
 * batch of the next one begins, or at the end of the file.
 *
 * @throws FormatError where golang.org/x/exp/trace would stop, after the generations before it
 */
export function* readGenerations(source: ByteSource): Generator<Generation> {
  const format = readHeader(source.read(0, HEADER_SIZE), source.name);
  let current: Generation | undefined;
  // The generation at hand, which nothing can be added to from now on.
  const finished = (): Generation => {
    const done = current as Generation;
    current = undefined;
    done.finish();
    return done;
  };
  const batches = readBatches(source);
  for (;;) {
    let next: IteratorResult<PlacedBatch>;
    try {
      next = batches.next();
    } catch (error) {
      // Without end marks nothing marks the end of a generation, so what came before the damage may be all of it.
      if (!formatHas(format, "endMarks") && current) yield finished();
      throw error;
    }
    if (next.done) break;
    const batch = next.value;
    if (batch.endOfGeneration) {
      if (!formatHas(format, "endMarks"))
        throw new FormatError(source.name, batch.offset, "found an end-of-generation event in a trace of an older format");
      if (current) yield finished();
      else throw new FormatError(source.name, batch.offset, "an empty generation: no frequency event found");
      continue;
    }
    if (batch.generation === 0) throw new FormatError(source.name, batch.offset, "invalid generation number 0");
    if (current && batch.generation !== current.number) {
      if (formatHas(format, "endMarks")) {
        throw new FormatError(source.name, batch.offset, "broken trace: missing end-of-generation event, or generations are interleaved");
      }
      if (batch.generation !== current.number + 1) throw new FormatError(source.name, batch.offset, "generations out of order");
      yield finished();
    }
    current ??= new Generation(batch.generation, format, source.name);
    current.size += batch.wireSize;
    current.add(batch);
  }
  if (!current) return;
  if (formatHas(format, "endMarks")) throw new FormatError(source.name, source.size, "incomplete generation found; trace likely truncated");
  yield finished();
}
