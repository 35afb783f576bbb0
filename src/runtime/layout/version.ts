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
