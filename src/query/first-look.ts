// What can be said before a span is read: what died, of what, and what its goroutines were doing.
import { type Hex, hex } from "../base/units.js";
import type { Death } from "../crash/cause.js";
import type { Dump } from "../dump.js";
import { readMachines } from "../runtime/records/machine.js";
import { deathOf } from "./death.js";
import type { NoArgs, Query } from "./query.js";

/** What the runtime's small tables say: nothing of it needs the heap, so it is there at once on a core of any size. */
export interface FirstLook {
  /** What killed the process; `death` tells the whole. */
  readonly death: Omit<Death, "details" | "panics" | "frames" | "fatalError" | "signal" | "callersInC"> & {
    /** Of the signal that began it. */
    readonly sender?: NonNullable<Death["signal"]>["sender"];
  };
  /** Of the core's notes (NT_PRPSINFO, NT_FILE, NT_SIGINFO) and the build information that the linker put into the executable. */
  readonly program: {
    readonly name: string;
    readonly path: string;
    readonly pid: number;
    readonly arguments: string;
    /** Path and version of the main module, "example.com/x@v1.2.3"; "" when the executable has no build information. */
    readonly module: string;
    /** As `go version -m` prints them: "-race", "GOARCH", "vcs.revision". */
    readonly buildSettings: Readonly<Record<string, string>>;
    readonly goVersion: string;
    /** Of GOEXPERIMENT, what differs from the release's default. */
    readonly experiments: readonly string[];
    readonly arch: string;
    /** "SIGABRT"; null when the core tells of no signal. */
    readonly signal: string | null;
    /** Of the first thread: the one that took the signal. */
    readonly pc: Hex;
  };
  /** Without those that have ended. By status; those that wait are counted by their wait reason instead. */
  readonly goroutines: { readonly total: number; readonly byStatus: Readonly<Record<string, number>> };
}

export const firstLook: Query<NoArgs, FirstLook> = {
  name: "first-look",
  summary: "program, cause of death and goroutines, without reading a span",
  run(dump) {
    const { runtime, process } = dump;
    const { build } = runtime;
    const byStatus: Record<string, number> = {};
    for (const goroutine of runtime.goroutines.all) {
      const status = goroutine.status === "waiting" && goroutine.waitReason ? goroutine.waitReason : goroutine.status;
      byStatus[status] = (byStatus[status] ?? 0) + 1;
    }
    const path =
      process.files.find((each) => each.offset === 0 && each.path.endsWith(process.executableName))?.path ?? process.executableName;
    return {
      death: shortDeath(dump),
      program: {
        name: process.executableName,
        path,
        pid: process.pid,
        arguments: process.arguments,
        module: build.module,
        buildSettings: build.settings,
        goVersion: build.goVersion,
        experiments: build.experiments,
        arch: process.arch.name,
        signal: process.signal && process.signal.signo > 0 ? signalName(process.signal.signo) : null,
        pc: hex(process.threads[0]?.registers.pc ?? -1),
      },
      goroutines: { total: runtime.goroutines.all.length, byStatus },
    };
  },
};

/** Of the death what fits on the first screen: no stack, no panic values. */
function shortDeath(dump: Dump): FirstLook["death"] {
  const { kind, summary, ...more } = deathOf(dump, readMachines(dump.runtime, dump.findings));
  const { goroutine, top, origin, again, recovered, culprit, recursion, signal } = more;
  return {
    kind,
    summary,
    ...(goroutine ? { goroutine } : {}),
    ...(top ? { top } : {}),
    ...(origin ? { origin } : {}),
    ...(again ? { again } : {}),
    ...(recovered === undefined ? {} : { recovered }),
    ...(culprit ? { culprit } : {}),
    ...(recursion ? { recursion } : {}),
    ...(signal?.sender ? { sender: signal.sender } : {}),
  };
}

/** Linux signal numbers, the same on amd64 and arm64. signal(7) */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  31: "SIGSYS",
};

function signalName(signo: number): string {
  return SIGNALS[signo] ?? `signal ${signo}`;
}
