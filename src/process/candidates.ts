// Where the files of a process may be found: its executable, and other images that it had mapped.
import type { Address } from "../base/units.js";
import type { ElfImage } from "../elf/elf.js";
import type { AddressSpace } from "./address-space.js";
import { AT_EXECFN } from "./auxv.js";
import { BLOCK, LONGEST_PATH, MOST_IMAGES } from "./limits.js";
import { mainExecutablePath } from "./load-bias.js";
import type { Mapping } from "./mappings.js";
import { type ProcessParts, withoutDeleted } from "./parts.js";

/** What the linker of Go begins .go.buildinfo with, at a multiple of 16. cmd/link, debug/buildinfo */
export const BUILD_INFO_MAGIC = Buffer.from("\xff Go buildinf:", "latin1");
const BUILD_INFO_ALIGNMENT = 16;

/**
 * Whether the main executable is a Go program, as far as memory tells: its build information, which every Go linker since 1.13 writes, is in
 * its writable data. true when the source has nothing of that data: then it may be one.
 */
export function mayBeGo(parts: ProcessParts): boolean {
  const main = mainExecutablePath(parts);
  const own = parts.files.filter(({ path }) => main !== undefined && withoutDeleted(path) === main);
  const held = parts.memory.mappings.filter(
    ({ start, end, flags, backing }) =>
      typeof backing !== "string" && flags % 2 === 0 && own.some((file) => start >= file.start && end <= file.end),
  );
  return held.length === 0 || held.some((mapping) => findBuildInfo(parts.memory, mapping) !== undefined);
}

/** Where .go.buildinfo begins in a stretch of memory; undefined when it does not. */
export function findBuildInfo(memory: AddressSpace, { start, end }: Pick<Mapping, "start" | "end">): Address | undefined {
  for (let at = start; at < end; at += BLOCK) {
    const bytes = memory.tryBytes(at, Math.min(BLOCK, end - at));
    const block = bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Aligned, it never lies across two blocks.
    for (let found = block?.indexOf(BUILD_INFO_MAGIC) ?? -1; found >= 0; found = block?.indexOf(BUILD_INFO_MAGIC, found + 1) ?? -1) {
      if ((at + found) % BUILD_INFO_ALIGNMENT === 0) return at + found;
    }
  }
  return undefined;
}

/** Whether an image has what only the linker of Go makes. */
export function isGoImage(image: ElfImage): boolean {
  return image.sections.some(({ name }) => name === ".go.buildinfo" || name.endsWith(".gopclntab"));
}

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
