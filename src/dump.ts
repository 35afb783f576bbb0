// THE NECK: a core and its executable, opened; the only place that wires the layers.
import { FormatError, UnsupportedError, UsageError } from "./base/errors.js";
import { Findings } from "./base/findings.js";
import { NO_NAMES, type PackageNames } from "./base/package-names.js";
import { type Progress, silent } from "./base/progress.js";
import type { ByteSource } from "./base/source.js";
import { NONE } from "./base/units.js";
import { type DebugInfo, readDebugInfo } from "./dwarf/dwarf.js";
import { type ElfImage, expectCore, expectExecutable, openElf } from "./elf/elf.js";
import { openFile } from "./files/file-source.js";
import { type OpenedFiles, openFiles } from "./files/files.js";
import { type Heap, type HeapOptions, readHeap } from "./heap/heap.js";
import { type Retention, retentionOf } from "./heap/retention.js";
import type { Snapshot } from "./heap/snapshot.js";
import { assembleProcess, executableCandidates, findLoadBias, imageCandidates, type Process, verifyBuild } from "./process/process.js";
import { type ExtractedTrace, extractTrace, type NoTrace } from "./recorder/recorder.js";
import { type GoRuntime, readRuntime } from "./runtime/runtime.js";
import { checkUntouched } from "./runtime/written.js";
import { looksLikeTrace } from "./trace/trace.js";

/** A dump: core + executable, opened. What costs is read at first use. */
export interface Dump extends Snapshot {
  /** Told by whatever takes long, also when it has no progress of its own. */
  readonly progress: Progress;
  readonly identity: { readonly path: string; readonly goVersion: string; readonly arch: string; readonly buildId: string };
  readonly process: Process;
  /** Short names of packages, and the paths behind them; of a trace file, none. */
  readonly names: PackageNames;
  readonly trace: TraceAccess;
  /** Frees the files; every getter throws from then on. */
  close(): void;
}

/** The execution trace of a dump, or a trace file that was opened instead of one. */
export interface TraceAccess {
  /** The file, when it is one. */
  readonly file: ByteSource | undefined;
  /** Out of the process; prefix: path of the file that the program was writing its trace to. Kept. */
  extract(prefix?: string): ExtractedTrace | NoTrace;
}

export interface DumpFiles {
  readonly core: string;
  readonly executable?: string | undefined;
  /** Use the executable although its build id is not the core's. */
  readonly force?: boolean | undefined;
  readonly tmpdir?: string | undefined;
}

/**
 * Opens a core with its executable.
 * @throws DumpError: not found, not ELF, not a core, of another build, not Go, without DWARF
 */
export async function openDump(files: DumpFiles, progress: Progress = silent, options: HeapOptions = {}): Promise<Dump> {
  const findings = new Findings();
  const trace = openTraceFile(files.core, findings);
  if (trace) return trace;
  const images = new Map<ByteSource, ElfImage>();
  const elf = (source: ByteSource): ElfImage => {
    let image = images.get(source);
    if (!image) {
      image = openElf(source);
      images.set(source, image);
    }
    return image;
  };
  const opened = await openFiles(
    { core: files.core, executable: files.executable, tmpdir: files.tmpdir },
    {
      candidates(core) {
        expectCore(elf(core));
        return { executable: executableCandidates(elf(core)), others: imageCandidates(elf(core), findings) };
      },
      matches: (core, executable) => isExecutable(executable, elf) && verifyBuild(elf(core), elf(executable)).match !== "different",
    },
    progress,
    findings,
  );
  try {
    return assemble(files, opened, elf, findings, progress, options);
  } catch (error) {
    opened.close();
    throw error;
  }
}

function isExecutable(source: ByteSource, elf: (source: ByteSource) => ElfImage): boolean {
  try {
    expectExecutable(elf(source));
    return true;
  } catch {
    return false;
  }
}

