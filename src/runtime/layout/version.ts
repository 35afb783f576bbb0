// Go version strings: the only place where releases are compared, for messages, for built-in layouts and for faults of compilers.
import { NEWEST_RELEASE, OLDEST_RELEASE } from "../../base/releases.js";

/** "go1.24.3 X:noswissmap" or "go1.27.2-X:nodwarf5": release and experiments. */
export function parseVersion(text: string): { readonly version: string; readonly experiments: readonly string[] } {
  const match = /^(\S+?)(?:[ -]X:(\S+))?(?:\s.*)?$/.exec(text.trim());
  return { version: match?.[1] ?? text, experiments: match?.[2]?.split(",") ?? [] };
}

/** The release is one that corescope is proved on. */
export function isKnownRelease(version: string): boolean {
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  return minor !== undefined && Number(minor) >= OLDEST_RELEASE && Number(minor) <= NEWEST_RELEASE;
}

/** The oldest whose runtime has everything that is asked for; it is read although nobody proved it. */
const OLDEST_READ = 20;

/** A release in whose runtime the first question would already miss a field. */
export function isTooOld(version: string): boolean {
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  return minor !== undefined && Number(minor) < OLDEST_READ;
}

const FIRST_TO_NOTE_ASSIGNMENTS = 24;

/**
 * Until Go 1.23 the debug information of optimised code may lack assignments to parameters: the place of the first value is given for the
 * whole function (seen with "a, b, c = b, c, a" in 1.21, "n = n * 2" in 1.22 and 1.23). Since Go 1.24 none is known. It is a fault of the
 * compiler, nothing in the executable shows it. cmd/compile/internal/ssa/debug.go
 */
export function forgetsAssignments(version: string): boolean {
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  return minor !== undefined && Number(minor) < FIRST_TO_NOTE_ASSIGNMENTS;
}

/** Experiments of the compiler and the library, which no file of the runtime asks for. internal/goexperiment/flags.go */
const NOT_OF_THE_RUNTIME =
  /^(no)?(aliastypeparams|arenas|boringcrypto|cacheprog|coverageredesign|dwarf5|jsonv2|loopvar|newinliner|range|rangefunc|synctest)$/;

/** Minor release and patch of "go1.24.3" or of a text that contains it; "go1.27rc1" and "go1.22" are patch 0. */
function numbersOf(text: string): { readonly minor: number; readonly patch: number } | undefined {
  const match = /go1\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? { minor: Number(match[1]), patch: Number(match[2] ?? 0) } : undefined;
}

/**
 * Of known releases, the one whose runtime is most like a version's: "exact" when it is that version, "near" the nearest patch of the same
 * minor release, "newest" when the version is newer than all of them or says no number ("devel"). Of the experiments, those that a
 * known release of that minor has must be the same; where they cannot be, the release without any is taken.
 * @returns undefined when the version is older than all, or none is known of a minor release in between
 */
export function nearestRelease<T extends string>(
  known: readonly T[],
  version: string,
): { readonly release: T; readonly match: "exact" | "near" | "newest" } | undefined {
  const releases = known.flatMap((release) => {
    const numbers = numbersOf(release);
    return numbers ? [{ release, ...numbers, experiments: parseVersion(release).experiments }] : [];
  });
  const newest = Math.max(...releases.map(({ minor }) => minor));
  const wanted = numbersOf(version);
  const isNewer = !wanted || wanted.minor > newest;
  const patch = isNewer ? Number.POSITIVE_INFINITY : wanted.patch;
  const ofMinor = releases.filter(({ minor }) => minor === (isNewer ? newest : wanted.minor));
  const asked = parseVersion(version).experiments.filter((name) => !NOT_OF_THE_RUNTIME.test(name));
  const experiments = asked.filter((name) => ofMinor.some((each) => each.experiments.includes(name)));
  const isSame = (names: readonly string[]) => names.length === experiments.length && experiments.every((name) => names.includes(name));
  const same = ofMinor.filter((each) => isSame(each.experiments));
  const candidates = same.length > 0 ? same : ofMinor.filter((each) => each.experiments.length === 0);
  const distance = (each: { readonly patch: number }) => (isNewer ? -each.patch : Math.abs(each.patch - patch));
  const best = candidates.toSorted((a, b) => distance(a) - distance(b) || b.patch - a.patch)[0];
  if (!best) return undefined;
  if (isNewer) return { release: best.release, match: "newest" };
  const isExact = parseVersion(version).version === parseVersion(best.release).version && asked.length === best.experiments.length;
  return { release: best.release, match: isExact ? "exact" : "near" };
}
