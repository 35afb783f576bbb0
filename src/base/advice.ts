// What a person can do about an error: plain data, that whoever asked puts into its own words.
import type { AddressPlace } from "./address-place.js";
import type { Bytes } from "./units.js";

/** A program that makes a readable file of one that is packed otherwise than as zstd or gzip. */
export type Unpacker =
  | "xz"
  | "lzma"
  | "lz4"
  | "bzip2"
  | "lzip"
  | "lzop"
  | "compress"
  | "zip"
  | "7z"
  | "rar"
  | "tar"
  | "ar"
  | "cpio"
  | "apport"
  | "objcopy";

/** A program that opens what is no core of Linux. */
export type Opener = "delve" | "windbg" | "lldb" | "criu" | "pprof" | "mat";

/** What to do next. An option is named as the library has it: `executable` and `tmpdir` open a dump, the others ask a question. */
export type Step =
  /** Ask a question of this form; args by the names that the question gives them. */
  | { readonly id: "example"; readonly query: string; readonly args: Readonly<Record<string, string | number | boolean>> }
  /** No object is there, but this. */
  | { readonly id: "place"; readonly place: AddressPlace }
  /** Look at the map of memory: unmapped, the program had nothing there; not-dumped, it was left out of the core or cut off. */
  | { readonly id: "mappings"; readonly reason: "unmapped" | "not-dumped" }
  /** Take one of the goroutines that are in the core; of those that ended nothing is left. */
  | { readonly id: "goroutines"; readonly alive: number; readonly ended: number }
  /** Look at the goroutine: which of its variables have a value, and why the others have none. */
  | { readonly id: "variables"; readonly goroutine: number }
  /**
   * Give the binary that crashed as `executable`. looked: where one was looked for. doubt: what was found is no Go program, or not
   * this one. goCommand: `go run` or `go test` made the program, and they keep none with debug information. orForce: `force` takes the one
   * that was found, and then nothing is certain; one that is a build of the same sources is of use as `debug`. debugOnly: the file that
   * was given as `executable` has no code, it goes to `debug`. isRebuild: it lies in memory otherwise than the program did; if it was
   * built of the same sources it is of use as `debug`.
   */
  | {
      readonly id: "executable";
      readonly looked?: readonly string[];
      readonly goCommand?: "run" | "test";
      readonly doubt?: "no Go" | "no Go runtime";
      readonly orForce?: boolean;
      readonly debugOnly?: string;
      readonly isRebuild?: boolean;
    }
  /**
   * Give a file with the debug information of a stripped executable as `debug`; or let it be found, in `debugFolders` or by `debuginfod`.
   * looked: a sentence for each place where one was looked for in vain.
   */
  | { readonly id: "debug-information"; readonly looked: readonly string[] }
  /** `go run` and `go test` link without debug information: build the program to stay, and run that. */
  | { readonly id: "build-to-stay"; readonly goCommand: "run" | "test" }
  /** The executable is packed: unpack a copy and give that as `executable`. */
  | { readonly id: "upx"; readonly path: string }
  /** It is a process that lives: take a core of it. */
  | { readonly id: "dump-process"; readonly pid: number }
  /** The file is no core but an executable: give it as `executable`. */
  | { readonly id: "not-the-core"; readonly path: string }
  /** Give a folder with more room as `tmpdir`; at least `wanted` bytes, where `free` are now. compressed: or unpack the file before. */
  | { readonly id: "room"; readonly compressed: boolean; readonly wanted?: Bytes; readonly free?: Bytes }
  /** Give the file that has the trace's beginning as `prefix`. */
  | { readonly id: "trace-prefix" }
  /** Ask without `last`. */
  | { readonly id: "whole-trace" }
  /** The file is a trace and no core: ask it the questions about traces. */
  | { readonly id: "ask-the-trace" }
  /** Ask with `parts`: what matches are parts of other values, as of the one named. */
  | { readonly id: "parts"; readonly of: string }
  /** Unpack the file with a program that does it. */
  | { readonly id: "unpack"; readonly with: Unpacker; readonly path: string }
  /** Open the file with a program that reads its kind. */
  | { readonly id: "open"; readonly with: Opener; readonly path: string }
  /** Give Node more memory. */
  | { readonly id: "node-memory" };

/** A sentence about what was found or is wanted, or a step. */
export type Advice = string | Step;
