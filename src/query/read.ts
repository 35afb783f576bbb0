// PLACEHOLDER: the shape of the answer only, until the engine's own read.ts replaces it.
import { UnsupportedError } from "../base/errors.js";
import type { Query } from "./query.js";

export const read: Query<
  { readonly address: string; readonly length: number },
  {
    readonly address: string;
    readonly bytes: string;
    readonly object?: { readonly address: string; readonly type: string; readonly bytes: number; readonly offset: number };
    readonly explanation: string;
  }
> = {
  name: "read",
  summary: "bytes at an address, and the object they belong to",
  run() {
    throw new UnsupportedError("read", "a core", "nothing yet: the engine is not in place");
  },
};
