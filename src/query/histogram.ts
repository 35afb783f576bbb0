// PLACEHOLDER: the shape of the answer only, until the engine's own histogram.ts replaces it.
import { UnsupportedError } from "../base/errors.js";
import type { Query } from "./query.js";

export const histogram: Query<
  {
    readonly by: "type" | "package" | "size-class";
    readonly garbage: boolean;
    readonly focus?: string;
    readonly top: number;
    readonly sort: "bytes" | "count";
  },
  {
    readonly rows: readonly {
      readonly type: string;
      readonly count: number;
      readonly bytes: number;
      readonly evidence: Readonly<Record<string, number>>;
    }[];
    readonly total: { readonly rows: number; readonly objects: number; readonly bytes: number };
  }
> = {
  name: "histogram",
  summary: "objects counted by type, package or size class",
  run() {
    throw new UnsupportedError("histogram", "a core", "nothing yet: the engine is not in place");
  },
};
