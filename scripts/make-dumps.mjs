// Builds the Go programs under dumps/testdata with a chosen release, crashes them and keeps core, executable and truth.
//
//   node scripts/make-dumps.mjs --program leaky --go 1.24.13 [--args "20"] [--experiment noswissmap] [--arch arm64] --out DIR
//   node scripts/make-dumps.mjs --fixtures        remake the committed dumps/cores (rarely: history keeps every copy)
//
// Nothing of this machine may get into a core: the program is built with -trimpath, started under a fixed neutral
// path with an empty environment (GOTRACEBACK=crash alone) and fixed arguments.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { crashInEmulator, crashOnKernel, crossCompiler } from "./arm64.mjs";

const run = promisify(execFile);
const top = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const testdata = path.join(top, "dumps", "testdata");
const cacheFolder = path.join(top, ".dumps");
/** Where programs are built and die: the only path a core may know. */
const neutralFolder = "/tmp/corescope";
/** A program whose folder has it is a library, opened by this program of C. */
const hostSource = path.join("host", "host.c");
const corePattern = "/proc/sys/kernel/core_pattern";

/** The releases the matrix runs on, one per Go minor. */
export const releases = ["1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.10", "1.26.8", "1.27.2"];

/** The arguments a program is started with when none are asked for. */
export const defaultArguments = { leaky: ["20"], garbage: ["3000"], midgc: ["unswept"], demo: ["4000"] };

/**
 * @typedef {{ program: string, go: string, args?: readonly string[], experiment?: string, arch?: "amd64" | "arm64", flags?: readonly string[], modules?: readonly string[], cgo?: boolean, user?: boolean, filter?: string, attempt?: number }} DumpWish
 * @typedef {{ core: string, executable: string, stderr: string, truth: Record<string, any>, meta: Record<string, any>, folder: string }} Dump
 */

/** Why a dump of this release cannot be made here, or undefined. @param {string} go */
export async function whyNoGo(go) {
  try {
    const { stdout } = await run("go", ["version"], { env: { ...process.env, GOTOOLCHAIN: `go${go}` }, cwd: "/" });
    return stdout.includes(`go${go} `) ? undefined : `go${go} is not there: ${stdout.trim()}`;
  } catch (error) {
    return `go${go} is not there: ${
      String(error.stderr || error.message)
        .trim()
        .split("\n")[0]
    }`;
  }
}

/** Why a tool that some dumps need is not to be had here, or undefined. @param {"gcc" | "gcore" | "strip"} tool */
export async function whyNoTool(tool) {
  if (process.env.CI) return undefined;
  try {
    await run("sh", ["-c", `command -v ${tool}`]);
    return undefined;
  } catch {
    return `there is no ${tool}`;
  }
}

function sources(program) {
  const files = [];
  for (const folder of ["truth", program]) {
    for (const name of fs.readdirSync(path.join(testdata, folder), { recursive: true }).sort()) {
      if (/[.](?:go|s)$/.test(name) || name === "go.sum" || name === hostSource)
        files.push({ name: `${folder}/${name}`, text: fs.readFileSync(path.join(testdata, folder, name), "utf8") });
    }
  }
  return files;
}

function complete(wish) {
  return {
    arch: "amd64",
    experiment: "",
    flags: [],
    modules: [],
    cgo: false,
    user: false,
    attempt: 0,
    // Which memory the kernel dumps: core(5) /proc/PID/coredump_filter. With "0x7f" the mapped files are in the core, and so the code.
    filter: "",
    ...wish,
    args: wish.args ?? defaultArguments[wish.program] ?? [],
  };
}

/** The cache key of a dump: program source, release, arguments, build flags and the way it is made. */
function keyOf(wish, files) {
  const hash = createHash("sha256");
  const foreign = wish.cgo || wish.modules.length > 0 ? [wish.cgo, wish.modules] : [];
  if (wish.filter) foreign.push(wish.filter);
  if (wish.user) foreign.push("qemu-user");
  hash.update(
    JSON.stringify([2, wish.program, wish.go, wish.args, wish.experiment, wish.arch, wish.flags, wish.attempt, files, ...foreign]),
  );
  return hash.digest("hex").slice(0, 16);
}

/**
 * The dump a wish describes, out of the cache or made now.
 * @param {DumpWish} wished
 * @returns {Promise<Dump>}
 */
