// Holds the house's import table and a few rules against every source file; prints file:line of what breaks them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Who may import whom. A layer is a folder of src or a file of src, a room of cli a folder or a file of it. */
const allowed = {
  "cli/cli": ["cli/program", "cli/commands", "cli/ui", "cli/command", "cli/exit", "cli/text", "dump"],
  "cli/program": ["cli/run", "cli/grammar", "cli/output", "cli/paste", "cli/exit", "cli/command", "cli/text", "base"],
  "cli/commands": ["cli/command", "cli/arguments", "cli/views", "cli/text", "query", "base"],
  "cli/ui": [
    "cli/grammar",
    "cli/output",
    "cli/paste",
    "cli/exit",
    "cli/command",
    "cli/arguments",
    "cli/views",
    "cli/text",
    "worker",
    "query",
    "dump",
    "base",
  ],
  "cli/run": ["cli/output", "cli/progress", "cli/paste", "cli/exit", "cli/command", "cli/arguments", "cli/text", "dump", "base"],
  "cli/grammar": ["cli/command", "cli/arguments", "base"],
  "cli/output": ["cli/command", "base"],
  "cli/command": ["cli/arguments", "cli/text", "query", "dump"],
  "cli/paste": ["cli/exit", "cli/arguments", "cli/text", "files", "base"],
  "cli/exit": ["cli/text", "base"],
  "cli/progress": ["cli/text", "base"],
  "cli/arguments": ["base"],
  "cli/views": ["cli/text", "query", "base"],
  "cli/text": ["base"],
  worker: ["query", "dump", "base"],
  index: ["library", "query", "dump", "base"],
  engine: ["worker", "query", "dump", "base"],
  library: ["worker", "query", "dump", "base"],
  query: [
    "diagnosis",
    "waits",
    "accounting",
    "crash",
    "naming",
    "stacks",
    "dump",
    "expression",
    "heap",
    "value",
    "runtime",
    "recorder",
    "trace",
    "base",
  ],
  diagnosis: ["accounting", "heap", "process", "runtime", "base"],
  waits: ["stacks", "graph", "heap", "value", "runtime", "base"],
  accounting: ["stacks", "graph", "heap", "process", "runtime", "base"],
  crash: ["stacks", "process", "value", "runtime", "base"],
  naming: ["stacks", "expression", "graph", "heap", "value", "runtime", "base"],
  stacks: ["heap", "value", "runtime", "base"],
  dump: ["files", "heap", "recorder", "trace", "runtime", "process", "dwarf", "elf", "base"],
  expression: ["heap", "value", "runtime", "base"],
  heap: ["runtime", "process", "graph", "base"],
  value: ["runtime", "process", "base"],
  recorder: ["trace", "runtime", "process", "base"],
  trace: ["base"],
  runtime: ["process", "dwarf", "base"],
  process: ["elf", "base"],
  elf: ["base"],
  dwarf: ["base"],
  graph: ["base"],
  files: ["base"],
  base: [],
};

/** Packages, each at its border. */
const packages = {
  elfy: /^src\/elf\//,
  fzstd: /^src\/files\//,
  commander: /^cli\/(grammar|program)\.ts$/,
  "string-width": /^cli\/text\//,
  ink: /^cli\/ui\//,
  react: /^cli\/ui\//,
};

/** What the table would forbid and is meant: the reason is part of the line. */
const exceptions = [
  { from: "query", to: "process", reason: "mappings and read answer about the address space itself" },
  { from: "query", to: "graph", reason: "why searches the shortest path in the heap's graph" },
];

/** Folders that only some layers may come into. */
const closed = [
  {
    folder: "src/runtime/layout/",
    to: ["runtime", "recorder"],
    says: "ask a record of src/runtime: above it nobody knows where fields lie",
  },
];

/**
 * Doors: the files of a room that others may import, by their names within it; a name that ends with / opens a folder. Rooms without
 * a line (base, graph, query, heap and the rooms of engines) are made of files that each stand for themselves.
 */
