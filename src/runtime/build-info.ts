// What `go build` wrote into the program: version, module, settings. debug/buildinfo; cmd/link .go.buildinfo
import { decodeText } from "../base/byte-reader.js";
import type { Process } from "../process/process.js";
import { parseVersion } from "./layout/version.js";

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
const MAGIC = "\xff Go buildinf:";
const HEADER = 32;
const SENTINEL = 16;

/** Never throws: an executable without the section has empty answers. */
export function readBuildInfo(process: Process): BuildInfo {
  const none: BuildInfo = { goVersion: "", experiments: [], module: "", dependencies: [], settings: {} };
  const { executable, memory, loadBias } = process;
  const section = executable?.sections.find((each) => each.name === ".go.buildinfo");
  const bytes = executable?.section(".go.buildinfo") ?? (section && memory.tryBytes(section.address + loadBias, section.size));
  if (!bytes || bytes.length < HEADER) return none;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[i] !== MAGIC.charCodeAt(i)) return none;
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
