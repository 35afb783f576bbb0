// What the files of mapped images, executables and libraries, add to the memory of a process.
import type { Address, Bytes } from "../base/units.js";
import { PT_LOAD } from "../elf/constants.js";
import type { ElfImage } from "../elf/elf.js";
import { cut, disjoint, fillGaps, inside, isWritable, type Mapping } from "./mappings.js";

/** An image and where it was loaded: process address minus its own. */
export interface LoadedImage {
  readonly image: ElfImage;
  readonly bias: Address;
}

const PAGE: Bytes = 4096;

/**
 * The mappings of a source with what its images know of them: first where the source lists read-only memory that it does not hold, last
 * where it lists nothing at all (delve leaves mappings out).
 */
export function fillFromImages(mappings: readonly Mapping[], images: readonly LoadedImage[]): Mapping[] {
  const isMissing = ({ backing, flags }: Mapping) => backing === "not-dumped" && !isWritable(flags);
  const missing = mappings.filter(isMissing);
  const files = images.map(({ image, bias }) => imageMappings(image, bias));
  let filled = mappings.filter((mapping) => !isMissing(mapping));
  for (const file of files) filled = fillGaps(filled, inside(missing, file));
  filled = fillGaps(filled, missing);
  for (const file of files) filled = fillGaps(filled, file);
  return filled;
}

/** Read-only pages of an image's file, where the kernel maps them; zeros after the end of the file. */
function imageMappings(image: ElfImage, bias: Address): Mapping[] {
  const mappings: Mapping[] = [];
  for (const segment of image.segments) {
    if (segment.type !== PT_LOAD || isWritable(segment.flags) || segment.fileSize === 0) continue;
    const before = Math.min(segment.address % PAGE, segment.offset);
    const start = segment.address + bias - before;
    const offset = segment.offset - before;
    const size = Math.ceil((Math.min(segment.fileSize, image.source.size) + before) / PAGE) * PAGE;
    const present = Math.max(0, Math.min(size, image.source.size - offset));
    const whole = { start, end: start + size, flags: segment.flags, path: image.source.name, backing: { source: image.source, offset } };
    if (present > 0) mappings.push(cut(whole, start, start + present));
    if (present > 0 && present < size && size - present < PAGE) mappings.push({ ...whole, start: start + present, backing: "zero" });
  }
  return disjoint(mappings);
}
