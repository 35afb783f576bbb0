// Everybody who writes cores that are read here.
import type { ElfNote } from "../../elf/elf.js";
import { delve } from "./delve.js";
import { gcore } from "./gcore.js";
import { kernel } from "./kernel.js";
import type { Producer } from "./producer.js";
import { qemu } from "./qemu.js";

/** The first that knows its work is taken; the kernel, last, takes what nobody claims. */
const PRODUCERS: readonly Producer[] = [delve, qemu, gcore, kernel];

export function producerOf(notes: readonly ElfNote[]): Producer {
  return PRODUCERS.find((each) => each.wrote(notes)) ?? kernel;
}
