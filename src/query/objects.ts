// PLACEHOLDER: the shape of the answer only, until the engine's own objects.ts replaces it.
import { UnsupportedError } from "../base/errors.js";
import type { Query } from "./query.js";

export const objects: Query<
  { readonly type?: string; readonly min: number; readonly top: number },
  {
    readonly rows: readonly { readonly address: string; readonly type: string; readonly bytes: number; readonly summary: string }[];
    readonly total: { readonly rows: number; readonly bytes: number };
  }
> = {
  name: "objects",
  summary: "the live objects of a type, the largest first",
  run() {
    throw new UnsupportedError("objects", "a core", "nothing yet: the engine is not in place");
  },
};
