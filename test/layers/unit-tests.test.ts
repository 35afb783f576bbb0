/** Every file of the engine that does something has a test that needs no core: below src/query all can be made by a test. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ROOMS =
  "waits crash accounting naming stacks diagnosis heap graph value expression recorder trace runtime process dwarf elf files base".split(
    " ",
  );

/**
 * Files that no test imports because they are steps of one reading: the test of the file that takes these steps runs them all. By that
 * test, which has to reach them through its imports.
 */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  "test/diagnosis/point-rules.test.ts": [
    "diagnosis/bounds",
    "diagnosis/contexts",
    "diagnosis/goroutine-rules",
    "diagnosis/joined-points",
    "diagnosis/members",
    "diagnosis/owners",
    "diagnosis/point-rules",
    "diagnosis/points",
    "diagnosis/process-rules",
    "diagnosis/times",
    "diagnosis/waste-rules",
  ],
  "test/diagnosis/signs.test.ts": ["diagnosis/signs"],
  "test/dwarf/dwarf.test.ts": [
    "dwarf/attributes",
    "dwarf/dies",
    "dwarf/expressions",
    "dwarf/functions",
    "dwarf/lists",
    "dwarf/names",
    "dwarf/scan",
    "dwarf/sections",
    "dwarf/type-kinds",
    "dwarf/types",
    "dwarf/variables",
  ],
  "test/elf/elf.test.ts": ["elf/header", "elf/notes", "elf/sections", "elf/symbols"],
  "test/expression/name.test.ts": ["expression/name-texts"],
  "test/files/files.test.ts": ["files/containers"],
  "test/heap/code-pointers.test.ts": [
    "heap/code-contents",
    "heap/code-uses",
    "heap/receivers",
    "runtime/code/allocations",
    "runtime/code/value-walk",
    "runtime/records/channel-type",
  ],
  "test/heap/pointers.test.ts": ["heap/pointer-loops"],
  "test/heap/retained.test.ts": ["heap/retention"],
  "test/heap/typing.test.ts": ["heap/inference", "heap/path-types", "heap/typing", "heap/wholes"],
  "test/heap/undeclared.test.ts": ["heap/undeclared"],
  "test/process/producers.test.ts": [
    "process/producers/delve",
    "process/producers/gcore",
    "process/producers/kernel",
    "process/producers/qemu",
  ],
  "test/process/core.test.ts": ["process/sources/core-segments", "process/sources/core"],
  "test/runtime/abi-types.test.ts": ["runtime/abi-type", "runtime/abi-types"],
  "test/runtime/code/references.test.ts": ["runtime/code/amd64-references", "runtime/code/arm64-references"],
  "test/runtime/code-globals.test.ts": [
    "runtime/code/call-meaning",
    "runtime/code/global-claims",
    "runtime/code/interface-arguments",
    "runtime/global-checks",
    "runtime/pointer-words",
  ],
  "test/runtime/code/value-flow.test.ts": ["runtime/code/flow-values"],
  "test/runtime/code/slot-uses.test.ts": ["runtime/code/amd64-operands", "runtime/code/amd64-two-byte"],
  "test/runtime/maps/maps.test.ts": ["runtime/maps/buckets", "runtime/maps/design", "runtime/maps/map-names", "runtime/maps/swiss"],
  "test/runtime/unwind.test.ts": ["runtime/module-functions"],
  "test/runtime/stack-roots.test.ts": ["runtime/stack-maps", "runtime/scheduler"],
  "test/waits/holders.test.ts": [
    "runtime/code/future",
    "runtime/code/state",
    "runtime/code/symbols",
    "runtime/code/watcher",
    "runtime/deferred-calls",
  ],
  "test/runtime/value-origins.test.ts": ["runtime/code/loops", "runtime/code/sources"],
  "test/waits/graph.test.ts": ["runtime/waiting"],
  "test/value/value.test.ts": ["runtime/atomic-pointers"],
  "test/runtime/roles.test.ts": ["runtime/role", "runtime/variants/variant"],
  "test/runtime/plugin-variables.test.ts": ["runtime/layout/layout"],
  "test/trace/trace.test.ts": [
    "trace/chrome",
    "trace/dispatch",
    "trace/goroutine-events",
    "trace/merge",
    "trace/perfetto",
    "trace/proc-events",
    "trace/program-marks",
    "trace/range-events",
    "trace/scheduler-state",
    "trace/states",
  ],
};

