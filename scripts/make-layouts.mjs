// Adds releases of Go to the layout tables, which stand in for debug information where an executable has none.
//
//   node scripts/make-layouts.mjs 1.28.1                       downloads the toolchain, builds scripts/layouts with it, adds its rows
//   node scripts/make-layouts.mjs --experiment nogreenteagc 1.26.9
//   node scripts/make-layouts.mjs --binaries DIR [RELEASE...]  takes executables from DIR ("go1.28.1-amd64", "go1.28.1-amd64-hello"); builds
//                                                              what is not there; without releases, all that are there
//
// Rows of the same release and architecture are replaced. It reads what `npm run build` made: build first.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readPacked, unpackRow } from "../dist/src/runtime/binary/table-format.js";
import { nearestRelease } from "../dist/src/runtime/layout/version.js";
import { packTables } from "./layouts/pack.mjs";
import { openExecutable, readRow } from "./layouts/read-executable.mjs";
import { chooseRecipes } from "./layouts/recipes.mjs";

const sources = fileURLToPath(new URL("layouts", import.meta.url));
const output = fileURLToPath(new URL("../src/runtime/binary/layout-tables.ts", import.meta.url));
const arches = ["amd64", "arm64"];
const WIDTH = 120;

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { binaries: { type: "string" }, experiment: { type: "string", default: "" } },
  });
  const folder = values.binaries ?? mkdtempSync(join(tmpdir(), "layouts-"));
  mkdirSync(folder, { recursive: true });
  const suffix = values.experiment === "" ? "" : `-X:${values.experiment}`;
  const wanted = positionals.length > 0 ? positionals.map((release) => `go${release.replace(/^go/, "")}${suffix}`) : releasesIn(folder);
  const rows = new Map(existing().map((row) => [keyOf(row), row]));
  for (const release of wanted) {
    for (const arch of arches) {
      const row = makeRow(folder, release, arch);
      rows.set(keyOf(row), row);
      process.stdout.write(
        `${row.release} ${arch}: ${row.types.length} types, ${row.constants.size} constants, ${row.recipes.length} recipes\n`,
      );
    }
  }
  write([...rows.values()].sort(byRelease));
  if (!values.binaries) rmSync(folder, { recursive: true });
}

const keyOf = (row) => `${row.release} ${row.arch}`;
const byRelease = (a, b) => keyOf(a).localeCompare(keyOf(b), "en", { numeric: true });

/** Releases whose executables of every architecture are in a folder. */
function releasesIn(folder) {
  const names = readdirSync(folder);
  const releases = names.flatMap((name) => /^(go.*)-amd64$/.exec(name)?.[1] ?? []);
  return releases.filter((release) => arches.every((arch) => names.includes(`${release}-${arch}`)));
}

function makeRow(folder, release, arch) {
  const program = openExecutable(executable(folder, release, arch, ""));
  const second = openExecutable(secondProgram(folder, release, arch));
  try {
    return { ...readRow(program), recipes: chooseRecipes(program, second) };
  } finally {
    program.close();
    second.close();
  }
}

/** An executable of the folder, built if it is not there. `part`: "" of the program with everything, "hello" of the least one. */
function executable(folder, release, arch, part) {
  const path = join(folder, [release, arch, part].filter(Boolean).join("-"));
  if (!existsSync(path)) build(path, release, arch, part === "" ? "program" : part);
  return path;
}

/** The least program of the release; where executables are given, that of a near release does as well. */
function secondProgram(folder, release, arch) {
  const ending = `-${arch}-hello`;
  const known = readdirSync(folder).flatMap((name) => (name.endsWith(ending) ? name.slice(0, -ending.length) : []));
  const near = nearestRelease(known, release);
  return executable(folder, near && near.match !== "newest" ? near.release : release, arch, "hello");
}

function build(path, release, arch, program) {
  const [toolchain, experiment = ""] = release.split("-X:");
  const environment = {
    ...process.env,
    GOTOOLCHAIN: toolchain,
    GOEXPERIMENT: experiment,
    GOARCH: arch,
    GOOS: "linux",
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=mod",
    GOWORK: "off",
  };
  execFileSync("go", ["build", "-trimpath", "-o", path, `./${program}`], { cwd: sources, env: environment, stdio: "inherit" });
}

/** The rows that are in the tables now. */
function existing() {
  const packed = existsSync(output) ? /`([^`]*)`/.exec(readFileSync(output, "utf8"))?.[1] : undefined;
  return packed ? rowsOf(packed) : [];
}

function rowsOf(packed) {
  const tables = readPacked(packed);
  return tables.rows.map((row) => unpackRow(tables, row));
}

function write(rows) {
  const packed = packTables(rows);
  assert.deepEqual(rowsOf(packed), rows);
  const lines = packed.match(new RegExp(`.{1,${WIDTH}}`, "g"));
  const head =
    "// Generated by scripts/make-layouts.mjs; src/runtime/binary/table-format.ts unpacks it.\n// oxlint-disable max-lines -- it is no code\n";
  writeFileSync(output, `${head}export const LAYOUT_TABLES: string = \`\n${lines.join("\n")}\n\`;\n`);
  process.stdout.write(`${rows.length} rows, ${lines.join("").length} characters\n`);
}

main();
