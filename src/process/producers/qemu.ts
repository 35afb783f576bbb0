// qemu-user: linux-user/elfload.c elf_core_dump. It writes neither NT_SIGINFO nor NT_FILE.
import { NT_FILE, NT_PRSTATUS, NT_SIGINFO } from "../../elf/constants.js";
import { gcore } from "./gcore.js";
import type { Producer } from "./producer.js";

/** Only the thread that died has the signal in its note, and that is all that is told of it. */
export const qemu: Producer = {
  ...gcore,
  name: "qemu",
  wrote(notes) {
    const types = new Set(notes.map(({ type }) => type));
    return types.has(NT_PRSTATUS) && !types.has(NT_SIGINFO) && !types.has(NT_FILE);
  },
};
