import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/check-layers.mjs", import.meta.url));

/** @param files texts by path; @{x} stands for what a template puts in */
function check(files: Readonly<Record<string, string>>): { status: number | null; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "layers-"));
  try {
    for (const [path, text] of Object.entries({
      "src/base/base.ts": "export {};\n",
      "cli/cli.ts": "export {};\n",
      "cli/commands/why.ts": "export {};\n",
      ...files,
    })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text.replaceAll("@{", "${"));
    }
    const { status, stdout } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
    return { status, lines: stdout.trim().split("\n").slice(0, -1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the house keeps its own layers", () => {
  const { status, stdout } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  expect(stdout).toMatch(/files, \d exceptions, 0 problems\n$/);
  expect(status).toBe(0);
});

test.each([
  [
    "an import upwards",
    "src/graph/a.ts",
    '// one\nimport { x } from "../runtime/b.js";\n',
    "src/graph/a.ts:2: graph may not import runtime",
  ],
  ["a type import upwards", "src/base/a.ts", 'import type { X } from "../elf/b.js";\n', "src/base/a.ts:1: base may not import elf"],
  ["an import over lines", "src/dwarf/a.ts", 'import {\n  x,\n} from "../elf/b.js";\n', "src/dwarf/a.ts:3: dwarf may not import elf"],
  ["a dynamic import", "src/heap/a.ts", 'const x = await import("../dump.js");\n', "src/heap/a.ts:1: heap may not import dump"],
  [
    "screens importing a command",
    "cli/ui/a.ts",
    'import { x } from "../commands/why.js";\n',
    "cli/ui/a.ts:1: cli/ui may not import cli/commands",
  ],
  [
    "a view importing a screen",
    "cli/views/a.ts",
    'import { x } from "../ui/screen.js";\n',
    "cli/views/a.ts:1: cli/views may not import cli/ui",
  ],
  [
    "a command importing the program",
    "cli/commands/a.ts",
    'import { x } from "../program.js";\n',
    "cli/commands may not import cli/program",
  ],
  ["text that knows questions", "cli/text/a.ts", 'import { x } from "../../src/query/why.js";\n', "cli/text may not import query"],
  ["an unknown room", "cli/help.ts", 'import { x } from "./exit.js";\n', "cli/help.ts:1: cli/help is no layer"],
  ["src importing cli", "src/query/a.ts", 'import { x } from "../../cli/cli.js";\n', "src/query/a.ts:1: query may not import cli"],
  ["an unknown folder", "src/util/a.ts", 'import { x } from "../base/base.js";\n', "src/util/a.ts:1: util is no layer"],
  ["a package away from its border", "src/heap/a.ts", 'import { z } from "fzstd";\n', "src/heap/a.ts:1: fzstd may be imported only by"],
  ["an unknown package", "cli/a.ts", 'import { z } from "lodash";\n', "cli/a.ts:1: lodash: a package nobody has given a border"],
  [
    "an import around a door",
    "src/process/a.ts",
    'import { x } from "../elf/notes.js";\n',
    "src/process/a.ts:1: ../elf/notes.js is not a door of elf: enter by elf, constants",
  ],
  ["a default export", "cli/a.ts", "export default 1;\n", "cli/a.ts:1: no default exports"],
  ["console in the engine", "src/heap/a.ts", "\nconsole.log(1);\n", "src/heap/a.ts:2: only cli prints"],
  ["the disk", "src/elf/a.ts", 'import { readFileSync } from "node:fs";\n', "src/elf/a.ts:1: only src/files"],
  ["ending the process", "cli/a.ts", "process.exit(1);\n", "cli/a.ts:1: nobody ends the process"],
  ["a version compared", "src/heap/a.ts", "if (runtime.goVersion >= x) {}\n", "src/heap/a.ts:1: versions are compared only"],
  [
    "an architecture by its name",
    "src/runtime/a.ts",
    'if (arch.name === other || x === "arm64") {}\n',
    "src/runtime/a.ts:1: architectures are told apart",
  ],
  [
    "a machine compared to a number",
    "src/process/a.ts",
    "if (header.machine === 62) {}\n",
    "src/process/a.ts:1: architectures are told apart",
  ],
  ["a trace format compared", "src/recorder/a.ts", "if (given.format >= 25) {}\n", "src/recorder/a.ts:1: formats of a trace"],
  [
    "a name of the runtime's types",
    "src/heap/a.ts",
    'name.startsWith("hchan<");\n',
    "src/heap/a.ts:1: only src/runtime and src/recorder know",
  ],
  ["a layout read", "src/waits/a.ts", 'layout.struct("hchan");\n', "src/waits/a.ts:1: only src/runtime and src/recorder read"],
  [
    "a door passed",
    "src/waits/a.ts",
    'import { readField } from "../runtime/layout/layout.js";\n',
    "src/waits/a.ts:1: waits may not import src/runtime/layout/",
  ],
  ["a version compared to text", "src/runtime/a.ts", 'if (version < "go1.22") {}\n', "src/runtime/a.ts:1: versions are compared only"],
  [
    "a size formatted in an engine",
    "src/accounting/a.ts",
    'import { formatBytes } from "../base/units.js";\n',
    "src/accounting/a.ts:1: engines give figures",
  ],
  [
    "a question as a command line",
    "src/diagnosis/a.ts",
    "const next = `why CORE`;\n",
    "src/diagnosis/a.ts:1: src gives what to do as data",
  ],
  [
    "a sentence in an engine",
    "src/waits/a.ts",
    "\nconst why = `goes on to @{use} it: @{where}`;\n",
    "src/waits/a.ts:2: engines write no sentences",
  ],
  [
    "a sentence beside an error",
    "src/query/a.ts",
    "const why = `nothing but @{a} holds it`; throw new NotFoundError(`nothing but @{a} holds it`);\n",
    "src/query/a.ts:1: engines write no sentences",
  ],
  [
    "a counted noun in an engine",
    "src/naming/a.ts",
    'return { text: counted(length, "byte") };\n',
    "src/naming/a.ts:1: engines write no sentences",
  ],
  [
    "a counted noun in a template",
    "src/value/a.ts",
    'const text = `@{a}… @{counted(length, "byte")}`;\n',
    "src/value/a.ts:1: engines write no sentences",
  ],
  ["an exception that nobody needs", "src/value/value.ts", "export {};\n", "src/value/value.ts:1: needs no exception"],
  ["an option in a text", "src/elf/a.ts", 'const a = "pass it with --exe FILE";\n', "src/elf/a.ts:1: src gives what to do as data"],
  ["a text that is an option", "src/elf/a.ts", 'f(\n  "--last",\n);\n', "src/elf/a.ts:2: src gives what to do as data"],
  ["a command in a text", "src/base/a.ts", "const a = `try corescope why`;\n", "src/base/a.ts:1: src gives what to do as data"],
])("finds %s", (_, path, text, complaint) => {
  const { status, lines } = check({ [path]: text });
  expect(status).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(complaint);
});

test("finds circles, even of types", () => {
  const { lines } = check({ "src/elf/a.ts": 'import type { B } from "./b.js";\n', "src/elf/b.ts": 'import { a } from "./a.js";\n' });
  expect(lines).toEqual(["src/elf/a.ts:1: circular import: src/elf/a.ts -> src/elf/b.ts -> src/elf/a.ts"]);
});

test("comments and what is allowed pass", () => {
  const { status } = check({
    "src/query/a.ts":
      'throw new UsageError(`@{x} is no such thing at all`);\nfindings.add("a", `so many are missing of @{x}`, counted(1, "byte"), { partial });\n' +
      "const place = `@{name}+@{hex(offset)}`;\nconst type = `map[@{key}]@{element}`;\nconst key = `goroutine @{id}`;\n",
    "src/heap/a.ts": '// console.log(1), process.exit(1)\n/* import { x } from "../dump.js"; */\nimport { x } from "../graph/b.js";\n',
    "src/base/a.ts": 'for (; --depth > 0; ) f(\'corescope reads it\', "CORE", "why", 1 --two);\n',
    "src/runtime/layout/version.ts": 'export const old = (goVersion: string) => goVersion < "go1.21";\n',
  });
  expect(status).toBe(0);
});
