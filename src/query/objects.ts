// The live objects of a type, one by one.
import { type Hex, hex, NONE } from "../base/units.js";
import { readValue, summarize } from "../value/value.js";
import { typeName, typePattern } from "./object-names.js";
import type { Query } from "./query.js";

export interface ObjectsArgs {
  /** Regular expression over type names; all when absent. */
  readonly type?: string;
  /** Smallest size in bytes. */
  readonly min: number;
  readonly top: number;
}

export interface ObjectRow {
  readonly address: Hex;
  readonly type: string;
  readonly bytes: number;
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
    const focus = args.type === undefined ? undefined : typePattern(dump, args.type);
    const wanted = new Map<number, boolean>();
    const matches = (type: number) => {
      let answer = wanted.get(type);
      if (answer === undefined) {
        answer = !focus || focus(typeName(dump, type));
        wanted.set(type, answer);
      }
      return answer;
    };
    const { spans, firstId } = heap.objects;
    const bySize = new Map<number, number[]>();
    let total = 0;
    let bytes = 0;
    for (let span = 0; span < spans.count; span++) {
      const size = spans.elementSize[span];
      if (size < args.min) continue;
      for (let id = firstId[span]; id < firstId[span + 1]; id++) {
        if (!matches(heap.types.type[id]) || !heap.isLive(id)) continue;
        total++;
        bytes += size;
        const known = bySize.get(size);
        if (!known) bySize.set(size, [id]);
        else if (args.top === 0 || known.length < args.top) known.push(id);
      }
    }
    const ids = [...bySize].sort((a, b) => b[0] - a[0]).flatMap(([, list]) => list);
    const env = { memory: dump.process.memory, types: runtime.types, layout: runtime.layout };
    const rows = (args.top > 0 ? ids.slice(0, args.top) : ids).map((id): ObjectRow => {
      const type = heap.types.type[id];
      const address = heap.objects.addressOf(id);
      const start = address + heap.objects.dataStart[heap.objects.spanOf(id)];
      const known = type === NONE ? undefined : runtime.types.get(type);
      // An array of unknown length is shown by its first element.
      const shown = known?.kind === "array" && known.count === -1 ? known.element : type;
      const summary = shown === NONE || known?.kind === "unknown" ? "" : summarize(readValue(env, shown, start, 2), 100);
      return { address: hex(address), type: typeName(dump, type), bytes: heap.objects.sizeOf(id), summary };
    });
    return { rows, total: { rows: total, bytes } };
  },
};
