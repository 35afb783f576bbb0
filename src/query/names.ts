// What an expression can begin with, for completion: global variables and goroutines.
import type { NoArgs, Query } from "./query.js";

/** Words for completion. Names with "..", as main..inittask, are the compiler's own and are left out. */
export interface Names {
  /** Full names of global variables. */
  readonly expressions: readonly string[];
  /** Of goroutines: an expression says g12. */
  readonly ids: readonly number[];
}

export const names: Query<NoArgs, Names> = {
  name: "names",
  summary: "global variables and goroutines by name",
  run: ({ runtime: { variables, goroutines } }) => ({
    expressions: variables.globalNames().filter((name) => !name.includes("..")),
    ids: goroutines.all.map(({ id }) => id),
  }),
};
