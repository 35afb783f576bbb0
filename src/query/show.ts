// A value as Go would print it: of an object, or of any expression.

import { allocationSites } from "../accounting/allocation-sites.js";
import { UsageError } from "../base/errors.js";
import { USUAL_TOP } from "../base/rows.js";
import { type Bytes, type Hex, hex, NONE, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import { locate, needText, wholeNames } from "../naming/locate.js";
import { nameObject, readableType } from "../naming/object-names.js";
import { castOf, expressionOf } from "../naming/path-names.js";
import { type ShownValue, showHeader, showValue } from "../naming/shown-value.js";
import { SCRATCH } from "../runtime/frame-variables.js";
import { type ObjectSites, objectSites } from "./object-sites.js";
import type { Query } from "./query.js";

export type { ShownValue } from "../naming/shown-value.js";

/** What is to be shown, and how much of it: values are unbounded, an answer is not. */
export interface ShowArgs {
  /** Address or expression. */
  readonly of: string;
  /** Levels of pointers, structs and elements to open; 3 when absent. */
  readonly depth?: number;
  /** First element shown of a slice, map, channel or string; 0 when absent. */
  readonly offset?: number;
  /** Elements shown; 0 = all; 20 when absent. */
  readonly top?: number;
}

/** A value with its type and place. Of an address the object's type and liveness are told too, which takes reading the whole heap. */
export interface Show {
  /** What was asked, or what the object is called. */
  readonly expression: string;
  readonly type: string;
  /** Absent: it lies in registers, or in pieces. */
  readonly address?: Hex;
  /** "likely": it begins at a variable of optimised code, which may be a little older or newer than the line. */
  readonly certainty: "certain" | "likely";
  /** It begins at an argument: what was passed is known, what it was set to since is not. */
  readonly asPassed?: boolean;
  /** The heap object that holds the value; absent for variables outside the heap. */
  readonly object?: ObjectSites & {
    readonly address: Hex;
    readonly bytes: Bytes;
    /** Told when an address was asked for: an expression needs neither types nor marks, and comes without their cost. */
    readonly type?: string;
    readonly live?: boolean;
  };
  readonly value: ShownValue;
}

export const show: Query<ShowArgs, Show> = {
  name: "show",
  summary: "a value: fields, elements, entries, captured variables",
  run(dump, { of, depth = 3, offset = 0, top = USUAL_TOP }) {
    const at = locate(dump, needText(of, "show", "of"));
    const page = { depth, offset, top };
    const isAddress = /^\s*(?:0[xX])?[0-9a-fA-F]+\s*$/.test(of);
    const object = isAddress ? { object: heldBy(dump, at.object) } : placeOf(dump, at.address);
    const expression = !isAddress
      ? wholeNames(dump, of.trim())
      : dump.heap.isLive(at.object)
        ? expressionOf(dump, at.object)
        : castOf(dump, at.object);
    const grade = { certainty: at.doubt ? "likely" : "certain", ...(at.doubt === "as passed" ? { asPassed: true } : {}) } as const;
    if (at.type === NONE) {
      if (at.object === NONE)
        throw new UsageError(`${of}: nothing says of which type the value there is`, "cast it: (*main.T)(0xc000012000)");
      const value: ShownValue = {
        name: "",
        type: "unknown",
        text: "",
        more: { kind: "unknown type", count: nameObject(dump, at.object).bytes },
      };
      return { expression, type: "unknown", address: hex(at.address), ...grade, ...object, value };
    }
    const value =
      (isAddress ? showHeader(dump, at.type, at.address, page) : undefined) ??
      showValue(dump, at.type, at.address, page, isAddress ? elementsIn(dump, at.object, at.type) : 0, at.memory);
    const address = at.address >= SCRATCH ? {} : { address: hex(at.address) };
    return { expression, type: readableType(value.type), ...address, ...grade, ...object, value };
  },
};

/** The slot of the heap that holds an address, told by its span alone. */
function placeOf(dump: Dump, address: number): Pick<Show, "object"> {
  const { spans } = dump.runtime;
  const span = spans.find(address);
  if (span === NONE) return {};
  const bytes = spans.elementSize[span];
  const slot = Math.floor((address - spans.base[span]) / bytes);
  return slot < spans.elements[span] ? { object: withSite(dump, { address: hex(spans.base[span] + slot * bytes), bytes }) } : {};
}

/** With its own place, if the heap profile sampled it. */
function withSite<T extends { readonly address: Hex }>(dump: Dump, object: T): T & ObjectSites {
  const site = dump.runtime.sampled.size === 0 ? undefined : allocationSites(dump).at(parseAddress(object.address) ?? 0);
  return site ? { ...object, site } : object;
}

/** The object with all that is known of it: reads types and marks. */
function heldBy(dump: Dump, id: number): NonNullable<Show["object"]> {
  const { address, type, bytes } = nameObject(dump, id);
  return { address, type, bytes, live: dump.heap.isLive(id), ...objectSites(dump, address) };
}

/** How many elements an object has room for that is an array of unknown length. */
function elementsIn(dump: Dump, id: number, type: number): number {
  const { objects } = dump.heap;
  const { element } = dump.runtime.types.get(type);
  const size = element === NONE ? 0 : dump.runtime.types.get(element).size;
  return size === 0 ? 0 : Math.floor((objects.sizeOf(id) - objects.dataStart[objects.spanOf(id)]) / size);
}
