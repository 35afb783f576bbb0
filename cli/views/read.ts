// Bytes as a hex dump. The last line is always the place: the screen shows it as its head.
import { counted, formatBytes, parseAddress } from "../../src/base/units.js";
import type { BytesPlace, ReadResult } from "../../src/query/read.js";
import { placeText } from "../text/address.js";
import { bytesOfHex, formatHexDump } from "../text/bytes.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";

/** What --json prints: in a sentence, too, what the bytes are in. */
export interface ReadJson extends ReadResult {
  readonly explanation: string;
}

/** The answer as --json prints it. */
export function readJson(answer: ReadResult): ReadJson {
  const { object, where: place } = answer;
  if (!object) return { ...answer, explanation: place ? whereText(place) : "" };
  const where = `${counted(object.offset, "byte")} into ${object.address}, ${object.type}, ${counted(object.bytes, "byte")}`;
  return { ...answer, explanation: where };
}

function whereText(place: BytesPlace): string {
  if (place.kind === "registers") return "in registers, or in several pieces: no address";
  return place.kind === "unknown" ? place.message : placeText(place);
}

/** Bytes in lines of 16, then a blank line and the object that they are in, or why in none. */
export function bytesText({ address, bytes, object, where: place }: ReadResult, page: Page): string[] {
  const lines = formatHexDump(parseAddress(address) ?? 0, bytesOfHex(bytes));
  // Offset 0 is the object's first byte, malloc header included.
  if (object) {
    const where = object.offset === 0 ? "" : `, byte ${object.offset} of it`;
    lines.push("", `in ${object.address}  ${page.bold(escapeText(object.type))}  ${formatBytes(object.bytes)}${where}`);
  } else if (place) lines.push("", escapeText(whereText(place)));
  return lines;
}
