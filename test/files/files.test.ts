import { execFileSync, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adviceText } from "../../cli/text/advice.js";
import { type DumpError, FormatError, NotFoundError, ResourceError, UnsupportedError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { Cancelled, type Progress, silent } from "../../src/base/progress.js";
import { type ByteSource, bytesSource } from "../../src/base/source.js";
import { quoteWord } from "../../src/base/words.js";
import { zstdContentSize } from "../../src/files/compressed.js";
import { asDumpError, openFile } from "../../src/files/file-source.js";
import { type ImageFinder, openCore, openExecutable, openFiles } from "../../src/files/files.js";
import { openNamed } from "../../src/files/piped.js";
import { looksLikeProfile } from "../../src/files/profile.js";
import { openNameless, SparseWriter } from "../../src/files/temporary.js";
import { pattern } from "../support/elf-writer.js";

let folder = "";
let unpacked = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "corescope-files-"));
  unpacked = join(folder, "unpacked");
  mkdirSync(unpacked);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}
/** Bytes with runs of zeros long enough to be left as holes, one of them at the end. */
function holey(): Uint8Array {
  const bytes = new Uint8Array(1_000_003);
  bytes.set(pattern(70_000, 1), 100);
  bytes.set(pattern(5_000, 2), 600_000);
  return bytes;
}
/** A zstd frame of raw blocks (RFC 8878, 3.1.1.2), for tests that must not need a compressor. */
function rawZstd(bytes: Uint8Array, withSize: boolean): Uint8Array {
  const head = withSize ? [0x28, 0xb5, 0x2f, 0xfd, 0b10_0_00000, 0x58, 0, 0, 0, 0] : [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
  if (withSize) new DataView(new Uint8Array(head).buffer);
  const parts: Uint8Array[] = [Uint8Array.from(head)];
  if (withSize) new DataView(parts[0].buffer).setUint32(6, bytes.length, true);
  for (let at = 0; at < bytes.length; at += 100_000) {
    const block = bytes.subarray(at, at + 100_000);
    const word = block.length * 8 + (at + 100_000 >= bytes.length ? 1 : 0);
    parts.push(Uint8Array.from([word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff]), block);
  }
  return Buffer.concat(parts);
}
const openIt = (path: string, findings = new Findings(), progress: Progress = silent) => openCore(path, unpacked, progress, findings);

describe("a file that is not there or no file", () => {
  const message = async (path: string) =>
    openIt(path).then(
      () => "opened",
      (error: Error) => `${error.name}: ${error.message}`,
    );
  it("gets one sentence each", async () => {
    const empty = put("empty", new Uint8Array(0));
    symlinkSync("loop", join(folder, "loop"));
    expect(await message(join(folder, "none"))).toBe(`NotFoundError: no file ${join(folder, "none")}`);
    expect(await message(join(empty, "x"))).toBe(`NotFoundError: no file ${join(empty, "x")}`);
    expect(await message(join(folder, "loop"))).toBe(`NotFoundError: no file ${join(folder, "loop")}`);
    expect(await message(folder)).toBe(`FormatError: ${folder}: is a directory, not a file`);
    expect(await message(empty)).toBe(`FormatError: ${empty}: empty file`);
    expect(await message("/dev/null")).toBe("FormatError: /dev/null: is not a regular file");
    expect(await message("/proc/self/mem")).toBe("FormatError: /proc/self/mem: empty file");
    expect(await message(`/proc/${process.pid}/mem`)).toBe(
      `FormatError: /proc/${process.pid}/mem: is of a process that lives, and no core`,
    );
  });
  it("says so when it may not be read", () => {
    const error = asDumpError("core", Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "open" }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect((error as NotFoundError).message).toBe("no readable file core");
    expect((error as NotFoundError).advice).toMatch(/permission denied/);
  });
  it("of a process that lives says how a core is taken of it", async () => {
    const advice = (path: string) => openIt(path).catch((error: DumpError) => error.advice);
    const step = { id: "dump-process", pid: process.pid };
    expect(await advice(`${process.pid}`)).toEqual(step);
    expect(await advice(`/proc/${process.pid}/mem`)).toEqual(step);
    expect(await advice(`/proc/${process.pid}`)).toEqual(step);
    expect(await advice("999999999")).toBeUndefined();
  });
  it("leaves errors that are no file's alone", () => {
    const bug = new TypeError("x is undefined");
    expect(asDumpError("core", bug)).toBe(bug);
  });
});

describe("compressed files", () => {
  const packers: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["none", (bytes) => bytes],
    ["gzip", (bytes) => zlib.gzipSync(bytes)],
    ["gzip of two members", (bytes) => Buffer.concat([zlib.gzipSync(bytes.subarray(0, 333_333)), zlib.gzipSync(bytes.subarray(333_333))])],
    ["zstd with its size", (bytes) => rawZstd(bytes, true)],
    ["zstd of a stream", (bytes) => rawZstd(bytes, false)],
    ["zstd of two frames", (bytes) => Buffer.concat([rawZstd(bytes.subarray(0, 333_333), true), rawZstd(bytes.subarray(333_333), false)])],
  ];
  it.each(packers)("%s read as what was packed, and leave nothing behind", async (name, pack) => {
    const bytes = holey();
    const path = put(`packed ${name}`, pack(bytes));
    const ticks: number[] = [];
    const stages: string[] = [];
    const progress: Progress = { stage: (stage) => stages.push(stage), tick: (done) => ticks.push(done) };
    const file = await openIt(path, new Findings(), progress);
    expect(readdirSync(unpacked)).toEqual([]);
    expect(file.source.name).toBe(path);
    expect(file.source.size).toBe(bytes.length);
    expect(Buffer.compare(file.source.read(0, bytes.length), bytes)).toBe(0);
    expect(Buffer.from(file.source.read(999_990, 100))).toEqual(Buffer.from(bytes.subarray(999_990)));
    expect(file.source.read(2_000_000, 5).length).toBe(0);
    expect(stages.length).toBe(name === "none" ? 0 : 1);
    if (name !== "none") expect(ticks.at(-1)).toBe(pack(bytes).length);
    file.close();
    file.close();
  });

  it.each(packers.slice(1))("%s cut off: a core gives what came out, and a finding; an executable does not", async (name, pack) => {
    const whole = pack(pattern(1_000_000, 3));
    const path = put(`cut ${name}`, whole.subarray(0, whole.length - 20_000));
    const findings = new Findings();
    const file = await openIt(path, findings);
    expect(file.source.size).toBeGreaterThan(0);
    expect(file.source.size).toBeLessThan(1_000_000);
    expect(Buffer.compare(file.source.read(0, 1_000_000), pattern(1_000_000, 3).subarray(0, file.source.size))).toBe(0);
    expect(findings.list()).toMatchObject([{ code: "compressed-damaged", partial: true }]);
    file.close();
    await expect(openExecutable(path, unpacked, silent, new Findings())).rejects.toThrow(FormatError);
    expect(readdirSync(unpacked)).toEqual([]);
  });

  it("that are damaged from the start are refused", async () => {
    for (const magic of [
      [0x1f, 0x8b],
      [0x28, 0xb5, 0x2f, 0xfd],
    ]) {
      const path = put("damaged", Uint8Array.from([...magic, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
      await expect(openIt(path)).rejects.toThrow(/does not decompress/);
    }
  });

  const containers: readonly (readonly [string, Uint8Array | string, RegExp, string])[] = [
    ["core.xz", Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2]), /compressed by xz/, "xz -dk FILE"],
    ["core.lz4", Uint8Array.from([4, 0x22, 0x4d, 0x18, 0, 0]), /compressed by lz4/, "lz4 -dk FILE"],
    ["core.bz2", "BZh91AY", /compressed by bzip2/, "bzip2 -dk FILE"],
    ["core.zip", "PK\x03\x04....", /a zip archive/, "unzip FILE"],
    ["core.tar", `${"x".repeat(257)}ustar`, /a tar archive/, "tar -xf FILE"],
    ["core.tar.gz", zlib.gzipSync(`${"x".repeat(257)}ustar`), /a tar archive/, "tar -xf FILE"],
    [
      "_usr_bin_server.0.crash",
      "ProblemType: Crash\n",
      /a crash report of apport/,
      "apport-unpack FILE report && corescope overview report/CoreDump",
    ],
    ["it's.7z", Uint8Array.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0]), /a 7z archive/, "7z x FILE"],
  ];
  it.each(containers)("%s is no core: what it is, and what to type", async (name, bytes, what, command) => {
    const path = put(name, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    const error = await openIt(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as UnsupportedError).message).toMatch(what);
    expect(adviceText((error as UnsupportedError).advice)).toBe(command.replace("FILE", quoteWord(path)));
  });

  // The first bytes of what runtime/pprof writes: a profile of the heap, and one of the processor.
  const heapProfile = [0x5a, 4, 8, 1, 0x10, 2, 0x60, 0x80, 0x80, 0x20, 0x0a, 4, 8, 3, 0x10, 4];
  const cpuProfile = [0x48, 0xe5, 0xbd, 0x94, 0xe8, 0xe3, 0xf3, 0xb8, 0xf6, 0x18, 0x0a, 4, 8, 1, 0x10, 2, 0x0a, 4];
  const machO = [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, 3, 0, 0, 0];
  const foreign: readonly (readonly [string, Uint8Array | string, string, unknown])[] = [
    ["crash.dmp", "MDMP\x93\xa7", "a minidump of Windows", "delve"],
    ["MEMORY.DMP", "PAGEDU64\x0f", "a memory dump of a Windows machine", "windbg"],
    ["core.mac", Uint8Array.from([...machO, 4, 0, 0, 0]), "a core of macOS (Mach-O)", "lldb"],
    ["program.mac", Uint8Array.from([...machO, 2, 0, 0, 0]), "a program of macOS (Mach-O)", undefined],
    ["core-1.img", Uint8Array.from([0x19, 0x43, 0x56, 0x54, 0x47, 0x38, 5, 0x55]), "an image of CRIU", "criu"],
    ["heap.dump", "go1.7 heap dump\n\x06", "a heap dump by debug.WriteHeapDump", undefined],
    ["heap.pb.gz", zlib.gzipSync(Uint8Array.from(heapProfile)), "a profile of pprof", "pprof"],
    ["cpu.pb.gz", zlib.gzipSync(Uint8Array.from(cpuProfile)), "a profile of pprof", "pprof"],
    ["java.hprof", "JAVA PROFILE 1.0.2", "a heap dump of Java", "mat"],
  ];
  it.each(foreign)("%s is named for what it is, with what opens it", async (name, bytes, what, opener) => {
    const path = put(name, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    const error = await openIt(path).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "unsupported", feature: path, found: what });
    if (opener !== undefined) expect(error).toMatchObject({ advice: { id: "open", with: opener, path } });
  });
  it("are not taken for a profile by a few bytes", () => {
    expect(looksLikeProfile(Uint8Array.from(heapProfile))).toBe(true);
    for (const bytes of [[], [0x0a], [0x5a, 4, 8, 1, 0x10, 2], [0x0a, 4, 1, 2, 3, 4], [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], [0x0a, 4, 0x10]])
      expect(looksLikeProfile(Uint8Array.from(bytes)), `${bytes}`).toBe(false);
    expect(looksLikeProfile(Buffer.from("\n\x05hello, world"))).toBe(false);
  });

  it("that need more room than there is are refused before they are written", async () => {
    const lie = rawZstd(pattern(1000, 1), true).slice();
    lie[4] = 0b11_0_00000; // content size of 8 bytes
    const path = put("huge", Buffer.concat([lie.subarray(0, 6), Uint8Array.from([0, 0, 0, 0, 0, 0, 0x10, 0]), lie.subarray(10)]));
    expect(zstdContentSize(bytesSource("x", Uint8Array.from([...lie.subarray(0, 6), 0, 0, 0, 0, 0, 0, 0x10, 0])))).toBe(2 ** 52);
    const error = await openIt(path).catch((e: ResourceError) => e);
    expect(error).toBeInstanceOf(ResourceError);
    expect((error as ResourceError).message).toMatch(/does not fit decompressed into/);
    expect((error as ResourceError).advice).toMatchObject({ id: "room", compressed: true, wanted: 2 ** 52, free: expect.any(Number) });
  });

  it("stop at once, with the reason, when the person cancels", async () => {
    const progress: Progress = {
      stage() {},
      tick() {
        throw new Cancelled();
      },
    };
    for (const [name, pack] of packers.slice(1)) {
      const path = put(`cancelled ${name}`, pack(pattern(1_000_000, 3)));
      await expect(openIt(path, new Findings(), progress)).rejects.toThrow(Cancelled);
    }
    expect(readdirSync(unpacked)).toEqual([]);
  });

  it("cannot be unpacked into a folder that is not there", async () => {
    const path = put("small.gz", zlib.gzipSync(pattern(100, 1)));
    await expect(openCore(path, join(folder, "nowhere"), silent, new Findings())).rejects.toThrow(`no file ${join(folder, "nowhere")}`);
  });
});

