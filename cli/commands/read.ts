// A hex dump with the object it is in. With -o the bytes themselves go to the file.
//
//   1e17565ba1c0 d2 04 00 00 00 00 00 00  50 a9 5a 56 17 1e 00 00 |........P.ZV....|
//
//   in 0x1e17565ba1c0  main.User  64 B
import { MOST_BYTES_READ } from "../../src/query/limits.js";
import { read } from "../../src/query/read.js";
import { operandLength, operandPlace } from "../arguments.js";
import { defineCommand } from "../command.js";
import { bytesOfHex } from "../text/bytes.js";
import { bytesText, readJson } from "../views/read.js";

/** `corescope read`: bytes of the dead process. */
export const readCommand = defineCommand({
  name: "read",
  query: read,
  operands: [
    { name: "<what>", help: "an address, or an expression: what it leads to" },
    { name: "[length]", help: "how many bytes: 64, 0x40 or 4K (default: 64, or what the expression means)" },
  ],
  options: [],
  examples: [
    { line: "read core 0xc000012000", asks: "What is here, and which object is it in?" },
    { line: "read core 0xc000012000 4K", asks: "A page of it." },
    { line: "read core main.global.header 32", asks: "The first bytes of what this field leads to." },
    { line: "read core 0xc000012000 1MiB -o bytes.bin", asks: "The bytes themselves, into a file." },
  ],
  /** Length 0 lets the query decide: 64 bytes at an address, all of a value that an expression means. */
  args: ([address, length]) => ({
    address: operandPlace(address),
    length: length === undefined ? 0 : operandLength(length, MOST_BYTES_READ),
  }),
  text: bytesText,
  json: readJson,
  next: ({ object }) => (object ? [`why CORE ${object.address}`] : []),
  file: ({ bytes }) => [bytesOfHex(bytes)],
});
