import { describe, expect, it } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { acceptExecutable, verifyBuild } from "../../src/process/build.js";
import { pattern } from "../support/elf-writer.js";
import { coreBytes, executableBytes, open, parts } from "./sample.js";

describe("verifyBuild", () => {
  const executable = executableBytes();
  const core = parts(coreBytes(executable));
  it("says same for the build that crashed", () => {
    expect(verifyBuild(core, open(executable))).toEqual({ match: "same", coreId: "go/build/id", executableId: "go/build/id" });
  });
  it("says different for another Go build id, and for another GNU build id, with both", () => {
    expect(verifyBuild(core, open(executableBytes({ go: "other" })))).toEqual({
      match: "different",
      coreId: "go/build/id",
      executableId: "other",
    });
    const gnu = (seed: number) => Buffer.from(pattern(20, seed)).toString("hex");
    expect(verifyBuild(core, open(executableBytes({ gnuSeed: 2 })))).toEqual({ match: "different", coreId: gnu(1), executableId: gnu(2) });
  });
  it("says different for another position independent build", () => {
    const bias = 0x5555_0000_0000;
    const pie = parts(coreBytes(executableBytes({ type: "DYN" }), { bias }));
    expect(verifyBuild(pie, open(executableBytes({ type: "DYN" }))).match).toBe("same");
    expect(verifyBuild(pie, open(executableBytes({ type: "DYN", go: "other" }))).match).toBe("different");
    expect(verifyBuild(pie, open(executable)).match).toBe("same"); // the ids decide, not the type
  });
  it("says unknown when the first page was not dumped", () => {
    const bare = parts(coreBytes(executable, { firstPage: new Uint8Array(0) }));
    expect(verifyBuild(bare, open(executable))).toEqual({ match: "unknown", coreId: undefined, executableId: "go/build/id" });
  });
});

describe("acceptExecutable", () => {
  const core = parts(coreBytes(executableBytes()));
  const codes = (executable: Uint8Array, force = false, of = core) => {
    const findings = new Findings();
    acceptExecutable(of, open(executable, "exe"), force, findings);
    return findings.list().map(({ code }) => code);
  };

  it("says nothing of the build that crashed, and that nothing proves it where it is so", () => {
    expect(codes(executableBytes())).toEqual([]);
    expect(codes(executableBytes(), false, parts(coreBytes(executableBytes(), { firstPage: new Uint8Array(0) })))).toEqual([
      "build-unproved",
    ]);
  });

  it("refuses another build unless it is forced", () => {
    expect(() => codes(executableBytes({ go: "other" }))).toThrow("build id other is not the core's go/build/id");
    expect(codes(executableBytes({ go: "other" }), true)).toEqual(["build-mismatch"]);
  });

  it("refuses another architecture and another core, forced or not", () => {
    const arm = executableBytes();
    arm[18] = 183;
    expect(() => codes(arm, true)).toThrow("exe is for arm64, the core for amd64");
    expect(() => codes(coreBytes(executableBytes()), true)).toThrow("exe: is a core, not an executable");
  });
});
