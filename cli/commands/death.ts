// Cause, messages, signal and stack; the lines are in cli/views/death.ts, since the screen of that name shows the same.
//
//   panic: runtime error: invalid memory address or nil pointer dereference in goroutine 22 (main.(*Server).checkout)
//     SIGSEGV (segmentation violation) code 1, address 0x30: 48 bytes behind a nil pointer: ...
//
//   goroutine 22 [running]
//     main.(*Server).checkout  demo/main.go:145
import { death } from "../../src/query/death.js";
import { defineCommand } from "../command.js";
import { deathJson, deathText } from "../views/death.js";

/** `corescope death`: what killed the process. */
export const deathCommand = defineCommand({
  name: "death",
  query: death,
  operands: [],
  options: [],
  examples: [
    { line: "death core", asks: "What killed it, and where?" },
    { line: "death core.zst --exe ./server", asks: "The same, the executable given." },
    { line: "death core --json | jq -r .result.summary", asks: "The cause in one line, for a program." },
  ],
  args: () => ({}),
  text: deathText,
  json: deathJson,
  next: ({ goroutine }) => [...(goroutine ? [`goroutine CORE ${goroutine.id}`] : []), `goroutines CORE --group`],
});
