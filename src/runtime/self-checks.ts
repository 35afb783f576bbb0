// What the runtime says twice, side by side: for those who ask whether a dump can be trusted.
import { type ComparedAccount, compareAccounts, findMemory, growingBy } from "./accounting.js";
import { RUNTIME_GLOBALS } from "./layout/schema-globals.js";
import type { GoRuntime } from "./runtime.js";

/** The runtime's statistics and the records that they count; undefined without statistics. */
export function comparedAccounts({ process, layout, spans, accounts }: GoRuntime): readonly ComparedAccount[] | undefined {
  if (!accounts) return undefined;
  const growing = growingBy(process.memory, layout, spans, accounts);
  return compareAccounts(accounts, findMemory(process, layout, spans), growing);
}

/** How many of the runtime's variables that corescope reads by name are known. */
export function knownVariables({ layout }: GoRuntime): number {
  return RUNTIME_GLOBALS.filter((name) => layout.global(name) !== undefined).length;
}
