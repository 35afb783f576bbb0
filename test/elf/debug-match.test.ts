import { describe, expect, it } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import { matchDebug } from "../../src/elf/debug-match.js";
import { type ElfImage, openElf } from "../../src/elf/elf.js";
import { note, pattern, writeElf } from "../support/elf-writer.js";

const TEXT = 0x401000;
const RODATA = 0x500000;
const DATA = 0x600000;
const [WRITE, ALLOC, EXECUTE] = [1, 2, 4];

interface Program {
  /** How far the data lies behind its usual place. */
  readonly shift?: number;
  /** How far the constant that the code names lies behind its usual place. */
  readonly constant?: number;
  readonly go?: string;
  readonly gnu?: number;
  readonly dataSize?: number;
  readonly machine?: "amd64" | "arm64";
  readonly without?: readonly string[];
  readonly codeOnly?: boolean;
  readonly noCode?: boolean;
  readonly pclntab?: number;
  readonly patch?: (code: Uint8Array) => void;
}

/** A program whose code names a variable at 0x40 of .data (by an operand at 0x10 of .text) and a constant (at 0x20). */
function program(options: Program = {}): ElfImage {
  const { shift = 0, constant = 0, go, gnu, dataSize = 256, without = [] } = options;
  const code = pattern(64, 5);
  const view = new DataView(code.buffer);
  view.setInt32(0x10, DATA + shift + 0x40 - (TEXT + 0x14), true);
  view.setInt32(0x20, RODATA + 0x20 + constant - (TEXT + 0x24), true);
  options.patch?.(code);
  const sections = [
    { name: ".text", flags: ALLOC + EXECUTE, address: TEXT, bytes: code, ...(options.noCode ? { type: 8 } : {}) },
    { name: ".rodata", flags: ALLOC, address: RODATA, bytes: pattern(128, 6) },
    { name: ".gopclntab", flags: ALLOC, address: RODATA + 0x1000, bytes: pattern(64, options.pclntab ?? 7) },
    { name: ".data", flags: ALLOC + WRITE, address: DATA + shift, bytes: pattern(dataSize, 8) },
    { name: ".bss", type: 8, flags: ALLOC + WRITE, address: DATA + shift + 0x1000, bytes: pattern(64, 9) },
    ...(go === undefined ? [] : [{ name: ".note.go.buildid", type: 7, bytes: note("Go", 4, new TextEncoder().encode(go)) }]),
    ...(gnu === undefined ? [] : [{ name: ".note.gnu.build-id", type: 7, bytes: note("GNU", 3, pattern(20, gnu)) }]),
    ...(options.codeOnly ? [] : [{ name: ".debug_info", bytes: pattern(32, 10) }]),
  ];
  const machine = options.machine ?? "amd64";
  return openElf(
    bytesSource("file", writeElf({ type: "EXEC", machine, sections: sections.filter(({ name }) => !without.includes(name)) })),
  );
}

const proofOf = (match: ReturnType<typeof matchDebug>) => ("refused" in match ? match.refused : match.proof);

describe("debug information of the same build", () => {
  const executable = program({ go: "a/b", gnu: 1, codeOnly: true });
  it("is known by either build id, when both files have it", () => {
    expect(proofOf(matchDebug(executable, program({ go: "a/b", gnu: 1 })))).toBe("build id");
    expect(proofOf(matchDebug(executable, program({ go: "a/b" })))).toBe("build id");
    expect(proofOf(matchDebug(executable, program({ gnu: 1, noCode: true })))).toBe("build id");
  });
  it("is refused when one id differs, with both", () => {
    expect(proofOf(matchDebug(executable, program({ go: "a/c", gnu: 1 })))).toBe("its build id a/c is not the executable's a/b");
    expect(proofOf(matchDebug(executable, program({ gnu: 2 }), { link: true }))).toMatch(/^its build id [0-9a-f]{40} is not/);
  });
  it("needs a CRC where no id is in both", () => {
    expect(proofOf(matchDebug(executable, program()))).toBe("no build id proves that it is of the executable");
    expect(proofOf(matchDebug(executable, program(), { link: true }))).toBe("debug link");
  });
  it("is refused when a section lies elsewhere all the same, with the figures", () => {
    expect(proofOf(matchDebug(executable, program({ go: "a/b", shift: 32 })))).toBe(
      "its .data is 256 bytes at 0x600020, the executable's 256 bytes at 0x600000",
    );
  });
  it("is refused without DWARF, and of another machine", () => {
    expect(proofOf(matchDebug(executable, executable))).toBe("it holds no debug information (no .debug_info)");
    expect(proofOf(matchDebug(executable, program({ machine: "arm64" })))).toBe("it is for arm64, the executable for amd64");
  });
});

