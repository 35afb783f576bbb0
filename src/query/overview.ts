// The first screen: what died, what fills its memory, how sure we are.
import { type Hex, hex } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { Accounts } from "../runtime/accounting.js";
import { readMachines } from "../runtime/machines.js";
import { causeOfDeath, type Death } from "./death.js";
import { type HistogramRow, histogramRows } from "./histogram-rows.js";
import type { Query } from "./query.js";
import { findSuspects } from "./suspects.js";

export interface Overview {
  /** What killed the process; `death` tells the whole. */
  readonly death: Pick<Death, "kind" | "summary" | "goroutine" | "top">;
  readonly program: {
    readonly name: string;
    readonly path: string;
    readonly pid: number;
    readonly arguments: string;
    readonly module: string;
    readonly buildSettings: Readonly<Record<string, string>>;
    readonly goVersion: string;
    readonly experiments: readonly string[];
    readonly arch: string;
    readonly signal: string | null;
    /** Of the first thread: the one that took the signal. */
    readonly pc: Hex;
  };
  readonly memory: {
    readonly mappedBytes: number;
    readonly reservedBytes: number;
    readonly classes: readonly { readonly name: string; readonly bytes: number }[];
    readonly mappings: readonly { readonly name: string; readonly bytes: number }[];
  };
  readonly heap: {
    readonly allocatedObjects: number;
    readonly allocatedBytes: number;
    readonly liveObjects: number;
    readonly liveBytes: number;
    readonly garbageObjects: number;
    readonly garbageBytes: number;
    /** Live bytes whose type is known by evidence; guesses are not counted. */
    readonly typedBytes: number;
  };
  readonly stats: {
    readonly heapObjects: number;
    readonly heapAlloc: number;
    readonly heapInuse: number;
    readonly heapIdle: number;
    readonly heapReleased: number;
    readonly stackInuse: number;
    readonly sys: number;
  } | null;
  /** stats and gc are null when the runtime's variables are not in the core. */
  readonly gc: {
    readonly phase: string;
    readonly cycles: number;
    readonly gogc: number;
    readonly memoryLimit: number | null;
    readonly nextGoal: number;
    /** Unix time in ns as a decimal string; null = no cycle ended. */
    readonly lastGcUnixNanoseconds: string | null;
  } | null;
  readonly goroutines: { readonly total: number; readonly byStatus: Readonly<Record<string, number>> };
  /** The likeliest culprits; null when the heap is too large for a first look: `suspects` has them. */
  readonly topSuspects: readonly { readonly kind: string; readonly title: string; readonly bytes: number }[] | null;
  readonly topTypes: readonly { readonly type: string; readonly count: number; readonly bytes: number }[];
}

const TOP_TYPES = 10;
const TOP_SUSPECTS = 3;
/** Objects up to which suspects are looked for at once: they take about a second a million. */
const MOST_FOR_SUSPECTS = 1_500_000;

export const overview: Query<Record<string, never>, Overview> = {
  name: "overview",
  summary: "program, memory, heap, GC and goroutines at a glance",
  run(dump) {
    const { runtime, process, heap } = dump;
    const { build, accounts, memoryClasses } = runtime;
    const byStatus: Record<string, number> = {};
    for (const goroutine of runtime.goroutines.all) {
      const status = goroutine.status === "waiting" && goroutine.waitReason ? goroutine.waitReason : goroutine.status;
      byStatus[status] = (byStatus[status] ?? 0) + 1;
    }
    const { objects } = heap;
    const path =
      process.files.find((each) => each.offset === 0 && each.path.endsWith(process.executableName))?.path ?? process.executableName;
    return {
      death: deathOf(dump),
      program: {
        name: process.executableName,
        path,
        pid: process.pid,
        arguments: process.arguments,
        module: build.module,
        buildSettings: build.settings,
        goVersion: build.goVersion,
        experiments: build.experiments,
        arch: process.arch,
        signal: process.signal && process.signal.signo > 0 ? signalName(process.signal.signo) : null,
        pc: hex(process.threads[0]?.registers.pc ?? -1),
      },
      memory: {
        mappedBytes: memoryClasses.mappedBytes,
        reservedBytes: memoryClasses.reservedBytes,
        classes: memoryClasses.classes,
        mappings: memoryClasses.others,
      },
      heap: {
        allocatedObjects: objects.count,
        allocatedBytes: objects.bytes,
        liveObjects: heap.liveObjects,
        liveBytes: heap.liveBytes,
        garbageObjects: objects.count - heap.liveObjects,
        garbageBytes: objects.bytes - heap.liveBytes,
        typedBytes: heap.typedBytes,
      },
      stats: accounts ? statsOf(accounts) : null,
      gc: accounts ? gcOf(accounts) : null,
      goroutines: { total: runtime.goroutines.all.length, byStatus },
      topSuspects:
        objects.count > MOST_FOR_SUSPECTS
          ? null
          : findSuspects(dump)
              .slice(0, TOP_SUSPECTS)
              .map(({ kind, title, bytes }) => ({ kind, title, bytes })),
      topTypes: histogramRows(dump, { by: "type", garbage: false })
        .sort((a: HistogramRow, b: HistogramRow) => b.bytes - a.bytes)
        .slice(0, TOP_TYPES)
        .map(({ type, count, bytes }) => ({ type, count, bytes })),
    };
  },
};

function deathOf(dump: Dump): Overview["death"] {
  const { kind, summary, goroutine, top } = causeOfDeath(dump, readMachines(dump.runtime, dump.findings));
  return { kind, summary, ...(goroutine ? { goroutine } : {}), ...(top ? { top } : {}) };
}

function statsOf({ heapObjects, heapAlloc, heapInuse, heapIdle, heapReleased, stackInuse, sys }: Accounts): Overview["stats"] {
  return { heapObjects, heapAlloc, heapInuse, heapIdle, heapReleased, stackInuse, sys };
}

function gcOf({ gc }: Accounts): Overview["gc"] {
  return {
    phase: gc.phase,
    cycles: gc.cycles,
    gogc: gc.gogc,
    memoryLimit: gc.memoryLimit ?? null,
    nextGoal: gc.nextGoal,
    lastGcUnixNanoseconds: gc.lastGc === 0n ? null : String(gc.lastGc),
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
