// arm64 programs on a machine of another architecture: a compiler for their C, and crashes under emulation. What is missing is installed
// with apt.
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const kernelScript = path.join(path.dirname(fileURLToPath(import.meta.url)), "arm64-core.sh");
/** An emulator of single programs, qemu-user, and a C compiler with the library to link. */
const COMPILER = "aarch64-linux-gnu-gcc";
const EMULATOR = "qemu-aarch64";
const PACKAGES = { [COMPILER]: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"], [EMULATOR]: ["qemu-user"] };

async function install(tool) {
  try {
    await run("sh", ["-c", `command -v ${tool}`]);
  } catch {
    const install = `apt-get update -q && apt-get install -y -q --no-install-recommends ${PACKAGES[tool].join(" ")}`;
    await run("sh", ["-c", install], { maxBuffer: 1 << 26 });
  }
}

/** Variables for `go build` of a program with C in it. */
export async function crossCompiler() {
  await install(COMPILER);
  return { CC: COMPILER };
}

/** Crashes the program under a real arm64 kernel. */
export async function crashOnKernel(wish, executable, out) {
  const waitsForSignal = wish.program === "midgc" && wish.args[0] === "mark";
  const environment = waitsForSignal ? { ...process.env, DELAYSIG: "6:ABRT" } : process.env;
  await run(kernelScript, [out, executable, ...wish.args], { maxBuffer: 1 << 26, env: environment });
}

/** Crashes the program in an emulator of single programs, which writes the core itself: "qemu_NAME_DATE_PID.core" where it stands. */
export async function crashInEmulator(wish, executable, out) {
  await install(EMULATOR);
  const place = path.dirname(executable);
  const output = fs.openSync(path.join(out, "stderr.txt"), "w");
  await new Promise((resolve, reject) => {
    const script = 'ulimit -c unlimited; exec env -i PATH=/usr/bin:/bin GOTRACEBACK=crash "$0" "$@"';
    const words = ["-c", script, EMULATOR, "-U", "PATH", executable, ...wish.args];
    const child = spawn("/bin/sh", words, { cwd: place, stdio: ["ignore", output, output] });
    child.once("error", reject);
    child.once("exit", resolve);
  });
  fs.closeSync(output);
  const names = fs.readdirSync(place);
  // The kernel writes a core of the emulator beside it.
  for (const name of names) if (/^core(?:\.\d+)?$/.test(name)) fs.rmSync(path.join(place, name));
  const core = names.find((name) => /^qemu_.*\.core$/.test(name));
  if (!core) throw new Error(`${wish.program} left no core: ${fs.readFileSync(path.join(out, "stderr.txt"), "utf8").slice(-500)}`);
  await run("cp", ["--sparse=always", path.join(place, core), path.join(out, "core")]);
}
