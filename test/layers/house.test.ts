import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/house.mjs", import.meta.url));

test("functions and files are as short, and as much is explained, as docs/contributing.md says", () => {
  const { status, stdout } = spawnSync(process.execPath, [script, "--figures"], { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(5);
  expect(lines.filter((line) => !/^well .* \d/.test(line))).toEqual([]);
  expect(status).toBe(0);
});
