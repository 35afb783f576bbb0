// Sizes, shares and hexadecimal dumps as people read them.

export { formatShare } from "../../src/base/units.js";

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of at most width columns for part of whole. */
export function formatBar(part: number, whole: number, width: number): string {
  if (whole <= 0 || part <= 0) return "";
  const units = Math.max(1, Math.round(Math.min(1, part / whole) * width * 8));
  return "█".repeat(Math.floor(units / 8)) + eighths[units % 8];
}

/** Lines of 16 bytes in 80 columns: the address in hexadecimal, the bytes, the printable ASCII. address: of the first byte. */
export function formatHexDump(address: number, bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const digits = (address + bytes.length).toString(16).length;
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const cells = Array.from(row, (byte) => byte.toString(16).padStart(2, "0"));
    const left = cells.slice(0, 8).join(" ").padEnd(23);
    const right = cells.slice(8).join(" ").padEnd(23);
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${(address + at).toString(16).padStart(digits, "0")} ${left}  ${right} |${text}|`);
  }
  return lines;
}

/** The bytes of a value whose parts are bytes, as `show` gives them; undefined for any other. */
export function bytesOf(value: {
  readonly children?: readonly { readonly type: string; readonly text: string }[];
}): Uint8Array | undefined {
  const { children = [] } = value;
  const isBytes = children.length > 0 && children.every(({ type, text }) => type === "uint8" && /^[0-9]{1,3}$/.test(text));
  return isBytes ? Uint8Array.from(children, ({ text }) => Number(text)) : undefined;
}

/** The bytes of an even-length hexadecimal string. */
export function bytesOfHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}
