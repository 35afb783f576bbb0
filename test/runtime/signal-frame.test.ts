/** Frames of signals on stacks that are not gsignal's: known by their shape, on either architecture, siginfo or not. */

import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { NOT_AN_ADDRESS } from "../../src/base/units.js";
import { interruptedRegisters, savedSignals } from "../../src/runtime/signal-frame.js";
import { MemoryBuilder } from "../support/memory-builder.js";
import { type SignalFrame, writeSignalFrame } from "../support/signal-frames.js";

const START = 0x7f0000000000;
const GSIGNAL = { lo: 0xc000010000, hi: 0xc000018000 };

describe.each(["amd64", "arm64"] as const)("a handler on the stack of a thread of C's, %s", (arch) => {
  const segv: SignalFrame = { at: START + 0x8000, pc: 0x4a3fe4, sp: START + 0xa000, signo: 11, code: 1, value: 0x40 };
  const abort: SignalFrame = { at: START + 0x4000, pc: 0x7f11820f2eec, sp: START + 0x7000, signo: 6, code: -6 >>> 0, value: 77 };
  const build = (...frames: SignalFrame[]) => {
    const memory = new MemoryBuilder(START, 0x20000);
    for (const frame of frames) writeSignalFrame(memory, arch, frame);
    return memory.memory();
  };

  it("tells the signal, its address and where it struck", () => {
    const found = savedSignals(build(segv), START + 0x1230, GSIGNAL, ARCHES[arch]);
    expect(found).toEqual([
      { signo: 11, code: 1, address: 0x40, senderPid: undefined, senderUid: undefined, pc: 0x4a3fe4, sp: START + 0xa000 },
    ]);
    expect(interruptedRegisters(build(segv), START + 0x1230, GSIGNAL, ARCHES[arch])).toMatchObject({ pc: 0x4a3fe4, sp: START + 0xa000 });
  });

  it("puts the one that came first first", () => {
    expect(savedSignals(build(segv, abort), START + 0x1230, GSIGNAL, ARCHES[arch])).toMatchObject([
      { signo: 11 },
      { signo: 6, senderPid: 77 },
    ]);
  });

  it("reads the processor's own report where the handler asked for no siginfo", () => {
    expect(savedSignals(build({ ...segv, bare: true }), START + 0x1230, GSIGNAL, ARCHES[arch])).toMatchObject([
      { signo: 11, code: 1, address: 0x40 },
    ]);
  });

  it("knows that a general protection fault has no address", () => {
    const found = savedSignals(build({ ...segv, code: 0x80, value: 0 }), START + 0x1230, GSIGNAL, ARCHES[arch]);
    expect(found).toMatchObject([{ signo: 11, address: NOT_AN_ADDRESS }]);
  });

  it("finds nothing below sp, and nothing in a stack without frames", () => {
    expect(savedSignals(build(segv), START + 0x9000, GSIGNAL, ARCHES[arch])).toEqual([]);
    expect(savedSignals(build(), START + 0x1230, GSIGNAL, ARCHES[arch])).toEqual([]);
    expect(savedSignals(build(segv), 0x1000, GSIGNAL, ARCHES[arch])).toEqual([]);
  });

  it("takes no frame whose saved sp lies below it", () => {
    expect(savedSignals(build({ ...segv, sp: START + 0x2000 }), START + 0x1230, GSIGNAL, ARCHES[arch])).toEqual([]);
  });
});
