// A warm process that answers command lines, with limits: CPU time and resident memory are read from /proc while it works.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
/** How often the limits are looked at, and what a tick of the kernel's CPU account is. proc(5), sysconf(_SC_CLK_TCK) */
const LOOK_MS = 25;
const TICK_MS = 10;

export class Runner {
  #child;
  #ready;

  /** { code, out, error, cpuMs, growth } or { failure: "hang" | "memory" | "crash" }; growth: resident bytes more than before, at most. */
  async run(words, { cpuMs = 60_000, growth = 2 ** 31 } = {}) {
    if (!this.#child) this.#start();
    await this.#ready;
    const child = this.#child;
    return new Promise((resolve) => {
      let begun;
      let most = 0;
      let failure;
      const look = () => {
        if (!begun || failure) return;
        const { rss, cpuMs: now } = usage(child.pid) ?? { rss: begun.rss, cpuMs: begun.cpuMs };
        most = Math.max(most, rss - begun.rss);
        if (now - begun.cpuMs > cpuMs) failure = "hang";
        else if (most > growth) failure = "memory";
        if (failure) child.kill("SIGKILL");
      };
      const timer = setInterval(look, LOOK_MS);
      const finish = (answer) => {
        clearInterval(timer);
        child.removeAllListeners("message");
        child.removeAllListeners("exit");
        resolve(answer);
      };
      child.on("message", (message) => {
        if (message.kind === "begun") begun = { rss: message.rss, cpuMs: message.cpu / 1000 };
        if (message.kind === "done" && !failure) {
          const { code, out, error } = message;
          finish({ code, out, error, cpuMs: message.cpu / 1000, growth: most });
        }
      });
      child.on("exit", (code, signal) => {
        this.#child = undefined;
        finish({ failure: failure ?? "crash", error: `ended by ${signal ?? code}`, cpuMs: 0, growth: most });
      });
      child.send({ words });
    });
  }

  close() {
    this.#child?.removeAllListeners("exit");
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #start() {
    const child = fork(WORKER, [], {
      execArgv: ["--expose-gc", "--max-old-space-size=2048"],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child = child;
    this.#ready = new Promise((resolve) => child.once("message", resolve));
  }
}

function usage(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // Behind the name, which may hold anything: utime and stime are the 12th and 13th words, rss in pages the 22nd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rss: Number(fields[21]) * 4096 };
  } catch {
    return undefined;
  }
}