describe("zstdContentSize", () => {
  it("reads every width of the field", () => {
    const size = (...bytes: number[]) => zstdContentSize(bytesSource("x", Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes])));
    expect(size(0b00_1_00000, 77, 0)).toBe(77);
    expect(size(0b00_0_00000, 0x58, 77)).toBeUndefined();
    expect(size(0b01_1_00000, 1, 1)).toBe(256 + 257);
    expect(size(0b10_0_00001, 0x58, 9, 1, 0, 0, 1)).toBe(2 ** 24 + 1);
    expect(size(0b11_0_00011, 0x58, 9, 9, 9, 9, 1, 0, 0, 0, 1, 0, 0, 0)).toBe(2 ** 32 + 1);
    expect(size(0b11_0_00011, 0x58)).toBeUndefined();
  });
});

describe("a pipe", () => {
  const piped = async (bytes: Uint8Array, open: (pipe: string) => Promise<unknown>) => {
    const pipe = join(mkdtempSync(join(folder, "pipe-")), "core");
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("sh", ["-c", 'cat "$0" > "$1"', put("piped", bytes), pipe], { stdio: "ignore" });
    try {
      return await open(pipe);
    } finally {
      writer.kill();
    }
  };
  it.each([
    ["as it is", (bytes: Uint8Array) => bytes],
    ["compressed", (bytes: Uint8Array) => zlib.gzipSync(bytes)],
  ])("is read once, %s, and leaves nothing behind", async (_, pack) => {
    const bytes = holey();
    const findings = new Findings();
    await piped(pack(bytes), async (pipe) => {
      const file = await openCore(pipe, unpacked, silent, findings);
      expect(file.source.name).toBe(pipe);
      expect(Buffer.compare(file.source.read(0, bytes.length + 1), bytes)).toBe(0);
      expect(readdirSync(unpacked)).toEqual([]);
      file.close();
    });
    expect(findings.list()).toMatchObject([{ code: "core-piped", partial: false, example: expect.stringContaining(unpacked) }]);
  });
  it("may bring anything, an execution trace too", async () => {
    await piped(Buffer.from("go 1.26 trace\0\0\0"), async (pipe) => {
      const file = await openNamed(pipe, unpacked, silent, new Findings());
      expect(Buffer.from(file.source.read(0, 13)).toString()).toBe("go 1.26 trace");
      file.close();
    });
  });
  it("is written with holes where it is zero", () => {
    const fd = openNameless(unpacked);
    const writer = new SparseWriter(fd, unpacked, "core");
    writer.write(new Uint8Array(8 << 20));
    writer.write(pattern(1000, 1));
    writer.write(new Uint8Array(8 << 20));
    writer.finish();
    const { size, blocks } = fstatSync(fd);
    expect([size, writer.size]).toEqual([(16 << 20) + 1000, (16 << 20) + 1000]);
    expect(blocks * 512).toBeLessThan(1 << 20);
    closeSync(fd);
    expect(readdirSync(unpacked)).toEqual([]);
  });
  it("through which nothing comes is refused", async () => {
    await piped(new Uint8Array(0), async (pipe) => {
      await expect(openIt(pipe)).rejects.toThrow(`${pipe}: nothing came through the pipe`);
    });
    expect(readdirSync(unpacked)).toEqual([]);
  });
});

