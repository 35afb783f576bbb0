// The screens as a command: it never asks its query, but hands the words over to cli/ui.
import { UsageError } from "../../src/base/errors.js";
import { overview } from "../../src/query/overview.js";
import { defineCommand } from "../command.js";
import { overviewCommand } from "./overview.js";

/** `corescope explore`: the terminal UI. */
export const exploreCommand = defineCommand({
  ...overviewCommand,
  name: "explore",
  query: { ...overview, summary: "walk through the dump on the terminal" },
  examples: [
    { line: "core", asks: "What is the matter with it? On a terminal this opens the screens." },
    { line: "explore core.zst --exe ./server", asks: "The same, the executable given." },
    { line: "explore core --color never", asks: "Without colours." },
  ],
  /** @throws UsageError where there is no terminal, with the command that prints the same */
  async start(core, options, world, commands) {
    if (world.interactive !== true || !world.explore)
      throw new UsageError("explore draws on a terminal, and this is none", "the same first look in print: corescope overview CORE");
    return world.explore(core, options, commands);
  },
});
