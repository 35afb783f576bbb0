// The rows of the schema for maps, both designs. runtime/map.go until go1.23, internal/runtime/maps since go1.24.
import type { StructSpec } from "./layout.js";

const optional = { optional: true } as const;

export const mapStructs = {
  /** Header of a bucket map; 1.24 and 1.25 with GOEXPERIMENT=noswissmap too. */
  hmap: {
    names: ["runtime.hmap"],
    optional: true,
    fields: { count: {}, flags: {}, B: {}, buckets: {}, oldbuckets: {}, extra: optional },
  },
  /** Type of a bucket map. */
  bucketMapType: {
    names: ["internal/abi.OldMapType", "internal/abi.MapType", "runtime.maptype"],
    optional: true,
    fields: {
      KeySize: { optional: true, names: ["KeySize", "keysize"] },
      ValueSize: { optional: true, names: ["ValueSize", "elemsize"] },
      BucketSize: { optional: true, names: ["BucketSize", "bucketsize"] },
      Flags: { optional: true, names: ["Flags", "flags"] },
    },
  },
  /** Header of a map since Go 1.24. dirLen 0: dirPtr leads to the only group instead of a directory. internal/runtime/maps/map.go */
  swissMap: {
    names: ["internal/runtime/maps.Map"],
    optional: true,
    fields: { used: {}, dirPtr: {}, dirLen: {}, globalDepth: {} },
  },
  /** A hash table of groups; several share the keys of one map. internal/runtime/maps/table.go */
  swissTable: {
    names: ["internal/runtime/maps.table"],
    optional: true,
    fields: { used: {}, capacity: {}, localDepth: {}, index: {}, "groups.data": {}, "groups.lengthMask": {} },
  },
  /** Sizes and offsets in bytes of a group, its slots and their elements. Go 1.27 has keys and elements apart: KeysOff, ElemsOff. */
  swissMapType: {
    names: ["internal/abi.SwissMapType", "internal/abi.MapType"],
    optional: true,
    fields: {
      GroupSize: optional,
      SlotSize: optional,
      ElemOff: optional,
      KeysOff: optional,
      KeyStride: optional,
      ElemsOff: optional,
      ElemStride: optional,
      Flags: optional,
    },
  },
} as const satisfies Record<string, StructSpec>;
