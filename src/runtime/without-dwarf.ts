// What is said of an executable that has no debug information.

import { UnsupportedError } from "../base/errors.js";
import { RELEASES } from "../base/releases.js";
import type { Process } from "../process/process.js";

/**
 * The error: a Go program that was stripped, or no Go program at all.
 * @param looked  where its debug information was looked for in vain
 */
export function withoutDwarf({ executable }: Process, looked: readonly string[]): UnsupportedError {
  const name = executable?.source.name ?? "executable";
  const isGo = executable?.sections.some((each) => each.name === ".go.buildinfo" || each.name.endsWith(".gopclntab"));
  return isGo
    ? new UnsupportedError(
        name,
        "a Go executable without DWARF (built with -ldflags=-w or stripped)",
        "executables with DWARF; stripped ones not yet",
        { id: "debug-information", looked },
      )
    : new UnsupportedError(name, "no Go program (no .go.buildinfo, no DWARF)", `programs built by ${RELEASES}`, {
        id: "executable",
        doubt: "no Go",
      });
}
