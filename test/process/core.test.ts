import { describe, expect, it } from "vitest";
import { DumpError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { assembleProcess, executableCandidates, verifyBuild } from "../../src/process/process.js";
import { pattern, writeElf } from "../support/elf-writer.js";
import { assemble, coreBytes, DATA, executableBytes, HEAP, open, parts, TEXT } from "./sample.js";

describe("readCore", () => {
  const executable = executableBytes();

  it("tells of a core that is cut off, and reads the rest", () => {
    const whole = coreBytes(executable);
    const findings = new Findings();
    const { memory } = assemble(whole.subarray(0, whole.length - 4096 - 4096), executable, findings);
    expect(findings.list()).toMatchObject([
      {
        code: "core-truncated",
        partial: true,
        count: 2,
        bytes: 8192,
      },
    ]);
    expect(memory.bytes(HEAP, 4096)).toEqual(pattern(8192, 3).subarray(0, 4096));
    expect(memory.tryBytes(HEAP + 4096, 8)).toBeUndefined();
    expect(memory.find(HEAP + 4096)?.backing).toBe("not-dumped");
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
          const findings = new Findings();
          const core = parts(whole.subarray(0, size), findings);
          const process = assembleProcess(core, { executable: image, others: [] }, findings);
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
