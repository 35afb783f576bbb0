// The doctor's words: files, checks, what can be trusted, and what to set before the next crash.
import { counted, formatBytes, formatCount, formatShare } from "../../src/base/units.js";
import type { Doctor } from "../../src/query/doctor.js";
import type { DoctorCheck as Check } from "../../src/query/doctor-checks.js";
import type { Reason, Trust } from "../../src/query/doctor-trust.js";
import { escapeText } from "../text/escape.js";
import { type Page, proseWidth } from "../text/style.js";
import { padText } from "../text/table.js";
import { wrapText, wrapWords } from "../text/wrap.js";
import { settingLines } from "./doctor-settings.js";
import { missingText } from "./trace.js";

type Doubt = NonNullable<Check["doubt"]>;
type Figures = Readonly<Record<string, number>>;

/** Columns of what stands at the left of a line's text. */
const LABEL = 14;
/** Reasons told of one answer. */
const MOST_REASONS = 3;

/** What `doctor --json` prints: of checks and reasons in words, too, what they say. */
export interface DoctorJson extends Doctor {
  readonly checks: readonly (Check & { readonly because?: string })[];
  readonly trust: readonly (Omit<Trust, "because"> & { readonly because: readonly (Reason & { readonly message: string })[] })[];
}

/** The answer as --json prints it. */
export function doctorJson(answer: Doctor): DoctorJson {
  return {
    ...answer,
    checks: answer.checks.map((check) => (check.doubt ? { ...check, because: doubtText(check.doubt) } : check)),
    trust: answer.trust.map(({ because, ...trust }) => ({
      ...trust,
      because: because.map((reason) => ({ ...reason, message: messageOf(reason) })),
    })),
  };
}

/** The whole answer, a part of it after the other. */
export function doctorText(answer: Doctor, page: Page): string[] {
  return [
    page.bold("Files"),
    ...fileLines(answer, page),
    "",
    page.bold("What is told twice"),
    ...answer.checks.flatMap((check) => checkLines(check, page)),
    ...typeLines(answer, page),
    "",
    page.bold("What can be trusted"),
    ...answer.trust.filter((trust) => !isOfFailure(answer, trust)).flatMap((trust) => trustLines(trust, page)),
    ...(answer.failure && answer.trust.some((trust) => isOfFailure(answer, trust))
      ? labelled("all the rest", `no: ${answer.failure.message}`, page)
      : []),
    ...section("Next", nextLines(answer, page), page),
    ...section(
      "Before the next crash",
      answer.settings.flatMap((setting) => settingLines(setting, page)),
      page,
    ),
  ];
}

function section(title: string, lines: readonly string[], page: Page): string[] {
  return lines.length === 0 ? [] : ["", page.bold(title), ...lines];
}

/** Two spaces, a label, and text that is broken where the page ends; a line that is one long word stays whole, to be copied. */
function labelled(label: string, text: string, page: Page): string[] {
  const lead = `  ${padText(label, LABEL)}`;
  return wrapWords(escapeText(text).split(/ (?!(?:B|[KMGT]iB)\b)/), proseWidth(page), lead, " ".repeat(lead.length));
}

function fileLines({ core, executable, failure, debug, images, goVersion, environment }: Doctor, page: Page): string[] {
  const whole = core.missingBytes > 0 ? `cut off, ${formatBytes(core.missingBytes)} are missing` : "whole";
  return [
    ...labelled("core", core.path, page),
    ...labelled(
      "",
      `${formatBytes(core.bytes)}, ${whole}; ${core.arch}, ${WRITERS[core.producer] ?? core.producer}, ${counted(core.threads, "thread")}`,
      page,
    ),
    ...labelled("memory in it", core.kinds.map(kindText).join(", "), page),
    ...(environment ? labelled("GOTRACEBACK", environment.goTraceback ?? "not set in its environment", page) : []),
    ...labelled("executable", executable?.path ?? "none", page),
    ...(goVersion ? labelled("Go", goVersion, page) : []),
    ...(failure ? labelled("", page.bad(failure.message), page) : []),
    ...(failure?.looked ?? []).flatMap((path) => labelled("  looked for", path, page)),
    ...labelled("debug info", debug.path ?? "none", page),
    ...debug.refused.flatMap((refused) => labelled("", refused, page)),
    ...images.flatMap(({ path, status }) => labelled("library", `${path}: ${IMAGES[status]}`, page)),
  ];
}

