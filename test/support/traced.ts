/** The program `tracer` dead in every way, and the others who read what is extracted: golang.org/x/exp/trace and each release's own tool. */
import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { Findings } from "../../src/base/findings.js";
import { type ByteSource, bytesSource } from "../../src/base/source.js";
import { type Dump, openDump } from "../../src/dump.js";
import { findDestination } from "../../src/recorder/destination.js";
import { scanPrefix } from "../../src/recorder/prefix.js";
import { extractTrace } from "../../src/recorder/recorder.js";
import { readTracer } from "../../src/recorder/tracer-state.js";
import { HEADER_SIZE } from "../../src/trace/format.js";
import { made, missingGo, releases, type TestDump } from "./dump-cache.js";

const run = promisify(execFile);
/** The oracle needs the release its own module names. */
const ORACLE_GO = "1.26.8";
const oracleSource = fileURLToPath(new URL("../oracle/", import.meta.url));

/** The releases whose trace can be extracted: 1.21 has another tracer. */
export const tracedReleases = releases.filter((go) => minorOf(go) >= 22);

/** What tracer says of its trace. */
export interface TraceTruth {
  readonly snapshot?: string;
  readonly traceFile?: { readonly address: string; readonly size: number };
  readonly deathWall: string;
}

/** What golang.org/x/exp/trace saw in a file. */
export interface OracleAnswer {
  readonly events: number;
  readonly generations: number;
  readonly first: string;
  readonly last: string;
  readonly kinds: Readonly<Record<string, number>>;
  readonly goroutines: Readonly<Record<string, string>>;
  readonly death: readonly string[] | null;
}

interface Times {
  /** ns by the state's name in golang.org/x/exp/trace. */
  readonly totals: Readonly<Record<string, number>>;
  readonly changes: number;
}
interface Spans {
  readonly count: number;
  readonly ended: number;
  readonly total: number;
  readonly longest: number;
}

/** What the oracle's figures.go counts; times in ns. */
export interface Figures {
  readonly goroutines: Readonly<Record<string, Times>>;
  readonly procs: Readonly<Record<string, Times>>;
  readonly ranges: Readonly<Record<string, Spans>>;
  readonly tasks: Readonly<Record<string, Spans>>;
  readonly regions: Readonly<Record<string, Spans>>;
  readonly logs: number;
  /** Bytes and goal. */
  readonly heap: readonly (readonly [number, number])[];
}

export function minorOf(go: string): number {
  return Number(go.split(".")[1]);
}

/**
 * "MODE CRASH [noise] [cgo] [arm64]" as a wish. Mode xflight is tracer's flight with the recorder of golang.org/x/exp/trace: the last
 * version that the release can build and whose reader of the tracer's batches knows its format.
 */
export function tracerWish(go: string, words: string, attempt = 0): DumpWish {
  const all = words.split(" ");
  const args = all.filter((word) => word !== "cgo" && word !== "arm64").map((word) => (word === "xflight" ? "flight" : word));
  const arch = all.includes("arm64") ? "arm64" : "amd64";
  const wish: DumpWish = { program: "tracer", go, args, attempt, arch, cgo: all.includes("cgo") };
  if (!words.startsWith("xflight")) return wish;
  return { ...wish, flags: ["-tags=xexp"], modules: [`golang.org/x/exp@${xexpFor(minorOf(go))}`] };
}

function xexpFor(minor: number): string {
  if (minor < 25) return "v0.0.0-20240506185415-9bf2ced13842";
  return minor === 25 ? "v0.0.0-20250819193227-8b4c13bb791b" : "v0.0.0-20261113113407-e3970619a1a4";
}

/** Why a traced program of this release cannot be made and read here, or undefined. */
export async function missingTracer(go: string): Promise<string | undefined> {
  return (await missingGo(go)) ?? (await missingGo(ORACLE_GO));
}

/** golang.org/x/exp/trace as a command, in a folder of its own. */
export class Oracle {
  readonly folder = mkdtempSync(join(tmpdir(), "corescope-oracle-"));
  private readonly command = join(this.folder, "oracle");
  private readonly stableCommand = join(this.folder, "oracle-stable");

