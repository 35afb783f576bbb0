// A core whose executable was not found: what is said of it, and where it cannot be read.
import type { Step } from "../base/advice.js";
import { type NotFoundError, UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { RELEASES } from "../base/releases.js";
import { buildIdInMemory, type Process, type ProcessParts } from "../process/process.js";
import { readBuildInfo } from "../runtime/runtime.js";

/** Tells that the executable is missing, where it was looked for and which one is wanted, as far as the core knows. */
export function tellAlone(parts: ProcessParts, process: Process, missing: NotFoundError, findings: Findings): void {
  const { goVersion, module, settings } = readBuildInfo(process);
  const buildId = buildIdInMemory(parts);
  const known = [
    goVersion && `built by ${goVersion}`,
    settings.path || module ? `package ${settings.path || module}` : "",
    settings["vcs.revision"] && `revision ${settings["vcs.revision"]}`,
    buildId && `build id ${buildId}`,
  ].filter((each) => each);
  if (known.length === 0) known.push("that crashed");
  const { looked = [] } = missing.advice as Extract<Step, { readonly id: "executable" }>;
  findings.add(
    "executable-missing",
    `the executable was not found, the core is read alone: what it lacks of names and types is in the one ${known.join(", ")}`,
    `looked for ${looked.join(", ")}`,
    { partial: true },
  );
}

/** The error of questions about Go, where the core alone does not answer them. */
export function unreadableAlone(process: Process, missing: NotFoundError): UnsupportedError {
  const { goVersion } = readBuildInfo(process);
  const found = goVersion
    ? `a program built by ${goVersion}, and no data of its runtime or no layouts of that release`
    : "no Go program in its memory";
  return new UnsupportedError(`core without ${missing.what} ${missing.given}`, found, `such cores of ${RELEASES}`, missing.advice);
}
