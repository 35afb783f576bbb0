// Live objects that a question selects, and the row that tells of one.
import { type AllocationSite, allocationSites } from "../accounting/allocation-sites.js";
import { type Address, type Bytes, type Hex, hex, NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { NO_PARTS } from "../heap/wholes.js";
import { NAMED, objectName, selectByType, UNSELECTED } from "../naming/object-names.js";
import { type ShownValue, showHeader } from "../naming/shown-value.js";
import { isText, quoteBytes } from "../value/quote.js";
import { readValue, summarize } from "../value/value.js";

/** Which objects are asked for. */
export interface Selection {
  /** Regular expression over type names; all when absent. */
  readonly type?: string;
  /** Smallest size in bytes; 0 when absent. */
  readonly min?: number;
  /** Every object by itself, parts of maps, channels and buffers too. */
  readonly parts?: boolean;
}

/** A live object, or a value of several objects (a map with its tables, a channel with its buffer) under the address of the first. */
export interface ObjectRow {
  readonly address: Hex;
  readonly type: string;
  /** With those of its parts. */
  readonly bytes: number;
  /** Further objects that the value is made of, where there are any. */
  readonly parts?: number;
  /** The value in a line, at most 100 characters; "" when nothing is known of its type. */
  readonly summary: string;
  /** Where it was allocated, of an object that the heap profile sampled. */
  readonly site?: AllocationSite;
  /** Of a map its entries: the summary is "". */
  readonly more?: NonNullable<ShownValue["more"]>;
}

/** Visits selected live objects in the order of their addresses, from an id on, with their sizes in bytes, parts included; false ends it. */
export function visitSelected(
  dump: Dump,
  { type, min = 0, parts }: Selection,
  from: number,
  visit: (id: number, bytes: Bytes) => boolean,
): void {
  const { heap } = dump;
  const matches = type === undefined ? () => NAMED : selectByType(dump, type, parts);
  const wholes = parts ? undefined : heap.wholes;
  const { spans, firstId } = heap.objects;
  for (let span = 0; span < spans.count; span++) {
    for (let id = Math.max(from, firstId[span]); id < firstId[span + 1]; id++) {
      if (wholes?.isPart(id) || matches(id) === UNSELECTED || !heap.isLive(id)) continue;
      const size = spans.elementSize[span] + (wholes ? wholes.partsOf(id).bytes : 0);
      if (size >= min && !visit(id, size)) return;
    }
  }
}

/** What tells of an object: its type, and its value in a line. */
export function objectRows(dump: Dump, byParts = false): (id: number) => ObjectRow {
  const { heap, runtime } = dump;
  const wholes = byParts ? undefined : heap.wholes;
  const env = { memory: dump.process.memory, types: runtime.types, maps: runtime.maps };
  const summaryOf = (id: number, start: Address, end: Address): Pick<ObjectRow, "summary" | "more"> => {
    const type = heap.types.type[id];
    const known = type === NONE ? undefined : runtime.types.get(type);
    // An array of unknown length is shown by its first element.
    const shown = known?.kind === "array" && known.count === -1 ? known.element : type;
    const header = known === undefined || byParts ? undefined : showHeader(dump, type, start, { depth: 1, offset: 0, top: 4 });
    if (header) return { summary: header.text, ...(header.more ? { more: header.more } : {}) };
    if (shown === NONE) return { summary: "" };
    if (shown !== type && runtime.types.get(shown).name === "uint8") return { summary: bytesSummary(dump, start, end - start) };
    return { summary: known?.kind === "unknown" ? "" : summarize(readValue(env, shown, start, 2), 100) };
  };
  const sites = runtime.sampled.size === 0 ? undefined : allocationSites(dump);
  return (id) => {
    const address = heap.objects.addressOf(id);
    const site = sites?.at(address);
    const start = address + heap.objects.dataStart[heap.objects.spanOf(id)];
    const parts = wholes ? wholes.partsOf(id) : NO_PARTS;
    return {
      address: hex(address),
      type: objectName(dump, id, byParts),
      bytes: heap.objects.sizeOf(id) + parts.bytes,
      ...(parts.count > 0 ? { parts: parts.count } : {}),
      ...(site ? { site } : {}),
      ...summaryOf(id, start, address + heap.objects.sizeOf(id)),
    };
  };
}

/** Bytes shown of an object that is nothing but bytes. */
const SHOWN_BYTES = 64;

/** The first bytes as a Go literal; the room behind a text is no part of it. */
function bytesSummary(dump: Dump, start: Address, size: Bytes): string {
  const bytes = dump.process.memory.tryBytes(start, Math.min(size, SHOWN_BYTES));
  if (!bytes) return "";
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const text = bytes.subarray(0, end);
  return isText(text)
    ? `${quoteBytes(text)}${end === SHOWN_BYTES && end < size ? "…" : ""}`
    : `${quoteBytes(bytes)}${bytes.length < size ? "…" : ""}`;
}
