#!/usr/bin/env node
// The command `corescope`. Sets what must be set before any module of the program is loaded, then runs it.
import { readFileSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: corescope needs Node 20.19 or newer, this is ${process.version}\n`);
  process.exitCode = 3;
} else {
  // React's development build keeps a record of every render, for ever; DEV makes ink look for a debugger.
  process.env.NODE_ENV = "production";
  delete process.env.DEV;
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const { main } = await import(new URL("../dist/cli/cli.js", import.meta.url).href);
  await main(process.argv.slice(2), version);
}
