import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DumpError, FormatError, UnsupportedError } from "../../src/base/errors.js";
import { bytesSource } from "../../src/base/source.js";
import { expectCore, expectExecutable, openElf } from "../../src/elf/elf.js";
import { buildIdNotes, join, note, pattern, type SegmentToWrite, symbolTable, writeElf } from "../support/elf-writer.js";

const open = (bytes: Uint8Array, name = "x") => openElf(bytesSource(name, bytes));

/** A reader of headers that shares nothing with elfy nor with src. */
function ownHeaders(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const table = u64(32);
  const segments = Array.from({ length: view.getUint16(56, true) }, (_, i) => {
    const at = table + i * view.getUint16(54, true);
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true) % 8,
      offset: u64(at + 8),
      address: u64(at + 16),
      fileSize: u64(at + 32),
      memorySize: u64(at + 40),
    };
  });
  return { type: view.getUint16(16, true), machine: view.getUint16(18, true), entry: u64(24), table, segments };
}

const anyAddress = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 47 / 4096 - 1 }).map((page) => page * 4096),
  fc.constantFrom(0xffffffffff600000, 0xffff800000000000, 0xc000000000, 2 ** 53 - 1),
);
const anySegment: fc.Arbitrary<SegmentToWrite> = fc.record({
  type: fc.constantFrom(0, 1, 2, 4, 6, 7, 0x6474e551, 0x6474e553, 0x70000001, 0xffffffff),
  flags: fc.integer({ min: 0, max: 7 }),
  address: anyAddress,
  bytes: fc.uint8Array({ maxLength: 40 }),
  memorySize: anyAddress,
});

describe("ELF headers", () => {
  it("are read by the adapter as an independent reader reads them", () => {
    fc.assert(
      fc.property(
        fc.array(anySegment, { maxLength: 12 }),
        fc.constantFrom("EXEC" as const, "DYN" as const, "CORE" as const),
        fc.constantFrom("amd64" as const, "arm64" as const),
        anyAddress,
        fc.boolean(),
        (segments, type, machine, entry, programHeadersLast) => {
          const bytes = writeElf({ type, machine, entry, segments, programHeadersLast });
          const image = open(bytes);
          const own = ownHeaders(bytes);
          expect(image.segments).toEqual(own.segments);
          expect(image.header).toEqual({ type, machine, entry, programHeaderOffset: segments.length > 0 ? own.table : 0 });
          expect(own.segments.map((s) => s.address)).toEqual(segments.map((s) => s.address));
        },
      ),
    );
  });

  it("count more than 65,534 segments through section 0", () => {
    const segments = Array.from({ length: 70_000 }, (_, i) => ({
      type: 1,
      flags: 4,
      address: i * 8192,
      offset: 0,
      fileSize: 64,
      memorySize: 4096,
    }));
    const image = open(writeElf({ segments, extended: true }));
    expect(image.segments.length).toBe(70_000);
    expect(image.segments[69_999]?.address).toBe(69_999 * 8192);
  });

  it("count more than 65,534 segments even when section 0 was cut off", () => {
    const rest = Array.from({ length: 70_000 }, (_, i) => ({
      type: 1,
      flags: 4,
      address: i * 8192,
      offset: 0,
      fileSize: 64,
      memorySize: 4096,
    }));
    const bytes = writeElf({ segments: [{ type: 4, bytes: note("CORE", 6, new Uint8Array(16)) }, ...rest], extended: true });
    expect(open(bytes.subarray(0, bytes.length - 150)).segments.length).toBe(70_001);
  });

  it("refuse a count of program headers that the file cannot hold", () => {
    const bytes = writeElf({ segments: [{ type: 1, bytes: pattern(10, 1) }] });
    new DataView(bytes.buffer).setUint16(56, 60_000, true);
    expect(() => open(bytes)).toThrow(/table of 60000 program headers needs/);
  });
});

