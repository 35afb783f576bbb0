// npm start: corescope on a bare machine. Without arguments it opens the committed demo core.
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { prepare, root } from "./prepare.mjs";

try {
  prepare({ build: true });
  const given = process.argv.slice(2);
  const words = given.length > 0 ? given : demoWords();
  if (given.length === 0) process.stderr.write(`$ corescope ${words.join(" ")}\n\n`);
  process.argv.splice(2, process.argv.length, ...words);
  await import("./corescope.mjs");
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 70;
}

/** The newest demo core: its screens on a terminal, `overview` elsewhere; help when the clone has none. */
function demoWords() {
  const cores = join(root, "dumps", "cores");
  const demos = existsSync(cores)
    ? readdirSync(cores)
        .filter((name) => name.startsWith("demo"))
        .sort()
    : [];
  for (const demo of demos.reverse()) {
    const files = readdirSync(join(cores, demo));
    const core = files.find((name) => /^core(\.zst|\.gz)?$/.test(name));
    const executable = files.find((name) => /^exe(cutable)?(\.zst|\.gz)?$/.test(name));
    if (core === undefined) continue;
    const path = (name) => relative(process.cwd(), join(cores, demo, name));
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
    return [...(isTerminal ? ["explore"] : ["overview"]), path(core), ...(executable ? ["--exe", path(executable)] : [])];
  }
  process.stderr.write("no demo core in dumps/cores: here is the help\n");
  return ["--help"];
}