const WRITERS: Readonly<Record<string, string>> = {
  kernel: "written by the kernel",
  gcore: "taken of a process that lived (gcore)",
  delve: "taken of a process that lived (delve)",
  qemu: "written by qemu-user",
};
const IMAGES = {
  used: "found",
  missing: "not found",
  "other build": "refused, of another build",
  "not placed": "found, but not where it was loaded",
};
const KINDS = { anonymous: "anonymous", data: "data of files", code: "code and constants", headers: "first pages" };

function kindText({ kind, dumpedBytes, mappedBytes }: Doctor["core"]["kinds"][number]): string {
  return `${KINDS[kind]} ${formatBytes(dumpedBytes)} of ${formatBytes(mappedBytes)}`;
}

/** A sign, the name, and the figures: a reader sees at once what does not hold. */
function checkLines({ check, outcome, figures, facts, doubt }: Check, page: Page): string[] {
  const text = doubt ? doubtText(doubt) : CHECKS[check](figures, facts);
  const [first = "", ...rest] = labelled(SIGNS[outcome], text, page);
  const sign = { passed: page.good, near: page.good, failed: page.bad, unknown: page.dim }[outcome](SIGNS[outcome]);
  return [first.replace(SIGNS[outcome], () => sign), ...rest];
}

const SIGNS = { passed: "ok", near: "nearly", failed: "FAILED", unknown: "not known" };
const bytes = ({ counted: a, found: b }: Figures) => `${formatBytes(a)} counted, ${formatBytes(b)} found`;

const CHECKS: Readonly<Record<Check["check"], (figures: Figures, facts: Readonly<Record<string, string>>) => string>> = {
  build: (_, { core, executable }) =>
    core === executable ? `core and executable are of one build: ${core}` : `build id ${executable} is not the core's: ${core}`,
  layouts: (_, { from, release, match }) =>
    release === undefined
      ? `the runtime's structs by ${from}`
      : `the runtime's structs by the tables of ${release} (${MATCHES[match] ?? match})`,
  modules: ({ modules }, { ways }) => `module data by ${ways}: ${counted(modules, "module")}`,
  variables: ({ debug, symtab, recipe, scan, missing }, { missing: names }) =>
    debug === undefined
      ? `variables of the runtime: ${symtab} by the symbol table, ${recipe} by its code, ${scan} by a scan, ${missing} not found${names === "" ? "" : `: ${names}`}`
      : `variables of the runtime: ${debug} by debug information`,
  slots: ({ counted: a, found, spans }) =>
    `allocated slots: ${formatCount(a)} counted, ${formatCount(found)} found${spans > 0 ? `; ${counted(spans, "span differs", "spans differ")}` : ""}`,
  "heap spans": (figures) => `spans of the heap: ${bytes(figures)}`,
  "spans of stacks and work buffers": (figures) => `spans of stacks and work buffers: ${bytes(figures)}`,
  "the heap's address ranges": (figures) => `address ranges of the heap: ${bytes(figures)}`,
  objects: ({ counted: a, found }) => `objects: ${formatCount(a)} by the statistics, ${formatCount(found)} found`,
  classes: ({ counted: a, found }) => `memory by class: ${formatBytes(a)} mapped, ${formatBytes(found)} in classes`,
  system: (figures) => `memory that Go has from the system: ${bytes(figures)}`,
  stacks: ({ counted: a, found }) => `stacks: ${formatCount(found)} of ${formatCount(a)} walked to the outermost function`,
  threads: ({ counted: a, found, threads }) =>
    `threads: ${formatCount(found)} of ${formatCount(a)} of the runtime matched, ${formatCount(threads)} in the core`,
};
const MATCHES: Readonly<Record<string, string>> = { exact: "the very release", near: "the nearest patch", newest: "the newest there is" };

