// npm run check: lint, types, layers and the quick unit tests, all at the same time: each leaves processors idle that the others can
// use. What a step prints is shown when it ends; the tests print as they go, and last.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

const inPackage = (name, ...path) => join(root, "node_modules", name, ...path);
const steps = {
  lint: ["npm", "run", "--silent", "lint"],
  types: [process.execPath, inPackage("typescript", "bin", "tsc"), "--noEmit", "-p", "tsconfig.test.json"],
  layers: [process.execPath, join("scripts", "check-layers.mjs")],
  tests: [process.execPath, inPackage("vitest", "vitest.mjs"), "run", "--project", "quick", "--maxWorkers=100%"],
};

const begun = performance.now();
// knip and some tests look at what is built.
prepare({ build: true });
const failed = (await Promise.all(Object.entries(steps).map(run))).filter((name) => name !== undefined);
const seconds = Math.round((performance.now() - begun) / 1000);
process.stdout.write(
  failed.length === 0 ? `check: all well after ${seconds} s; npm test runs the long tests too\n` : `check: failed: ${failed.join(", ")}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs a step; its name when it failed. */
function run([name, [command, ...words]]) {
  return new Promise((resolve) => {
    const output = [];
    const child = spawn(command, words, { cwd: root, stdio: name === "tests" ? "inherit" : ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => output.push(chunk));
    child.on("error", (error) => output.push(`${error.message}\n`));
    child.on("close", (status) => {
      if (status !== 0) process.stdout.write(`check: ${name} failed\n${Buffer.concat(output.map((each) => Buffer.from(each)))}`);
      resolve(status === 0 ? undefined : name);
    });
  });
}
