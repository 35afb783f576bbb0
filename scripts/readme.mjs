// Fills README's output sections by running the commands on the demo core, its screens by pressing keys in the UI opened on
// it, as an 80-column terminal shows them, and its reference from the commands' own help.
//
//   node scripts/readme.mjs           rewrite README.md
//   node scripts/readme.mjs --check   exit 1 when it is not what the commands print now, or claims what is not so
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";
import { pages, referenceOf, untrueClaims } from "./readme-claims.mjs";

const demo = join(root, "dumps", "cores", "demo-1.26-amd64");
const reference = /<!-- reference -->\n[\s\S]*?<!-- end -->/;
const section = /<!-- (output|screen): (.*) -->\n[\s\S]*?<!-- end -->/g;

prepare({ build: true });
const { run } = await import("../dist/cli/cli.js");
const { openDump } = await import("../dist/src/dump.js");
const { RemoteDump } = await import("../dist/src/worker/worker.js");
const { COMMANDS } = await import("../dist/cli/commands/index.js");
const { allScreens } = await import("../dist/cli/ui/screens/index.js");
const { Session } = await import("../dist/cli/ui/session.js");
const { buildProgram } = await import("../dist/cli/grammar.js");
const { EXIT } = await import("../dist/cli/exit.js");
const truth = JSON.parse(readFileSync(join(demo, "truth.json"), "utf8"));
const before = readFileSync(join(root, "README.md"), "utf8");
process.chdir(demo);
let after = before;
for (const [whole, kind, line] of before.matchAll(section)) {
  const answer = kind === "output" ? await ask(withAddresses(line)) : await walk(line);
  after = after.replace(whole, () => `<!-- ${kind}: ${line} -->\n\`\`\`\n${answer}\n\`\`\`\n<!-- end -->`);
}
const makeProgram = (run) => buildProgram(COMMANDS, { out: { write: () => true }, error: { write: () => true }, version: "" }, run);
after = after.replace(reference, () => `<!-- reference -->\n${referenceOf(makeProgram(() => {}))}\n<!-- end -->`);
if (!process.argv.includes("--check")) writeFileSync(join(root, "README.md"), after);
else {
  const problems = differences(before, after);
  for (const page of pages(root)) problems.push(...untrueClaims(page, readFileSync(join(root, page), "utf8"), makeProgram, EXIT, root));
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}

/** The first lines that are not what they were. */
function differences(old, now) {
  if (old === now) return [];
  const [was, is] = [old.split("\n"), now.split("\n")];
  const at = was.findIndex((line, index) => line !== is[index]);
  return [`README.md:${at + 1}: is not what corescope prints now; node scripts/readme.mjs writes it\n  - ${was[at]}\n  + ${is[at]}`];
}

/** {EXPRESSION} becomes the address that the demo program printed for it. */
function withAddresses(line) {
  return line.replace(/\{(.+?)\}/g, (_, expression) => {
    const known = truth.expressions.find(({ expressions }) => expressions.includes(expression));
    if (!known) throw new Error(`the demo's truth.json knows no ${expression}`);
    return known.address;
  });
}

/** The command line and what it prints on a terminal; a failure is an error. */
async function ask(line) {
  const [name, ...rest] = line.match(/'[^']*'|\S+/g);
  const words = [name, "core.zst", ...rest];
  const printed = { out: "", error: "" };
  const stream = (to) => ({
    isTTY: true,
    columns: 80,
    write(text, done) {
      printed[to] += text;
      done?.();
      return true;
    },
  });
  const world = { open: openDump, out: stream("out"), error: stream("error"), environment: { NO_COLOR: "1" }, version: "", now: () => 0 };
  const code = await run([...words.map((word) => word.replace(/^'(.*)'$/, "$1")), "--quiet"], world);
  if (code !== 0) throw new Error(`${line}: exit code ${code}: ${printed.error}`);
  return `$ corescope ${words.join(" ")}\n${printed.out.trimEnd()}`;
}

/** The screen after keys, each answered before the next is pressed: "80x24 2 j enter", a size first. */
async function walk(line) {
  const [size, ...keys] = line.split(" ");
  const [columns, rows] = size.split("x").map(Number);
  const dump = RemoteDump.open({ core: "core.zst" });
  const commands = COMMANDS.filter((spec) => !spec.start);
  const session = new Session({
    dump,
    commands,
    screens: allScreens(commands),
    name: "core.zst",
    size: { columns, rows },
    write() {},
    async save() {},
    quit() {},
  });
  const idle = async () => {
    do await new Promise((resolve) => setTimeout(resolve, 50));
    while (dump.progress());
  };
  await dump.opened;
  await idle();
  for (const key of keys) {
    session.press([key]);
    await idle();
  }
  const { lines } = session.frame();
  session.close();
  dump.close();
  return lines.map((each) => each.trimEnd()).join("\n");
}
