// A core and its executable, opened: the only place that puts the layers together.
import { DumpError } from "./base/errors.js";
import { Findings } from "./base/findings.js";
import { lazy } from "./base/lazy.js";
import { type Progress, silent } from "./base/progress.js";
import { openAlone } from "./dump/alone.js";
import { tellAlone, unreadableAlone } from "./dump/core-alone.js";
import { type DumpImages, openImages } from "./dump/images.js";
import { traceAccess, traceDump } from "./dump/trace.js";
import type { Dump, DumpFiles } from "./dump/types.js";
import { readDebugInfo } from "./dwarf/dwarf.js";
import { openNamed } from "./files/files.js";
import { type HeapOptions, readHeap } from "./heap/heap.js";
import { retentionOf } from "./heap/retention.js";
import { assembleProcess, buildIdInMemory } from "./process/process.js";
import type { Binary } from "./runtime/binary/binary.js";
import { binaryFromTables } from "./runtime/binary/from-tables.js";
import { readBuildInfo, readRuntime } from "./runtime/runtime.js";
import { checkUntouched } from "./runtime/untouched-memory.js";
import { withoutDwarf } from "./runtime/without-dwarf.js";

export { isTraceFile } from "./dump/trace.js";
export type { Dump, DumpFiles, TraceAccess } from "./dump/types.js";

/**
 * Opens a core with its executable, or alone when none is found; or a trace file. Only what tells the files apart is read at once, the
 * rest when a question needs it.
 * @param files    paths; the executable is searched for where none is given
 * @param progress told by whatever takes long, now and in every later question
 * @param options  of the heap, for tests
 * @throws DumpError: not found, not ELF, not a core, of another build. That the program is not Go, or that its executable has no DWARF,
 *         is told by the first question that needs it.
 */
export async function openDump(files: DumpFiles, progress: Progress = silent, options: HeapOptions = {}): Promise<Dump> {
  const findings = new Findings();
  const file = await openNamed(files.core, files.tmpdir, progress, findings);
  const trace = traceDump(file, findings);
  if (trace) return trace;
  const images = await openImages(file, files, progress, findings).catch((error: unknown) => {
    if (files.alone) return openAlone(files, error, progress, findings);
    throw error;
  });
  try {
    return wire(files.core, images, findings, progress, options);
  } catch (error) {
    images.close();
    throw error;
  }
}

/** The release of a program whose build does not say it; "" when its code does not tell either. */
function releaseByCode(binary: () => Binary | undefined): string {
  try {
    return binary()?.tables?.release ?? "";
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    return "";
  }
}

/**
 * Puts the layers together. Each part is made at its first use and kept: a question about mappings needs no DWARF, one about goroutines no
 * heap.
 */
function wire(path: string, images: DumpImages, findings: Findings, progress: Progress, options: HeapOptions): Dump {
  const { parts, executable, others, report } = images;
  const assembled = assembleProcess(parts, images, findings);
  const binary = lazy((): Binary | undefined => {
    const debug = images.debug.read();
    return debug ? { from: "dwarf", debug } : binaryFromTables(assembled, findings);
  });
  const process = checkUntouched(assembled, () => binary()?.debug, findings);
  if (images.missing) tellAlone(parts, process, images.missing, findings);
  // A plugin's debug information is read when an address in it is asked for.
  const plugins = others.map(({ image, bias }) => ({ bias, debug: () => readDebugInfo(image, image.source.name, findings) }));

  const runtime = lazy(() => {
    const own = binary();
    // Everything but bytes and mappings rests on layouts; the error says whether a Go program was stripped or this is none.
    if (!own) throw images.missing ? unreadableAlone(process, images.missing) : withoutDwarf(process, images.debug.refused);
    return readRuntime(process, own, findings, plugins);
  });
  const goVersion = lazy(() => readBuildInfo(process).goVersion || releaseByCode(binary));
  const heap = lazy(() => readHeap(runtime(), findings, progress, options));
  const retention = lazy(() => retentionOf(heap(), progress));

  return {
    findings,
    progress,
    process,
    identity: {
      path,
      get goVersion() {
        return goVersion();
      },
      arch: process.arch.name,
      buildId: executable?.goBuildId ?? executable?.gnuBuildId ?? buildIdInMemory(parts) ?? "",
    },
    files: report,
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