describe("what is no ELF file of ours", () => {
  const minimal = writeElf({});
  const changed = (at: number, value: number) => Uint8Array.from(minimal, (byte, i) => (i === at ? value : byte));
  const cases: [string, Uint8Array, typeof FormatError | typeof UnsupportedError, string][] = [
    ["text", new TextEncoder().encode("hello"), FormatError, 'x.txt: not an ELF file (starts with 68 65 6c 6c, "hello")'],
    ["nothing", new Uint8Array(0), FormatError, "x.txt: empty file"],
    ["two bytes", new Uint8Array([0x7f, 0x45]), FormatError, "x.txt: not an ELF file (starts with 7f 45)"],
    ["a magic alone", minimal.subarray(0, 20), FormatError, "x.txt: ELF header needs 64 bytes, the file ends at 20"],
    ["32-bit", changed(4, 1), UnsupportedError, "x.txt: ELF class: found 32-bit; corescope reads 64-bit"],
    ["big-endian", changed(5, 2), UnsupportedError, "x.txt: byte order: found big-endian; corescope reads little-endian"],
    ["ppc64", changed(18, 21), UnsupportedError, "x.txt: machine: found ppc64; corescope reads amd64 and arm64"],
    ["riscv", changed(18, 243), UnsupportedError, "x.txt: machine: found unknown; corescope reads amd64 and arm64"],
    ["an object file", changed(16, 1), UnsupportedError, "x.txt: ELF file type: found rel; corescope reads executables and cores"],
  ];
  it.each(cases)("%s gets a sentence", (_, bytes, kind, message) => {
    const attempt = () => open(bytes, "x.txt");
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(message);
  });

  it("an executable is not taken for a core, nor a core for an executable", () => {
    expect(() => expectCore(open(writeElf({ type: "EXEC" })))).toThrow("x: is an executable, not a core");
    expect(() => expectCore(open(writeElf({ type: "DYN" })))).toThrow("x: is an executable or shared library, not a core");
    expect(() => expectExecutable(open(writeElf({ type: "CORE" })))).toThrow("x: is a core, not an executable");
    expectCore(open(writeElf({ type: "CORE" })));
    expectExecutable(open(writeElf({ type: "EXEC" })));
  });
});

describe("sections", () => {
  const info = pattern(5000, 3);
  it("come back as they were written, compressed or not", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(undefined, "zlib" as const),
        fc.boolean(),
        (bytes, compress, extended) => {
          const image = open(
            writeElf({
              type: "EXEC",
              extended,
              sections: [
                { name: ".a", bytes: info },
                { name: ".debug_info", bytes, ...(compress ? { compress } : {}) },
              ],
            }),
          );
          expect(image.section(".debug_info")).toEqual(bytes);
          expect(image.section(".a")).toEqual(info);
          expect(image.sections.map((s) => s.name)).toEqual(["", ".a", ".debug_info", ".shstrtab"]);
        },
      ),
    );
  });

  it("of the old compression are found by the new name", () => {
    const image = open(writeElf({ type: "EXEC", sections: [{ name: ".zdebug_line", bytes: info, compress: "zdebug" }] }));
    expect(image.section(".debug_line")).toEqual(info);
  });

  it("that are absent or have no bytes are undefined", () => {
    const image = open(writeElf({ type: "EXEC", sections: [{ name: ".bss", type: 8, bytes: info }] }));
    expect(image.section(".bss")).toBeUndefined();
    expect(image.section(".text")).toBeUndefined();
    expect(open(writeElf({})).sections).toEqual([]);
  });

  it("compressed with zstd are unsupported, with what to do", () => {
    const image = open(writeElf({ type: "EXEC", sections: [{ name: ".debug_info", bytes: info, compress: "zstd" }] }));
    expect(() => image.section(".debug_info")).toThrow("compression of section .debug_info: found zstd; corescope reads zlib");
  });

  it("that lie about their size are refused before anything is allocated", () => {
    const claim = (claimedSize: number) =>
      open(writeElf({ type: "EXEC", sections: [{ name: ".debug_info", bytes: info, compress: "zlib", claimedSize }] }));
    expect(() => claim(2 ** 46).section(".debug_info")).toThrow(FormatError);
    expect(() => claim(4999).section(".debug_info")).toThrow(FormatError);
    expect(() => claim(5001).section(".debug_info")).toThrow(FormatError);
  });
});

