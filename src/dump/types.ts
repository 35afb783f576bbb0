// What an opened dump offers to those who ask.
import type { DumpError } from "../base/errors.js";
import type { PackageNames } from "../base/package-names.js";
import type { Progress } from "../base/progress.js";
import type { ByteSource } from "../base/source.js";
import type { Snapshot } from "../heap/snapshot.js";
import type { BuildCheck, Process } from "../process/process.js";
import type { ExtractedTrace, NoTrace } from "../recorder/recorder.js";

/** Which files a dump is made of, and what was looked for in vain. */
export interface FilesReport {
  /** Who wrote the core: "kernel", "gcore", "delve", "qemu". */
  readonly producer: string;
  /** Why there is no executable: it is missing, of another build, or none. */
  readonly failure: DumpError | undefined;
  /** undefined without one. */
  readonly executable: { readonly path: string; readonly build: BuildCheck } | undefined;
  /** path: undefined when there is no debug information; refused: a sentence for each place that does not have it. */
  readonly debug: { readonly path: string | undefined; readonly refused: readonly string[] };
  /** Plugins and shared libraries that may hold Go: by the paths that the process knew them by. */
  readonly images: readonly ImageReport[];
}

/** What came of the search for a mapped image. */
export interface ImageReport {
  readonly path: string;
  readonly status: "used" | "missing" | "other build" | "not placed";
}

/** A dump: core + executable, opened. What costs is read at first use. */
export interface Dump extends Snapshot {
  /** Told by whatever takes long, also when it has no progress of its own. */
  readonly progress: Progress;
  /** Of the core's path and of the executable; buildId in hexadecimal digits, "" when it has none. */
  readonly identity: { readonly path: string; readonly goVersion: string; readonly arch: string; readonly buildId: string };
  readonly process: Process;
  /** Of a trace file, none. */
  readonly files: FilesReport;
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

/** Paths of what is opened; of the executable when it is not to be searched for. */
export interface DumpFiles {
  readonly core: string;
  readonly executable?: string | undefined;
  /**
   * Read the Go of this image, where a process has several Go runtimes: path of the mapped file, its last part, or the same library
   * elsewhere. By default the executable when that is Go, else the first library that is.
   */
  readonly image?: string | undefined;
  /**
   * Open the core alone where its executable is missing, of another build, or none: what needs the executable throws that error when it
   * is asked for.
   */
  readonly alone?: boolean | undefined;
  /** Use the executable although its build id is not the core's. */
  readonly force?: boolean | undefined;
  /** Where a compressed core is unpacked to; the system's directory when absent. */
  readonly tmpdir?: string | undefined;
  /**
   * Debug information is read from this file: the executable's own debug file, or an unstripped build of the same sources, Go release and
   * flags. By default it is the executable's own, else found by build id and .gnu_debuglink.
   */
  readonly debug?: string | undefined;
  /** Folders of debug files to look in before /usr/lib/debug, each with .build-id in it. */
  readonly debugFolders?: readonly string[] | undefined;
  /** Ask the servers that DEBUGINFOD_URLS names for debug information, when none is found. */
  readonly debuginfod?: boolean | undefined;
}
