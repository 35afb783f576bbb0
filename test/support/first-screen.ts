// What the first screen says of a program that has said itself what is wrong: judged by names and numbers, never by its wording.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../cli/cli.js";
import type { OverviewJson } from "../../cli/views/overview.js";
import { suspectText } from "../../cli/views/suspects.js";
import { leakText, waitText } from "../../cli/views/waits.js";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type Overview, overview } from "../../src/query/overview.js";
import type { TestDump } from "./dump-cache.js";
import { leftOpen, makeWorld } from "./world.js";

/** What a program of dumps/testdata/cases says of itself; see its main.go. */
interface Said {
  readonly culprit: readonly (readonly string[])[];
  readonly figures?: readonly Figure[];
  readonly healthy: readonly string[];
}

interface Figure {
  readonly kind: "count" | "bytes" | "percent";
  readonly value: number;
  readonly within: number;
}

/** What is asked of a first screen. */
export const QUESTIONS = ["culprit", "figure", "line", "blame", "json"] as const;
export type Question = (typeof QUESTIONS)[number];

/** For each question what was missed; none where all is well. */
export interface Verdict {
  readonly missed: Partial<Record<Question, string>>;
  /** Death and findings, as they are printed. */
  readonly screen: string;
}

/** Overview of a dump that stays open, in 80 columns and as JSON, and the commands that its findings lead to. */
export async function judge(name: string, dump_: TestDump): Promise<Verdict> {
  const said = dump_.truth as unknown as Said;
  const dump = await openDump({ core: dump_.core, executable: dump_.executable });
  try {
    const ask = (words: readonly string[]) => printed(dump, words);
    const screen = upperPart(await ask(["overview", "core"]));
    const json = JSON.parse(await ask(["overview", "core", "--json"])) as { result: OverviewJson };
    const found = overview.run(dump, {}, { progress: silent, findings: dump.findings });
    const missed: Partial<Record<Question, string>> = {};
    const wanted = said.culprit.filter((names) => !names.some((each) => says(screen, each)));
    if (wanted.length > 0) missed.culprit = `not told: ${wanted.map((names) => names.join(" or ")).join("; ")}`;
    const figures = said.figures ?? [];
    if (figures.length > 0 && !figures.some((each) => tells(screen, each)))
      missed.figure = `not told: ${figures.map(({ kind, value }) => `${kind} ${value}`).join(" or ")}`;
    const lines = guiltyLines(name);
    const leads = leadsOf(found, said);
    if (!(await anyAsync(lines, screen, leads, ask))) missed.line = `${lines.join(" or ")} is neither there nor in ${leads.join(", ")}`;
    const blamed = healthyAhead(screen, said);
    if (blamed) missed.blame = blamed;
    const told = JSON.stringify([json.result.death, json.result.waits, json.result.leaks, json.result.topSuspects]);
    if (!missed.culprit && said.culprit.some((names) => !names.some((each) => says(told, each))))
      missed.json = "the culprit is in the text only";
    return { missed, screen };
  } finally {
    dump.close();
  }
}

/** Lines of the program that are marked as the fault of this case: "locks.go:88". */
function guiltyLines(name: string): readonly string[] {
  const home = fileURLToPath(new URL("../../dumps/testdata/cases/", import.meta.url));
  return readdirSync(home).flatMap((file) =>
    readFileSync(join(home, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (line.endsWith(`// guilty: ${name}`) ? [`${basename(file)}:${index + 1}`] : [])),
  );
}

/** What the findings that say the culprit ask next; the death leads to the command of that name. */
function leadsOf({ waits, leaks, topSuspects, userGoroutines }: Overview, { culprit }: Said): readonly string[] {
  const names = culprit.flat();
  const found = [...waits.map(waitText), ...leaks.map((each) => leakText(each, userGoroutines)), ...topSuspects.map(suspectText)];
  const texts = found.filter(({ title }) => names.some((each) => says(title, each)));
  return ["death CORE", ...texts.map(({ next }) => next)];
}

async function anyAsync(
  lines: readonly string[],
  screen: string,
  leads: readonly string[],
  ask: (words: readonly string[]) => Promise<string>,
): Promise<boolean> {
  if (lines.some((line) => says(screen, line))) return true;
  for (const lead of leads) {
    const text = await ask(words(lead));
    if (lines.some((line) => says(text, line))) return true;
  }
  return false;
}

/** A healthy holder that is told before the culprit, in words. */
function healthyAhead(screen: string, { culprit, healthy }: Said): string | undefined {
  const text = squeeze(screen);
  const at = (name: string) => `${text} `.indexOf(squeeze(name));
  const first = Math.min(...culprit.flat().map((each) => (at(each) < 0 ? Number.POSITIVE_INFINITY : at(each))));
  const ahead = healthy.find((each) => at(each) >= 0 && at(each) < first);
  return ahead === undefined ? undefined : `${ahead} is told first`;
}

/** Lines break anywhere. */
const squeeze = (text: string) => text.replace(/\s+/g, "");
const says = (text: string, name: string) => squeeze(text).includes(squeeze(name));

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1 << 10, MiB: 1 << 20, GiB: 1 << 30, TiB: 2 ** 40 };

/** A number of that kind and about that size is in the text. */
function tells(screen: string, { kind, value, within }: Figure): boolean {
  const text = screen.replace(/\s+/g, " ");
  const found = [...text.matchAll(/(?<![\w.,:])(\d[\d,]*(?:\.\d+)?)(?: ?(%|[KMGT]iB|B)(?!\w))?/g)].flatMap(([, digits, unit]) => {
    const number = Number(digits?.replaceAll(",", ""));
    if (kind === "percent") return unit === "%" ? [number] : [];
    if (kind === "bytes") return unit !== undefined && unit !== "%" ? [number * (UNITS[unit] ?? 0)] : [];
    return unit === undefined ? [number] : [];
  });
  // One decimal is printed, and of shares none.
  const rounding = kind === "bytes" ? 0.05 * 1024 ** Math.floor(Math.log2(value) / 10) : kind === "percent" ? 0.5 : 0;
  return found.some((each) => Math.abs(each - value) <= value * within + rounding);
}

/** Death and findings: who only holds much, and what figures there are, is no verdict. */
function upperPart(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => /^(?:Holders|Program|Path|Memory {2,})/.test(line));
  return (end < 0 ? lines : lines.slice(0, end)).join("\n");
}

function words(line: string): string[] {
  return [...line.replace("CORE", "core").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
}

/** What a command prints on a terminal of 80 columns. */
async function printed(dump: Dump, words: readonly string[]): Promise<string> {
  const world = makeWorld({ terminal: true });
  const open = async () => leftOpen(dump);
  await run([...words, "--color", "never", "--quiet"], { ...world, open });
  return world.printed.out;
}

/** Findings of high confidence of a healthy program: those on the first screen that are more than a large holder. */
export async function accusations(dump_: TestDump): Promise<readonly string[]> {
  const dump = await openDump({ core: dump_.core, executable: dump_.executable });
  try {
    const found = overview.run(dump, {}, { progress: silent, findings: dump.findings });
    const { waits, leaks, topSuspects, userGoroutines } = found;
    const sure = topSuspects.filter(({ confidence }) => confidence === "high");
    const all = [...waits.map(waitText), ...leaks.map((each) => leakText(each, userGoroutines)), ...sure.map(suspectText)];
    return all.map(({ title }) => title);
  } finally {
    dump.close();
  }
}
