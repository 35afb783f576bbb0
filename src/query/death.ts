// What killed the process: a panic, a fatal error, a signal; or nothing, it was alive when dumped.
import { causeOfDeath, type Death } from "../crash/cause.js";
import type { Dump } from "../dump.js";
import { placeOfAddress } from "../naming/object-names.js";
import { type Machine, readMachines } from "../runtime/records/machine.js";
import type { NoArgs, Query } from "./query.js";

/** Kind, message, goroutine and place of the end; the fields are described at Death. */
export type DeathResult = Death;

export const death: Query<NoArgs, DeathResult> = {
  name: "death",
  summary: "what killed the process: panic, fatal error or signal, and where",
  run: (dump, _args, { findings }) => deathOf(dump, readMachines(dump.runtime, findings)),
};

/** The cause of death, for answers that tell it beside others. */
export function deathOf(dump: Dump, machines: readonly Machine[]): Death {
  return causeOfDeath({ runtime: dump.runtime, placeOfAddress: (address) => placeOfAddress(dump, address) }, machines);
}
