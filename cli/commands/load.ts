// The commands that a command line needs. Each brings the engines that it asks, and reading all their modules takes longer than many an
// answer: one command comes alone where the first word names it.
import type { AnyCommand } from "../command.js";

/** Commands of one word, but `explore`, which offers all others. A command that is not here works the same, and starts more slowly. */
const ALONE: ReadonlyMap<string, () => Promise<AnyCommand>> = new Map<string, () => Promise<AnyCommand>>([
  ["overview", async () => (await import("./overview.js")).overviewCommand],
  ["death", async () => (await import("./death.js")).deathCommand],
  ["suspects", async () => (await import("./suspects.js")).suspectsCommand],
  ["histogram", async () => (await import("./histogram.js")).histogramCommand],
  ["objects", async () => (await import("./objects.js")).objectsCommand],
  ["dominators", async () => (await import("./dominators.js")).dominatorsCommand],
  ["refs", async () => (await import("./refs.js")).refsCommand],
  ["show", async () => (await import("./show.js")).showCommand],
  ["waste", async () => (await import("./waste.js")).wasteCommand],
  ["why", async () => (await import("./why.js")).whyCommand],
  ["goroutines", async () => (await import("./goroutines.js")).goroutinesCommand],
  ["goroutine", async () => (await import("./goroutine.js")).goroutineCommand],
  ["traceback", async () => (await import("./traceback.js")).tracebackCommand],
  ["threads", async () => (await import("./threads.js")).threadsCommand],
  ["blocked", async () => (await import("./blocked.js")).blockedCommand],
  ["leaked", async () => (await import("./leaked.js")).leakedCommand],
  ["profile", async () => (await import("./profile.js")).profileCommand],
  ["doctor", async () => (await import("./doctor.js")).doctorCommand],
  ["mappings", async () => (await import("./mappings.js")).mappingsCommand],
  ["read", async () => (await import("./read.js")).readCommand],
]);

/** The command that the first word names; all where it names none by itself: help, other orders of words, and what is mistyped. */
export async function commandsFor(words: readonly string[]): Promise<readonly AnyCommand[]> {
  const [first = ""] = words;
  const load = ALONE.get(first);
  return load ? [await load()] : (await import("./index.js")).COMMANDS;
}
