// What would have made a core better: only what this one lacks.

import type { DoctorCheck } from "./doctor-checks.js";
import type { DumpedKind, Environment } from "./doctor-core.js";

/**
 * Something to set or to keep before the next crash.
 * core-size: the limit of a core was too low, or the disk full; bytes: of a whole one. filter: memory was left out that bit 0 (anonymous
 * memory) or bit 4 (headers) of coredump_filter would have kept. executable, debug: keep the file. traceback: without
 * GOTRACEBACK=crash a crash of this program leaves no core. pattern: where the kernel writes cores.
 */
export interface Setting {
  readonly id: "executable" | "debug" | "core-size" | "filter" | "traceback" | "pattern";
  readonly bytes?: number;
  /** How the process was started, as its environment tells. */
  readonly under: "kubernetes" | "systemd" | "unknown";
}

/** What is known of the core. */
export interface SettingFacts {
  readonly core: {
    readonly bytes: number;
    readonly producer: string;
    readonly missingBytes: number;
    readonly kinds: readonly DumpedKind[];
  };
  readonly executable: unknown;
  readonly debug: { readonly path: string | null };
  readonly goVersion: string;
  readonly environment: Environment | null;
  readonly checks: readonly DoctorCheck[];
}

/** In the order in which they help most. */
export function settingsFor(
  { core, executable, debug, goVersion, environment, checks }: SettingFacts,
  hasDied: boolean,
): readonly Setting[] {
  const under = environment?.kubernetes ? "kubernetes" : environment?.systemd ? "systemd" : "unknown";
  const isLeftOut =
    core.missingBytes === 0 &&
    core.kinds.some(({ kind, mappedBytes, dumpedBytes }) => kind === "anonymous" && dumpedBytes < mappedBytes / 2);
  const hasNoId = checks.some(({ check, outcome, facts }) => check === "build" && outcome === "unknown" && facts.core === "");
  const living = !hasDied && environment !== null && environment.goTraceback !== "crash";
  const wanted: readonly (readonly [Setting["id"], boolean])[] = [
    ["core-size", core.missingBytes > 0],
    ["filter", core.producer !== "delve" && (isLeftOut || hasNoId)],
    ["executable", executable === null],
    ["debug", executable !== null && goVersion.length > 0 && debug.path === null],
    ["traceback", living],
    ["pattern", living],
  ];
  const bytes = core.bytes + core.missingBytes;
  return wanted.filter(([, isWanted]) => isWanted).map(([id]) => ({ id, ...(id === "core-size" ? { bytes } : {}), under }));
}
