// Linux: fs/binfmt_elf.c elf_core_dump.
import type { Producer } from "./producer.js";

/** The thread that died comes first, and every thread's note has the signal; the first siginfo is the one that killed. */
export const kernel: Producer = {
  name: "kernel",
  wrote: () => true,
  owners: ["CORE"],
  order: (threads) => threads,
  signal(infos, threads) {
    const signo = threads[0]?.signal ?? 0;
    return infos[0] ?? (signo === 0 ? undefined : { signo, code: 0, address: undefined, senderPid: undefined });
  },
  entry: () => undefined,
};