export async function makeDump(wished) {
  const wish = complete(wished);
  const files = sources(wish.program);
  const folder = path.join(cacheFolder, `${wish.program}-${wish.go}-${wish.arch}-${keyOf(wish, files)}`);
  fs.mkdirSync(cacheFolder, { recursive: true });
  if (!fs.existsSync(path.join(folder, "meta.json"))) {
    await withLock(`${folder}.lock`, async () => {
      if (fs.existsSync(path.join(folder, "meta.json"))) return;
      const making = `${folder}.making`;
      fs.rmSync(making, { recursive: true, force: true });
      fs.mkdirSync(making);
      await make(wish, files, making);
      fs.rmSync(folder, { recursive: true, force: true });
      fs.renameSync(making, folder);
    });
  }
  return openMade(folder);
}

function openMade(folder) {
  const json = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));
  return {
    folder,
    core: path.join(folder, "core"),
    executable: path.join(folder, "exe"),
    stderr: path.join(folder, "stderr.txt"),
    truth: json("truth.json"),
    meta: json("meta.json"),
  };
}

async function make(wish, files, out) {
  const place = path.join(neutralFolder, `${wish.program}-go${wish.go}`);
  await withLock(`${place}.lock`, async () => {
    fs.rmSync(place, { recursive: true, force: true });
    fs.mkdirSync(place, { recursive: true });
    try {
      const executable = await build(wish, files, place);
      const crash = wish.arch === "amd64" ? crashHere : wish.user ? crashInEmulator : crashOnKernel;
      await crash(wish, executable, out);
      fs.copyFileSync(executable, path.join(out, "exe"));
      for (const name of fs.readdirSync(place).filter((each) => each.endsWith(".so")))
        fs.copyFileSync(path.join(place, name), path.join(out, name));
    } finally {
      fs.rmSync(place, { recursive: true, force: true });
    }
  });
  const stderr = fs.readFileSync(path.join(out, "stderr.txt"), "utf8");
  fs.writeFileSync(path.join(out, "truth.json"), `${JSON.stringify(mergeTruth(stderr))}\n`);
  const { args, ...made } = wish;
  writeJson(path.join(out, "meta.json"), { ...made, arguments: args });
}

