import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { NOT_AN_ADDRESS } from "../../src/base/units.js";
import { readAuxv } from "../../src/process/auxv.js";
import { withoutDeleted } from "../../src/process/parts.js";
import { readRegisters, registersOf } from "../../src/process/registers.js";
import { faultAddress, readSignalInfo } from "../../src/process/signal-info.js";
import { auxv, prstatus, siginfo } from "../support/elf-writer.js";

describe("an auxiliary vector", () => {
  it("ends at AT_NULL or where it is cut", () => {
    const bytes = auxv([
      [6, 4096],
      [9, 0x463f20],
    ]);
    expect(readAuxv(bytes)).toEqual(
      new Map([
        [6, 4096],
        [9, 0x463f20],
      ]),
    );
    expect(readAuxv(bytes.subarray(0, 31))).toEqual(new Map([[6, 4096]]));
    expect(readAuxv(new Uint8Array(0)).size).toBe(0);
  });
});

describe("a siginfo", () => {
  it("has the address of a fault, or who sent it", () => {
    expect(readSignalInfo(siginfo(11, 1, 0xdead000))).toEqual({ signo: 11, code: 1, address: 0xdead000, senderPid: undefined });
    expect(readSignalInfo(siginfo(6, -6, 100))).toEqual({ signo: 6, code: -6, address: undefined, senderPid: 100 });
  });

  it("is none when it names no signal or is cut short", () => {
    expect(readSignalInfo(siginfo(0, 0, 0))).toBeUndefined();
    expect(readSignalInfo(siginfo(11, 1, 1).subarray(0, 20))).toBeUndefined();
  });

  it("has no address of a general protection fault, nor one beyond all memory", () => {
    expect(faultAddress(11, 0x80, 0n)).toBe(NOT_AN_ADDRESS);
    expect(faultAddress(11, 1, 1n << 60n)).toBe(NOT_AN_ADDRESS);
    expect(faultAddress(3, 1, 5n)).toBeUndefined();
    expect(faultAddress(11, 0, 5n)).toBeUndefined();
  });
});

describe.each(Object.values(ARCHES))("registers of $name", (arch) => {
  const values = arch.registers.kernel.map((_, i) => BigInt(0x1000 + i));
  const at = (name: string) => Number(values[arch.registers.kernel.indexOf(name)]);

  it("are read in the kernel's order", () => {
    const registers = readRegisters(arch, prstatus(arch.name, 7, 6, values));
    const { pc, sp, fp, g } = arch.registers;
    expect(registers).toMatchObject({ pc: at(pc), sp: at(sp), fp: at(fp), g: at(g), names: arch.registers.kernel });
    expect(registers?.lr).toBe(arch.linkRegister ? at(arch.linkRegister) : NOT_AN_ADDRESS);
    expect(arch.registers.dwarf.map((_, i) => registers?.byDwarfNumber(i))).toEqual(arch.registers.dwarf.map((name) => BigInt(at(name))));
    expect(registers?.byDwarfNumber(99)).toBeUndefined();
    expect(readRegisters(arch, prstatus(arch.name, 7, 6, values).subarray(0, 300))).toBeUndefined();
  });

  it("that hold no address are none", () => {
    expect(registersOf(arch, new Map([[arch.registers.pc, 1n << 60n]]))).toMatchObject({ pc: NOT_AN_ADDRESS, sp: NOT_AN_ADDRESS });
  });
});

describe("a mapped file that was deleted", () => {
  it("has its path", () => {
    expect(["/srv/prog (deleted)", "/srv/prog"].map(withoutDeleted)).toEqual(["/srv/prog", "/srv/prog"]);
  });
});
