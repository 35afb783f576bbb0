// Which mapped image the Go of a process is in: its executable, or a library inside a program of another language.
import { basename, resolve } from "node:path";
import { UsageError } from "../base/errors.js";
import { Findings } from "../base/findings.js";
import { assembleProcess, mainExecutablePath, mayBeGo, type ProcessParts, withoutDeleted } from "../process/process.js";
import { findModules } from "../runtime/binary/find-module.js";
import type { DumpFiles } from "./types.js";

/** A library whose Go is read. */
export interface GoImage {
  /** Where it was when the process lived. */
  readonly path: string;
  /** Where it may be now, best first. */
  readonly places: readonly string[];
  /** Every image with a Go runtime of its own, this one among them. */
  readonly all: readonly string[];
}

/**
 * The library that holds the process's Go: the one that is named, else the first in memory. undefined: the executable is Go, or nothing is.
 * @throws UsageError when the named image is no mapped one with a Go runtime
 */
export function goImageOf(parts: ProcessParts, { image, executable }: DumpFiles): GoImage | undefined {
  if (image === undefined && mayBeGo(parts)) return undefined;
  const main = mainExecutablePath(parts);
  const all = runtimePaths(parts);
  const named = executable === undefined ? undefined : all.find((path) => basename(path) === basename(executable));
  const path = image === undefined ? (all.find((each) => each === main) ?? named ?? all[0]) : theNamed(all, image);
  if (path === undefined || path === main) return undefined;
  return { path, all, places: image?.includes("/") ? [resolve(image), path] : [path] };
}

/** Tells which of several libraries is read, or that it is one. */
export function tellGoImage({ path, all }: GoImage, named: string | undefined, findings: Findings): void {
  if (all.length > 1 && named === undefined) {
    const places = all.join(", ");
    findings.add(
      "image-several",
      `${all.length} Go runtimes are in the process (${places}): the first is read, if no other is named (--image)`,
    );
  } else findings.add("image-library", `the Go that is read is in ${path}, not in the executable`);
}

/** Images with a runtime of their own, by address; a plugin has its host's. */
function runtimePaths(parts: ProcessParts): readonly string[] {
  const process = assembleProcess(parts, { others: [] }, new Findings());
  const modules = findModules(process, new Findings()).toSorted((a, b) => a.address - b.address);
  return [...new Set(modules.map(({ path }) => withoutDeleted(path)).filter((path) => path !== ""))];
}

function theNamed(all: readonly string[], named: string): string {
  const found = all.find((path) => path === named || path === resolve(named)) ?? all.find((path) => basename(path) === basename(named));
  if (found !== undefined) return found;
  const known = all.length > 0 ? `it is in ${all.join(", ")}` : "there is none in its mapped images";
  throw new UsageError(`no Go runtime in ${named}: ${known}`);
}
