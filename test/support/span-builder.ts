// Spans that a test makes, as the runtime would have them.
import type { Address, SpanId } from "../../src/base/units.js";
import { PAGE, type SpanTable } from "../../src/runtime/spans.js";

export interface SpanSpec {
  readonly base: Address;
  readonly pages: number;
  readonly elementSize: number;
  readonly elements: number;
  readonly noscan: boolean;
  /** Size class; 0 = one large object. */
  readonly sizeClass: number;
  readonly freeIndex: number;
  /** Address of allocBits. */
  readonly allocBits: Address;
  readonly allocCount: number;
  readonly largeType?: Address;
}

const ARENA_PAGES = 8192;

/** A table of spans given in ascending order. */
export function spansOf(specs: readonly SpanSpec[]): SpanTable {
  const column = (value: (spec: SpanSpec) => number) => Float64Array.from(specs, value);
  const small = (value: (spec: SpanSpec) => number) => Uint32Array.from(specs, value);
  const arenaRow = new Int32Array(2 ** 22);
  const rows = new Map<number, number>();
  const pages: [number, number][] = [];
  for (const [span, { base, pages: count }] of specs.entries()) {
    for (let page = 0; page < count; page++) {
      const address = base + page * PAGE;
      const arena = Math.floor(address / (ARENA_PAGES * PAGE));
      if (!rows.has(arena)) {
        rows.set(arena, rows.size + 1);
        arenaRow[arena] = rows.size;
      }
      pages.push([arenaRow[arena] * ARENA_PAGES + ((address / PAGE) % ARENA_PAGES), span + 1]);
    }
  }
  const pageSpan = new Uint32Array((rows.size + 1) * ARENA_PAGES);
  for (const [at, value] of pages) pageSpan[at] = value;
  return {
    count: specs.length,
    base: column((each) => each.base),
    baseLow: small((each) => each.base % 2 ** 32),
    pages: small((each) => each.pages),
    elementSize: column((each) => each.elementSize),
    elements: small((each) => each.elements),
    spanClass: Uint8Array.from(specs, (each) => each.sizeClass * 2 + (each.noscan ? 1 : 0)),
    freeIndex: small((each) => each.freeIndex),
    allocCount: small((each) => each.allocCount),
    allocCountBeforeCache: small((each) => each.allocCount),
    sweepgen: small(() => 2),
    limit: column((each) => each.base + each.elementSize * each.elements),
    largeType: column((each) => each.largeType ?? 0),
    specials: column(() => 0),
    inlineMarks: new Uint8Array(specs.length),
    userArena: new Uint8Array(specs.length),
    allocBits: column((each) => each.allocBits),
    markBits: column(() => 0),
    pagesByState: [0, 0, 0],
    manual: new Float64Array(0),
    heapSweepgen: 2,
    freed: new Map(),
    arenaRow,
    pageSpan,
    find: (address): SpanId => specs.findIndex((each) => address >= each.base && address < each.base + each.pages * PAGE),
  };
}
