// PLACEHOLDER: the shape of the answer only, until the engine's own mappings.ts replaces it.
import { UnsupportedError } from "../base/errors.js";
import type { Query } from "./query.js";

export const mappings: Query<
  Record<string, never>,
  {
    readonly rows: readonly {
      readonly start: string;
      readonly end: string;
      readonly bytes: number;
      readonly flags: string;
      readonly backing: "core" | "file" | "zero" | "not-dumped";
      readonly path: string;
    }[];
    readonly total: { readonly rows: number; readonly bytes: number };
  }
> = {
  name: "mappings",
  summary: "what was mapped, and where its bytes are now",
  run() {
    throw new UnsupportedError("mappings", "a core", "nothing yet: the engine is not in place");
  },
};
