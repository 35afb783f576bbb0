// Which files are here, what the process says twice, and what can therefore be trusted; it answers where other commands cannot.
//
//   Files
//     core          /var/cores/core.7
//   What is told twice
//     ok            allocated slots: 12,034 counted, 12,034 found
//   What can be trusted
//     goroutines    yes
import { doctor } from "../../src/query/doctor.js";
import { defineCommand } from "../command.js";
import { doctorJson, doctorText } from "../views/doctor.js";

/** `corescope doctor`: what is here, what is missing, what to trust. */
export const doctorCommand = defineCommand({
  name: "doctor",
  query: doctor,
  operands: [],
  options: [],
  examples: [
    { line: "doctor core", asks: "Is everything here, and what can be trusted?" },
    { line: "doctor core --exe ./server", asks: "Is this the executable that crashed?" },
    { line: "doctor core --json | jq '.result.trust[]'", asks: "What can be trusted, for a program." },
  ],
  alone: true,
  args: () => ({}),
  text: doctorText,
  json: doctorJson,
});
