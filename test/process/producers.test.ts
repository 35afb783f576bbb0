import { describe, expect, it } from "vitest";
import type { ElfNote } from "../../src/elf/elf.js";
import type { Thread } from "../../src/process/parts.js";
import { producerOf } from "../../src/process/producers/producers.js";

const NT_PRSTATUS = 1;
const NT_PRPSINFO = 3;
const NT_FILE = 0x46494c45;
const NT_SIGINFO = 0x53494749;
const NT_DELVE_HEADER = 0x444c5645;

const noteOf = (type: number, owner = "CORE", body = new Uint8Array(0)): ElfNote => ({ type, owner, body });
const status = (signal: number) =>
  noteOf(
    NT_PRSTATUS,
    "CORE",
    Uint8Array.from({ length: 336 }, (_, i) => (i === 12 ? signal : 0)),
  );
const threads = (...signals: number[]) => signals.map((signal, i) => ({ tid: i + 1, signal }) as unknown as Thread);
const info = (signo: number) => ({ signo, code: 0, address: undefined, senderPid: 7 });

/** Notes as each producer writes them. */
const NOTES: Readonly<Record<string, readonly ElfNote[]>> = {
  kernel: [status(6), status(6), noteOf(NT_PRPSINFO), noteOf(NT_SIGINFO), noteOf(NT_FILE)],
  gcore: [noteOf(NT_PRPSINFO), status(0), noteOf(NT_SIGINFO), status(0), noteOf(NT_SIGINFO), noteOf(NT_FILE)],
  delve: [noteOf(NT_PRSTATUS, ""), noteOf(NT_DELVE_HEADER, "", new TextEncoder().encode("Target Pid: 7\nEntry Point: 0x463f20\n"))],
  qemu: [status(6), noteOf(NT_PRPSINFO), status(0)],
};
const of = (name: string) => producerOf(NOTES[name] ?? []);

describe("producers", () => {
  it.each(Object.keys(NOTES))("%s is known by its notes", (name) => {
    expect(of(name).name).toBe(name);
  });

  it("whom nobody claims is the kernel's", () => {
    expect(producerOf([]).name).toBe("kernel");
    expect(producerOf([noteOf(NT_PRPSINFO)]).name).toBe("kernel");
  });

  it("gdb's threads are in an order of its own, the kernel's are not", () => {
    const tids = (name: string) =>
      of(name)
        .order(threads(0, 0, 11))
        .map(({ tid }) => tid);
    expect([tids("gcore"), tids("qemu"), tids("kernel")]).toEqual([
      [3, 1, 2],
      [3, 1, 2],
      [1, 2, 3],
    ]);
  });

  it("a living process took no signal, whatever its siginfos keep", () => {
    expect(of("gcore").signal([info(19)], threads(0, 0))).toBeUndefined();
    expect(of("gcore").signal([info(11)], threads(11, 0))).toEqual(info(11));
    expect(of("kernel").signal([info(6)], threads(6, 6))).toEqual(info(6));
    expect(of("delve").signal([], threads(0))).toBeUndefined();
  });

  it("without siginfo the signal is the thread's", () => {
    expect(of("qemu").signal([], threads(11, 0))).toEqual({ signo: 11, code: 0, address: undefined, senderPid: undefined });
    expect(of("qemu").signal([], [])).toBeUndefined();
  });

  it("only delve has a note of the entry point", () => {
    expect(of("delve").entry(NOTES.delve ?? [])).toBe(0x463f20);
    expect(of("delve").entry([noteOf(NT_PRSTATUS, "")])).toBeUndefined();
    expect(of("kernel").entry(NOTES.delve ?? [])).toBeUndefined();
  });
});
