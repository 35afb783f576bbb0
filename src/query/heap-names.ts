// What people call the things in a dump, by their ids, for those that count them.
import type { HeapNames } from "../accounting/sources.js";
import type { Dump } from "../dump.js";
import { expressionOf, ownerName } from "../naming/path-names.js";
import { goroutineName, goroutinePlace } from "../stacks/goroutine-place.js";

/**
 * Names by number: expression of an object, owner of a root, name of a goroutine and the place where it stood. src/accounting gets them as
 * functions, since it may not import src/naming.
 */
export function heapNames(dump: Dump): HeapNames {
  return {
    expression: (id) => expressionOf(dump, id),
    owner: (id) => ownerName(dump, id),
    goroutine: (id) => goroutineName(dump, id),
    place: (id) => goroutinePlace(dump, id),
  };
}
