// npm run generate: writes every generated file anew: the JSON schemas and the list of public types, README's samples and
// reference, test/golden's answers, and what the examples of docs/library.md print.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./prepare.mjs";

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
run([join(root, "scripts", "contract.mjs")]);
run([join(root, "scripts", "readme.mjs")]);
run([vitest, "run", "--project", "unit", "test/golden"], { CORESCOPE_GOLDEN: "write" });
run([vitest, "run", "--project", "dumps", "test/dumps/library"], { CORESCOPE_GOLDEN: "write" });

/** Runs Node in the project's folder, and ends with its exit code when it fails. */
function run(words, environment = {}) {
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: "inherit", env: { ...process.env, ...environment } });
  if (status !== 0) process.exit(status ?? 1);
}
