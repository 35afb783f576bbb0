// What a person typed after ":", answered as the shell would be: the same grammar, the same query, the same text.
import { UsageError } from "../../../src/base/errors.js";
import { optionText } from "../../arguments.js";
import type { AnyCommand } from "../../command.js";
import { parseCommand } from "../../grammar.js";
import { makePage } from "../../text/style.js";
import { textLines } from "../parts/list.js";
import { splitWords } from "../parts/words.js";
import type { Subjects } from "../places.js";
import { ask, type Screen } from "../screen.js";

/** The answer to a command line, as the command itself prints it. */
export function answerScreen(commands: readonly AnyCommand[]): Screen<Subjects["answer"]> {
  // Parsed at each use: the place holds the line alone, which is plain data.
  const parse = (line: string) => parseCommand(splitWords(line), commands);
  return {
    name: "answer",
    help: "What a command line answers.",
    title: (args) => `:${args.line}`,
    asks(args) {
      const { spec, operands, options } = parse(args.line);
      const path = optionText(options, "output");
      const { file } = spec;
      const question = ask(spec.query, spec.args(operands, options));
      if (path === undefined || !file) return [question];
      // Bytes on stdout would be drawn over the screen.
      if (path === "-") throw new UsageError("-o -: the screen is in use", "name a file: -o trace.out");
      return [
        {
          ...question,
          save: {
            path,
            replaces: options.overwrite === true,
            // A "no" leaves no file behind, as on the command line.
            chunks: (result) => (spec.isNo?.(result) === true ? undefined : file(result)),
          },
        },
      ];
    },
    body({ args, answers, width }) {
      const answer = answers[0];
      if (answer?.state !== "done") return { head: [], rows: [] };
      const { spec } = parse(args.line);
      return { head: [], rows: textLines(spec.text(answer.result, makePage(width, false))) };
    },
    keys: [],
  };
}
