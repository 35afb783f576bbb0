// An extracted trace read back before anybody gets it.
import type { ByteSource } from "../base/source.js";
import { Ordering, type TraceEvent } from "../trace/order.js";
import { readGenerations } from "../trace/reader.js";

/** What reading a whole trace back says. Times in ns of the trace clock. */
export interface ReadBack {
  readonly generations: number;
  readonly events: number;
  /** Times of the first and the last event. */
  readonly first: number;
  readonly last: number;
  /** The wall clock at the zero of the trace clock, ns since 1970; undefined before format 1.25. */
  readonly wallOffset: bigint | undefined;
  /** G_STATUS of every goroutine at the end. */
  readonly statuses: ReadonlyMap<number, number>;
}

/**
 * Reads a trace to its end, in order, as every other reader would: nothing is given out that was not read back before.
 *
 * @param visit is given every event in order; the object is used again, so copy what you keep
 * @throws FormatError when it cannot be read to its end
 */
export function readBack(source: ByteSource, visit: (event: TraceEvent) => void = () => {}): ReadBack {
  let generations = 0;
  let events = 0;
  let first = 0;
  let last = 0;
  let wallOffset: bigint | undefined;
  const ordering = new Ordering((event) => {
    if (events++ === 0) first = event.time;
    last = event.time;
    visit(event);
  });
  for (const generation of readGenerations(source)) {
    generations++;
    if (generation.clock) wallOffset = generation.clock.wall - BigInt(Math.round(generation.clock.time));
    ordering.run(generation);
  }
  const statuses = new Map([...ordering.goroutines()].map(([id, { status }]) => [id, status]));
  return { generations, events, first, last, wallOffset, statuses };
}
