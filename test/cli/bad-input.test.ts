// What a person gets for files that are not what they should be: an exit code, one sentence, no stack trace.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../cli/cli.js";
import { openDump } from "../../src/dump.js";
import { unpacked } from "../support/dump-cache.js";
import { leftOpen, makeWorld } from "../support/world.js";

let folder = "";
const { core, executable } = unpacked("zoo-1.24-amd64");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bad-input-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a command line answers, run in this process; test/cli/launcher.test.ts has the command itself. */
const corescope = (...words: readonly string[]) => answerOf(words, openDump);

/** The same for command lines that are all about one core and its executable: opened once. */
async function withOpened(path: string, ask: (asked: typeof corescope) => Promise<void>): Promise<void> {
  const dump = await openDump({ core: path, executable });
  try {
    await ask((...words) => answerOf(words, async () => leftOpen(dump)));
  } finally {
    dump.close();
  }
}

async function answerOf(words: readonly string[], open: typeof openDump) {
  const world = makeWorld();
  const status = await run(words, { ...world, open });
  const { out: stdout, error: stderr } = world.printed;
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
  test("text, nothing, a folder, an executable", async () => {
    const text = join(folder, "notes.txt");
    writeFileSync(text, "hello, world\n");
    const empty = join(folder, "empty");
    writeFileSync(empty, "");
    expect(await corescope("overview", text)).toMatchObject({ status: 3, stderr: expect.stringMatching(/not an ELF file/) });
    expect(await corescope("overview", empty)).toMatchObject({ status: 3, stderr: expect.stringMatching(/empty file/) });
    expect(await corescope("overview", folder)).toMatchObject({ status: 3, stderr: expect.stringMatching(/directory/) });
    expect(await corescope("overview", executable)).toMatchObject({ status: 3, stderr: expect.stringMatching(/not a core/) });
  });

  test("an executable that was cut off says so, wherever the cut is, and what to do", async () => {
    const whole = readFileSync(executable);
    for (const share of [0.000_01, 0.001, 0.5, 0.99]) {
      const cut = join(folder, "exe.cut");
      writeFileSync(cut, whole.subarray(0, Math.ceil(whole.length * share)));
      expect(await corescope("histogram", core, "--exe", cut)).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/the file ends at [0-9,]+\n {2}the file is cut short: copy it again/),
      });
    }
  });

  test("a name that is nearly right is offered", async () => {
    writeFileSync(join(folder, "server.core.zst"), "x");
    expect(await corescope("overview", join(folder, "server.core"))).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/no file .*; near: .*server.core.zst/),
    });
  });

  test("32-bit, big-endian, another machine", async () => {
    const narrow = changed("core32", core, (bytes) => bytes.writeUInt8(1, 4));
    const big = changed("corebig", core, (bytes) => bytes.writeUInt8(2, 5));
    const riscv = changed("coreriscv", core, (bytes) => bytes.writeUInt16LE(243, 18));
    for (const [path, said] of [
      [narrow, /32-bit/],
      [big, /big-endian/],
      [riscv, /machine/],
    ] as const) {
      expect(await corescope("overview", path, "--exe", executable)).toMatchObject({ status: 3, stderr: expect.stringMatching(said) });
    }
  });
});

describe("executables that are not the one", () => {
  test("another build is refused with both ids, and used with --force", async () => {
    const other = unpacked("zoo-1.25-amd64").executable;
    const { status, stderr } = await corescope("mappings", core, "--exe", other);
    expect(status).toBe(3);
    expect(stderr).toMatch(/build id \S{20,} is not the core's \S{20,}/);
    expect(stderr).toContain("--force");
    const forced = await corescope("mappings", core, "--exe", other, "--force");
    expect(forced.status).toBe(0);
    expect(forced.stderr).toContain("another build");
  });

  test("one without DWARF and sections is read all the same, and that is told", async () => {
    // Without a section table there is no DWARF; the build id is in a segment.
    const stripped = changed("stripped", executable, (bytes) => {
      bytes.writeBigUInt64LE(0n, 40);
      bytes.writeUInt16LE(0, 60);
      bytes.writeUInt16LE(0, 62);
    });
    const { status, stdout, stderr } = await corescope("overview", core, "--exe", stripped);
    expect([status, stdout.split("\n")[0]]).toEqual([0, expect.stringContaining("panic: ")]);
    expect(stderr).toContain("the executable is stripped");
    expect((await corescope("mappings", core, "--exe", stripped)).status).toBe(0);
  });

  test("none at all names where it looked", async () => {
    const { status, stderr } = await corescope("overview", core);
    // The fixture's own path does not exist here, and `exe` lies beside the core: it is found by its name.
    expect([status, stderr.includes("error:")]).toEqual([0, false]);
  });
});

describe("cores that are cut", () => {
  for (const percent of [10, 50, 90]) {
    test(`at ${percent}% still answer, and say what is missing`, async () => {
      const cut = join(folder, `cut${percent}`);
      const whole = readFileSync(core);
      writeFileSync(cut, whole.subarray(0, Math.floor((whole.length * percent) / 100)));
      await withOpened(cut, async (asked) => {
        for (const words of [["overview"], ["histogram"], ["mappings"], ["objects", "--top", "3"]]) {
          const [command, ...rest] = words;
          const { status, stdout, stderr } = await asked(command, cut, "--exe", executable, ...rest);
          expect([command, status]).toEqual([command, 4]);
          expect(stdout).not.toBe("");
          expect(stderr).toMatch(/partial: the core is cut off/);
        }
      });
    });
  }
});

describe("questions without an answer", () => {
  test("an address that is no object is explained", async () => {
    await withOpened(core, async (asked) => {
      const about = (command: string, ...words: readonly string[]) => asked(command, core, "--exe", executable, ...words);
      const { status, stderr } = await about("why", "0x400000");
      expect(status).toBe(1);
      expect(stderr).toMatch(/0x400000 is /);
      expect(await about("why", "hello")).toMatchObject({ status: 2, stderr: expect.stringMatching(/no variable hello/) });
      expect((await about("why", "hello[")).status).toBe(2);
      expect(await about("why", "--type", "no.SuchType")).toMatchObject({ status: 1, stderr: expect.stringMatching(/no object/) });
      expect((await about("histogram", "--focus", "(")).status).toBe(2);
    });
  });
});
