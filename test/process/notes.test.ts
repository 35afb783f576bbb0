import { describe, expect, it } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { readNotes } from "../../src/process/notes.js";
import { fileList, join, note, prstatus, siginfo, writeElf } from "../support/elf-writer.js";
import { assemble, coreBytes, executableBytes, NT_FILE, NT_SIGINFO, open, registers, TEXT } from "./sample.js";

const rip = 16;

describe("readNotes", () => {
  const executable = executableBytes();

  it.each(["CORE", ""])("reads notes of owner %j", (owner) => {
    const process = assemble(coreBytes(executable, { owner }), executable);
    expect([process.pid, process.executableName, process.arguments, process.arch.name]).toEqual([100, "prog", "./prog -v 7", "amd64"]);
    expect(process.signal).toEqual({ signo: 6, code: -6, address: undefined, senderPid: 100 });
    expect(process.threads.map((t) => t.tid)).toEqual([101, 102]);
    expect(process.threads[0]?.registers.pc).toBe(0x1000 + rip);
    expect(process.threads[1]?.registers.byDwarfNumber(7)).toBe(0x1100n + 19n);
    expect(process.threads[0]?.registers.g).toBe(0x1001);
    expect(process.auxv.get(6)).toBe(4096);
    expect(process.files).toEqual([{ start: TEXT, end: TEXT + 3 * 4096, offset: 0, path: "/srv/bin/prog (deleted)" }]);
  });

  it("reads the fault address of a SIGSEGV, and puts its thread first", () => {
    const notes = [
      note("CORE", 1, prstatus("amd64", 1, 0, registers)),
      note("CORE", 1, prstatus("amd64", 2, 11, registers)),
      note("CORE", NT_SIGINFO, siginfo(11, 1, 0xdead000)),
    ];
    const process = assemble(coreBytes(executable, { notes }), executable);
    expect(process.signal).toEqual({ signo: 11, code: 1, address: 0xdead000, senderPid: undefined });
    expect(process.threads.map((t) => t.tid)).toEqual([2, 1]);
  });

  it("knows no signal of a process that a debugger stopped", () => {
    const notes = [note("CORE", 1, prstatus("amd64", 1, 0, registers)), note("CORE", NT_SIGINFO, siginfo(19, 128, 0))];
    expect(assemble(coreBytes(executable, { notes }), executable).signal).toBeUndefined();
  });

  it("reads arm64 registers", () => {
    const arm = Array.from({ length: 34 }, (_, i) => BigInt(0x2000 + i));
    const core = coreBytes(executable, { machine: "arm64", notes: [note("CORE", 1, prstatus("arm64", 5, 6, arm))] });
    const own = executable.slice();
    own[18] = 183;
    const { registers: r } = assemble(core, own).threads[0];
    expect([r.pc, r.sp, r.fp, r.lr, r.g]).toEqual([0x2020, 0x201f, 0x201d, 0x201e, 0x201c]);
    expect([r.byDwarfNumber(31), r.byDwarfNumber(32), r.byDwarfNumber(0), r.byDwarfNumber(99)]).toEqual([
      0x201fn,
      0x2020n,
      0x2000n,
      undefined,
    ]);
    expect(r.byName("x30")).toBe(0x201en);
  });

  it("has an empty answer to everything that no note tells", () => {
    const findings = new Findings();
    expect(readNotes(open(writeElf({ type: "CORE", segments: [] })), findings)).toEqual({
      producer: "kernel",
      threads: [],
      auxv: new Map(),
      files: [],
      program: undefined,
      signal: undefined,
      entry: undefined,
    });
    expect(findings.list()).toEqual([]);
  });

  it("tells of notes that are cut short, and reads the rest", () => {
    const files = fileList([
      { start: TEXT, end: TEXT + 4096, offset: 0, path: "/a" },
      { start: TEXT + 8192, end: TEXT + 12288, offset: 4096, path: "/b" },
    ]);
    const whole = prstatus("amd64", 1, 6, registers);
    const notes = [note("CORE", 1, whole), note("CORE", 1, whole.subarray(0, 200)), note("CORE", NT_FILE, files.subarray(0, -2))];
    const findings = new Findings();
    const found = readNotes(open(writeElf({ type: "CORE", segments: [{ type: 4, bytes: join(...notes) }] })), findings);
    expect(found.threads).toHaveLength(1);
    expect(found.files).toEqual([{ start: TEXT, end: TEXT + 4096, offset: 0, path: "/a" }]);
    expect(findings.list()).toMatchObject([{ code: "note-damaged", count: 2, partial: true }]);
  });
});
