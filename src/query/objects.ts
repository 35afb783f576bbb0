// The live objects of a type, one by one.
import { type Address, type Bytes, type Hex, hex, NONE } from "../base/units.js";
import type { Dump } from "../dump.js";
import { NO_PARTS } from "../heap/wholes.js";
import { NAMED, objectName, selectByType, UNSELECTED } from "../naming/object-names.js";
import { showHeader } from "../naming/shown-value.js";
import { isText, quoteBytes } from "../value/quote.js";
import { readValue, summarize } from "../value/value.js";
import type { Query } from "./query.js";

export interface ObjectsArgs {
  /** Regular expression over type names; all when absent. */
  readonly type?: string;
  /** Smallest size in bytes. */
  readonly min: number;
  readonly top: number;
  /** Every object by itself, parts of maps, channels and buffers too. */
  readonly parts?: boolean;
}

export interface ObjectRow {
  readonly address: Hex;
  readonly type: string;
  /** With those of its parts. */
  readonly bytes: number;
  /** Further objects that the value is made of, where there are any. */
  readonly parts?: number;
  readonly summary: string;
}

/** Largest first, then by address. */
export const objects: Query<
  ObjectsArgs,
  { readonly rows: readonly ObjectRow[]; readonly total: { readonly rows: number; readonly bytes: number } }
> = {
  name: "objects",
  summary: "the live objects of a type, the largest first",
  run(dump, args) {
    const { heap, runtime } = dump;
    const matches = args.type === undefined ? () => NAMED : selectByType(dump, args.type, args.parts);
    const wholes = args.parts ? undefined : heap.wholes;
    const { spans, firstId } = heap.objects;
    const bySize = new Map<number, number[]>();
    let total = 0;
    let bytes = 0;
    for (let span = 0; span < spans.count; span++) {
      for (let id = firstId[span]; id < firstId[span + 1]; id++) {
        if (wholes?.isPart(id) || matches(id) === UNSELECTED || !heap.isLive(id)) continue;
        const size = spans.elementSize[span] + (wholes ? wholes.partsOf(id).bytes : 0);
        if (size < args.min) continue;
        total++;
        bytes += size;
        const known = bySize.get(size);
        if (!known) bySize.set(size, [id]);
        else if (args.top === 0 || known.length < args.top) known.push(id);
      }
    }
    const ids = [...bySize].sort((a, b) => b[0] - a[0]).flatMap(([, list]) => list);
    const env = { memory: dump.process.memory, types: runtime.types, maps: runtime.maps };
    const rows = (args.top > 0 ? ids.slice(0, args.top) : ids).map((id): ObjectRow => {
      const type = heap.types.type[id];
      const address = heap.objects.addressOf(id);
      const start = address + heap.objects.dataStart[heap.objects.spanOf(id)];
      const known = type === NONE ? undefined : runtime.types.get(type);
      // An array of unknown length is shown by its first element.
      const shown = known?.kind === "array" && known.count === -1 ? known.element : type;
      const header = known === undefined || args.parts ? undefined : showHeader(dump, type, start, { depth: 1, offset: 0, top: 4 })?.text;
      const isBytes = shown !== NONE && shown !== type && runtime.types.get(shown).name === "uint8";
      const summary =
        header !== undefined
          ? header
          : isBytes
            ? bytesSummary(dump, start, heap.objects.sizeOf(id) - (start - address))
            : shown === NONE || known?.kind === "unknown"
              ? ""
              : summarize(readValue(env, shown, start, 2), 100);
      const parts = wholes ? wholes.partsOf(id) : NO_PARTS;
      return {
        address: hex(address),
        type: objectName(dump, id, args.parts),
        bytes: heap.objects.sizeOf(id) + parts.bytes,
        ...(parts.count > 0 ? { parts: parts.count } : {}),
        summary,
      };
    });
    return { rows, total: { rows: total, bytes } };
  },
};

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
