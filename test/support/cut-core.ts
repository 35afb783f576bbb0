/** Cores that lack memory, made of whole ones. */
import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync, writeSync } from "node:fs";

/** The core cut off as `ulimit -c` or a full disk does it. */
export function cutCore(core: string, share: number, to: string): string {
  copyFileSync(core, to);
  truncateSync(to, Math.floor(statSync(core).size * share));
  return to;
}

const HEADER = 64;
const PROGRAM_HEADER = 56;

/** The core without the memory of segments, as /proc/PID/coredump_filter leaves it out. */
export function coreWithout(core: string, isGone: (address: number) => boolean, to: string): string {
  copyFileSync(core, to);
  const file = openSync(to, "r+");
  const header = Buffer.alloc(HEADER);
  readSync(file, header, 0, HEADER, 0);
  const table = Number(header.readBigUInt64LE(32));
  const entry = Buffer.alloc(PROGRAM_HEADER);
  for (let i = 0; i < header.readUInt16LE(56); i++) {
    const at = table + i * PROGRAM_HEADER;
    readSync(file, entry, 0, PROGRAM_HEADER, at);
    if (entry.readUInt32LE(0) !== 1 || !isGone(Number(entry.readBigUInt64LE(16)))) continue;
    entry.writeBigUInt64LE(0n, 32);
    writeSync(file, entry, 0, PROGRAM_HEADER, at);
  }
  closeSync(file);
  return to;
}
