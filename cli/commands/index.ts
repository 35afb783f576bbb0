// The commands, one line each; help, the order of words and the tests read this list.
import type { AnyCommand } from "../command.js";
import { blockedCommand } from "./blocked.js";
import { deathCommand } from "./death.js";
import { doctorCommand } from "./doctor.js";
import { dominatorsCommand } from "./dominators.js";
import { exploreCommand } from "./explore.js";
import { goroutineCommand } from "./goroutine.js";
import { goroutinesCommand } from "./goroutines.js";
import { histogramCommand } from "./histogram.js";
import { leakedCommand } from "./leaked.js";
import { mappingsCommand } from "./mappings.js";
import { objectsCommand } from "./objects.js";
import { overviewCommand } from "./overview.js";
import { profileCommand } from "./profile.js";
import { readCommand } from "./read.js";
import { refsCommand } from "./refs.js";
import { showCommand } from "./show.js";
import { suspectsCommand } from "./suspects.js";
import { threadsCommand } from "./threads.js";
import { traceEventsCommand } from "./trace-events.js";
import { traceExportCommand } from "./trace-export.js";
import { traceExtractCommand } from "./trace-extract.js";
import { traceSummaryCommand } from "./trace-summary.js";
import { tracebackCommand } from "./traceback.js";
import { wasteCommand } from "./waste.js";
import { whyCommand } from "./why.js";

/** Every command, in the order of the help text. */
export const COMMANDS: readonly AnyCommand[] = [
  overviewCommand,
  deathCommand,
  suspectsCommand,
  histogramCommand,
  objectsCommand,
  dominatorsCommand,
  refsCommand,
  showCommand,
  wasteCommand,
  whyCommand,
  goroutinesCommand,
  goroutineCommand,
  tracebackCommand,
  threadsCommand,
  blockedCommand,
  leakedCommand,
  profileCommand,
  traceExtractCommand,
  traceSummaryCommand,
  traceEventsCommand,
  traceExportCommand,
  doctorCommand,
  mappingsCommand,
  readCommand,
  exploreCommand,
];
