import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runGcProgram } from "../../src/runtime/gc-program.js";

const text = (mask: Uint8Array | undefined, words: number) =>
  mask && Array.from({ length: words }, (_, i) => (mask[i >> 3] >> (i & 7)) & 1).join("");

describe("a pointer mask program", () => {
  it("emits bits, least significant first", () => {
    expect(text(runGcProgram(Uint8Array.from([5, 0b10110, 0]), 8), 8)).toBe("01101000");
    expect(text(runGcProgram(Uint8Array.from([10, 0xff, 0b01, 0]), 10), 10)).toBe("1111111110");
  });

  it("repeats what it has written", () => {
    // Three bits, then the last three twice more.
    expect(text(runGcProgram(Uint8Array.from([3, 0b001, 0x83, 2, 0]), 9), 9)).toBe("100100100");
    // The long form carries the count behind the instruction; a repeat may read what it is writing.
    expect(text(runGcProgram(Uint8Array.from([1, 1, 0x80, 1, 200, 1, 0]), 201), 201)).toBe("1".repeat(201));
  });

  it("is bad when it is cut or repeats what is not there", () => {
    expect(runGcProgram(Uint8Array.from([3]), 8)).toBeUndefined();
    expect(runGcProgram(Uint8Array.from([0x83]), 8)).toBeUndefined();
    expect(runGcProgram(Uint8Array.from([1, 1, 0x82, 5, 0]), 8)).toBeUndefined();
  });

  it("writes no more than asked for and always ends", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(500), (program, words) => {
        const mask = runGcProgram(program, words);
        if (mask) expect(mask.length).toBe(Math.ceil(words / 8));
        for (let i = words; mask && i < mask.length * 8; i++) expect((mask[i >> 3] >> (i & 7)) & 1).toBe(0);
      }),
    );
  });
});
