// Delve's dump command: pkg/elfwriter, pkg/proc/dump.go. It lists no files, and not every mapping of them.
import { decodeText } from "../../base/byte-reader.js";
import { NT_DELVE_HEADER } from "../../elf/constants.js";
import { gcore } from "./gcore.js";
import type { Producer } from "./producer.js";

/** Notes have no owner, and one of its own has lines of text: "Target Pid: 7", "Entry Point: 0x463f20". */
export const delve: Producer = {
  ...gcore,
  name: "delve",
  wrote: (notes) => notes.some(({ owner }) => owner === ""),
  owners: ["CORE", ""],
  entry(notes) {
    const header = notes.find(({ type }) => type === NT_DELVE_HEADER);
    const match = header && /Entry Point: (?:0x)?([0-9a-fA-F]+)/.exec(decodeText(header.body));
    return match ? Number.parseInt(match[1], 16) : undefined;
  },
};
