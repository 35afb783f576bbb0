import { describe, expect, it } from "vitest";
import { executableCandidates, imageCandidates, mayBeGo } from "../../src/process/candidates.js";
import { auxv, fileList, note, prpsinfo } from "../support/elf-writer.js";
import { coreBytes, DATA, executableBytes, NT_FILE, parts, TEXT } from "./sample.js";

describe("the files of a process", () => {
  it("finds where the executable was", () => {
    expect(executableCandidates(parts(coreBytes(executableBytes())))).toEqual(["/srv/bin/prog", "prog"]);
  });

  it("are called what the program was started as, too", () => {
    const first = executableBytes();
    first.set(new TextEncoder().encode("./bin/prog\0"), 3000);
    const notes = [note("CORE", 3, prpsinfo(1, "prog", "prog")), note("CORE", 6, auxv([[31, TEXT + 3000]]))];
    expect(executableCandidates(parts(coreBytes(first, { notes })))).toEqual(["./bin/prog", "prog"]);
  });

  it("are libraries and plugins, but not the system's", () => {
    const paths = ["/srv/bin/prog", "/srv/plugin.so (deleted)", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/srv/data.bin", "/opt/libz.so.1"];
    const files = fileList(paths.map((path, i) => ({ start: TEXT + i * 8192, end: TEXT + i * 8192 + 4096, offset: 0, path })));
    const notes = [note("CORE", NT_FILE, files), note("CORE", 6, auxv([[3, TEXT + 64]]))];
    expect(imageCandidates(parts(coreBytes(executableBytes(), { notes })))).toEqual(["/srv/plugin.so", "/opt/libz.so.1"]);
  });

  it("tell by the executable's writable data whether it may be Go", () => {
    const may = (data: Uint8Array | undefined) => {
      const more = data === undefined ? [] : [{ type: 1, flags: 6, address: DATA + 0x1000_0000, bytes: data }];
      const place = fileList([
        { start: TEXT, end: TEXT + 4096, offset: 0, path: "/srv/bin/prog" },
        { start: DATA + 0x1000_0000, end: DATA + 0x1000_0000 + 8192, offset: 8192, path: "/srv/bin/prog" },
      ]);
      return mayBeGo(
        parts(coreBytes(executableBytes(), { notes: [note("CORE", NT_FILE, place), note("CORE", 6, auxv([[3, TEXT + 64]]))], more })),
      );
    };
    const data = (at: number) => {
      const bytes = new Uint8Array(8192);
      bytes.set(new TextEncoder().encode(" Go buildinf:"), at + 1);
      bytes[at] = 0xff;
      return bytes;
    };
    expect([undefined, data(4096), data(4099), new Uint8Array(8192)].map(may)).toEqual([true, true, false, false]);
  });
});
