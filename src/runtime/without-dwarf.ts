// What is said of an executable that has no debug information.

import { UnsupportedError } from "../base/errors.js";
import { goCommandOf } from "../base/go-command.js";
import { RELEASES } from "../base/releases.js";
import type { ByteSource } from "../base/source.js";
import { isGoImage, type Process } from "../process/process.js";

/**
 * The error: a stripped Go program of a release without layout tables, or no Go program at all.
 * @param looked  where its debug information was looked for in vain
 */
export function withoutDwarf({ executable }: Process, looked: readonly string[]): UnsupportedError {
  const name = executable?.source.name ?? "executable";
  const isGo = executable !== undefined && isGoImage(executable);
  if (!isGo && executable && isPacked(executable.source))
    return new UnsupportedError(name, "an executable packed by UPX", "executables as they were linked", { id: "upx", path: name });
  const goCommand = goCommandOf(name);
  return isGo
    ? new UnsupportedError(
        name,
        "a Go executable without DWARF (built with -ldflags=-w or stripped)",
        `executables with DWARF, and stripped ones of ${RELEASES}`,
        goCommand ? { id: "build-to-stay", goCommand } : { id: "debug-information", looked },
      )
    : new UnsupportedError(name, "no Go program (no .go.buildinfo, no DWARF)", `programs built by ${RELEASES}`, {
        id: "executable",
        doubt: "no Go",
      });
}

/** UPX leaves its name behind the program headers. upx: src/stub/src/include/linux.h l_info */
function isPacked(source: ByteSource): boolean {
  return Buffer.from(source.read(0, 1024)).includes("UPX!");
}