describe("symbols", () => {
  it("are the defined ones with an address", () => {
    const { table, strings } = symbolTable([
      { name: "main.main", address: 0x401000, size: 16, kind: 2 },
      { name: "main.größe", address: 0x500000, size: 8 },
      { name: "undefined", address: 0, size: 0, section: 0 },
      { name: "absolute", address: 7, size: 0, section: 0xfff1 },
      { name: "runtime.tlsg", address: 8, size: 8, kind: 6 },
      { name: "a.go", address: 0, size: 0, kind: 4 },
    ]);
    const image = open(
      writeElf({
        type: "EXEC",
        sections: [
          { name: ".symtab", type: 2, bytes: table, link: ".strtab" },
          { name: ".strtab", type: 3, bytes: strings },
        ],
      }),
    );
    expect(image.symbols()).toEqual([
      { name: "main.main", address: 0x401000, size: 16 },
      { name: "main.größe", address: 0x500000, size: 8 },
    ]);
    expect(image.symbols()).toBe(image.symbols());
  });
  it("are none in a stripped file", () => {
    expect(open(writeElf({ type: "EXEC" })).symbols()).toEqual([]);
  });
});

describe("notes", () => {
  it("come back as they were written, whatever the owner", () => {
    const anyNote = fc.record({
      owner: fc.constantFrom("CORE", "LINUX", "GDB", "", "Go"),
      type: fc.integer({ min: 1, max: 0xffffffff }),
      body: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(anyNote, { maxLength: 8 }), (notes) => {
        const bytes = join(...notes.map((n) => note(n.owner, n.type, n.body)));
        expect(open(writeElf({ segments: [{ type: 4, bytes }] })).notes()).toEqual(notes);
      }),
    );
  });

  it("stop where they are cut", () => {
    const bytes = join(note("CORE", 1, pattern(8, 1)), note("CORE", 2, pattern(100, 2)).subarray(0, 60));
    expect(
      open(writeElf({ segments: [{ type: 4, bytes }] }))
        .notes()
        .map((n) => n.type),
    ).toEqual([1]);
  });
});

describe("build ids", () => {
  const gnu = pattern(20, 9);
  const gnuHex = Buffer.from(gnu).toString("hex");
  const ids = buildIdNotes("a/b/c/d", gnu);

  it("are found when the GNU note is only in the section table", () => {
    const image = open(
      writeElf({
        type: "EXEC",
        segments: [{ type: 4, bytes: ids.go }],
        sections: [{ name: ".note.gnu.build-id", type: 7, bytes: ids.gnu }],
      }),
    );
    expect([image.goBuildId, image.gnuBuildId]).toEqual(["a/b/c/d", gnuHex]);
  });

  it("are found in the first page when no header leads to them", () => {
    const first: SegmentToWrite = { type: 1, flags: 5, address: 0x400000, offset: 0, fileSize: 4096, memorySize: 4096 };
    const image = open(writeElf({ type: "EXEC", segments: [first, { type: 0x6474e551, bytes: join(ids.go, ids.gnu) }] }));
    expect([image.goBuildId, image.gnuBuildId]).toEqual(["a/b/c/d", gnuHex]);
  });

  it("are undefined when there are none", () => {
    const image = open(writeElf({ type: "EXEC", sections: [] }));
    expect([image.goBuildId, image.gnuBuildId]).toEqual([undefined, undefined]);
  });
});

describe("damage", () => {
  const { table, strings } = symbolTable([{ name: "main.main", address: 0x401000, size: 16, kind: 2 }]);
  const whole = writeElf({
    type: "EXEC",
    segments: [
      { type: 4, bytes: buildIdNotes("a/b", pattern(20, 1)).go },
      { type: 1, flags: 5, address: 0x400000, bytes: pattern(200, 1) },
    ],
    sections: [
      { name: ".debug_info", bytes: pattern(300, 1), compress: "zlib" },
      { name: ".symtab", type: 2, bytes: table, link: ".strtab" },
      { name: ".strtab", type: 3, bytes: strings },
    ],
  });
  function readAll(bytes: Uint8Array): void {
    const image = open(bytes);
    for (const read of [
      () => image.sections,
      () => image.section(".debug_info"),
      () => image.symbols(),
      () => image.notes(),
      () => image.goBuildId,
    ]) {
      orDumpError(read);
    }
  }
  function orDumpError(read: () => unknown): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
    }
  }

  it("an executable cut at every byte gives an answer or a DumpError", () => {
    for (let size = 0; size < whole.length; size++) orDumpError(() => readAll(whole.subarray(0, size)));
  });

  it("an executable with any few bytes changed gives an answer or a DumpError", () => {
    const change = fc.tuple(
      fc.oneof(fc.integer({ min: 0, max: 250 }), fc.integer({ min: 0, max: whole.length - 1 })),
      fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        orDumpError(() => readAll(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