describe("openFiles", () => {
  const finder = (candidates: string[], right: string, others: string[] = []): ImageFinder => ({
    candidates: () => ({ executable: candidates, others }),
    matches: (_, executable) => contents(executable) === right,
    roleOf: (_, file) => (["debug", "other"] as const).find((role) => contents(file).startsWith(role)) ?? "executable",
  });
  const contents = (file: ByteSource) => new TextDecoder().decode(file.read(0, 100));
  const text = (value: string) => new TextEncoder().encode(value);

  it("takes the executable of the right build, wherever it is", async () => {
    const home = mkdtempSync(join(folder, "home-"));
    const core = join(home, "core");
    writeFileSync(core, "the core");
    writeFileSync(join(home, "deployed"), "newer build");
    const find = async (right: string, candidates = [join(home, "deployed"), "/gone/bin/prog"]) => {
      const files = await openFiles({ core: openFile(core), tmpdir: unpacked }, finder(candidates, right), silent, new Findings());
      files.close();
      return files.executable?.name ?? files.missing;
    };
    expect(await find("build 1", ["/gone/bin/prog"])).toMatchObject({ message: "no executable /gone/bin/prog" });
    expect(await find("build 1", ["/tmp/go-build123/b001/exe/prog"])).toMatchObject({ advice: { goCommand: "run" } });
    expect(await find("build 1", [])).toMatchObject({ message: "no executable of this core" });
    expect(await find("newer build")).toBe(join(home, "deployed"));
    writeFileSync(join(home, "prog.gz"), zlib.gzipSync(text("build 1")));
    expect(await find("build 1")).toBe(join(home, "prog.gz"));
    writeFileSync(join(home, "exe"), "build 2");
    expect(await find("build 2")).toBe(join(home, "exe"));
    expect(await find("build 3")).toBe(join(home, "deployed")); // wrong, and the caller says so with both ids
  });

  it("opens what --exe names and nothing else", async () => {
    const core = put("a-core", text("the core"));
    const executable = put("a-wrong-build", text("wrong"));
    const files = await openFiles({ core: openFile(core), executable }, finder([], "right"), silent, new Findings());
    expect(files.executable?.name).toBe(executable);
    files.close();
    await expect(
      openFiles({ core: openFile(core), executable: join(folder, "nope") }, finder([], "right"), silent, new Findings()),
    ).rejects.toThrow("no file");
  });

  it("keeps the program that --exe names beside the library that is searched for", async () => {
    const core = put("d-core", text("the core"));
    const host = put("d-host", text("other program"));
    const library = put("d-library", text("right"));
    const around = { ...finder([library], "right"), candidates: () => ({ executable: [library], others: [], around: "/gone/d-host" }) };
    for (const executable of [host, undefined]) {
      const files = await openFiles({ core: openFile(core), executable }, around, silent, new Findings());
      const others = files.others.map(({ source }) => source.name);
      expect([files.executable?.name, files.isDebugNamed, others]).toEqual([library, false, [host]]);
      files.close();
    }
  });

  it("searches for the executable when --exe names a file without code, and says where when there is none", async () => {
    const core = put("c-core", text("the core"));
    const debug = put("c-debug", text("debug information"));
    const executable = put("c-right", text("right"));
    const files = await openFiles({ core: openFile(core), executable: debug }, finder([executable], "right"), silent, new Findings());
    expect([files.executable?.name, files.isDebugNamed]).toEqual([executable, true]);
    files.close();
    const alone = openFiles({ core: openFile(core), executable: debug }, finder(["/gone/app"], "right"), silent, new Findings());
    await expect(alone).rejects.toMatchObject({ code: "not-found", given: "/gone/app", advice: { id: "executable", debugOnly: debug } });
  });

  it("opens other images when they are there, and says which are not", async () => {
    const core = put("b-core", text("the core"));
    const executable = put("b-exe", text("right"));
    const plugin = put("plugin.so", text("plugin"));
    const findings = new Findings();
    const files = await openFiles(
      { core: openFile(core), executable },
      finder([], "right", ["/elsewhere/plugin.so", "/gone.so"]),
      silent,
      findings,
    );
    expect(files.others.map((o) => [o.path, o.source.name])).toEqual([["/elsewhere/plugin.so", plugin]]);
    expect(findings.list()).toMatchObject([{ code: "image-missing", example: "/gone.so" }]);
    files.close();
  });
});
