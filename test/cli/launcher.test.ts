import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../../scripts/corescope.mjs", import.meta.url));

const root = fileURLToPath(new URL("../..", import.meta.url));

beforeAll(() => {
  const prepare = fileURLToPath(new URL("../../scripts/prepare.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [prepare], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}, 120_000);

function corescope(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [launcher, ...words], { encoding: "utf8", env: { ...process.env, ...environment } });
}

test("the command runs, also through a link as npm makes one", () => {
  const folder = mkdtempSync(join(tmpdir(), "bin-"));
  try {
    symlinkSync(launcher, join(folder, "corescope"));
    const { status, stdout } = spawnSync(join(folder, "corescope"), ["--version"], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^corescope \d+\.\d+\.\d+ \(node v/)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file that is not there is one line on stderr and exit code 3", () => {
  const { status, stdout, stderr } = corescope(["overview", join(tmpdir(), "no-such-core")]);
  expect([status, stdout]).toEqual([3, ""]);
  expect(stderr).toMatch(/^error: .*no-such-core.*\n/);
  expect(stderr).not.toContain("    at ");
});

test("this program is no core: exit code 3, no stack trace", () => {
  const { status, stderr } = corescope(["overview", launcher]);
  expect(status).toBe(3);
  expect(stderr).not.toContain("    at ");
});

test("wrong usage is exit code 2", () => {
  expect(corescope([]).status).toBe(2);
  expect(corescope(["why", launcher]).status).toBe(2);
});

test.skipIf(!existsSync("/dev/full"))("a full disk under stdout is exit code 5, a closed pipe is quiet", () => {
  const shell = (line: string) => spawnSync("bash", ["-c", line, "bash", process.execPath, launcher], { encoding: "utf8" });
  expect(shell('"$1" "$2" --help >/dev/full').status).toBe(5);
  expect(shell('"$1" "$2" --help | true; exit "$PIPESTATUS"')).toMatchObject({ status: 0, stderr: "" });
});

test("the package that is packed is built and has no script that runs when it is installed", () => {
  const { status, stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" });
  expect(status).toBe(0);
  const files = (JSON.parse(stdout) as { files: { path: string }[] }[])[0].files.map(({ path }) => path);
  expect(files).toEqual(expect.arrayContaining(["dist/cli/cli.js", "dist/src/index.d.ts", "package.json", "scripts/corescope.mjs"]));
  expect(files.filter((path) => path.startsWith("scripts/"))).toEqual(["scripts/corescope.mjs"]);
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(Object.keys(scripts).filter((name) => /^(?:pre|post)?(?:install|prepare)$/.test(name))).toEqual([]);
  expect(scripts.prepack).toBe("node scripts/prepare.mjs");
});

test("the command builds a folder that was never built, once, and says what to type where it cannot", () => {
  const folder = mkdtempSync(join(tmpdir(), "clone-"));
  const run = () => spawnSync(process.execPath, [join(folder, "scripts", "corescope.mjs"), "--version"], { encoding: "utf8" });
  try {
    for (const each of ["package.json", "tsconfig.json", "scripts", "src", "cli"])
      cpSync(join(root, each), join(folder, each), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const answer = { status: 0, stdout: expect.stringMatching(/^corescope \d/) };
    expect(run()).toMatchObject({ ...answer, stderr: "corescope: building ...\n" });
    expect(run()).toMatchObject({ ...answer, stderr: "" });
    // As packed: what builds is not there, and nothing is missed.
    rmSync(join(folder, "scripts", "prepare.mjs"));
    expect(run()).toMatchObject({ ...answer, stderr: "" });
    cpSync(join(root, "scripts", "prepare.mjs"), join(folder, "scripts", "prepare.mjs"));
    rmSync(join(folder, "dist"), { recursive: true });
    writeFileSync(join(folder, "src", "broken.ts"), "this is no program");
    const failure = run();
    expect([failure.status, failure.stdout]).toEqual([3, ""]);
    expect(failure.stderr).toMatch(/error: building failed: .*\n {2}build it as who owns the folder: node .*prepare\.mjs\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
