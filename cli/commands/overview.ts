// Everything a first look needs on one page. The screens show the same parts (cli/views/overview.ts), each as soon as it is known.
import { quoteWord } from "../../src/base/words.js";
import { overview } from "../../src/query/overview.js";
import { defineCommand } from "../command.js";
import {
  buildLines,
  deathLines,
  gcLines,
  goroutineLines,
  heapLines,
  holderLines,
  memoryLines,
  overviewJson,
  programLines,
  stackLines,
  typeLines,
  wrongParts,
} from "../views/overview.js";

/** `corescope overview`: the first look at a core. */
export const overviewCommand = defineCommand({
  name: "overview",
  query: overview,
  operands: [],
  options: [],
  examples: [
    { line: "overview core", asks: "What died here, and what filled its memory?" },
    { line: "overview core.zst --exe ./server", asks: "The same, the executable given." },
    { line: "overview core --json | jq .result.heap", asks: "The heap's numbers, for a program." },
  ],
  args: () => ({}),
  // In the order of a reader's questions: what died, what is wrong, who holds the memory; then figures.
  text: (answer, page) => [
    ...deathLines(answer, page),
    "",
    ...wrongParts(answer, answer.topSuspects, page).flatMap(({ lines }) => lines),
    ...holderLines(answer.topHolders, answer.heap.liveBytes, page),
    "",
    ...programLines(answer, page),
    ...stackLines(answer.topStacks, answer.userGoroutines, page),
    "",
    ...buildLines(answer, page),
    "",
    ...memoryLines(answer, page),
    "",
    ...heapLines(answer, answer, page),
    "",
    ...gcLines(answer, page),
    ...goroutineLines(answer, page),
    "",
    ...typeLines(answer, page),
  ],
  // JSON has the sentences too, since figures alone would make every reader of it write them again.
  json: overviewJson,
  next: ({ topTypes, waits, leaks }) => [
    ...(waits.length > 0 ? ["blocked CORE"] : []),
    ...(leaks.length > 0 ? ["leaked CORE"] : []),
    `suspects CORE`,
    `histogram CORE`,
    ...(topTypes[0] ? [`why CORE --type ${quoteWord(topTypes[0].type)}`] : []),
  ],
});
