// Where an object was allocated: exactly, or by objects of its type.
import { type AllocationSite, allocationSites, type SiteShare } from "../accounting/allocation-sites.js";
import { cut } from "../base/rows.js";
import { type Hex, NONE, type ObjectId, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";

/** What the heap profile tells of objects that were asked for. */
export interface SampledSites {
  /** Of these objects the profile knows the place. */
  readonly sampled: number;
  /** The places, the most frequent first. */
  readonly places: readonly SiteShare[];
}

/** Of one object: its own place if it was sampled, else the places of live objects of its type that were. */
export interface ObjectSites {
  readonly site?: AllocationSite;
  readonly sites?: SampledSites;
}

/** Places that are told of many objects. */
const MOST_PLACES = 5;

/** Of the object that begins at an address; nothing where there is no heap profile. */
export function objectSites(dump: Dump, address: Hex): ObjectSites {
  const at = parseAddress(address);
  const sites = allocationSites(dump);
  const site = at === undefined ? undefined : sites.at(at);
  if (site) return { site };
  if (at === undefined || dump.runtime.sampled.size === 0) return {};
  const { heap } = dump;
  const id = heap.objects.find(at);
  const type = id === NONE ? NONE : heap.types.type[id];
  if (type === NONE) return {};
  return sampledSites(
    dump,
    sites.ids().filter((each) => heap.types.type[each] === type && heap.isLive(each)),
  );
}

/** The places of those that were sampled of a list. */
export function sampledSites(dump: Dump, ids: readonly ObjectId[]): { readonly sites?: SampledSites } {
  // What the runtime allocated before main is sampled in every program, linked profile or not.
  const places = allocationSites(dump)
    .shares(ids)
    .filter(({ site }) => site.function !== "runtime.rt0_go");
  const sampled = places.reduce((sum, each) => sum + each.sampled, 0);
  return sampled === 0 ? {} : { sites: { sampled, places: cut(places, MOST_PLACES) } };
}
