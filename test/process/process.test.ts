import { describe, expect, it } from "vitest";
import { DumpError, MemoryFault } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { bytesSource } from "../../src/base/source.js";
import { openElf } from "../../src/elf/elf.js";
import { assembleProcess, executableCandidates, findLoadBias, type Process, verifyBuild } from "../../src/process/process.js";
import {
  auxv,
  buildIdNotes,
  type ElfToWrite,
  fileList,
  join,
  note,
  pattern,
  prpsinfo,
  prstatus,
  type SegmentToWrite,
  siginfo,
  writeElf,
} from "../support/elf-writer.js";

const NT_FILE = 0x46494c45;
const NT_SIGINFO = 0x53494749;
const TEXT = 0x400000;
const DATA = 0x500000;
const HEAP = 0xc000000000;
const rip = 16;
const registers = Array.from({ length: 27 }, (_, i) => BigInt(0x1000 + i));

/** An executable: a text segment of 3 pages less 100 bytes that covers the headers and the build ids, a data segment. */
function executableBytes(options: { type?: "EXEC" | "DYN"; go?: string; gnuSeed?: number; base?: number } = {}): Uint8Array {
  const base = options.base ?? TEXT;
  const ids = buildIdNotes(options.go ?? "go/build/id", pattern(20, options.gnuSeed ?? 1));
  const head = writeElf({
    type: options.type ?? "EXEC",
    entry: base + 0x1234,
    segments: [
      { type: 1, flags: 5, address: base, offset: 0, fileSize: 3 * 4096 - 100, memorySize: 3 * 4096 - 100 },
      { type: 1, flags: 6, address: base + 0x100000, offset: 3 * 4096, fileSize: 4096, memorySize: 8192 },
      { type: 0x6474e551, bytes: join(ids.go, ids.gnu) },
    ],
  });
  const bytes = pattern(4 * 4096, 77);
  bytes.set(head);
  return bytes;
}

interface CoreOptions {
  readonly machine?: "amd64" | "arm64";
  readonly owner?: string;
  readonly bias?: number;
  readonly more?: readonly SegmentToWrite[];
  readonly firstPage?: Uint8Array;
  readonly elf?: ElfToWrite;
  readonly notes?: readonly Uint8Array[];
}
function coreBytes(executable: Uint8Array, options: CoreOptions = {}): Uint8Array {
  const owner = options.owner ?? "CORE";
  const bias = options.bias ?? 0;
  const machine = options.machine ?? "amd64";
  const notes = options.notes ?? [
    note(owner, 1, prstatus(machine, 101, 6, registers)),
    note(owner, 3, prpsinfo(100, "prog", "./prog -v 7")),
    note(owner, NT_SIGINFO, siginfo(6, -6, 100)),
    note(
      owner,
      6,
      auxv([
        [3, TEXT + bias + 64],
        [6, 4096],
        [9, TEXT + bias + 0x1234],
      ]),
    ),
    note(owner, NT_FILE, fileList([{ start: TEXT + bias, end: TEXT + bias + 3 * 4096, offset: 0, path: "/srv/bin/prog (deleted)" }])),
    note("LINUX", 0x202, pattern(100, 1)),
    note(
      owner,
      1,
      prstatus(
        machine,
        102,
        6,
        registers.map((r) => r + 0x100n),
      ),
    ),
  ];
  return writeElf({
    type: "CORE",
    machine,
    segments: [
      { type: 4, bytes: join(...notes) },
      { type: 1, flags: 5, address: TEXT + bias, bytes: options.firstPage ?? executable.subarray(0, 4096), memorySize: 3 * 4096 },
      { type: 1, flags: 6, address: DATA + bias, bytes: pattern(8192, 2) },
      { type: 1, flags: 6, address: HEAP, bytes: pattern(8192, 3) },
      { type: 1, flags: 0, address: HEAP + 8192, memorySize: 0x10000 },
      ...(options.more ?? []),
      { type: 1, flags: 1, address: 0xffffffffff600000, bytes: pattern(4096, 4) },
    ],
    ...options.elf,
  });
}
const open = (bytes: Uint8Array, name = "file") => openElf(bytesSource(name, bytes));
function assemble(core: Uint8Array, executable: Uint8Array, findings = new Findings()): Process {
  return assembleProcess(open(core, "core"), open(executable, "exe"), [], findings);
}

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

  it("tells of a core that is cut off, and reads the rest", () => {
    const whole = coreBytes(executable);
    const findings = new Findings();
    const { memory } = assemble(whole.subarray(0, whole.length - 4096 - 4096), executable, findings);
    expect(findings.list()).toMatchObject([
      {
        code: "core-truncated",
        partial: true,
        count: 2,
        message: expect.stringMatching(/^the core is cut off: 8.0 KiB of 2 of its 5 segments are missing/),
      },
    ]);
    expect(memory.bytes(HEAP, 4096)).toEqual(pattern(8192, 3).subarray(0, 4096));
    expect(memory.tryBytes(HEAP + 4096, 8)).toBeUndefined();
    expect(memory.find(HEAP + 4096)?.backing).toBe("not-dumped");
  });

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
    const core = open(coreBytes(executable, { more, notes }), "core");
    const image = open(plugin, "plugin.so");
    expect(findLoadBias(core, image)).toBe(at);
    expect(findLoadBias(core, open(executableBytes({ type: "DYN", base: 0x2000 })))).toBeUndefined(); // not mapped: no guess
    const process = assembleProcess(core, open(executable), [{ image, bias: at }], new Findings());
    expect(process.memory.bytes(at + 4096, 4096)).toEqual(plugin.subarray(4096, 8192));
    expect(process.memory.find(at + 4096)?.path).toBe("/plugin.so");
  });

  it("refuses an executable as core and a core as executable", () => {
    expect(() => assemble(executable, executable)).toThrow("core: is an executable, not a core");
    expect(() => assemble(coreBytes(executable), coreBytes(executable))).toThrow("exe: is a core, not an executable");
  });

  it("finds where the executable was", () => {
    expect(executableCandidates(open(coreBytes(executable)))).toEqual(["/srv/bin/prog", "prog"]);
  });
});

