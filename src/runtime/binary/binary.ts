// What the binary says of itself: the questions that the runtime asks of debug information, whoever answers them.
import type { DebugInfo } from "../../dwarf/dwarf.js";
import type { FoundModule } from "./find-module.js";
import type { FoundVariables } from "./find-variables.js";
import type { LayoutTable } from "./tables.js";

/** The executable's own debug information; or, where it was stripped, layouts from tables and addresses found in the process. */
export interface Binary {
  /** "tables": types, constants and variables of the runtime only, nothing of the program's own. */
  readonly from: "dwarf" | "tables";
  readonly debug: DebugInfo;
  /** With "tables": which were taken, and how the runtime's variables were found. */
  readonly tables?: TablesUsed;
}

/** How a stripped executable was read. */
interface TablesUsed extends FoundVariables {
  /** Of the tables: "go1.24.13". */
  readonly release: string;
  readonly match: LayoutTable["match"];
  /** How the module data was found. */
  readonly module: FoundModule["how"];
}
