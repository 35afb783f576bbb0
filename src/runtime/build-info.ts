// What `go build` wrote into the program: version, module, settings. debug/buildinfo; cmd/link .go.buildinfo
import { decodeText } from "../base/byte-reader.js";
import { BUILD_INFO_MAGIC, findBuildInfo, isWritable, type Process } from "../process/process.js";
import { parseVersion } from "./layout/version.js";
import { LONGEST_BUILD_INFO } from "./limits.js";

/** What the linker wrote of the build: release, module path, settings, as `go version -m` shows them. debug/buildinfo */
export interface BuildInfo {
  /** "go1.26.8" */
  readonly goVersion: string;
  /** Experiments that differ from the release's defaults. */
  readonly experiments: readonly string[];
  readonly module: string;
  /** Paths of the modules it uses. */
  readonly dependencies: readonly string[];
  /** "-buildmode", "vcs.revision", "GOARCH"...; also "mod" and "path". */
  readonly settings: Readonly<Record<string, string>>;
}

/** Inline strings since Go 1.18: magic (14 bytes), pointer size, flags 2, padding to 32. */
const HEADER = 32;
const SENTINEL = 16;

/** Never throws: where neither the section nor its beginning is found, the answers are empty. */
export function readBuildInfo(process: Process): BuildInfo {
  const none: BuildInfo = { goVersion: "", experiments: [], module: "", dependencies: [], settings: {} };
  const { executable, memory, loadBias } = process;
  const section = executable?.sections.find((each) => each.name === ".go.buildinfo");
  const own = executable?.section(".go.buildinfo") ?? (section && memory.tryBytes(section.address + loadBias, section.size));
  const bytes = own ?? findInMemory(process);
  if (!bytes || bytes.length < HEADER) return none;
  if (!BUILD_INFO_MAGIC.equals(bytes.subarray(0, BUILD_INFO_MAGIC.length))) return none;
  if ((bytes[15] & 2) === 0) return none;
  let at = HEADER;
  const text = (): Uint8Array => {
    let length = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++];
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    const part = bytes.subarray(at, Math.min(at + length, bytes.length));
    at += length;
    return part;
  };
  const { version, experiments } = parseVersion(decodeText(text()));
  const framed = text();
  const lines = framed.length > 2 * SENTINEL ? decodeText(framed.subarray(SENTINEL, framed.length - SENTINEL)).split("\n") : [];
  const settings: Record<string, string> = {};
  const dependencies: string[] = [];
  let module = "";
  for (const line of lines) {
    const [key, value = "", more = ""] = line.split("\t");
    if (key === "path") settings.path = value;
    else if (key === "mod") module = more === "" || more === "(devel)" ? value : `${value}@${more}`;
    else if (key === "dep") dependencies.push(value);
    else if (key === "build") {
      const equals = value.indexOf("=");
      if (equals > 0) settings[value.slice(0, equals)] = value.slice(equals + 1).replace(/^"(.*)"$/, "$1");
    }
  }
  return { goVersion: version, experiments, module, dependencies, settings };
}

/**
 * The section's bytes where no table of sections names it: without an executable, with one whose table was cut off, in a library. It lies
 * in the writable data of its image, which cores hold.
 */
function findInMemory({ memory }: Process): Uint8Array | undefined {
  if (!memory) return undefined;
  for (const mapping of memory.mappings) {
    const { end, flags, path, backing } = mapping;
    if (path === "" || path.startsWith("[") || !isWritable(flags) || typeof backing === "string") continue;
    const found = findBuildInfo(memory, mapping);
    if (found !== undefined) return memory.tryBytes(found, Math.min(LONGEST_BUILD_INFO, end - found))?.slice();
  }
  return undefined;
}