describe("debug information of a rebuild", () => {
  const executable = program({ go: "a/b", codeOnly: true });
  const match = (rebuild: ElfImage) => matchDebug(executable, rebuild, { rebuild: true });

  it("is taken when the code is the same", () => {
    const same = match(program({ go: "c/d" }));
    expect(same).toMatchObject({ proof: "code", sameLines: true });
    expect("place" in same && same.place(DATA + 0x40)).toBe(DATA + 0x40);
    expect(match(program({ go: "c/d", pclntab: 70 }))).toMatchObject({ proof: "code", sameLines: false });
  });
  it("is only taken when a person named it", () => {
    expect(proofOf(matchDebug(executable, program({ go: "c/d" })))).toBe("its build id c/d is not the executable's a/b");
  });
  it("names variables where the executable has them, when its data is moved", () => {
    const moved = match(program({ go: "c/d", shift: 0x20, constant: 8 }));
    expect(moved).toMatchObject({ proof: "code" });
    if ("refused" in moved) return;
    expect(moved.place(DATA + 0x20)).toBe(DATA);
    expect(moved.place(DATA + 0x20 + 0x40)).toBe(DATA + 0x40);
    expect(moved.place(DATA + 0x1020 + 8)).toBe(DATA + 0x1000 + 8);
    expect(moved.place(TEXT + 4)).toBe(TEXT + 4);
    expect(moved.place(RODATA + 4)).toBe(RODATA + 4);
  });
  it("may have code that holds the address of moved data itself", () => {
    const holds = (address: number) => (code: Uint8Array) => new DataView(code.buffer).setInt32(0x30, address, true);
    const own = program({ go: "a/b", codeOnly: true, patch: holds(DATA + 8) });
    const proof = (address: number) => proofOf(matchDebug(own, program({ shift: 0x20, patch: holds(address) }), { rebuild: true }));
    expect(proof(DATA + 0x28)).toBe("code");
    expect(proof(DATA + 0x30)).toMatch(/its code is another one from 0x401030 on/);
  });
  it("is refused when the code is another one, or names another variable", () => {
    expect(proofOf(match(program({ patch: (code) => code.fill(0x90, 0x30, 0x32) })))).toMatch(/its code is another one from 0x401030 on/);
    const other = (code: Uint8Array) => new DataView(code.buffer).setInt32(0x10, DATA + 0x48 - (TEXT + 0x14), true);
    expect(proofOf(match(program({ patch: other })))).toMatch(/its code is another one from 0x401010 on/);
  });
  it("is refused when its data is of another size or gone, or there is no code to compare", () => {
    expect(proofOf(match(program({ go: "c/d", dataSize: 264 })))).toBe(
      "its build id c/d is not the executable's a/b, and its .data is 264 bytes at 0x600000, the executable's 256 bytes at 0x600000",
    );
    expect(proofOf(match(program({ without: [".bss"] })))).toMatch(/and it has no .bss$/);
    expect(proofOf(match(program({ noCode: true })))).toMatch(/there is no code in both files to compare$/);
  });
});
