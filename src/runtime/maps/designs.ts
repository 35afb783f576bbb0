// Which of Go's map designs a program uses.
import type { Layout } from "../layout/schema.js";
import type { RoleRow } from "../role.js";
import { choose, type Variant } from "../variants/variant.js";
import { BUCKET_ROLES, bucketMaps } from "./buckets.js";
import type { MapDesign } from "./design.js";
import { SWISS_ROLES, swissMaps } from "./swiss.js";

/** Newest first. */
const MAP_DESIGNS: readonly Variant<MapDesign, Layout>[] = [
  {
    name: "swiss maps",
    since: "go1.24",
    source: "internal/runtime/maps/map.go, table.go, group.go",
    detect: (layout) => layout.hasStruct("swissMap") && !layout.hasStruct("hmap"),
    create: swissMaps,
  },
  {
    name: "bucket maps",
    since: "go1.0",
    until: "go1.25",
    source: "runtime/map.go, map_noswiss.go",
    detect: (layout) => layout.hasStruct("hmap"),
    create: bucketMaps,
  },
];

/** Types of maps of every design. */
export const MAP_ROLES: readonly RoleRow[] = [...SWISS_ROLES, ...BUCKET_ROLES];

/** The design of this program's maps. @throws UnsupportedError when it has neither header */
export function mapDesign(layout: Layout): MapDesign {
  return choose("maps", MAP_DESIGNS, layout);
}
