// PLACEHOLDER: the shape of the answer only, until the engine's own why.ts replaces it.
import { UnsupportedError } from "../base/errors.js";
import type { Query } from "./query.js";

export const why: Query<
  { readonly address?: string; readonly type?: string },
  {
    readonly object: { readonly address: string; readonly type: string; readonly bytes: number; readonly evidence: string };
    readonly reachable: boolean;
    readonly matching?: number;
    readonly paths: readonly {
      readonly root: {
        readonly kind: string;
        readonly name: string;
        readonly goroutine?: number;
        readonly function?: string;
        readonly variable?: string;
        readonly certain: boolean;
      };
      readonly steps: readonly { readonly address: string; readonly type: string; readonly bytes: number; readonly expression: string }[];
    }[];
    readonly explanation?: string;
  }
> = {
  name: "why",
  summary: "the path that keeps an object alive",
  run() {
    throw new UnsupportedError("why", "a core", "nothing yet: the engine is not in place");
  },
};
