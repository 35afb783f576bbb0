// Labels of goroutines (pprof.Do, pprof.SetGoroutineLabels): g.labels points to a form that changed twice.
import { decodeText } from "../../base/byte-reader.js";
import { type Address, NONE, WORD } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import { LONGEST_LABEL, LONGEST_LABELS, MOST_LABELS } from "../limits.js";
import { readMap } from "../maps/maps.js";
import type { GoRuntime } from "../runtime.js";
import type { GoType } from "../types.js";
import type { Variant } from "./variant.js";

/** Key and value, in the runtime's order. */
export type Labels = readonly (readonly [key: string, value: string])[];

type Reader = (address: Address) => Labels;

/** Newest first. */
const LABEL_FORMS: readonly Variant<Reader, GoRuntime>[] = [
  {
    // Since Go 1.26 the set has a package of its own, which the runtime too can read. Its only field is the list.
    name: "label set",
    since: "go1.26",
    source: "internal/runtime/pprof/label/labelset.go",
    detect: (runtime) => runtime.types.byName("internal/runtime/pprof/label.Set") !== NONE,
    create: (runtime) => listReader(runtime, "internal/runtime/pprof/label.Set"),
  },
  {
    // Since Go 1.24 (CL 574516, "runtime/pprof: reduce label overhead") labelMap is a struct that embeds a LabelSet, a sorted list.
    name: "label list",
    since: "go1.24",
    until: "go1.25",
    source: "runtime/pprof/label.go labelMap, LabelSet",
    detect: (runtime) => kindOf(runtime, "runtime/pprof.labelMap") === "struct",
    create: (runtime) => listReader(runtime, "runtime/pprof.labelMap"),
  },
  {
    name: "label map",
    since: "go1.9",
    until: "go1.23",
    source: "runtime/pprof/label.go labelMap",
    detect: (runtime) => kindOf(runtime, "runtime/pprof.labelMap") === "map",
    create(runtime) {
      const { types, maps } = runtime;
      const { memory } = runtime.process;
      const map = types.get(types.byName("runtime/pprof.labelMap"));
      return (address) => {
        const labels: [string, string][] = [];
        const readText = textReader(memory);
        for (const { key, value } of readMap({ memory, types, maps }, map, memory.tryAddress(address) ?? 0)) {
          if (labels.length >= MOST_LABELS) break;
          labels.push([readText(key), readText(value)]);
        }
        // A map has no order of its own; later forms are sorted by the runtime.
        return labels.sort(([a], [b]) => (a < b ? -1 : 1));
      };
    },
  },
];

/** The kind of a type by name; undefined when the program has none, as without runtime/pprof. */
function kindOf(runtime: GoRuntime, name: string): string | undefined {
  const type = runtime.types.byName(name);
  return type === NONE ? undefined : runtime.types.get(type).kind;
}

/** The first slice in a struct, through embedded structs; its elements begin with two strings. */
function listReader(runtime: GoRuntime, name: string): Reader {
  const { types } = runtime;
  const { memory } = runtime.process;
  let offset = 0;
  let type: GoType = types.get(types.byName(name));
  for (let depth = 0; depth < 8 && type.kind === "struct"; depth++) {
    const [field] = type.fields;
    if (!field) break;
    offset += field.offset;
    type = types.get(field.type);
  }
  // A label may grow: its size is read, and only its beginning relied on.
  const stride = type.kind === "slice" && type.element !== NONE ? types.get(type.element).size : 0;
  return (address) => {
    const array = memory.tryAddress(address + offset) ?? 0;
    const length = memory.tryBytes(address + offset + WORD, WORD) ? memory.readUint(address + offset + WORD, 8) : 0;
    if (stride < 4 * WORD || array <= 0) return [];
    const readText = textReader(memory);
    return Array.from({ length: Math.min(length, MOST_LABELS) }, (_, i) => [
      readText(array + i * stride),
      readText(array + i * stride + 2 * WORD),
    ]);
  };
}

/** Reads the texts of one set, as long as there is room for them. */
function textReader(memory: AddressSpace): (header: Address) => string {
  // In bytes for all labels of a goroutine together: damaged lengths must not fill memory.
  let room = LONGEST_LABELS;
  return (header) => {
    const at = memory.tryAddress(header) ?? 0;
    const length = memory.tryBytes(header + WORD, WORD) ? memory.readUint(header + WORD, 8) : 0;
    const bytes = length > 0 ? memory.tryBytes(at, Math.min(length, LONGEST_LABEL, room)) : undefined;
    room -= bytes?.length ?? 0;
    return bytes ? decodeText(bytes) : "";
  };
}

/** A reader of g.labels: [] for a goroutine without labels, and for all of a program without runtime/pprof. */
export function labelReader(runtime: GoRuntime): (goroutine: Address) => Labels {
  // Told by the program's types, not by its version: a program without runtime/pprof has none of them.
  const form = LABEL_FORMS.find((each) => each.detect(runtime));
  const read = form?.create(runtime);
  const at = runtime.layout.struct("g").offset("labels");
  const { memory } = runtime.process;
  return (goroutine) => {
    const set = memory.tryAddress(goroutine + at) ?? 0;
    return set > 0 && read ? read(set) : [];
  };
}
