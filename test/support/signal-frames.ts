// Frames of signal handlers on a stack, as the kernel writes them.
import type { MemoryBuilder } from "./memory-builder.js";

/** A signal frame that a handler stands on. */
export interface SignalFrame {
  readonly at: number;
  readonly pc: number;
  readonly sp: number;
  readonly signo: number;
  readonly code: number;
  readonly value: number;
  /** No siginfo: the handler did not ask for one. */
  readonly bare?: boolean;
}

/** As the kernel writes it for a thread without a signal stack: SS_DISABLE. */
export function writeSignalFrame(memory: MemoryBuilder, arch: "amd64" | "arm64", frame: SignalFrame): void {
  const { at, pc, sp, signo, code, value, bare } = frame;
  memory.uint(at + 24, 4, 2);
  const registers = arch === "amd64" ? at + 40 : at + 184;
  memory.word(registers + (arch === "amd64" ? 15 : 31) * 8, sp).word(registers + (arch === "amd64" ? 16 : 32) * 8, pc);
  if (arch === "amd64") {
    memory
      .word(at, 7)
      .word(at + 40 + 17 * 8, 0x10246)
      .word(at + 40 + 18 * 8, 0x002b000000000033n)
      .word(at + 40 + 20 * 8, 14)
      .word(at + 40 + 22 * 8, value)
      .word(at + 40 + 23 * 8, at + 448);
  } else {
    memory
      .word(at + 176, value)
      .uint(at + 464, 4, 0x46508001)
      .uint(at + 468, 4, 528)
      .uint(at + 992, 4, 0x45535201)
      .uint(at + 996, 4, 16)
      .word(at + 1000, 0x92000045);
  }
  const info = arch === "amd64" ? at + 304 : at - 128;
  if (bare) memory.word(info, 0x7f00deadbeef0001n).word(info + 8, -1n);
  else
    memory
      .uint(info, 4, signo)
      .uint(info + 8, 4, code)
      .word(info + 16, value);
}
