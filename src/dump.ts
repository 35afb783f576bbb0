// THE NECK: a core and its executable, opened; the only place that wires the layers.
import { Findings } from "./base/findings.js";
import { lazy } from "./base/lazy.js";
import { type Progress, silent } from "./base/progress.js";
import { type DumpImages, openImages } from "./dump/images.js";
import { openTraceFile, traceAccess } from "./dump/trace.js";
import type { Dump, DumpFiles } from "./dump/types.js";
import { readDebugInfo } from "./dwarf/dwarf.js";
import { type HeapOptions, readHeap } from "./heap/heap.js";
import { retentionOf } from "./heap/retention.js";
import { assembleProcess } from "./process/process.js";
import { readRuntime } from "./runtime/runtime.js";
import { checkUntouched } from "./runtime/untouched-memory.js";
import { withoutDwarf } from "./runtime/without-dwarf.js";

export { isTraceFile } from "./dump/trace.js";
export type { Dump, DumpFiles, TraceAccess } from "./dump/types.js";

/**
 * Opens a core with its executable, or a trace file.
 * @throws DumpError: not found, not ELF, not a core, of another build, not Go, without DWARF
 */
export async function openDump(files: DumpFiles, progress: Progress = silent, options: HeapOptions = {}): Promise<Dump> {
  const findings = new Findings();
  const trace = openTraceFile(files.core, findings);
  if (trace) return trace;
  const images = await openImages(files, progress, findings);
  try {
    return wire(files.core, images, findings, progress, options);
  } catch (error) {
    images.close();
    throw error;
  }
}

function wire(path: string, images: DumpImages, findings: Findings, progress: Progress, options: HeapOptions): Dump {
  const { parts, executable, others } = images;
  const debug = lazy(() => readDebugInfo(executable, executable.source.name, findings));
  const process = checkUntouched(assembleProcess(parts, images, findings), debug, findings);
  const plugins = others.map(({ image, bias }) => ({ bias, debug: () => readDebugInfo(image, image.source.name, findings) }));

  const runtime = lazy(() => {
    const own = debug();
    if (!own) throw withoutDwarf(process);
    return readRuntime(process, { from: "dwarf", debug: own }, findings, plugins);
  });
  const heap = lazy(() => readHeap(runtime(), findings, progress, options));
  const retention = lazy(() => retentionOf(heap(), progress));

  return {
    findings,
    progress,
    process,
    identity: {
      path,
      get goVersion() {
        return runtime().build.goVersion;
      },
      arch: process.arch.name,
      buildId: executable.goBuildId ?? executable.gnuBuildId ?? "",
    },
    get names() {
      return runtime().names;
    },
    get runtime() {
      return runtime();
    },
    get heap() {
      return heap();
    },
    get retention() {
      return retention();
    },
    trace: traceAccess(runtime, findings),
    close: images.close,
  };
}
