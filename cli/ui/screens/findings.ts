// What was damaged or doubtful. It asks nothing: findings come with the answers of the other screens.
import { counted, formatBytes } from "../../../src/base/units.js";
import type { Line, Screen } from "../screen.js";

/** Damage met and skipped so far. */
export const findingsScreen: Screen = {
  name: "findings",
  tab: "Findings",
  help: "What was damaged, missing or doubtful, and what does it mean for the answers?",
  title: () => "Findings",
  asks: () => [],
  body({ findings }) {
    if (findings.length === 0) return { head: [], rows: [{ text: "nothing damaged, nothing doubtful so far", tone: "good" }] };
    // Two lines each: what it means, and how often with an example.
    const rows = findings.flatMap(({ partial, message, count, example, bytes }): Line[] => [
      { text: `${partial ? "partial" : "note   "}  ${message}`, tone: partial ? "bad" : "plain" },
      {
        text: `         ${bytes === undefined ? "" : `${formatBytes(bytes)}, `}${counted(count, "time")}${example === "" ? "" : `, for example ${example}`}`,
        tone: "dim",
      },
    ]);
    return { head: [], rows };
  },
  keys: [],
};
