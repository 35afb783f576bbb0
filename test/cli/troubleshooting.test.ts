/** docs/troubleshooting.md quotes what corescope prints: each message is provoked, so that none goes stale. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decompress } from "fzstd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../cli/cli.js";
import { showProgress } from "../../cli/progress.js";
import { openDump } from "../../src/dump.js";
import { fixture } from "../support/dump-cache.js";

const page = readFileSync(fileURLToPath(new URL("../../docs/troubleshooting.md", import.meta.url)), "utf8");
const messages = [...page.matchAll(/<!-- provoked: (.*) -->\n```text\n([\s\S]*?)\n```/g)].map(([, name, text]) => ({
  name,
  lines: text.split("\n"),
}));

let folder: string;
const at = (name: string) => join(folder, name);
const zoo = fixture("zoo-1.26-amd64");

/** A core without the bytes of some of its segments. */
function without(core: Buffer, isMissing: (address: number, flags: number) => boolean): Buffer {
  const cut = Buffer.from(core);
  const headers = Number(cut.readBigUInt64LE(32));
  for (let i = 0; i < cut.readUInt16LE(56); i++) {
    const header = headers + i * 56;
    const isLoad = cut.readUInt32LE(header) === 1;
    if (isLoad && isMissing(Number(cut.readBigUInt64LE(header + 16)), cut.readUInt32LE(header + 4))) cut.writeBigUInt64LE(0n, header + 32);
  }
  return cut;
}

async function print(words: readonly string[], open: typeof openDump = openDump): Promise<string> {
  let out = "";
  const write = (text: string | Uint8Array, done?: () => void) => {
    out += text;
    done?.();
    return true;
  };
  await run(words, { open, out: { write }, error: { write }, environment: {}, version: "", now: () => 0 });
  return out;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "corescope-"));
  const core = Buffer.from(decompress(readFileSync(zoo.core)));
  const exe = Buffer.from(decompress(readFileSync(zoo.executable)));
  writeFileSync(at("core"), core);
  writeFileSync(at("server"), exe);
  writeFileSync(at("stripped"), exe.toString("latin1").replaceAll(".debug_", ".dobug_"), "latin1");
  writeFileSync(at("cut"), core.subarray(0, Math.floor(core.length / 3)));
  // The executable lies below the heap, the heap below the libraries' part of the address space.
  writeFileSync(
    at("noheap"),
    without(core, (address, flags) => (flags & 2) !== 0 && address > 2 ** 32 && address < 0x7f0000000000),
  );
  writeFileSync(
    at("nodata"),
    without(core, (address, flags) => (flags & 2) !== 0 && address < 2 ** 32),
  );
  mkdtempSync(at("alone"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const provocations: Readonly<Record<string, () => Promise<string>>> = {
  "no executable"() {
    const alone = mkdtempSync(at("alone-"));
    copyFileSync(at("core"), join(alone, "core"));
    return print(["overview", join(alone, "core")]);
  },
  "other build": () => print(["overview", at("core"), "--exe", fixture("demo-1.26-amd64").executable]),
  stripped: () => print(["overview", at("core"), "--exe", at("stripped")]),
  minidump() {
    writeFileSync(at("crash.dmp"), "MDMP\x93\xa7");
    return print(["overview", at("crash.dmp")]);
  },
  "cut core": () => print(["overview", at("cut"), "--exe", at("server")]),
  "no heap in core": () => print(["overview", at("noheap"), "--exe", at("server")]),
  "nothing live": () => print(["overview", at("nodata"), "--exe", at("server")]),
  async "too slow"() {
    let now = 0;
    let shown = "";
    const write = (text: string) => {
      shown += text;
    };
    const progress = showProgress({ isTerminal: true, columns: 80, write, now: () => now });
    progress.stage("reading heap", 100);
    for (let done = 0; done < 50; done++) {
      now += 200;
      progress.tick(done);
    }
    progress.finish();
    return shown;
  },
  "out of memory": () => print(["histogram", at("core")], () => Promise.reject(new RangeError("Array buffer allocation failed"))),
};

describe("troubleshooting", () => {
  test("every situation is there, and every message is provoked", () => {
    expect(messages.map(({ name }) => name)).toEqual(Object.keys(provocations));
  });
  for (const { name, lines } of messages) {
    test(name, async () => {
      const printed = await provocations[name]();
      for (const line of lines) {
        const pattern = line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
        expect(printed).toMatch(new RegExp(pattern.join(".*")));
      }
    }, 60_000);
  }
});
