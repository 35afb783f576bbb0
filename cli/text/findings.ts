// Damage and doubt as people read them.
import type { Finding } from "../../src/base/findings.js";
import { counted, formatBytes } from "../../src/base/units.js";

/** How much, how often, and where for example: "8.0 KiB, 2 times, e.g. 0xc000000000"; "" of what happened once and nowhere. */
export function findingFacts({ bytes, count, example }: Finding): string {
  return [
    ...(bytes === undefined ? [] : [formatBytes(bytes)]),
    ...(count > 1 ? [counted(count, "time")] : []),
    ...(example === "" ? [] : [`e.g. ${example}`]),
  ].join(", ");
}
