// Every error a person can meet; anything else that is thrown is a bug.
import type { Advice } from "./advice.js";
import { type Address, type Bytes, counted, hex } from "./units.js";

/** An expected failure, thrown with the facts: what was found, what was wanted, what to do next. */
export abstract class DumpError extends Error {
  abstract readonly code: string;
  /** A sentence more, or what to do next as data. */
  advice: Advice | undefined;
  constructor(message: string, advice?: Advice) {
    super(message);
    this.name = new.target.name;
    this.advice = advice;
  }
}

/** The bytes of a file are not what their format says; offset NONE (-1): the file as a whole. */
export class FormatError extends DumpError {
  readonly code = "format";
  readonly source: string;
  readonly offset: number;
  constructor(source: string, offset: number, message: string, advice?: Advice) {
    super(offset < 0 ? `${source}: ${message}` : `${source}: at offset ${offset}: ${message}`, advice);
    this.source = source;
    this.offset = offset;
  }
}

/** Memory that was asked for is not in the dump. */
export class MemoryFault extends DumpError {
  readonly code = "memory";
  readonly address: Address;
  readonly size: Bytes;
  readonly reason: "unmapped" | "not-dumped";
  constructor(address: Address, size: Bytes, reason: "unmapped" | "not-dumped") {
    super(
      `${counted(size, "byte")} at ${hex(address)} ${size === 1 ? "is" : "are"} ${reason === "unmapped" ? "not mapped" : "not in the core"}`,
      { id: "mappings", reason },
    );
    this.address = address;
    this.size = size;
    this.reason = reason;
  }
}

/** A thing we know and do not read (yet). */
export class UnsupportedError extends DumpError {
  readonly code = "unsupported";
  readonly feature: string;
  readonly found: string;
  readonly supported: string;
  constructor(feature: string, found: string, supported: string, advice?: Advice) {
    super(`${feature}: found ${found}; corescope reads ${supported}`, advice);
    this.feature = feature;
    this.found = found;
    this.supported = supported;
  }
}

/** The question's answer is "no such thing". */
export class NotFoundError extends DumpError {
  readonly code = "not-found";
  readonly what: string;
  readonly given: string;
  readonly near: readonly string[];
  constructor(what: string, given: string, near: readonly string[] = [], advice?: Advice) {
    const offers = near.length > 0 ? `; near: ${near.join(", ")}` : "";
    super(`no ${what} ${given}${offers}`, advice);
    this.what = what;
    this.given = given;
    this.near = near;
  }
}

/** Disk or memory ran out. */
export class ResourceError extends DumpError {
  readonly code = "resource";
}

/** The command's words are off. */
export class UsageError extends DumpError {
  readonly code = "usage";
}
