// An executable without symbols and debug information, as `strip` and `-ldflags="-s -w"` leave it, of any architecture.
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

const SECTION_HEADER = 64;

/**
 * Makes the copy "EXECUTABLE.stripped" and gives its path: section headers of debug information, symbols and their names are emptied.
 * The segments, which the process had in memory, are the very same bytes.
 */
export function stripped(executable: string): string {
  const path = `${executable}.stripped`;
  if (existsSync(path)) return path;
  const bytes = readFileSync(executable);
  const table = Number(bytes.readBigUInt64LE(0x28));
  const count = bytes.readUInt16LE(0x3c);
  const header = (index: number) => bytes.subarray(table + index * SECTION_HEADER, table + (index + 1) * SECTION_HEADER);
  const names = Number(header(bytes.readUInt16LE(0x3e)).readBigUInt64LE(0x18));
  const nameOf = (index: number) => {
    const at = names + header(index).readUInt32LE(0);
    return bytes.toString("latin1", at, bytes.indexOf(0, at));
  };
  const temporary = `${path}.${process.pid}.tmp`;
  copyFileSync(executable, temporary);
  const file = openSync(temporary, "r+");
  for (let index = 1; index < count; index++) {
    if (!/^\.z?debug_|^\.(?:symtab|strtab|gnu_debuglink)$/.test(nameOf(index))) continue;
    writeSync(file, new Uint8Array(SECTION_HEADER), 0, SECTION_HEADER, table + index * SECTION_HEADER);
  }
  closeSync(file);
  renameSync(temporary, path);
  return path;
}
