import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../../scripts/corescope.mjs", import.meta.url));

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
