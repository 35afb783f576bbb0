import { describe, expect, it } from "vitest";
import { MemoryFault } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { assembleProcess, findLoadBias, untouchedMappings, withoutMappings } from "../../src/process/process.js";
import { fileList, join, note, pattern, type SegmentToWrite, writeElf } from "../support/elf-writer.js";
import { assemble, coreBytes, DATA, executableBytes, HEAP, NT_FILE, open, parts, TEXT } from "./sample.js";

describe("assembleProcess", () => {
  const executable = executableBytes();

  it("lays the core over the executable page by page", () => {
    const first = executable.slice(0, 4096);
    first[4000] = 0xaa; // the core's page is not the file's
    const { memory } = assemble(coreBytes(executable, { firstPage: first }), executable);
    expect(memory.bytes(TEXT, 4096)).toEqual(first);
    expect(memory.bytes(TEXT + 4096, 8192)).toEqual(executable.subarray(4096, 3 * 4096)); // whole pages: 100 bytes more than the segment
    expect(memory.bytes(TEXT + 4090, 12)).toEqual(join(first.subarray(4090), executable.subarray(4096, 4102)));
    expect(memory.bytes(DATA, 8192)).toEqual(pattern(8192, 2));
    expect(memory.bytes(HEAP, 8192)).toEqual(pattern(8192, 3));
    expect(() => memory.bytes(HEAP + 8190, 8)).toThrow(MemoryFault);
    expect(
      memory.mappings.map((m) => [
        m.start,
        m.end,
        m.flags,
        m.path,
        m.backing === "not-dumped" ? "" : (m.backing as { source: { name: string } }).source.name,
      ]),
    ).toEqual([
      [TEXT, TEXT + 4096, 5, "/srv/bin/prog (deleted)", "core"],
      [TEXT + 4096, TEXT + 3 * 4096, 5, "/srv/bin/prog (deleted)", "exe"],
      [DATA, DATA + 8192, 6, "", "core"],
      [HEAP, HEAP + 8192, 6, "", "core"],
      [HEAP + 8192, HEAP + 8192 + 0x10000, 0, "", ""],
      [0xffffffffff600000, 0xffffffffff601000, 1, "[vsyscall]", "core"],
    ]);
  });

  it("never takes writable memory from the executable", () => {
    const core = writeElf({ segments: [{ type: 1, flags: 6, address: DATA, memorySize: 8192 }] });
    const findings = new Findings();
    const { memory } = assemble(core, executable, findings);
    expect(memory.tryBytes(DATA, 8)).toBeUndefined();
    expect(findings.list().map((f) => f.code)).toEqual(["memory-not-dumped", "no-threads"]);
  });

  it("takes text from the executable when the core does not list it at all", () => {
    const core = writeElf({ segments: [{ type: 1, flags: 6, address: DATA, bytes: pattern(4096, 2) }] });
    expect(assemble(core, executable).memory.bytes(TEXT + 4096, 4096)).toEqual(executable.subarray(4096, 8192));
  });

  it("fills other images' text at their own bias", () => {
    const plugin = executableBytes({ type: "DYN", base: 0, go: "plugin/id" });
    const at = 0x7f00_0000_0000;
    const more: SegmentToWrite[] = [{ type: 1, flags: 5, address: at, bytes: plugin.subarray(0, 4096), memorySize: 3 * 4096 }];
    const notes = [
      note(
        "CORE",
        NT_FILE,
        fileList([
          { start: TEXT, end: TEXT + 4096, offset: 0, path: "/prog" },
          { start: at, end: at + 3 * 4096, offset: 0, path: "/plugin.so" },
        ]),
      ),
    ];
    const core = parts(coreBytes(executable, { more, notes }));
    const image = open(plugin, "plugin.so");
    expect(findLoadBias(core, image)).toBe(at);
    expect(findLoadBias(core, open(executableBytes({ type: "DYN", base: 0x2000 })))).toBeUndefined(); // not mapped: no guess
    const process = assembleProcess(core, { executable: open(executable), others: [{ image, bias: at }] }, new Findings());
    expect(process.memory.bytes(at + 4096, 4096)).toEqual(plugin.subarray(4096, 8192));
    expect(process.memory.find(at + 4096)?.path).toBe("/plugin.so");
  });

  it("refuses an executable as core and a core as executable", () => {
    expect(() => assemble(executable, executable)).toThrow("core: is an executable, not a core");
    expect(() => assemble(coreBytes(executable), coreBytes(executable))).toThrow("exe: is a core, not an executable");
  });

  it("is what the source holds when there is no executable", () => {
    const process = assembleProcess(parts(coreBytes(executable)), { others: [] }, new Findings());
    expect(process.executable).toBeUndefined();
    expect(process.loadBias).toBe(0);
    expect(process.executableName).toBe("prog");
    expect(process.memory.bytes(TEXT, 4096)).toEqual(executable.subarray(0, 4096));
    expect(process.memory.find(TEXT + 4096)?.backing).toBe("not-dumped");
    expect(process.threads.map((thread) => thread.tid)).toEqual([101, 102]);
  });

  it("takes memory that nobody wrote for zeros, until it is told otherwise", () => {
    const empty: SegmentToWrite = { type: 1, flags: 6, address: HEAP + 0x100000, memorySize: 8192 };
    const process = assemble(coreBytes(executable, { more: [empty] }), executable);
    const untouched = untouchedMappings(process);
    expect(untouched.map(({ start, end }) => [start, end])).toEqual([[HEAP + 0x100000, HEAP + 0x102000]]);
    expect(process.memory.bytes(HEAP + 0x100000, 16)).toEqual(new Uint8Array(16));
    expect(withoutMappings(process, new Set(untouched)).memory.tryBytes(HEAP + 0x100000, 16)).toBeUndefined();
  });
});