function typeLines({ types }: Doctor, page: Page): string[] {
  if (!types) return [];
  const { liveBytes, garbageBytes, bytesByEvidence } = types;
  const known = Object.entries(bytesByEvidence).map(
    ([evidence, sum]) => `${EVIDENCE[evidence] ?? evidence} ${formatShare(sum, liveBytes)}`,
  );
  return [
    ...labelled("heap", `${formatBytes(liveBytes)} live, ${formatBytes(garbageBytes)} garbage`, page),
    ...(known.length > 0 ? labelled("types by", known.join(", "), page) : []),
  ];
}

const EVIDENCE: Readonly<Record<string, string>> = { none: "unknown", guess: "guessed" };

/** What stops every question alike is told once. */
function isOfFailure({ failure }: Doctor, { because }: Trust): boolean {
  return failure !== null && because.some(({ message }) => message === failure.message);
}

function trustLines({ question, answer, because }: Trust, page: Page): string[] {
  const label = QUESTIONS[question];
  const paint = { yes: page.good, partly: page.bad, no: page.bad }[answer];
  if (because.length === 0) return [`  ${padText(label, LABEL)}${paint(answer)}`];
  const told = because.slice(0, MOST_REASONS).map(reasonText);
  const more = because.length > MOST_REASONS ? [`and ${because.length - MOST_REASONS} more`] : [];
  return labelled(label, `${answer}: ${[...told, ...more].join("; ")}`, page);
}

const QUESTIONS: Readonly<Record<Trust["question"], string>> = {
  memory: "memory",
  death: "death",
  goroutines: "goroutines",
  sizes: "heap sizes",
  liveness: "live, garbage",
  types: "types",
  names: "functions",
  variables: "variables",
  trace: "trace",
};

function reasonText(reason: Reason): string {
  const { code, share, bytes: size } = reason;
  if (code === "executable-missing") return "there is no executable"; // the files tell which
  if (share !== undefined) return `${formatShare(share, 1)} of the live bytes have a known type`;
  const message = messageOf(reason);
  return size === undefined ? message : `${message} (${formatBytes(size)})`;
}

/** The reason by itself; an error and a finding have their own words. */
function messageOf({ code, message, missing, destination }: Reason): string {
  if (message !== undefined) return message;
  if (code === "stripped") return "no debug information: no local variables";
  if (code === "types-unknown") return "live bytes are of unknown type";
  if (missing) return missingText(missing);
  return `only its end is in the core: what came before went to ${destination || "a writer"}`;
}

const DOUBTS: Readonly<Record<Exclude<Doubt["code"], "error">, string>> = {
  "no executable": "there is no executable to compare the core with",
  "no build id in the core": "the core does not hold its build id",
  "no build id in the executable": "the executable has no build id",
  "no spans": "no span is in the core",
  "no statistics": "the runtime's statistics are not in the core, or damaged",
  "address ranges not whole": "the list of address ranges is not whole",
  "no goroutines": "no goroutine is in the core",
  "no threads of the runtime": "no thread of the runtime is in the core",
};

function doubtText(doubt: Doubt): string {
  return doubt.code === "error" ? doubt.message : DOUBTS[doubt.code];
}

/** What to do with the files of today. */
function nextLines({ executable, failure, debug, goVersion }: Doctor, page: Page): string[] {
  const lines = [
    ...(executable ? [] : ["Name the executable that crashed: --exe FILE."]),
    ...(executable && debug.path === null && goVersion.length > 0
      ? ["Name its debug file, or an unstripped build of the same sources, Go release and flags: --debug FILE."]
      : []),
    ...(failure ? ["What needs no Go can be asked: mappings, read."] : []),
  ];
  return lines.flatMap((line) => wrapText(`  ${line}`, proseWidth(page), "  "));
}
