// The release of a program that does not say it: some are built without build info. The runtime's own code is the same in every program of
// one release, to the byte but for addresses, so the release is the one whose recipes fit.
import { Findings } from "../../base/findings.js";
import type { Address, Bytes } from "../../base/units.js";
import { isWritable, type Process } from "../../process/process.js";
import { referencesOf } from "../code/machines.js";
import { readFunctions } from "../functions.js";
import type { Layout } from "../layout/schema.js";
import { MOST_SCANNED } from "../limits.js";
import { readModules } from "../modules.js";
import { fittingRecipes } from "./recipes.js";
import { type LayoutTable, tableFor, tableReleases } from "./tables.js";

const BLOCK: Bytes = 1 << 20;
/** Of the recipes of the right release nearly all fit; of another minor's some do, where functions did not change. */
const LEAST_FITTING = 0.8;

/**
 * The table whose recipes fit best; of several that fit alike, the one whose release the program's constants name.
 * @param layoutOf  the structs of a table, with the program's module data
 * @returns undefined when no table fits
 */
export function tableByCode(process: Process, layoutOf: (table: LayoutTable) => Layout): LayoutTable | undefined {
  const { follow } = referencesOf(process.arch);
  const named = namedReleases(process);
  let best: LayoutTable | undefined;
  let most = LEAST_FITTING;
  for (const release of tableReleases(process.arch.name)) {
    const table = tableFor(release, process.arch.name);
    if (!table) continue;
    const modules = readModules(process.memory, layoutOf(table), new Findings());
    const fitting = fittingRecipes(process.memory, readFunctions(process.memory, modules.slice(0, 1), process.arch), table.recipes, follow);
    const share = fitting / table.recipes.length + (named.has(release) ? 1e-6 : 0);
    if (share <= most) continue;
    best = table;
    most = share;
  }
  return best;
}

/** "go1.26.5" wherever it stands in the constants of a mapped file: runtime.buildVersion is one of them. */
function namedReleases({ memory }: Process): ReadonlySet<string> {
  const found = new Set<string>();
  let left = MOST_SCANNED;
  for (const { start, end, flags, path, backing } of memory.mappings) {
    if (path === "" || isWritable(flags) || typeof backing === "string") continue;
    for (let at: Address = start; at < end && left > 0; at += BLOCK, left -= BLOCK) {
      const bytes = memory.tryBytes(at, Math.min(BLOCK, end - at));
      if (!bytes) continue;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
      for (const [version] of text.matchAll(/go1\.\d\d(?:\.\d{1,2})?/g)) found.add(version);
    }
  }
  return found;
}
