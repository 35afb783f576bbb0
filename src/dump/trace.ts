// The execution trace of a dump: out of the core, or a trace file that was opened in its place.
import { UsageError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { NO_NAMES } from "../base/package-names.js";
import { silent } from "../base/progress.js";
import { type OpenFile, openFile } from "../files/file-source.js";
import { type ExtractedTrace, extractTrace, type NoTrace } from "../recorder/recorder.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { looksLikeTrace } from "../trace/trace.js";
import type { Dump, TraceAccess } from "./types.js";

/** Extracts once for each prefix. */
export function traceAccess(runtime: () => GoRuntime, findings: Findings): TraceAccess {
  const known = new Map<string | undefined, ExtractedTrace | NoTrace>();
  return {
    file: undefined,
    extract(prefix) {
      // Assembling a trace may take seconds, and three commands of a session ask for the same one.
      const found =
        known.get(prefix) ?? extractTrace(runtime(), findings, { prefix: prefix === undefined ? undefined : openFile(prefix).source });
      known.set(prefix, found);
      return found;
    },
  };
}

/** Whether the file is an execution trace and no core; false too where nothing can be read. */
export function isTraceFile(path: string): boolean {
  try {
    const { source, close } = openFile(path);
    try {
      return looksLikeTrace(source.read(0, 16));
    } finally {
      close();
    }
  } catch {
    return false;
  }
}

/** A dump of nothing but a trace, when the file is a trace and no core: the dump closes it then. */
export function traceDump(file: OpenFile, findings: Findings): Dump | undefined {
  const { source } = file;
  if (!looksLikeTrace(source.read(0, 16))) return undefined;
  // Everything that needs a process is refused with the same advice; what a trace can answer does not ask for it.
  const noCore = (): never => {
    throw new UsageError(`${source.name} is an execution trace, not a core`, { id: "ask-the-trace" });
  };
  return {
    findings,
    progress: silent,
    identity: { path: source.name, goVersion: "", arch: "", buildId: "" },
    names: NO_NAMES,
    get process() {
      return noCore();
    },
    get files() {
      return noCore();
    },
    get runtime() {
      return noCore();
    },
    get heap() {
      return noCore();
    },
    get retention() {
      return noCore();
    },
    trace: { file: source, extract: noCore },
    close: () => file.close(),
  };
}
