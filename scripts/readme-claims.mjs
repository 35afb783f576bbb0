// What README says beside its samples, held against the program: its reference is made from the commands' own help, and
// files, scripts, exit codes, options and command lines that it names must be there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** README and the pages of docs, by their paths from the root. */
export function pages(root) {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)];
}

/**
 * Every command and option, as --help has them.
 * @param {import("commander").Command} program
 */
export function referenceOf(program) {
  const lines = ["| for every command | |", "|---|---|", ...program.options.map(optionRow), ...helpRow()];
  for (const { name, command } of commandsOf(program)) {
    const operands = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
    lines.push("", `| \`${[name, ...operands].join(" ")}\` | ${cell(command.description())} |`, "|---|---|");
    for (const argument of command.registeredArguments)
      if (argument.name() !== "core")
        lines.push(`| \`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\` | ${cell(argument.description)} |`);
    lines.push(...command.options.map(optionRow));
  }
  return lines.join("\n");
}

const cell = (text) => text.replaceAll("|", "\\|");
const helpRow = () => ["| `-h, --help` | show help, of one command with examples |"];

function optionRow({ flags, description, defaultValue }) {
  return `| \`${cell(flags)}\` | ${cell(description)}${defaultValue === undefined ? "" : ` (default: ${defaultValue})`} |`;
}

/** Commands that do something, with their whole names. */
function commandsOf(program, above = "") {
  return program.commands.flatMap((command) => {
    const name = `${above}${command.name()}`;
    return command.commands.length > 0 ? commandsOf(command, `${name} `) : [{ name, command }];
  });
}

/**
 * What a text says that is not so, each as file:line: message.
 * @param {string} file
 * @param {string} text
 * @param {(run: (...args: unknown[]) => void) => import("commander").Command} makeProgram
 * @param {Readonly<Record<string, number>>} exit
 * @param {string} root
 */
export function untrueClaims(file, text, makeProgram, exit, root) {
  const problems = [];
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const flags = new Set(["--help"]);
  const collect = (command) => {
    for (const { long, short } of command.options) for (const flag of [long, short]) if (flag) flags.add(flag);
    command.commands.forEach(collect);
  };
  collect(makeProgram(() => {}));
  const codes = new Map();
  let block = "";
  text.split("\n").forEach((line, index) => {
    const say = (message) => problems.push(`${file}:${index + 1}: ${message}`);
    const fence = /^```(\w*)/.exec(line);
    if (fence) block = block === "" ? fence[1] || "text" : "";
    else if (block === "sh") {
      const words = /^(?:\$ )?(?:npm start -- |corescope )([^#]*)/.exec(line)?.[1];
      const problem = words === undefined ? undefined : misunderstood(words, makeProgram);
      if (problem) say(`${words.trim()}: ${problem}`);
    } else if (block === "") {
      for (const [, code] of line.matchAll(/`([^`]+)`/g)) {
        const flag = /^--[a-z-]+/.exec(code)?.[0];
        if (flag && !flags.has(flag)) say(`no command has ${flag}`);
      }
      for (const [, target] of line.matchAll(/\]\(([^)#:]+)\)/g))
        if (!existsSync(join(root, file, "..", target))) say(`${target} is not there`);
      const [, code, meaning] = /^\| ([0-9]+) \| (.+) \|$/.exec(line) ?? [];
      if (code !== undefined) codes.set(Number(code), meaning);
    }
    for (const [path] of line.matchAll(/(?<![\w./-])(?:src|cli|test|scripts|dumps|docs)\/[\w./-]*\w/g))
      if (!existsSync(join(root, path))) say(`${path} is not there`);
    for (const [, script] of line.matchAll(/\bnpm run ([\w:]+)/g)) if (!(script in scripts)) say(`package.json has no script ${script}`);
  });
  const wanted = Object.values(exit);
  if (codes.size > 0 && (wanted.length !== codes.size || wanted.some((code) => !codes.has(code))))
    problems.push(`${file}: exit codes are ${wanted.join(", ")}, not ${[...codes.keys()].join(", ")}`);
  return problems;
}

/** Why a command line means nothing to corescope, or undefined. */
function misunderstood(line, makeProgram) {
  const words = (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, "$2"));
  const program = makeProgram(() => {});
  const [first, second, ...rest] = words;
  if (first === undefined || first.startsWith("-")) return undefined;
  const isCommand = (word) => program.commands.some((command) => command.name() === word);
  const ordered = isCommand(first) ? words : isCommand(second) ? [second, first, ...rest] : ["overview", ...words];
  try {
    program.parse(ordered, { from: "user" });
    return undefined;
  } catch (error) {
    return error.code === "commander.helpDisplayed" ? undefined : error.message;
  }
}
