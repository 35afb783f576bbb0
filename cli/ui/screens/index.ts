// The screens, one line each; the first is home, and those with a tab get the digits in this order.
import type { AnyCommand } from "../../command.js";
import type { Screen } from "../screen.js";
import { answerScreen } from "./answer.js";
import { blockedScreen } from "./blocked.js";
import { deathScreen } from "./death.js";
import { dominatorsScreen } from "./dominators.js";
import { eventsScreen } from "./events.js";
import { findingsScreen } from "./findings.js";
import { goroutineScreen } from "./goroutine.js";
import { goroutinesScreen } from "./goroutines.js";
import { holdersScreen } from "./holders.js";
import { mappingsScreen } from "./mappings.js";
import { memoryScreen } from "./memory.js";
import { objectScreen } from "./object.js";
import { objectsScreen } from "./objects.js";
import { overviewScreen } from "./overview.js";
import { pathsScreen } from "./paths.js";
import { refsScreen } from "./refs.js";
import { suspectsScreen } from "./suspects.js";
import { timelineScreen } from "./timeline.js";
import { traceScreen } from "./trace.js";
import { typesScreen } from "./types.js";

/** Every screen. commands: what the command line knows. */
export function allScreens(commands: readonly AnyCommand[]): readonly Screen[] {
  return [
    overviewScreen,
    typesScreen,
    dominatorsScreen,
    goroutinesScreen,
    traceScreen,
    suspectsScreen,
    mappingsScreen,
    findingsScreen,
    blockedScreen,
    deathScreen,
    eventsScreen,
    timelineScreen,
    goroutineScreen,
    objectsScreen,
    objectScreen,
    refsScreen,
    pathsScreen,
    holdersScreen,
    memoryScreen,
    answerScreen(commands),
  ];
}

/** The same for a file that is nothing but a trace: home is the trace. */
export function traceScreens(commands: readonly AnyCommand[]): readonly Screen[] {
  const tabbed = [traceScreen, findingsScreen];
  // The others lose their tabs: each needs a core, and says so when a command leads there.
  const others = allScreens(commands).filter((screen) => !tabbed.includes(screen));
  return [...tabbed, ...others.map(({ tab: _, ...screen }) => screen)];
}
