/** What a dump is made of: program, release, arguments, build flags. */
export interface DumpWish {
  readonly program: string;
  readonly go: string;
  readonly args?: readonly string[];
  readonly experiment?: string;
  readonly arch?: "amd64" | "arm64";
  readonly flags?: readonly string[];
  /** Modules the program needs, "golang.org/x/exp@v0.0.0-..."; their hashes are in the program's go.sum. */
  readonly modules?: readonly string[];
  /** With the C parts of the program: it needs a C compiler. */
  readonly cgo?: boolean;
  /** An arm64 program in an emulator of single programs, qemu-user, which writes the core itself; else under an emulated kernel. */
  readonly user?: boolean;
  /** Which memory the kernel dumps, core(5) /proc/PID/coredump_filter: with "0x7f" the mapped files too, and so the code. */
  readonly filter?: string;
  /** Another number makes another core of the same wish, for programs that die at a random moment. */
  readonly attempt?: number;
}
/** A made dump: paths of its files and what the program said. */
export interface Dump {
  readonly folder: string;
  readonly core: string;
  readonly executable: string;
  readonly stderr: string;
  readonly truth: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
}
/** The releases the matrix runs on, one per Go minor. */
export const releases: readonly string[];
/** Why a dump of this release cannot be made here, or undefined. */
export function whyNoGo(go: string): Promise<string | undefined>;
/** Why a tool that some dumps need is not to be had here, or undefined; in CI a skip would be a failure, so there it is never given. */
export function whyNoTool(tool: "gcc" | "gcore" | "strip"): Promise<string | undefined>;
/** The dump a wish describes, out of the cache or made now. */
export function makeDump(wish: DumpWish): Promise<Dump>;
/**
 * A core of a program that somebody else built, killed by SIGABRT as soon as it has so many bytes of memory, or when the work with it is done;
 * in a folder of its own. output: what it has written so far.
 */
export function killShipped(
  executable: string,
  args: readonly string[],
  options: {
    readonly resident?: number;
    readonly work?: (output: () => string) => Promise<void>;
    readonly environment?: Readonly<Record<string, string | undefined>>;
  },
): Promise<string>;
/** One object out of all the `truth {json}` lines of a dead program: tables are merged, lists joined. */
export function mergeTruth(stderr: string): Record<string, unknown>;
