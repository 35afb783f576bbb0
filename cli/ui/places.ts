// Where lines and keys lead: a function for each screen that others lead to. Nobody else writes its name or the args of its places.
import type { Place } from "./screen.js";

/** What these screens are about: the args of their places, by the screen's name. */
export interface Subjects {
  readonly types: {
    readonly by?: "type" | "package" | "owner" | "goroutine" | "size-class";
    readonly sort?: "bytes" | "count" | "retained";
    /** Only the types of this package. */
    readonly package?: string;
    readonly garbage?: boolean;
    readonly parts?: boolean;
  };
  /** of: an address or expression; all: also what is under one per cent. */
  readonly dominators: { readonly of?: string; readonly group?: "none" | "type" | "package"; readonly all?: boolean };
  readonly goroutines: {
    /** One row a goroutine, not one a stack. */
    readonly each?: boolean;
    /** Only those with a matching function on their stack; title: how the breadcrumb says it. */
    readonly focus?: string;
    readonly title?: string;
    readonly system?: boolean;
    readonly retains?: boolean;
  };
  readonly goroutine: { readonly id: number };
  readonly blocked: { readonly goroutine?: number };
  /** type: its full name or a pattern; top: rows. */
  readonly objects: { readonly type?: string; readonly top?: number; readonly parts?: boolean };
  /** of: an address or expression; offset: the first element that is shown. */
  readonly object: { readonly of: string; readonly offset?: number };
  readonly refs: { readonly of: string; readonly out: boolean; readonly parts?: boolean };
  readonly paths: {
    /** The object, or a type whose largest object is meant. */
    readonly address?: string;
    readonly type?: string;
    readonly paths?: number;
    /** Pointers left out, as `why --ignore` takes them. */
    readonly ignore?: string;
    readonly parts?: boolean;
  };
  readonly holders: { readonly type: string };
  readonly memory: { readonly address: string };
  readonly events: { readonly goroutine?: number; readonly top?: number };
  /** part: so much of the time before the end, 1 for all. */
  readonly timeline: { readonly part?: number };
  /** line: a command line without the core. */
  readonly answer: { readonly line: string };
}

/** A place of one of these screens. */
export interface PlaceOf<Name extends keyof Subjects> {
  readonly screen: Name;
  readonly args: Subjects[Name];
}

/** A place with args of just its screen's type. */
function at<Name extends keyof Subjects>(screen: Name, args: Subjects[Name]): PlaceOf<Name> {
  return { screen, args };
}

/** The places of each screen. */
export const places = {
  types: (args: Subjects["types"] = {}) => at("types", args),
  dominators: (args: Subjects["dominators"] = {}) => at("dominators", args),
  goroutines: (args: Subjects["goroutines"] = {}) => at("goroutines", args),
  goroutine: (id: number) => at("goroutine", { id }),
  blocked: (args: Subjects["blocked"] = {}) => at("blocked", args),
  objects: (args: Subjects["objects"]) => at("objects", args),
  object: (of: string, offset = 0) => at("object", offset === 0 ? { of } : { of, offset }),
  refs: (args: Subjects["refs"]) => at("refs", args),
  paths: (args: Subjects["paths"]) => at("paths", args),
  holders: (type: string) => at("holders", { type }),
  memory: (address: string) => at("memory", { address }),
  events: (args: Subjects["events"] = {}) => at("events", args),
  timeline: (args: Subjects["timeline"] = {}) => at("timeline", args),
  answer: (line: string) => at("answer", { line }),
  death: (): Place => ({ screen: "death", args: {} }),
  suspects: (): Place => ({ screen: "suspects", args: {} }),
  mappings: (): Place => ({ screen: "mappings", args: {} }),
} as const;

/** Whether a place is one of this screen. */
export function isAt<Name extends keyof Subjects>(place: Place | undefined, screen: Name): place is PlaceOf<Name> {
  return place?.screen === screen;
}

/** What selects a type and no other: its full name does; objects of no type have a name that is none. */
export function exactType(type: string): string {
  return type.startsWith("unknown") ? "^unknown$" : type;
}

/** The objects of a type. */
export function typePlace(type: string): Place {
  return places.objects({ type: exactType(type) });
}

/** What an owner's name leads to: a goroutine's stack, or a variable's value. */
export function ownerPlace(owner: string): Place | undefined {
  // Owners' names are made in src/naming: "goroutine 17 main.worker", or a variable's path.
  const goroutine = /^goroutine ([0-9]+)\b/.exec(owner)?.[1];
  if (goroutine !== undefined) return places.goroutine(Number(goroutine));
  // Names such as "finalizer queue" lead nowhere: they are no expressions.
  return /^[\w./~-]+\.[\w.]+$/.test(owner) ? places.object(owner) : undefined;
}
