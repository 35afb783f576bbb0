// A hex dump, a kilobyte at a time.
import { hex, parseAddress } from "../../../src/base/units.js";
import { read } from "../../../src/query/read.js";
import { makePage } from "../../text/style.js";
import { bytesText } from "../../views/read.js";
import { places, type Subjects } from "../places.js";
import { ask, resultOf, type Screen } from "../screen.js";

/** Bytes of a page. */
const length = 1024;

/** Raw bytes. */
export const memoryScreen: Screen<Subjects["memory"]> = {
  name: "memory",
  help: "Which bytes are here, and which object are they in?",
  title: (args) => `bytes at ${args.address}`,
  asks: (args) => [ask(read, { address: args.address, length })],
  body(given) {
    const answer = resultOf(given, 0, read);
    if (!answer) return { head: [], rows: [] };
    const lines = bytesText(answer, makePage(given.width, false));
    // Which object the bytes are in stays in view while they scroll.
    const where = lines.at(-1) ?? "";
    const open = answer.object ? { open: places.object(answer.object.address) } : {};
    // Without the bars around its text a line fits 80 columns, those of the cursor and the mark included.
    const rows = lines.slice(0, -2).map((text) => ({ text: text.slice(0, -1).replace("|", ""), copy: `0x${text.split(" ")[0]}`, ...open }));
    return { head: [{ text: where, tone: "bold" }], rows };
  },
  keys: [
    { key: "]", help: "on", stays: true, go: (args) => moved(args, length) },
    { key: "[", help: "before", stays: true, go: (args) => moved(args, -length) },
    { key: "o", help: "the object here", go: (args, line) => places.object(line?.copy ?? args.address) },
  ],
};

/** The page so many bytes on, not before address 0. */
function moved(args: Subjects["memory"], bytes: number) {
  const address = parseAddress(args.address) ?? 0;
  return places.memory(hex(Math.max(0, address + bytes)));
}
