// A core through standard input, as a pipe and as a socket: the answer is what the file gives.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { fixture } from "../support/dump-cache.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const launcher = join(root, "scripts/corescope.mjs");
const { core, executable } = fixture("zoo-1.24-amd64");

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/prepare.mjs")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}, 240_000);

test("standard input is a core like any other", () => {
  const words = [launcher, "death", "-", "--exe", executable];
  const wanted = spawnSync(process.execPath, [launcher, "death", core, "--exe", executable], { encoding: "utf8" });
  // Node gives a program a socket, a shell a pipe.
  const socket = spawnSync(process.execPath, words, { encoding: "utf8", input: readFileSync(core) });
  const pipe = spawnSync("sh", ["-c", 'cat "$0" | "$@"', core, process.execPath, ...words], { encoding: "utf8" });
  const file = spawnSync("sh", ["-c", '"$@" < "$0"', core, process.execPath, ...words], { encoding: "utf8" });
  for (const { stdout, status } of [socket, pipe, file]) expect({ stdout, status }).toEqual({ stdout: wanted.stdout, status: 0 });
  for (const { stderr } of [socket, pipe]) expect(stderr).toMatch(/^note: what comes through a pipe can be read only once.* in \/.*$/m);
  expect(file.stderr).not.toContain("pipe");
  expect(spawnSync(process.execPath, words, { encoding: "utf8", input: "" })).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("nothing came through the pipe"),
  });
}, 120_000);

test("commands that are shown name a file that can be typed again", () => {
  const demo = fixture("demo-1.26-amd64");
  const words = [launcher, "suspects", "-", "--exe", demo.executable, "--json"];
  const shown = (script: string) => {
    const { stdout, stderr } = spawnSync("sh", ["-c", script, demo.core, process.execPath, ...words], { encoding: "utf8" });
    return { stderr, commands: JSON.parse(stdout).result.rows.map(({ next }: { readonly next: string }) => next) as string[] };
  };
  const piped = shown('cat "$0" | "$@"');
  expect(piped.commands.length).toBeGreaterThan(0);
  for (const command of piped.commands) expect(command).toMatch(/^corescope [a-z]+ piped[.]core /);
  const file = shown('"$@" < "$0"');
  expect(file.commands).toEqual(piped.commands.map((command) => command.replace("piped.core", demo.core)));
}, 120_000);
