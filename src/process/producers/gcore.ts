// gdb's gcore and generate-core-file, and others that take the core of a process that goes on living. gdb/linux-tdep.c
import { NT_PRSTATUS } from "../../elf/constants.js";
import type { Thread } from "../parts.js";
import { kernel } from "./kernel.js";
import type { Producer } from "./producer.js";

/** Threads are in gdb's own order, and only one that was stopped by a signal has it in its note. */
export const gcore: Producer = {
  ...kernel,
  name: "gcore",
  wrote: (notes) => notes.some(({ type, body }) => type === NT_PRSTATUS && body.length >= 14 && (body[12] | body[13]) === 0),
  order(threads) {
    const signalled = threads.findIndex((thread) => thread.signal !== 0);
    return signalled <= 0 ? threads : [threads[signalled], ...threads.toSpliced(signalled, 1)];
  },
  signal(infos, threads) {
    // The siginfos keep the SIGSTOP by which gdb stopped the threads of a living process.
    return isLiving(threads) ? undefined : kernel.signal(infos, threads);
  },
};

/** Nobody took a signal, but there are threads. */
function isLiving(threads: readonly Thread[]): boolean {
  return threads.length > 0 && threads.every((thread) => thread.signal === 0);
}
