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

  it("tells libraries with one ELF header apart by their build ids, and the same one under two names by its name", () => {
    const bias = 0x7f00_0000_0000;
    const first = executableBytes({ type: "DYN", go: "one" });
    const second = executableBytes({ type: "DYN", go: "two" });
    expect(first.subarray(0, 64)).toEqual(second.subarray(0, 64));
    const mapped = (paths: readonly string[]) =>
      note("CORE", NT_FILE, fileList(paths.map((path, i) => ({ start: TEXT + i * bias, end: TEXT + i * bias + 4096, offset: 0, path }))));
    const more = (bytes: Uint8Array) => [{ type: 1, flags: 5, address: TEXT + bias, bytes: bytes.subarray(0, 4096) }];
    const both = parts(coreBytes(first, { notes: [mapped(["/a.so", "/b.so"])], more: more(second) }));
    expect([first, second].map((bytes) => loadBiasOf(both, open(bytes, "/moved"), "proved"))).toEqual([0, bias]);
    const twice = parts(coreBytes(first, { notes: [mapped(["/a.so", "/b.so"])], more: more(first) }));
    expect(["/srv/a.so", "/srv/b.so"].map((path) => loadBiasOf(twice, open(first, path), "proved"))).toEqual([0, bias]);
  });

  it("is found without knowing the executable, and so is its path", () => {
    const known = parts(coreBytes(executableBytes()));
    expect([mainHeaderAddress(known), mainExecutablePath(known)]).toEqual([TEXT, "/srv/bin/prog"]);
    const silent = parts(coreBytes(executableBytes(), { notes: [] }));
    expect([mainHeaderAddress(silent), mainExecutablePath(silent)]).toEqual([undefined, undefined]);
  });
});
