import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { decompress } from "fzstd";
import { describe, expect, it } from "vitest";
import { fixtures, releases } from "./support/dump-cache.js";

/** Words that would tell who made a fixture, where, or in which environment. */
function forbiddenWords(): string[] {
  const words = [
    "/work/",
    "/home/",
    "/root/",
    "/Users/",
    "npm_",
    "GITHUB_",
    "PATH=",
    "HOSTNAME=",
    "HOME=",
    "USER=",
    "LANG=",
    "PWD=",
    "SHELL=",
    "TERM=",
  ];
  words.push("GOPATH=", "GOROOT=", "GOTOOLCHAIN=", "/pkg/mod/", "/usr/local/go");
  // The present machine's own names, when they are long enough to be no chance hit.
  for (const own of [hostname(), userInfo().username, homedir()]) if (own.length > 4) words.push(own);
  return words;
}

/** Files of a folder with their bytes, decompressed when compressed. */
function contents(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder).map((name) => {
    const raw = readFileSync(join(folder, name));
    const bytes = name.endsWith(".zst") ? decompress(raw) : raw;
    return { name, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  });
}

describe("the committed dumps", () => {
  const all = fixtures();

  it("cover every release on amd64, arm64, and the demo", () => {
    const has = (program: string, minor: string, arch: string) =>
      all.some(({ meta }) => meta.program === program && meta.go.startsWith(`${minor}.`) && meta.arch === arch);
    for (const go of releases) expect(has("zoo", go.split(".").slice(0, 2).join("."), "amd64"), go).toBe(true);
    expect(has("zoo", "1.26", "arm64")).toBe(true);
    expect(has("demo", "1.26", "amd64")).toBe(true);
  });

  it("are small", () => {
    let bytes = 0;
    for (const { core } of all) for (const name of readdirSync(dirname(core))) bytes += statSync(join(dirname(core), name)).size;
    expect(bytes).toBeLessThan(40e6);
  });

  it("hold what their program said", () => {
    for (const { name, truth } of all) {
      expect(truth.memStats.HeapObjects, name).toBeGreaterThan(10_000);
      expect(truth.goroutines, name).toBeGreaterThan(10);
      expect(Object.keys(truth.types).length, name).toBeGreaterThan(5);
    }
  });

  const forbidden = forbiddenWords();
  it.each(all)("$name carries nothing of the machine that made it", ({ core }) => {
    const found: string[] = [];
    for (const { name, bytes } of contents(dirname(core))) {
      for (const word of forbidden) {
        const at = bytes.indexOf(word);
        if (at >= 0) found.push(`${name}: ${JSON.stringify(bytes.subarray(Math.max(0, at - 30), at + 60).toString("latin1"))}`);
      }
    }
    expect(found).toEqual([]);
  });
});