function assemble(
  files: DumpFiles,
  opened: OpenedFiles,
  elf: (source: ByteSource) => ElfImage,
  findings: Findings,
  progress: Progress,
  options: HeapOptions,
): Dump {
  const core = elf(opened.core);
  expectCore(core);
  const executable = elf(opened.executable);
  expectExecutable(executable);
  if (core.header.machine !== executable.header.machine) {
    throw new UsageError(
      `${opened.executable.name} is for ${executable.header.machine}, the core for ${core.header.machine}`,
      "pass the binary that crashed with --exe FILE",
    );
  }
  const build = verifyBuild(core, executable);
  if (build.match === "different" && !files.force) {
    throw new FormatError(
      opened.executable.name,
      NONE,
      `build id ${build.executableId ?? "none"} is not the core's ${build.coreId ?? "none"}`,
      "pass the binary that crashed with --exe FILE, or --force to use this one all the same (then nothing is certain)",
    );
  }
  if (build.match === "different")
    findings.add("build-mismatch", "the executable is of another build than the core (--force): nothing here can be trusted");
  if (build.match === "unknown")
    findings.add("build-unproved", "the core does not hold its build id, so nothing proves that the executable is the one that crashed");
  const others = opened.others.flatMap(({ source }) => {
    if (verifyBuild(core, elf(source)).match === "different") {
      findings.add("image-mismatch", "a shared library or plugin is of another build than the core's and was not used", source.name);
      return [];
    }
    const bias = findLoadBias(core, elf(source));
    return bias === undefined ? [] : [{ image: elf(source), bias }];
  });
  let debug: DebugInfo | undefined;
  const readDebug = () => {
    debug ??= readDebugInfo(executable, opened.executable.name, findings);
    return debug;
  };
  const process = checkUntouched(assembleProcess(core, executable, others, findings), readDebug, findings);

  let runtime: GoRuntime | undefined;
  let heap: Heap | undefined;
  let retention: Retention | undefined;
  const readGo = (): GoRuntime => {
    const debug = readDebug();
    if (!debug) {
      const go = executable.sections.some((each) => each.name === ".go.buildinfo" || each.name === ".gopclntab");
      throw go
        ? new UnsupportedError(
            opened.executable.name,
            "a Go executable without DWARF (built with -ldflags=-w or stripped)",
            "executables with DWARF; stripped ones not yet",
            "pass an unstripped build of the very same source and Go release with --exe FILE --force",
          )
        : new UnsupportedError(
            opened.executable.name,
            "no Go program (no .go.buildinfo, no DWARF)",
            "programs built by Go 1.21 to 1.27",
            "is it the program that crashed? name that one with --exe FILE",
          );
    }
    const images = others.map(({ image, bias }) => ({ bias, debug: () => readDebugInfo(image, image.source.name, findings) }));
    return readRuntime(process, debug, findings, images);
  };
  const dump: Dump = {
    findings,
    progress,
    process,
    identity: {
      path: files.core,
      get goVersion() {
        return dump.runtime.build.goVersion;
      },
      arch: process.arch.name,
      buildId: executable.goBuildId ?? executable.gnuBuildId ?? "",
    },
    get names() {
      return dump.runtime.names;
    },
    get runtime() {
      runtime ??= readGo();
      return runtime;
    },
    get heap() {
      heap ??= readHeap(dump.runtime, findings, progress, options);
      return heap;
    },
    get retention() {
      retention ??= retentionOf(dump.heap, progress);
      return retention;
    },
    trace: traceAccess(() => dump.runtime, findings),
    close: () => opened.close(),
  };
  return dump;
}

/** Extracts once for each prefix. */
function traceAccess(runtime: () => GoRuntime, findings: Findings): TraceAccess {
  const known = new Map<string | undefined, ExtractedTrace | NoTrace>();
  return {
    file: undefined,
    extract(prefix) {
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

/** A dump of nothing but a trace, when the file is a trace and no core. */
function openTraceFile(path: string, findings: Findings): Dump | undefined {
  const opened = openFile(path);
  if (!looksLikeTrace(opened.source.read(0, 16))) {
    opened.close();
    return undefined;
  }
  const noCore = (): never => {
    throw new UsageError(`${path} is an execution trace, not a core`, `corescope trace summary CORE`);
  };
  return {
    findings,
    progress: silent,
    identity: { path, goVersion: "", arch: "", buildId: "" },
    names: NO_NAMES,
    get process() {
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
    trace: { file: opened.source, extract: noCore },
    close: () => opened.close(),
  };
}