const doors = {
  elf: ["elf", "constants", "debug-link", "debug-match"],
  dwarf: ["dwarf"],
  files: ["files", "file-source", "debug-places", "debuginfod"],
  process: ["process", "address-space"],
  trace: ["trace", "wire", "events", "format", "generation", "order", "reader", "edit-batches", "limits"],
  recorder: ["recorder", "scheduler"],
  expression: ["parse", "evaluate", "name"],
  waits: ["cycles", "groups", "holders", "places", "proof", "rules", "state", "missing-memory"],
  diagnosis: ["diagnose", "case", "suspect", "figures", "sign"],
  crash: ["cause", "death-signal", "recursion", "signal-names"],
  runtime: [
    ...[
      "runtime",
      "binary/binary",
      "binary/find-module",
      "binary/from-tables",
      "without-dwarf",
      "self-checks",
      "modules",
      "types",
      "go-types",
      "roles",
      "atomic-pointers",
      "functions",
      "callers-frames",
      "variables",
    ],
    ...["goroutines", "unwind", "stack-maps", "stack-roots", "frame-variables", "argument-words", "deferred-calls", "signal-frame"],
    ...["operands", "operations", "mapped"],
    ...["spans", "specials", "accounting", "clock", "death", "wait", "waiting", "untouched-memory", "traceback-format"],
    ...["records/", "layout/", "maps/maps", "maps/sync-maps", "maps/design", "variants/pointer-masks", "variants/labels"],
    ...["code/future", "code/program", "code/symbols", "code/machines", "code/calls"],
    ...["code/instructions", "code/sources", "code/value-walk", "code/allocations", "call-arguments"],
  ],
};

