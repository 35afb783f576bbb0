#!/usr/bin/env node
// The command `corescope`. Sets what must be set before any module of the program is loaded, then runs it.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = new URL("../dist/cli/cli.js", import.meta.url);
const packages = new URL("../node_modules", import.meta.url);
/** Not in the package that npm packs: there everything is built. */
const preparation = new URL("prepare.mjs", import.meta.url);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: corescope needs Node 20.19 or newer, this is ${process.version}\n`);
  process.exitCode = 3;
} else if (await isBuilt()) {
  // React's development build keeps a record of every render, for ever; DEV makes ink look for a debugger.
  process.env.NODE_ENV = "production";
  delete process.env.DEV;
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const { main } = await import(program.href);
  await main(process.argv.slice(2), version);
}

/**
 * Builds a clone that was never built, as `npm install -g .` leaves it, which links to the folder only. Not npm's own `prepare`: it
 * would be in the packed package too, and npm warns of such scripts whoever installs that.
 */
async function isBuilt() {
  if (!existsSync(preparation) || (existsSync(program) && existsSync(packages))) return true;
  try {
    const { prepare } = await import(preparation.href);
    prepare({ build: true });
    return true;
  } catch (error) {
    process.stderr.write(`error: ${error.message}\n  build it as who owns the folder: node ${fileURLToPath(preparation)}\n`);
    process.exitCode = 3;
    return false;
  }
}
