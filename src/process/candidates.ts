// Where the files of a process may be found: its executable, and other images that it had mapped.
import type { Address } from "../base/units.js";
import type { AddressSpace } from "./address-space.js";
import { AT_EXECFN } from "./auxv.js";
import { LONGEST_PATH, MOST_IMAGES } from "./limits.js";
import { mainExecutablePath } from "./load-bias.js";
import { type ProcessParts, withoutDeleted } from "./parts.js";

/** Where to look for the executable: its path when the process lived, as NT_FILE has it, then AT_EXECFN's and the program's name. */
export function executableCandidates(parts: ProcessParts): readonly string[] {
  const { memory, auxv, program } = parts;
  const execfn = auxv.get(AT_EXECFN);
  const names = [mainExecutablePath(parts), execfn === undefined ? undefined : textAt(memory, execfn), program?.name];
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== ""))];
}

/** Other images that may hold Go code or data of their own, plugins and shared libraries by path; the system's are not worth opening. */
export function imageCandidates(parts: ProcessParts): readonly string[] {
  const main = mainExecutablePath(parts);
  const paths = new Set(parts.files.map(({ path }) => withoutDeleted(path)));
  return [...paths]
    .filter((path) => path !== main && /\.so(\.|$)/.test(path) && !/^\/(usr\/)?lib(32|64|x32)?\//.test(path))
    .slice(0, MOST_IMAGES);
}

function textAt(memory: AddressSpace, address: Address): string | undefined {
  const mapping = memory.find(address);
  const bytes = mapping && memory.tryBytes(address, Math.min(LONGEST_PATH, mapping.end - address));
  const end = bytes?.indexOf(0) ?? -1;
  return bytes === undefined || end < 0 ? undefined : Buffer.from(bytes.subarray(0, end)).toString("utf8");
}
