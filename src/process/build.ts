// Whether an executable is the one that a process ran.
import { FormatError, UsageError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Bytes, NONE } from "../base/units.js";
import { PT_LOAD } from "../elf/constants.js";
import { type ElfImage, expectExecutable, scanBuildIds } from "../elf/elf.js";
import { loadBiasOf, mainHeaderAddress } from "./load-bias.js";
import type { ProcessParts } from "./parts.js";

/** Build ids lie in the first page of an image. */
const FIRST_PAGE: Bytes = 4096;

/** Whether core and executable are of the same build, and the ids that say so. */
export interface BuildCheck {
  readonly match: "same" | "different" | "unknown";
  readonly coreId: string | undefined;
  readonly executableId: string | undefined;
}

/**
 * Compares the build ids in the core's memory with the executable's: Go's, then GNU's. The first page of an image is in a core under
 * the kernel's default filter; "unknown" when it is not there, or holds no id.
 */
export function verifyBuild(parts: ProcessParts, executable: ElfImage): BuildCheck {
  const { memory } = parts;
  const first = executable.segments.find((segment) => segment.type === PT_LOAD);
  const bias = loadBiasOf(parts, executable);
  // The executable's own place first: it may be a library inside another program. Its header is then in the core, byte by byte.
  const proved = executable.header.type === "DYN" && bias !== undefined && first ? bias + first.address - first.offset : undefined;
  const header = mainHeaderAddress(parts) ?? proved ?? first?.address;
  const places = [proved, header].filter((place): place is number => place !== undefined);
  const wanted = [
    ["go", executable.goBuildId],
    ["gnu", executable.gnuBuildId],
  ] as const;

  let check: BuildCheck = { match: "unknown", coreId: undefined, executableId: executable.goBuildId ?? executable.gnuBuildId };
  for (const place of places) {
    const page = memory.tryBytes(place, FIRST_PAGE);
    const found = page ? scanBuildIds(page) : undefined;
    for (const [kind, executableId] of wanted) {
      const coreId = found?.[kind];
      if (coreId === undefined || executableId === undefined) continue;
      if (coreId !== executableId && check.match !== "different") check = { match: "different", coreId, executableId };
      else if (check.match === "unknown") check = { match: "same", coreId, executableId };
    }
    if (check.coreId === undefined) check = { ...check, coreId: found?.go ?? found?.gnu };
    if (check.match === "same") return check;
  }
  return check;
}

/** The build id of the main image as the core's memory has it: Go's, else GNU's; undefined when its first page is not there or has none. */
export function buildIdInMemory(parts: ProcessParts): string | undefined {
  const header = mainHeaderAddress(parts);
  const page = header === undefined ? undefined : parts.memory.tryBytes(header, FIRST_PAGE);
  const ids = page && scanBuildIds(page);
  return ids?.go ?? ids?.gnu;
}

/**
 * Accepts an executable for a process, and tells where that is not proved.
 * @param force  also one of another build
 * @throws UsageError of another architecture; FormatError when it is no executable, or of another build
 */
export function acceptExecutable(parts: ProcessParts, executable: ElfImage, force: boolean, findings: Findings): void {
  expectExecutable(executable);
  const { name } = executable.source;
  const { machine } = executable.header;
  if (parts.arch.name !== machine) {
    throw new UsageError(`${name} is for ${machine}, the core for ${parts.arch.name}`, { id: "executable" });
  }
  const build = verifyBuild(parts, executable);
  if (build.match === "different" && !force) {
    throw new FormatError(name, NONE, `build id ${build.executableId ?? "none"} is not the core's ${build.coreId ?? "none"}`, {
      id: "executable",
      orForce: true,
    });
  }
  if (build.match === "different")
    findings.add("build-mismatch", "the executable is of another build than the core (--force): nothing here can be trusted");
  if (build.match === "unknown")
    findings.add("build-unproved", "the core does not hold its build id, so nothing proves that the executable is the one that crashed");
}