/** Files that only put others together, and how. */
const WIRING: Readonly<Record<string, string>> = {
  "heap/heap": "puts the steps of the heap together, each of which has a test",
  "runtime/runtime": "puts the parts of a runtime together, each of which is read when it is asked for",
};

/** A room whose tests build executables of several releases. */
const BUILDS_EXECUTABLES = "src/runtime/binary/";

/** Files that only committed cores test so far: what they read is more than test/support can make. */
const CORES_ONLY = ["runtime/memory-classes", "runtime/untouched-memory", "runtime/variable-evidence", "runtime/visible-variables"];

/** What says that a file opens a core: the helpers that do, the committed cores, the way of opening any. */
const OPENS_A_CORE = /\bopenDump\(|\bopenFixture\(|\bdamagedCore\(|\bfixture\(|dumps\/cores|support\/(?:dump-cache|cut-core)\.js/;

const texts = new Map<string, string>();
function textOf(path: string): string {
  const known = texts.get(path) ?? readFileSync(join(root, path), "utf8");
  texts.set(path, known);
  return known;
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name));
}

/** Files that a file imports for more than their types, as paths from the root. */
function importsOf(path: string): string[] {
  return [...textOf(path).matchAll(/^(?:import|export) (?!type\b)[^;"]*?from "(\.[^"]+)\.js"/gm)].map(([, name]) =>
    relative(root, join(root, dirname(path), `${name}.ts`)),
  );
}

/** Whether a test, or what of this folder it imports, opens a core. */
function needsCore(path: string, seen = new Set<string>()): boolean {
  if (seen.has(path)) return false;
  seen.add(path);
  return OPENS_A_CORE.test(textOf(path)) || importsOf(path).some((each) => each.startsWith("test/") && needsCore(each, seen));
}

/** Whether there is more in a file than types and constants. */
function doesSomething(path: string): boolean {
  const code = textOf(path)
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
    .replace(/^(?:export )?interface [\s\S]*?^\}/gm, "")
    .replace(/^(?:export )?type [\s\S]*?;$(?=\n(?:\n|\S)|\n?$(?!\n))/gm, "");
  return /=>|\bfunction\b|\bclass\b/.test(code);
}

/** Everything that a file reaches through imports. */
function reachedFrom(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const each of importsOf(path)) reachedFrom(each, seen);
  return seen;
}

const coreless = filesIn("test", ".test.ts").filter((path) => !path.startsWith("test/dumps/") && !needsCore(path));

test("every engine file that does something has a test that needs no core", () => {
  const tested = new Set(coreless.flatMap(importsOf));
  const untested = ROOMS.flatMap((room) => filesIn(`src/${room}`, ".ts")).filter(
    (path) => doesSomething(path) && !tested.has(path) && !path.startsWith(BUILDS_EXECUTABLES),
  );
  const excepted = [...Object.values(STEPS).flat(), ...Object.keys(WIRING), ...CORES_ONLY];
  expect(untested.sort(), "a test that opens no core has to import each new file").toEqual(excepted.map((name) => `src/${name}.ts`).sort());
});

test.each(Object.entries(STEPS))("%s needs no core and reaches the steps that it is said to run", (path, names) => {
  expect(coreless).toContain(path);
  const reached = reachedFrom(path);
  expect(names.filter((name) => !reached.has(`src/${name}.ts`))).toEqual([]);
});
