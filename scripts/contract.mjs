// What is promised to programs, written from the types: a JSON schema of what each command prints with --json (docs/schemas),
// and the public types of the library (test/library/api.txt).
//
//   node scripts/contract.mjs           write them
//   node scripts/contract.mjs --check   exit 1 when they are not what the types say
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { createGenerator } from "ts-json-schema-generator";
import { prepare, root } from "./prepare.mjs";

const schemas = join(root, "docs", "schemas");
const report = join(root, "test", "library", "api.txt");
/** Results that a command adds words to: the view that has the type, and its name. */
const worded = {
  suspects: ["suspects", "SuspectsJson"],
  overview: ["suspects", "OverviewJson"],
  blocked: ["blocked", "BlockedJson"],
  read: ["read", "ReadJson"],
  death: ["death", "DeathJson"],
  why: ["why", "WhyJson"],
  doctor: ["doctor", "DoctorJson"],
  goroutine: ["goroutine", "GoroutineJson"],
  "trace summary": ["trace", "TraceSummaryJson"],
  "trace events": ["trace", "TraceEventsJson"],
  "trace extract": ["trace", "TraceExtractJson"],
  "trace export": ["trace", "TraceExportJson"],
};

prepare({ build: true });
const { COMMANDS } = await import("../dist/cli/commands/index.js");
const scratch = mkdtempSync(join(tmpdir(), "corescope-contract-"));
const made = new Map([...makeSchemas(), [report, await makeReport()]]);
rmSync(scratch, { recursive: true });

const present = existsSync(schemas) ? readdirSync(schemas).map((name) => join(schemas, name)) : [];
const surplus = present.filter((path) => !made.has(path));
if (!process.argv.includes("--check")) {
  mkdirSync(schemas, { recursive: true });
  for (const path of surplus) rmSync(path);
  for (const [path, text] of made) writeFileSync(path, text);
} else {
  const stale = [...made].filter(([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text).map(([path]) => path);
  for (const path of [...stale, ...surplus])
    process.stdout.write(`${path.slice(root.length)} is not what the types say; node scripts/contract.mjs writes it\n`);
  if (stale.length + surplus.length > 0) process.exitCode = 1;
}

/** Schemas by path: the document of each command that answers, and that of an error. */
function makeSchemas() {
  const commands = COMMANDS.filter(({ start }) => start === undefined);
  const results = commands.map(({ name, query }) => ({
    name,
    module: worded[name] ? `cli/views/${worded[name][0]}.js` : "src/index.js",
    type: worded[name]?.[1] ?? `${pascal(query.name)}Result`,
  }));
  const roots = [
    ...results.map(({ module, type }) => ({ module, type })),
    { module: "cli/text/json.js", type: "Envelope" },
    { module: "cli/exit.js", type: "ErrorDocument" },
  ];
  const path = join(scratch, "roots.ts");
  const lines = roots.map(
    ({ module, type }) => `import type { ${type} } from ${JSON.stringify(join(root, module))};\nexport type ${type}Root = ${type};`,
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
  const generator = createGenerator({
    path,
    tsconfig: join(root, "tsconfig.json"),
    expose: "export",
    topRef: false,
    additionalProperties: true, // fields may be added
    skipTypeCheck: true,
    encodeRefs: false,
  });
  const schemaOf = (type) => generator.createSchema(`${type}Root`);
  const envelope = schemaOf("Envelope");
  return [
    ...results.map(({ name, type }) => [`${name.replaceAll(" ", "-")}.json`, documentOf(name, envelope, schemaOf(type))]),
    ["error.json", schemaOf("ErrorDocument")],
  ].map(([file, schema]) => [join(schemas, file), `${JSON.stringify(withNames(schema), null, 1)}\n`]);
}

/** The envelope around a command's result. */
function documentOf(name, { definitions: { Envelope: envelope, ...others } }, { $schema, definitions, ...result }) {
  const command = { type: "string", const: name };
  return {
    $schema,
    title: `corescope ${name} --json`,
    ...envelope,
    properties: { ...envelope.properties, command, result },
    definitions: { ...others, ...definitions },
  };
}

/** Names of definitions without the signs of a generic type, in the order of their names. */
function withNames(schema) {
  const text = JSON.stringify(schema).replace(/#\/definitions\/((?:[^"\\]|\\.)*)/g, (_, name) => `#/definitions/${plain(name)}`);
  const { definitions, ...rest } = JSON.parse(text);
  const named = Object.entries(definitions).map(([name, value]) => [plain(JSON.stringify(name).slice(1, -1)), value]);
  return { ...rest, definitions: Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function plain(name) {
  return name
    .replace(/\\"/g, "")
    .replace(/[^\w-]+/g, "_")
    .replace(/_$/, "");
}

function pascal(name) {
  return name.replace(/(?:^|[ -])([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** What the library exports, as declarations. */
async function makeReport() {
  const quiet = { default: { logLevel: "none" } };
  const configObject = {
    projectFolder: root,
    newlineKind: "lf",
    mainEntryPointFilePath: join(root, "dist", "src", "index.d.ts"),
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: "es2023",
          module: "nodenext",
          lib: ["es2023", "esnext.disposable"],
          types: ["node"],
          strict: true,
          skipLibCheck: true,
        },
        files: [join(root, "dist", "src", "index.d.ts")],
      },
    },
    apiReport: { enabled: true, reportFileName: "corescope.api.md", reportFolder: scratch, reportTempFolder: join(scratch, "temp") },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
  };
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
  });
  Extractor.invoke(config, { localBuild: true, messageCallback: (message) => Object.assign(message, { handled: true }) });
  // What a name means that is not exported itself is in the schemas.
  const [, declarations] = /^```ts\n\n?([\s\S]*?)\n*^```/m.exec(readFileSync(join(scratch, "corescope.api.md"), "utf8"));
  return `${declarations}\n`
    .replace(/^ *\/\/ Warning: \(ae-forgotten-export\).*\n(?: *\/\/\n)?/gm, "")
    .replace(/^ *\/\/ \(undocumented\)\n/gm, "");
}