/** Lines that may not be written, by where they stand. A pattern sees code without comments. */
const rules = [
  { pattern: /^export default\b|\bas default\b/, where: /./, says: "no default exports" },
  { pattern: /\bconsole\./, where: /^src\//, says: "only cli prints" },
  { pattern: /\bprocess\.exit\(/, where: /./, says: "nobody ends the process: set exitCode" },
  {
    pattern: /from "(node:)?fs(\/promises)?"|import\("(node:)?fs/,
    where: /^(?!src\/files\/|cli\/output\.ts$)/,
    says: "only src/files and cli/output.ts touch a disk",
  },
  {
    pattern:
      /\b(goVersion|goMinor|goRelease)\b\s*([<>]=?|[!=]==)|([<>]=?|[!=]==)\s*[\w.]*\b(goVersion|goMinor|goRelease)\b|([<>]=?|[!=]==|startsWith\()\s*"go1/,
    where: /^(?!src\/runtime\/layout\/)/,
    says: "versions are compared only under src/runtime/layout: detect by presence",
  },
  {
    pattern: /\bformat\s*([<>]=?|[!=]==)\s*\d/,
    where: /^(?!src\/trace\/format\.ts$)/,
    says: "formats of a trace are compared only in src/trace/format.ts: ask formatHas",
  },
  {
    pattern: /\blayout\.(struct|hasStruct|global|constant)\(/,
    where: /^(?!src\/(runtime|recorder)\/)/,
    says: "only src/runtime and src/recorder read the layout: ask a record of the runtime",
  },
  {
    pattern:
      /\b(hchan|mapextra|hash|bucket|groupReference)<|\bsync\\?\.(entry|readOnly|eface)\b|internal\\?\/(sync|concurrent)\b|HashTrieMap|\bruntime\\?\.(hmap|hchan)\b/,
    where: /^src\/(?!(runtime|recorder)\/)/,
    says: "only src/runtime and src/recorder know what the runtime calls its types: ask a type for its role",
  },
  {
    pattern: /"(amd64|arm64|AArch64|x86_64|aarch64)"|\bgoarch\b|\b(arch|arch\.name|machine|elfMachine)\s*[!=]==?\s*["'\d]/i,
    where: /^src\/(?!base\/arch\.ts$)/,
    says: "architectures are told apart only in src/base/arch.ts: read their table",
  },
  {
    pattern: /\bformat(Bytes|Count|Share|Duration)\b/,
    where: /^src\/(?!base\/units\.ts$|index\.ts$)/, // the library offers it
    says: "engines give figures: cli/text writes sizes, counts and shares",
  },
];

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));
const commands = listFiles("cli/commands").map((file) => file.replace(/^.*\/([a-z]+)[^/]*$/, "$1"));

/** What no text of a program may say, by where it stands. A pattern sees one string or template, with its quotes. */
const textRules = [
  {
    pattern: new RegExp(`[\\s"'\`]--[a-z]|\\S CORE\\b|\\bCORE \\S|\\bcorescope (${["CORE", ...commands].join("|")})\\b`),
    where: /^src\//,
    says: "src gives what to do as data, a Step of src/base/advice.ts or a question {query, args}: cli/text writes the command line",
  },
];

/**
 * Rooms that give figures. What they find has no sentence: an enum, a name or a number each, which cli/text and cli/views put into words.
 * A notation is no sentence and may stay: an address in hex, Go's own spelling of a value, type or expression, what the runtime printed or
 * would print, names of things ("size-class rounding"). What went wrong is worded where it went wrong, in an error, a finding or the stage
 * of a progress. The rooms below (base, files, elf, dwarf, process, runtime, dump) read bytes, and have only that to say.
 */
const engines = /^src\/(query|diagnosis|waits|accounting|crash|naming|stacks|expression|value|library|worker|graph|heap|recorder|trace)\//;
/** Calls that what went wrong is passed to: constructors of errors, findings.add, progress.stage, and those that call them. */
const tells = /(Error|Fault)$|^(add|stage|fault|fail|error|damaged|lost|refuse)$/;
/** Three words or more that follow each other, in a template: X stands for what is put in. */
const sentence = /(?:(?:\b[a-z][a-z']*\b|X)[,:;.]? +){2,}(?:[a-z][a-z']+|X)/i;

/** Files of engines that hold words all the same, each with its reason; one that needs it no longer is a problem. */
const worded = [
  { file: "src/crash/cause.ts", reason: "the summary of a death is a field that docs/library.md promises" },
  { file: "src/query/traceback.ts", reason: "a traceback is text, in the runtime's own format" },
  { file: "src/value/value.ts", reason: "a value in one line: how long a text is that was cut belongs to its spelling" },
  { file: "src/accounting/row-keys.ts", reason: "a row of several variables has a name, as one of a type has its" },
];

const strings = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
const imports = /(?:\bfrom |^import |\bimport\()"([^"\s]+)"/gm;
const problems = [];
const graph = new Map();
/** Engines in which words were met. */
const wordedFiles = new Set();

for (const file of [...listFiles("src"), ...listFiles("cli")]) checkFile(file);
for (const { file } of worded)
  if (graph.has(file) && !wordedFiles.has(file)) problems.push(`${file}:1: needs no exception of scripts/check-layers.mjs: take it away`);
for (const circle of findCircles()) problems.push(`${circle[0]}:1: circular import: ${circle.join(" -> ")}`);
for (const problem of problems) process.stdout.write(`${problem}\n`);
const excepted = exceptions.length + worded.length;
process.stdout.write(`check-layers: ${graph.size} files, ${excepted} exceptions, ${problems.length} problems\n`);
if (graph.size === 0 || problems.length > 0) process.exitCode = 1;

/** Paths of the TypeScript files below a folder, with slashes, relative to the root. */
function listFiles(folder) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));
  return files
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join("/"),
    )
    .sort();
}

/** "heap" of src/heap/heap.ts, "cli/views" of cli/views/why.ts, "cli/run" of cli/run.ts. */
function layerOf(file) {
  const [top, part] = file.split("/");
  const name = part.replace(/\.tsx?$/, "");
  return top === "cli" ? `cli/${name}` : name;
}

function checkFile(file) {
  const code = withoutComments(readFileSync(join(root, file), "utf8"));
  const targets = [];
  for (const match of code.matchAll(imports)) {
    const line = code.slice(0, match.index + match[0].indexOf('"')).split("\n").length;
    const name = match[1];
    const complaint = name.startsWith(".") ? checkRelative(file, name, targets) : checkPackage(file, name);
    if (complaint) problems.push(`${file}:${line}: ${complaint}`);
  }
  graph.set(file, targets);
  code.split("\n").forEach((text, index) => {
    for (const { pattern, where, says } of rules)
      if (where.test(file) && pattern.test(text)) problems.push(`${file}:${index + 1}: ${says}`);
  });
  for (const { 0: text, index } of code.matchAll(strings)) {
    const line = code.slice(0, index).split("\n").length;
    for (const { pattern, where, says } of textRules) if (where.test(file) && pattern.test(text)) problems.push(`${file}:${line}: ${says}`);
  }
  if (engines.test(file)) checkEngine(file, code);
}

