// npm test: the unit tests on a bare machine. Arguments go to vitest.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

try {
  prepare({ build: true });
  if (process.argv.length === 2)
    process.stderr.write(
      "corescope: the unit tests, about 2 minutes on two idle cores; npm test -- test/cli runs some of them; crashes of real programs: npm run test:dumps\n",
    );
  const words = [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--project",
    "unit",
    "--maxWorkers=100%",
    ...process.argv.slice(2),
  ];
  const { status, signal } = spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" });
  if (signal) process.kill(process.pid, signal);
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 70;
}
