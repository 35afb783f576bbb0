// Where objects were allocated, in a line or a few.
import { counted, formatCount } from "../../src/base/units.js";
import type { why } from "../../src/query/why.js";
import { formatShare } from "../text/bytes.js";
import { escapeText } from "../text/escape.js";
import { formatPlace } from "../text/goroutine-group.js";

type Answer = ReturnType<typeof why.run>;
type Site = NonNullable<Answer["site"]>;
type Sites = NonNullable<Answer["sites"]>;

/** "at order.go:88, by main.(*Store).add (in bytes.growSlice)". */
function placeText(site: Site): string {
  return escapeText(`at ${formatPlace(site)}, by ${site.function}${site.through === undefined ? "" : ` (in ${site.through})`}`);
}

/** Of one object whose place is known. */
export function siteLine(site: Site): string {
  return site.shared ? `its slot, which small values share, was first allocated ${placeText(site)}` : `allocated ${placeText(site)}`;
}

/** By those whose place is known. @param these "these objects", "objects of this type" */
export function sitesLines({ sampled, places }: Sites, these: string): string[] {
  const [first] = places;
  if (!first) return [];
  const by = `by ${counted(sampled, "sampled object")} of ${these}`;
  const lines = places.map(({ site, sampled: count, all }) => {
    const kept = `${formatShare(all.inuseObjects, all.allocObjects)} of ${formatCount(all.allocObjects)} allocated there in use`;
    return `  ${formatCount(count)} ${placeText(site)}: ${kept}`;
  });
  return [`allocated, ${by}:`, ...lines];
}
