import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";

const WORD = 8;

describe.each(Object.values(ARCHES))("the table of $name", (arch) => {
  const { registers, signalFrame } = arch;

  it("is found by its own name, and names no register twice", () => {
    expect(ARCHES[arch.name]).toBe(arch);
    for (const names of [registers.kernel, registers.dwarf, registers.special, signalFrame.registers])
      expect(new Set(names).size).toBe(names.length);
  });

  it("lets a thread and a signal frame tell every register that DWARF numbers, and those with a part to play", () => {
    expect(registers.kernel).toEqual(expect.arrayContaining([...registers.dwarf, ...registers.special]));
    expect([...signalFrame.registers].sort()).toEqual([...registers.dwarf].sort());
    const parts = [registers.pc, registers.sp, registers.fp, registers.g, ...(arch.linkRegister ? [arch.linkRegister] : [])];
    expect(registers.dwarf).toEqual(expect.arrayContaining(parts));
    expect(registers.dwarf.at(-1)).toBe(registers.pc);
  });

  it("takes neither zeros nor noise for a signal frame", () => {
    const size = signalFrame.before + signalFrame.after;
    const noise = Uint8Array.from({ length: size }, (_, i) => (i * 151 + 43) % 256);
    for (const bytes of [new Uint8Array(size), noise])
      expect(signalFrame.looksRight(new DataView(bytes.buffer), signalFrame.before, 0xc000000000)).toBe(false);
  });
});

describe("what the processor reported", () => {
  const fault = (name: "amd64" | "arm64", words: Record<number, bigint>) => ARCHES[name].signalFrame.faultOf((at) => words[at] ?? 0n);

  it("on amd64 is the trap number: a page fault has an address, a division none", () => {
    const word = (index: number) => 40 + index * WORD;
    expect(fault("amd64", { [word(20)]: 14n, [word(22)]: 0x1234n, [word(19)]: 4n })).toEqual({ accessed: 0x1234n, isProtection: false });
    expect(fault("amd64", { [word(20)]: 14n, [word(22)]: 0x1234n, [word(19)]: 7n })).toEqual({ accessed: 0x1234n, isProtection: true });
    expect(fault("amd64", { [word(20)]: 0n })).toEqual({ signo: 8 });
    expect(fault("amd64", { [word(20)]: 3n })).toBeUndefined();
  });

  it("on arm64 is the syndrome record, when the kernel wrote one", () => {
    const record = { 992: (16n << 32n) | 0x45535201n, 176: 0xdeadn };
    expect(fault("arm64", { ...record, 1000: 0x24n << 26n })).toEqual({ accessed: 0xdeadn, isProtection: false });
    expect(fault("arm64", { ...record, 1000: 0x15n << 26n })).toBeUndefined();
    expect(fault("arm64", { 176: 0xdeadn, 1000: 0x24n << 26n })).toBeUndefined();
  });
});