describe("verifyBuild", () => {
  const executable = executableBytes();
  const core = open(coreBytes(executable));
  it("says same for the build that crashed", () => {
    expect(verifyBuild(core, open(executable))).toEqual({ match: "same", coreId: "go/build/id", executableId: "go/build/id" });
  });
  it("says different for another Go build id, and for another GNU build id, with both", () => {
    expect(verifyBuild(core, open(executableBytes({ go: "other" })))).toEqual({
      match: "different",
      coreId: "go/build/id",
      executableId: "other",
    });
    const gnu = (seed: number) => Buffer.from(pattern(20, seed)).toString("hex");
    expect(verifyBuild(core, open(executableBytes({ gnuSeed: 2 })))).toEqual({ match: "different", coreId: gnu(1), executableId: gnu(2) });
  });
  it("says different for another position independent build", () => {
    const bias = 0x5555_0000_0000;
    const pie = open(coreBytes(executableBytes({ type: "DYN" }), { bias }));
    expect(verifyBuild(pie, open(executableBytes({ type: "DYN" }))).match).toBe("same");
    expect(verifyBuild(pie, open(executableBytes({ type: "DYN", go: "other" }))).match).toBe("different");
    expect(verifyBuild(pie, open(executable)).match).toBe("same"); // the ids decide, not the type
  });
  it("says unknown when the first page was not dumped", () => {
    const bare = open(coreBytes(executable, { firstPage: new Uint8Array(0) }));
    expect(verifyBuild(bare, open(executable))).toEqual({ match: "unknown", coreId: undefined, executableId: "go/build/id" });
  });
});

describe("damage", () => {
  const executable = executableBytes();
  const layouts: [string, Uint8Array][] = [
    ["the kernel's layout", coreBytes(executable)],
    ["program headers last, as delve has it", coreBytes(executable, { elf: { programHeadersLast: true } })],
    ["counts in section 0", coreBytes(executable, { elf: { extended: true } })],
  ];
  it.each(layouts)(
    "a core cut at every byte of its headers and notes, and often between, gives an answer or a DumpError: %s",
    (_, whole) => {
      const image = open(executable, "exe");
      const isDense = (size: number) => size < 4096 || size > whole.length - 1000;
      for (let size = 0; size <= whole.length; size += isDense(size) ? 1 : 61) {
        try {
          const core = open(whole.subarray(0, size), "core");
          const findings = new Findings();
          const process = assembleProcess(core, image, [], findings);
          verifyBuild(core, image);
          executableCandidates(core);
          process.memory.readInto(HEAP, new Uint8Array(8192));
          process.memory.tryBytes(TEXT, 3 * 4096);
          if (size < 20_000) expect(findings.list().some((f) => f.partial)).toBe(true);
        } catch (error) {
          if (!(error instanceof DumpError)) throw error;
        }
      }
    },
  );
});

describe("a core's table of memory that cannot be true", () => {
  const executable = executableBytes();
  const rest = { type: 1, flags: 6, address: HEAP, bytes: pattern(8192, 3) };
  const of = (segment: object) => {
    const findings = new Findings();
    const { memory } = assemble(
      writeElf({ segments: [{ type: 1, flags: 6, address: DATA, bytes: pattern(8192, 2), ...segment }, rest] }),
      executable,
      findings,
    );
    const codes = findings.list().map((each) => each.code);
    return { memory, codes, mapped: memory.mappings.reduce((sum, { start, end }) => sum + end - start, 0) };
  };

  it.each([
    ["more memory than there are addresses", { memorySize: 2 ** 62 }],
    ["over the next one", { memorySize: HEAP + 4096 - DATA }],
    ["more than was dumped", { memorySize: 0x10000 }],
    ["where no user memory is", { address: 2 ** 60 }],
  ])("%s", (_, segment) => {
    const sound = of({});
    expect(sound.codes).not.toContain("segment-odd");
    const { memory, codes, mapped } = of(segment);
    expect(codes).toContain("segment-odd");
    expect(mapped).toBeLessThanOrEqual(sound.mapped);
    expect(memory.bytes(HEAP, 8192)).toEqual(pattern(8192, 3));
  });
});
