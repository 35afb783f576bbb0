// Fills README's output sections by running the commands on the demo core, as an 80-column terminal shows them.
//
//   node scripts/readme.mjs           rewrite README.md
//   node scripts/readme.mjs --check   exit 1 when it is not what the commands print now
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

const demo = join(root, "dumps", "cores", "demo-1.26-amd64");
const section = /<!-- output: (.*) -->\n[\s\S]*?<!-- end -->/g;

prepare({ build: true });
const { run } = await import("../dist/cli/cli.js");
const { openDump } = await import("../dist/src/dump.js");
const truth = JSON.parse(readFileSync(join(demo, "truth.json"), "utf8"));
const before = readFileSync(join(root, "README.md"), "utf8");
process.chdir(demo);
let after = before;
for (const [whole, line] of before.matchAll(section)) {
  const answer = await ask(withAddresses(line));
  after = after.replace(whole, () => `<!-- output: ${line} -->\n\`\`\`\n${answer}\n\`\`\`\n<!-- end -->`);
}
if (!process.argv.includes("--check")) writeFileSync(join(root, "README.md"), after);
else if (after !== before) {
  process.stdout.write("README.md shows other output than the commands print: node scripts/readme.mjs\n");
  process.exitCode = 1;
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
