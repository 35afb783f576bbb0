import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import { crcOf, debugLinkOf, hasDebugInfo, isDebugOnly } from "../../src/elf/debug-link.js";
import { openElf } from "../../src/elf/elf.js";
import { pattern, writeElf } from "../support/elf-writer.js";

const text = (value: string) => new TextEncoder().encode(value);
const linked = (bytes: Uint8Array) =>
  openElf(bytesSource("exe", writeElf({ type: "EXEC", sections: [{ name: ".gnu_debuglink", bytes }] })));

describe("debugLinkOf", () => {
  it("reads the name, and the CRC behind the padding", () => {
    expect(debugLinkOf(linked(Uint8Array.of(...text("a.debug\0"), 0x78, 0x56, 0x34, 0x92)))).toEqual({ name: "a.debug", crc: 0x92345678 });
    expect(debugLinkOf(linked(Uint8Array.of(...text("server.debug\0\0\0\0"), 1, 0, 0, 0)))).toEqual({ name: "server.debug", crc: 1 });
  });
  it("gives nothing without a section, of a damaged one, and of a name that leads elsewhere", () => {
    expect(debugLinkOf(openElf(bytesSource("exe", writeElf({ type: "EXEC", sections: [] }))))).toBeUndefined();
    for (const bytes of [text(""), text("a.debug"), text("a.debug\0\x01\x02"), text("\0\0\0\0\x01\x02\x03\x04")])
      expect(debugLinkOf(linked(bytes))).toBeUndefined();
    for (const name of ["../../etc/x\0", "/etc/passwd\0", "..\0\0"])
      expect(debugLinkOf(linked(Uint8Array.of(...text(name), 1, 2, 3, 4)))).toBeUndefined();
  });
});

describe("crcOf", () => {
  it("is the CRC-32 of IEEE 802.3", () => expect(crcOf(bytesSource("check", text("123456789")))).toBe(0xcbf43926));
  it("is of the whole file, however it is read", () => {
    const bytes = pattern(2 * 1024 * 1024 + 77, 3);
    expect(crcOf(bytesSource("large", bytes))).toBe(crc32(bytes));
  });
});

describe("what a file holds", () => {
  const file = (...sections: readonly { name: string; type?: number; bytes: Uint8Array }[]) =>
    openElf(bytesSource("file", writeElf({ type: "EXEC", sections })));
  const code = { name: ".text", bytes: pattern(64, 1) };
  const info = { name: ".debug_info", bytes: pattern(64, 2) };

  it("tells debug information, compressed in the old style too, from its empty place", () => {
    expect(hasDebugInfo(file(code, info))).toBe(true);
    expect(hasDebugInfo(file(code, { ...info, name: ".zdebug_info" }))).toBe(true);
    expect(hasDebugInfo(file(code))).toBe(false);
    expect(hasDebugInfo(file(code, { ...info, type: 8 }))).toBe(false);
  });
  it("tells a file without code", () => {
    expect(isDebugOnly(file({ ...code, type: 8 }, info))).toBe(true);
    expect(isDebugOnly(file(code, info))).toBe(false);
    expect(isDebugOnly(file(info))).toBe(false);
  });
});
