// npm run test:dumps [-- --full] [vitest arguments]: crashes real Go programs and checks what corescope says of them.
// Without --full every release meets every program once; --full adds every variant and a fresh arm64 crash.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

try {
  prepare({ build: false });
  const rest = process.argv.slice(2).filter((word) => word !== "--full");
  const tier = rest.length + 2 < process.argv.length ? "full" : "pairs";
  const words = [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "--project", "dumps", ...rest];
  const { status, signal } = spawnSync(process.execPath, words, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, CORESCOPE_TIER: tier },
  });
  if (signal) process.kill(process.pid, signal);
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 70;
}
