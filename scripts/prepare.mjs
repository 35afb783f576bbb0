// What npm start, npm test and npm pack do first, with plain Node, and the command when its folder was never built: install and
// build what is missing or older than its source.
import { spawnSync } from "node:child_process";
import { readdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Installs and builds what is missing; throws with a sentence when that fails. */
export function prepare({ build }) {
  if (changedAt("node_modules/.package-lock.json") < changedAt("package-lock.json")) {
    run("installing packages", process.platform === "win32" ? "npm.cmd" : "npm", [
      "ci",
      "--include=dev",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
    ]);
  }
  const sources = Math.max(...["src", "cli", "tsconfig.json", "package.json"].map(newest));
  if (build && changedAt("dist/.built") < sources) {
    run("building", process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.json"]);
    writeFileSync(join(root, "dist", ".built"), "");
  }
}

/** Runs a command in the project's folder; its output goes to stderr, stdout is for answers. */
function run(what, command, words) {
  process.stderr.write(`corescope: ${what} ...\n`);
  const { status, signal, error } = spawnSync(command, words, { cwd: root, stdio: ["ignore", 2, 2], env: ownEnvironment() });
  if (signal) process.kill(process.pid, signal);
  if (error || status !== 0) throw new Error(`${what} failed: ${command} ${words.join(" ")}${error ? `: ${error.message}` : ""}`);
}

/** Without the settings of an npm that runs us for another purpose: `npm install -g .` would make `npm ci` global too. */
function ownEnvironment() {
  const foreign = /^npm_config_(global|location|prefix|local_prefix|global_prefix|omit|only|production|dry_run|ignore_scripts)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** When a file changed, 0 when there is none. Milliseconds since 1970. */
function changedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** When anything in a file or folder changed last. */
function newest(path) {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  return readdirSync(join(root, path)).reduce((latest, name) => Math.max(latest, newest(join(path, name))), found.mtimeMs);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    prepare({ build: true });
  } catch (error) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}
