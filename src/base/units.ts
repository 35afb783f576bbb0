// Words every layer speaks: addresses, sizes, ids, and how people read them.

/** A byte address in the dead process. Exact in a double: user space ends below 2^53. */
export type Address = number;
/** A count of bytes; sums stay exact up to 2^53. */
export type Bytes = number;
/** Dense id of an allocated heap object, 0 .. objects.count - 1, ascending by address. */
export type ObjectId = number;
/** Dense id of what holds roots: a global variable, a goroutine, a special, a queue. */
export type OwnerId = number;
/** 0 = virtual root, then owners, then objects. */
export type NodeId = number;
/** Row of SpanTable. */
export type SpanId = number;
/** Row of TypeTable. */
export type TypeId = number;
/** An address outside the engine: JSON, arguments, screens. */
export type Hex = `0x${string}`;

/** "There is none", in every Int32Array and every find(). */
export const NONE = -1;
/** readAddress() of a word of 2^53 or more. */
export const NOT_AN_ADDRESS: Address = -1;
/** Pointers and words are 8 bytes on amd64 and arm64. */
export const WORD: Bytes = 8;

/** The address as JSON and people see it. */
export function hex(address: Address): Hex {
  return address < 0 ? "0x?" : `0x${address.toString(16)}`;
}

/** Parses "0xc000012000" or "c000012000"; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const digits = /^(?:0[xX])?([0-9a-fA-F]{1,16})$/.exec(text.trim())?.[1];
  if (digits === undefined) return undefined;
  const value = Number.parseInt(digits, 16);
  return value > Number.MAX_SAFE_INTEGER ? undefined : value;
}

/** Rounds an address down to a multiple of n; no bit operators, they cut to 32 bits. */
export function alignDown(address: Address, n: Bytes): Address {
  return address - (address % n);
}

/** Rounds an address up to a multiple of n. */
export function alignUp(address: Address, n: Bytes): Address {
  const rest = address % n;
  return rest === 0 ? address : address + (n - rest);
}

/** Parses "512K", "1MiB", "2e6" or "80" into bytes; undefined when it is no size. */
export function parseBytes(text: string): Bytes | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  if (!match) return undefined;
  const power = ["", "K", "M", "G", "T"].indexOf((match[2] ?? "").toUpperCase());
  return Math.round(Number(match[1]) * 1024 ** power);
}

/** "37.3 MiB"; the exact count below 1 KiB. */
export function formatBytes(bytes: Bytes): string {
  const sign = bytes < 0 ? "-" : "";
  let value = Math.abs(bytes);
  if (value < 1024) return `${sign}${value} B`;
  for (const unit of ["KiB", "MiB", "GiB"]) {
    value /= 1024;
    if (value < 1023.95) return `${sign}${value.toFixed(1)} ${unit}`;
  }
  return `${sign}${(value / 1024).toFixed(1)} TiB`;
}

/** "12,000". */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** "1 goroutine", "12,000 goroutines", "2 entries": a noun with its count, the one way to write it. @param plural where an s is not enough */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** "67%"; "<1%" and ">99%" where rounding would lie; "-" of nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return "-";
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.5) return "<1%";
  if (part < whole && percent >= 99.5) return ">99%";
  return `${Math.round(percent)}%`;
}
