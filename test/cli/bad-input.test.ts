// What a person gets for files that are not what they should be: an exit code, one sentence, no stack trace.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { decompress } from "fzstd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const launcher = join(root, "scripts/corescope.mjs");
const fixture = (name: string) => join(root, "dumps/cores", name);

let folder = "";
let core = "";
let executable = "";

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/prepare.mjs")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
  folder = mkdtempSync(join(tmpdir(), "bad-input-"));
  core = join(folder, "core");
  executable = join(folder, "exe");
  writeFileSync(core, decompress(readFileSync(join(fixture("zoo-1.24-amd64"), "core.zst"))));
  writeFileSync(executable, decompress(readFileSync(join(fixture("zoo-1.24-amd64"), "exe.zst"))));
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function corescope(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...words], { encoding: "utf8", maxBuffer: 1 << 26 });
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  expect(stderr).not.toContain("bug:");
  return { status, stdout, stderr };
}

/** A copy of a file with some bytes changed. */
function changed(name: string, from: string, change: (bytes: Buffer) => void): string {
  const bytes = readFileSync(from);
  change(bytes);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("files that are no cores", () => {
  test("text, nothing, a folder, an executable", () => {
    const text = join(folder, "notes.txt");
    writeFileSync(text, "hello, world\n");
    const empty = join(folder, "empty");
    writeFileSync(empty, "");
    expect(corescope("overview", text)).toMatchObject({ status: 3, stderr: expect.stringMatching(/not an ELF file/) });
    expect(corescope("overview", empty)).toMatchObject({ status: 3, stderr: expect.stringMatching(/empty file/) });
    expect(corescope("overview", folder)).toMatchObject({ status: 3, stderr: expect.stringMatching(/directory/) });
    expect(corescope("overview", executable)).toMatchObject({ status: 3, stderr: expect.stringMatching(/not a core/) });
  });

  test("an executable that was cut off says so, wherever the cut is, and what to do", () => {
    const whole = readFileSync(executable);
    for (const share of [0.000_01, 0.001, 0.5, 0.99]) {
      const cut = join(folder, "exe.cut");
      writeFileSync(cut, whole.subarray(0, Math.ceil(whole.length * share)));
      expect(corescope("histogram", core, "--exe", cut)).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/the file ends at [0-9,]+\n {2}the file is cut short: copy it again/),
      });
    }
  }, 60_000);

  test("a name that is nearly right is offered", () => {
    writeFileSync(join(folder, "server.core.zst"), "x");
    expect(corescope("overview", join(folder, "server.core"))).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/no file .*; near: .*server.core.zst/),
    });
  });

  test("32-bit, big-endian, another machine", () => {
    const narrow = changed("core32", core, (bytes) => bytes.writeUInt8(1, 4));
    const big = changed("corebig", core, (bytes) => bytes.writeUInt8(2, 5));
    const riscv = changed("coreriscv", core, (bytes) => bytes.writeUInt16LE(243, 18));
    for (const [path, said] of [
      [narrow, /32-bit/],
      [big, /big-endian/],
      [riscv, /machine/],
    ] as const) {
      expect(corescope("overview", path, "--exe", executable)).toMatchObject({ status: 3, stderr: expect.stringMatching(said) });
    }
  });
});

describe("executables that are not the one", () => {
  test("another build is refused with both ids, and used with --force", () => {
    const other = join(folder, "other");
    writeFileSync(other, decompress(readFileSync(join(fixture("zoo-1.25-amd64"), "exe.zst"))));
    const { status, stderr } = corescope("mappings", core, "--exe", other);
    expect(status).toBe(3);
    expect(stderr).toMatch(/build id \S{20,} is not the core's \S{20,}/);
    expect(stderr).toContain("--force");
    const forced = corescope("mappings", core, "--exe", other, "--force");
    expect(forced.status).toBe(0);
    expect(forced.stderr).toContain("another build");
  }, 60_000);

  test("one without DWARF says what is missing", () => {
    // Without a section table there is no DWARF; the build id is in a segment.
    const stripped = changed("stripped", executable, (bytes) => {
      bytes.writeBigUInt64LE(0n, 40);
      bytes.writeUInt16LE(0, 60);
      bytes.writeUInt16LE(0, 62);
    });
    const { status, stderr } = corescope("overview", core, "--exe", stripped);
    expect(status).toBe(3);
    expect(stderr).toMatch(/DWARF|no Go program/);
    expect(corescope("mappings", core, "--exe", stripped).status).toBe(0);
  });

  test("none at all names where it looked", () => {
    const { status, stderr } = corescope("overview", core);
    // The fixture's own path does not exist here, and `exe` lies beside the core: it is found by its name.
    expect([status, stderr.includes("error:")]).toEqual([0, false]);
  });
});

describe("cores that are cut", () => {
  for (const percent of [10, 50, 90]) {
    test(`at ${percent}% still answer, and say what is missing`, () => {
      const cut = join(folder, `cut${percent}`);
      writeFileSync(cut, readFileSync(core));
      truncateSync(cut, Math.floor((readFileSync(core).length * percent) / 100));
      for (const words of [["overview"], ["histogram"], ["mappings"], ["objects", "--top", "3"]]) {
        const [command, ...rest] = words;
        const { status, stdout, stderr } = corescope(command, cut, "--exe", executable, ...rest);
        expect([command, status]).toEqual([command, 4]);
        expect(stdout).not.toBe("");
        expect(stderr).toMatch(/partial: the core is cut off/);
      }
    }, 120_000);
  }
});

describe("questions without an answer", () => {
  test("an address that is no object is explained", () => {
    const { status, stderr } = corescope("why", core, "0x400000", "--exe", executable);
    expect(status).toBe(1);
    expect(stderr).toMatch(/0x400000 is /);
    expect(corescope("why", core, "hello", "--exe", executable)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no variable hello/),
    });
    expect(corescope("why", core, "hello[", "--exe", executable).status).toBe(2);
    expect(corescope("why", core, "--type", "no.SuchType", "--exe", executable)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/no object/),
    });
    expect(corescope("histogram", core, "--focus", "(", "--exe", executable).status).toBe(2);
  }, 60_000);
});