function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 1)}\n`);
}

async function build(wish, files, place) {
  const source = path.join(place, "src");
  for (const { name, text } of files) {
    fs.mkdirSync(path.dirname(path.join(source, name)), { recursive: true });
    fs.writeFileSync(path.join(source, name), text);
  }
  // The release's own language version: an older one would also switch its runtime's GODEBUG defaults back.
  const minor = wish.go.split(".").slice(0, 2).join(".");
  const language = minor === "1.21" ? "1.21" : `${minor}.0`;
  const requires = wish.modules.map((module) => `require ${module.replace("@", " ")}\n`).join("");
  fs.writeFileSync(path.join(source, "go.mod"), `module corescope.example/dumps\n\ngo ${language}\n${requires}`);
  // The hashes of every version that a wish may name stand beside the program.
  const sums = path.join(source, wish.program, "go.sum");
  if (fs.existsSync(sums)) fs.renameSync(sums, path.join(source, "go.sum"));
  const executable = path.join(place, wish.program);
  const environment = {
    ...process.env,
    GOTOOLCHAIN: `go${wish.go}`,
    CGO_ENABLED: wish.cgo ? "1" : "0",
    GOARCH: wish.arch,
    GOOS: "linux",
    GOFLAGS: "",
    GOEXPERIMENT: wish.experiment,
    GOWORK: "off",
    ...(wish.cgo && wish.arch === "arm64" ? await crossCompiler() : {}),
  };
  const build = (flags, out, folder) =>
    run("go", ["build", "-trimpath", "-buildvcs=false", ...flags, ...wish.flags, "-o", out, folder], { cwd: source, env: environment });
  const host = path.join(source, wish.program, hostSource);
  if (!fs.existsSync(host)) await builtOnce(wish, files, executable, () => build([], executable, `./${wish.program}`));
  else {
    await build(["-buildmode=c-shared"], path.join(place, "libfirst.so"), `./${wish.program}`);
    await build(["-buildmode=c-shared"], path.join(place, "libsecond.so"), `./${wish.program}/second`);
    await run("gcc", ["-g", "-O1", "-o", executable, host, "-ldl"], { cwd: place });
  }
  return executable;
}

/** One executable serves all arguments: it is kept beside the dumps, and built where there is none. */
async function builtOnce(wish, files, executable, build) {
  const key = keyOf({ ...wish, args: [], attempt: 0 }, files);
  const kept = path.join(cacheFolder, `${wish.program}-${wish.go}-${wish.arch}-${key}.exe`);
  if (!fs.existsSync(kept)) {
    await build();
    fs.copyFileSync(executable, `${kept}.making`);
    fs.renameSync(`${kept}.making`, kept);
  } else fs.copyFileSync(kept, executable);
}

/** Crashes the program on this machine, or takes a core of it while it lives, and moves the core to `out`. */
async function crashHere(wish, executable, out) {
  const place = path.dirname(executable);
  const stderr = path.join(out, "stderr.txt");
  const output = fs.openSync(stderr, "w");
  const { pid, status } = await withCorePattern(
    () =>
      new Promise((resolve, reject) => {
        // exec keeps the shell's pid; env -i leaves the program nothing but GOTRACEBACK.
        const filter = wish.filter ? `echo ${wish.filter} > /proc/self/coredump_filter; ` : "";
        const script = `ulimit -c unlimited; ${filter}exec env -i GOTRACEBACK=crash "$0" "$@"`;
        const child = spawn("/bin/sh", ["-c", script, executable, ...wish.args], { cwd: place, stdio: ["ignore", output, output] });
        const plea = answerPlea(stderr, child.pid, path.join(place, "core"));
        const watch = setTimeout(() => child.kill("SIGKILL"), 120_000);
        child.once("error", reject);
        child.once("exit", (code, by) => {
          clearTimeout(watch);
          clearInterval(plea);
          resolve({ pid: child.pid, status: by ?? code });
        });
      }),
  );
  fs.closeSync(output);
  const found = [`core.${pid}`, "core"].map((name) => path.join(place, name)).find((name) => fs.existsSync(name));
  if (!found)
    throw new Error(`${wish.program} (go${wish.go}) left no core (ended with ${status}): ${fs.readFileSync(stderr, "utf8").slice(-500)}`);
  await run("cp", ["--sparse=always", found, path.join(out, "core")]);
}

/**
 * A core of a program that somebody else built, killed by SIGABRT in the middle of its work: as soon as it has so much memory, or when
 * somebody has worked with it.
 * @param {string} executable
 * @param {readonly string[]} args
 * @param {{ resident?: number, work?: (output: () => string) => Promise<void>, environment?: Record<string, string | undefined> }} options
 *   resident: bytes. output: what it has written so far
 * @returns {Promise<string>} the core, in a folder of its own that the caller removes
 */
export async function killShipped(executable, args, { resident = Number.POSITIVE_INFINITY, work, environment = {} }) {
  fs.mkdirSync(neutralFolder, { recursive: true });
  const place = fs.mkdtempSync(path.join(neutralFolder, "shipped-"));
  const log = path.join(place, "output");
  const output = fs.openSync(log, "w");
  const pid = await withCorePattern(
    () =>
      new Promise((resolve, reject) => {
        const script = 'ulimit -c unlimited; exec "$0" "$@"';
        const env = { ...process.env, ...environment, GOTRACEBACK: "crash" };
        const child = spawn("/bin/sh", ["-c", script, executable, ...args], { cwd: place, env, stdio: ["ignore", output, output] });
        work?.(() => fs.readFileSync(log, "utf8")).then(
          () => child.kill("SIGABRT"),
          (error) => {
            child.kill("SIGKILL");
            reject(error);
          },
        );
        const watch = setInterval(() => {
          if (residentBytes(child.pid) >= resident) child.kill("SIGABRT");
        }, 5);
        child.once("error", reject);
        child.once("exit", () => {
          clearInterval(watch);
          resolve(child.pid);
        });
      }),
  );
  fs.closeSync(output);
  const found = [`core.${pid}`, "core"].map((name) => path.join(place, name)).find((name) => fs.existsSync(name));
  if (!found) throw new Error(`${executable} left no core: it was done too early: ${fs.readFileSync(log, "utf8").slice(-500)}`);
  return found;
}

/** Memory that a process has; 0 when it is gone. proc(5) statm counts pages */
function residentBytes(pid) {
  try {
    return Number(fs.readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}

/** What a program asks for with a line of its own: a signal from outside, or a core of it as it lives. */
const pleas = {
  "please abort": (pid) => process.kill(pid, "SIGABRT"),
  "please quit": (pid) => process.kill(pid, "SIGQUIT"),
  "please dump": async (pid, core) => {
    try {
      await run("gcore", ["-o", core, String(pid)]);
    } finally {
      process.kill(pid, "SIGKILL");
    }
  },
};

/** Does what the program pleads for, once, a random moment after the line has appeared in `file`. */
function answerPlea(file, pid, core) {
  const timer = setInterval(() => {
    const text = fs.readFileSync(file, "utf8");
    const plea = Object.keys(pleas).find((each) => text.includes(each));
    if (!plea) return;
    clearInterval(timer);
    setTimeout(() => Promise.resolve(pleas[plea](pid, core)).catch(console.error), 5 + Math.random() * 40);
  }, 5);
  return timer;
}

/**
 * Runs `body` while the kernel writes cores into the dying program's own folder. The pattern belongs to the whole
 * machine: it is touched only when it names another place, and put back whatever happens.
 */
async function withCorePattern(body) {
  const before = fs.readFileSync(corePattern, "utf8");
  if (/^core(\.%p)?\n?$/.test(before)) return body();
  return withLock(path.join(neutralFolder, "core_pattern.lock"), async () => {
    const restore = () => fs.writeFileSync(corePattern, before);
    const stop = () => {
      restore();
      process.exit(130);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.once(signal, stop);
    process.once("exit", restore);
    fs.writeFileSync(corePattern, "core.%p");
    try {
      return await body();
    } finally {
      restore();
      process.off("exit", restore);
      for (const signal of signals) process.off(signal, stop);
    }
  });
}

/** Runs `body` while no other process holds `file`; a lock whose owner is dead is taken over. */
async function withLock(file, body) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (!ownerLives(file)) fs.rmSync(file, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await body();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function ownerLives(file) {
  try {
    const owner = Number(fs.readFileSync(file, "utf8"));
    if (owner > 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}

/**
 * One object out of all the `truth {json}` lines of a dead program: tables are merged, lists joined.
 * @param {string} stderr
 */
export function mergeTruth(stderr) {
  const truth = {};
  for (const line of stderr.split("\n")) {
    if (!line.startsWith("truth ")) continue;
    for (const [name, value] of Object.entries(JSON.parse(line.slice(6)))) {
      const old = truth[name];
      if (Array.isArray(old)) truth[name] = [...old, ...value];
      else if (old !== null && typeof old === "object") truth[name] = { ...old, ...value };
      else truth[name] = value;
    }
  }
  return truth;
}

/** The committed dumps: one small zoo per release and architecture, and the shop that `npm start` opens. */
const fixtureWishes = [
  ...releases.map((go) => ({ program: "zoo", go })),
  { program: "zoo", go: "1.26.8", arch: "arm64" },
  { program: "demo", go: "1.26.8" },
];

/** Remakes every committed dump under dumps/cores. */
async function makeFixtures() {
  const home = path.join(top, "dumps", "cores");
  const made = [];
  for (const wish of fixtureWishes) made.push(await makeDump(wish));
  fs.rmSync(home, { recursive: true, force: true });
  for (const { core, executable, truth, meta } of made) {
    const minor = meta.go.split(".").slice(0, 2).join(".");
    const folder = path.join(home, `${meta.program}-${minor}-${meta.arch}`);
    fs.mkdirSync(folder, { recursive: true });
    await run("zstd", ["-19", "-q", "-f", core, "-o", path.join(folder, "core.zst")]);
    await run("zstd", ["-19", "-q", "-f", executable, "-o", path.join(folder, "exe.zst")]);
    fs.chmodSync(path.join(folder, "core.zst"), 0o644);
    fs.chmodSync(path.join(folder, "exe.zst"), 0o644);
    fs.writeFileSync(path.join(folder, "truth.json"), `${JSON.stringify(truth)}\n`);
    writeJson(path.join(folder, "meta.json"), {
      ...meta,
      coreBytes: fs.statSync(core).size,
      executableBytes: fs.statSync(executable).size,
    });
    console.log(path.relative(top, folder));
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      program: { type: "string" },
      go: { type: "string" },
      args: { type: "string" },
      experiment: { type: "string" },
      arch: { type: "string" },
      flags: { type: "string" },
      out: { type: "string" },
      attempt: { type: "string" },
      fixtures: { type: "boolean" },
    },
  });
  if (values.fixtures) return makeFixtures();
  if (!values.program || !values.go || !values.out) throw new Error("usage: make-dumps.mjs --program NAME --go VERSION --out DIR");
  const words = (text) => text?.split(" ").filter(Boolean);
  const wish = { program: values.program, go: values.go };
  if (values.args !== undefined) wish.args = words(values.args);
  if (values.flags) wish.flags = words(values.flags);
  if (values.experiment) wish.experiment = values.experiment;
  if (values.attempt) wish.attempt = Number(values.attempt);
  if (values.arch) wish.arch = values.arch;
  const made = await makeDump(wish);
  fs.mkdirSync(values.out, { recursive: true });
  await run("cp", ["--sparse=always", "-r", `${made.folder}/.`, values.out]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