  async build(): Promise<void> {
    if (await missingGo(ORACLE_GO)) return;
    const inModule = { cwd: oracleSource, env: { ...process.env, GOTOOLCHAIN: `go${ORACLE_GO}`, GOFLAGS: "-mod=mod", GOWORK: "off" } };
    await run("go", ["build", "-o", this.command, "."], inModule);
    // Its sort is unstable (see readable()): what was first may come later, and is then moved on in time.
    const { stdout: module } = await run("go", ["list", "-m", "-f", "{{.Dir}}", "golang.org/x/exp"], inModule);
    const copy = join(this.folder, "exp");
    cpSync(module.trim(), copy, { recursive: true });
    const reader = join(copy, "trace", "reader.go");
    const stable = replaced(readFileSync(reader, "utf8"), "slices.SortFunc(r.frontier,", "slices.SortStableFunc(r.frontier,");
    rmSync(reader);
    writeFileSync(reader, stable);
    for (const name of ["go.mod", "go.sum"]) cpSync(join(oracleSource, name), join(this.folder, name));
    const modfile = join(this.folder, "go.mod");
    appendFileSync(modfile, `\nreplace golang.org/x/exp => ${copy}\n`);
    await run("go", ["build", `-modfile=${modfile}`, "-o", this.stableCommand, "."], inModule);
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
  /** Reads a trace to its end. @throws when the reader refuses it */
  async read(bytes: Uint8Array): Promise<OracleAnswer> {
    return JSON.parse(await this.run(this.command, bytes));
  }
  /** Sums a trace up, events of one time in the order of their threads. @throws when the reader refuses it */
  async figures(bytes: Uint8Array): Promise<Figures> {
    return JSON.parse(await this.run(this.stableCommand, bytes, "-figures"));
  }
  private async run(command: string, bytes: Uint8Array, ...rest: string[]): Promise<string> {
    const { stdout } = await run(command, [this.write(bytes), ...rest], { maxBuffer: 1 << 29 });
    return stdout;
  }
  private write(bytes: Uint8Array): string {
    const file = join(this.folder, "out.trace");
    writeFileSync(file, bytes);
    return file;
  }
  /** The release's own tool reads a trace to its end. @throws when it refuses it */
  async readByGoTool(go: string, bytes: Uint8Array): Promise<void> {
    const flag = minorOf(go) >= 24 ? "-d=parsed" : "-d=2";
    await run("bash", ["-c", `set -o pipefail; go tool trace ${flag} "$0" | tail -1`, this.write(bytes)], {
      env: { ...process.env, GOTOOLCHAIN: `go${go}` },
      cwd: this.folder,
    });
  }
}

/** The size of tracer's bufio.Writer. */
const BUFFERED = 1 << 18;

/** What the program had written to its file or writer: it kept the file mapped, so the core has it, with zeros behind. */
export function prefixOf(dump: Dump, truth: TraceTruth): ByteSource | undefined {
  if (!truth.traceFile) return undefined;
  const all = dump.process.memory.bytes(Number(truth.traceFile.address), truth.traceFile.size);
  let end = all.length;
  while (end > 0 && all[end - 1] === 0) end--;
  const state = readTracer(dump.runtime, new Findings());
  const { pending } = findDestination(dump.runtime, state?.reader ?? 0, new Findings());
  // The file's own last bytes may be zeros. A bufio.Writer passes on nothing but full buffers, a reader without a batch in
  // its hands has written whole ones.
  if (pending) end = Math.ceil(end / BUFFERED) * BUFFERED;
  else if (end > HEADER_SIZE && state?.reading === 0)
    end = Math.max(end, scanPrefix(bytesSource("mapped", all), state.format, new Findings()).keep);
  return end > HEADER_SIZE ? bytesSource("app.trace", all.slice(0, end)) : undefined;
}

function replaced(text: string, old: string, by: string): string {
  if (text.split(old).length !== 2) throw new Error(`${old} is not in the oracle's reader once`);
  return text.replace(old, by);
}

const MOST_ATTEMPTS = 4;

/**
 * A dump whose finished generations are readable at all. golang.org/x/exp/trace (and each release's own reader) sorts its
 * frontier with an unstable sort and then never tries the first: with more than 12 threads and two events of one time it
 * now and then refuses what the runtime itself has written. With slices.SortStableFunc it reads the one such trace we met
 * (go1.24.13), event for event as we do. Such a dump proves nothing about us.
 */
export async function readable(oracle: Oracle, go: string, words: string, first = 0): Promise<TestDump> {
  for (let attempt = first; ; attempt++) {
    const dump = await made(tracerWish(go, words, attempt));
    if (attempt === first + MOST_ATTEMPTS || (await passedOnIsRead(oracle, dump))) return dump;
  }
}

/** Does the oracle read what had been passed on in whole generations, before anything of ours is added? */
async function passedOnIsRead(oracle: Oracle, files: TestDump): Promise<boolean> {
  const dump = await openDump({ core: files.core, executable: files.executable });
  try {
    const trace = extractTrace(dump.runtime, new Findings(), { prefix: prefixOf(dump, files.truth as unknown as TraceTruth) });
    if (!trace.found || !trace.whole) return true;
    const first = trace.generations.find((each) => each.from === "in flight")?.number ?? Number.POSITIVE_INFINITY;
    const { generations } = scanPrefix(trace.whole, trace.format, new Findings());
    const end = generations.filter((each) => each.number < first).at(-1)?.to;
    if (end === undefined) return true;
    return await oracle.read(trace.whole.read(0, end)).then(
      () => true,
      () => false,
    );
  } finally {
    dump.close();
  }
}