/** Sentences and counted nouns of an engine that are neither an error nor a finding. */
function checkEngine(file, code) {
  const told = (index) => callsAround(code, index).some((name) => tells.test(name));
  const found = [...code.matchAll(strings)].filter(
    ({ 0: text, index }) => text.startsWith("`") && (isSentence(text) || /\bcounted\(/.test(text)) && !told(index),
  );
  const bare = [...withoutStrings(code).matchAll(/\bcounted\(/g)].filter(({ index }) => !told(index));
  for (const { index } of [...found, ...bare]) {
    wordedFiles.add(file);
    if (worded.some((one) => one.file === file)) continue;
    const line = code.slice(0, index).split("\n").length;
    problems.push(`${file}:${line}: engines write no sentences: give the figures, cli/text and cli/views have the words`);
  }
}

/** Whether a template reads as words of English, and not as a name, a number or a Go expression. */
function isSentence(template) {
  const flat = template.slice(1, -1).replace(/\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\}/g, "X");
  const words = sentence.exec(flat)?.[0].match(/\b[a-z]{2,}\b/g) ?? [];
  return words.length >= 3;
}

/** The names of the calls in whose arguments a place of the code is, the innermost first. */
function callsAround(code, index) {
  const before = withoutStrings(code.slice(0, index));
  const names = [];
  let closed = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    const sign = before[at];
    if (")]}".includes(sign)) closed++;
    if (!"([{".includes(sign)) {
      if (sign === ";" && closed === 0) break;
      continue;
    }
    if (closed > 0) closed--;
    else if (sign === "(") names.push(/([\w$]*)\s*$/.exec(before.slice(Math.max(0, at - 80), at))[1]);
  }
  return names;
}

/** Strings and templates become as many underscores. */
function withoutStrings(code) {
  return code.replace(strings, (text) => "_".repeat(text.length));
}

function checkRelative(file, name, targets) {
  const target = join(dirname(file), name).split(sep).join("/").replace(/\.js$/, ".ts");
  targets.push(target, `${target}x`);
  if (!/^(src|cli)\//.test(target)) return `${name} is outside src and cli`;
  const [from, to] = [layerOf(file), layerOf(target)];
  if (!(from in allowed)) return `${from} is no layer of the table in scripts/check-layers.mjs`;
  const meant = from === to || allowed[from].includes(to) || exceptions.some((one) => one.from === from && one.to === to);
  if (!meant) return `${from} may not import ${to} (${name})`;
  const inside = target.slice(`src/${to}/`.length).replace(/\.ts$/, "");
  if (from !== to && to in doors && !doors[to].some((name) => (name.endsWith("/") ? inside.startsWith(name) : inside === name)))
    return `${name} is not a door of ${to}: enter by ${doors[to].slice(0, 4).join(", ")}${doors[to].length > 4 ? " ..." : ""}`;
  const door = closed.find((one) => target.startsWith(one.folder));
  if (!door || door.to.includes(from)) return undefined;
  return `${from} may not import ${door.folder} (${name}): ${door.says}`;
}

function checkPackage(file, name) {
  if (name.startsWith("node:")) return undefined;
  const border = packages[name.split("/")[0]];
  if (!border) return `${name}: a package nobody has given a border (Node's own are written node:...)`;
  return border.test(file) ? undefined : `${name} may be imported only by ${border.source}`;
}

/** Comments become spaces, so that lines keep their numbers; strings and templates are left alone. */
function withoutComments(code) {
  const token = new RegExp(`${strings.source}|\\/\\*[\\s\\S]*?\\*\\/|\\/\\/[^\\n]*`, "g");
  return code.replace(token, (text) => (text.startsWith("/") ? text.replace(/[^\n]/g, " ") : text));
}

/** Circles in the graph of files, each once: files that can reach themselves. */
function findCircles() {
  const circles = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    if (done.has(file) || path.includes(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) if (graph.has(target)) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}
