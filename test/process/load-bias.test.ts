import { describe, expect, it } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { loadBiasOf, mainExecutablePath, mainHeaderAddress } from "../../src/process/load-bias.js";
import { auxv, fileList, note } from "../support/elf-writer.js";
import { assemble, coreBytes, executableBytes, NT_FILE, open, parts, TEXT } from "./sample.js";

describe("where the executable was loaded", () => {
  it("knows a position independent executable by AT_ENTRY, by AT_PHDR, by the file list, by delve's note", () => {
    const pie = executableBytes({ type: "DYN" });
    const bias = 0x55550000_0000;
    const file = note("CORE", NT_FILE, fileList([{ start: TEXT + bias, end: TEXT + bias + 8192, offset: 0, path: "/pie" }]));
    const known: Uint8Array[][] = [
      [note("CORE", 6, auxv([[9, TEXT + bias + 0x1234]]))],
      [note("CORE", 6, auxv([[3, TEXT + bias + 64]]))],
      [file],
      [note("", 0x444c5645, new TextEncoder().encode(`Target Pid: 7\nEntry Point: 0x${(TEXT + bias + 0x1234).toString(16)}\n`))],
      [note("CORE", 6, auxv([[9, 0x7000_0000_1234]])), file], // the entry point is another image's: the header in memory decides
    ];
    for (const notes of known) {
      const process = assemble(coreBytes(pie, { bias, notes }), pie);
      expect(process.loadBias).toBe(bias);
      expect(process.memory.bytes(TEXT + bias + 8192, 16)).toEqual(pie.subarray(8192, 8208));
    }
    const findings = new Findings();
    expect(assemble(coreBytes(pie, { bias, notes: [] }), pie, findings).loadBias).toBe(0);
    expect(findings.list().map((f) => f.code)).toContain("no-load-bias");
  });

  it("is guessed for the executable alone: another image must be in memory", () => {
    const pie = executableBytes({ type: "DYN" });
    const notes = [note("CORE", 6, auxv([[9, TEXT + 0x1234 + 0x5000]]))];
    const elsewhere = parts(coreBytes(pie, { notes }));
    expect(loadBiasOf(elsewhere, open(pie))).toBe(0x5000);
    expect(loadBiasOf(elsewhere, open(pie), "proved")).toBeUndefined();
    expect(loadBiasOf(elsewhere, open(executableBytes()))).toBe(0);
  });

  it("is found without knowing the executable, and so is its path", () => {
    const known = parts(coreBytes(executableBytes()));
    expect([mainHeaderAddress(known), mainExecutablePath(known)]).toEqual([TEXT, "/srv/bin/prog"]);
    const silent = parts(coreBytes(executableBytes(), { notes: [] }));
    expect([mainHeaderAddress(silent), mainExecutablePath(silent)]).toEqual([undefined, undefined]);
  });
});
