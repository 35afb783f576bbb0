// The command line in a process of its own that tells its peak memory and its time of CPU when it ends.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const launcher = join(dirname(fileURLToPath(import.meta.url)), "corescope.mjs");

/** In the measured process: run the launcher, tell time and VmHWM at the first output, VmHWM when it ends. */
const WATCH = `
  process.argv.splice(1, 0, "node");
  process.argv.splice(0, 2, process.argv[0]);
  const peak = () => Number(/VmHWM:\\s*(\\d+)/.exec(require("node:fs").readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) * 1024;
  const { write } = process.stdout;
  process.stdout.write = function (...rest) {
    process.stdout.write = write;
    const accepted = write.apply(process.stdout, rest);
    process.stderr.write("first-output " + Date.now() + " " + peak() + "\\n");
    return accepted;
  };
  process.on("exit", () => process.stderr.write("peak-rss " + peak() + "\\ncpu-seconds " + process.cpuUsage().user / 1e6 + "\\n"));
  import(process.argv[1]);
`;

/**
 * Runs a command: seconds, seconds of CPU in user mode, peak RSS in bytes, time and peak until its first output, [stage, seconds] and
 * what it printed.
 * @param {readonly string[]} args
 */
export function measureCommand(args) {
  const began = Date.now();
  const start = performance.now();
  const done = spawnSync(process.execPath, ["-e", WATCH, launcher, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, CORESCOPE_STAGES: "1" },
  });
  const seconds = (performance.now() - start) / 1000;
  if (done.status !== 0) throw new Error(`corescope ${args.join(" ")}: exit ${done.status}\n${done.stderr}`);
  const rss = Number(/peak-rss (\d+)/.exec(done.stderr)?.[1] ?? 0);
  const cpu = Number(/cpu-seconds ([\d.]+)/.exec(done.stderr)?.[1] ?? 0);
  const [, firstAt, firstRss] = /first-output (\d+) (\d+)/.exec(done.stderr) ?? [];
  const first = { seconds: (Number(firstAt ?? 0) - began) / 1000, rss: Number(firstRss ?? 0) };
  const stages = [...done.stderr.matchAll(/^stage (.+?) ([\d.]+)$/gm)].map(([, name, time]) => [name, Number(time)]);
  return { seconds, cpu, rss, first, stages, stdout: done.stdout };
}
