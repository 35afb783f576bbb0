import { expect, test } from "vitest";
import { adviceText } from "../../../cli/text/advice.js";
import type { Advice } from "../../../src/base/advice.js";

const WORDS: readonly (readonly [Advice | undefined, string])[] = [
  [undefined, ""],
  ["the pointer is nil", "the pointer is nil"],
  [{ id: "example", query: "why", args: { address: "main.global" } }, "for example: corescope why CORE main.global"],
  [{ id: "example", query: "read", args: { address: "0xc000012000", length: 64 } }, "for example: corescope read CORE 0xc000012000 64"],
  [{ id: "mappings", reason: "unmapped" }, "what is mapped: corescope mappings CORE"],
  [{ id: "mappings", reason: "not-dumped" }, "left out when the core was written (coredump_filter), or cut off: corescope mappings CORE"],
  [{ id: "goroutines", alive: 1, ended: 2000 }, "1 goroutine is in the core, 2,000 have ended"],
  [{ id: "variables", goroutine: 12 }, "why, and what has a value there: corescope goroutine CORE 12 --all"],
  [{ id: "executable" }, "pass the binary that crashed with --exe FILE"],
  [
    { id: "executable", orForce: true },
    "pass the binary that crashed with --exe FILE, or --force to use this one all the same (then nothing is certain)\n" +
      "an unstripped build of the same sources may give its debug information: pass that one with --debug FILE",
  ],
  [{ id: "executable", looked: ["/a", "/b"] }, "looked for /a, /b\npass the binary that crashed: corescope overview CORE --exe FILE"],
  [
    { id: "executable", looked: ["/a"], goCommand: "test" },
    "looked for /a\ngo test links without DWARF and keeps no program: go test -c -o PROGRAM, and run that",
  ],
  [{ id: "build-to-stay", goCommand: "run" }, "go run links without DWARF and keeps no program: go build -o PROGRAM, and run that"],
  [{ id: "upx", path: "a b" }, "unpack a copy, and pass that with --exe: upx -d -o unpacked 'a b'"],
  [{ id: "dump-process", pid: 17 }, "it lives: take a core of it\ngcore -o core 17\ncorescope overview core.17"],
  [{ id: "open", with: "delve", path: "a b" }, "delve opens minidumps: dlv core PROGRAM.exe 'a b'"],
  [{ id: "open", with: "pprof", path: "heap.pb.gz" }, "go tool pprof heap.pb.gz"],
  [{ id: "executable", doubt: "no Go" }, "is it the program that crashed? name that one with --exe FILE"],
  [{ id: "executable", doubt: "no Go runtime" }, "is it a Go program, and the one that crashed? name that one with --exe FILE"],
  [
    { id: "executable", isRebuild: true },
    "pass the binary that crashed with --exe FILE; if this one is a build of the same sources, pass it with --debug",
  ],
  [
    { id: "executable", looked: ["/a", "/b"], debugOnly: "a.debug" },
    "looked for /a, /b\na.debug has debug information and no code: pass the binary that crashed with --exe FILE, and this one with --debug",
  ],
  [
    { id: "debug-information", looked: ["/a.debug: its CRC-32 is 0x1", "not there: /b"] },
    "its debug information was looked for:\n  /a.debug: its CRC-32 is 0x1\n  not there: /b\nwhat helps, the cheapest first:\n" +
      "  its own debug file, kept by objcopy --only-keep-debug or from a package (-dbgsym, -debuginfo): pass it with --debug FILE\n" +
      "  a server that has it: set DEBUGINFOD_URLS and pass --debuginfod\n" +
      "  a build of the same sources, Go release and flags without -s, -w and strip: pass it with --debug FILE",
  ],
  [{ id: "not-the-core", path: "a b" }, "the core comes first, the executable is an option: --exe 'a b'"],
  [{ id: "room", compressed: false }, "name a folder with room with --tmpdir DIR, or set TMPDIR"],
  [
    { id: "room", compressed: false, wanted: 2 ** 30, free: 0 },
    "1.0 GiB or more are needed, 0 B free: name a folder with room with --tmpdir DIR, or set TMPDIR",
  ],
  [{ id: "room", compressed: true }, "name a folder with room with --tmpdir DIR, or set TMPDIR; or unpack the file yourself"],
  [{ id: "trace-prefix" }, "pass that file with --prefix FILE"],
  [{ id: "whole-trace" }, "leave --last out"],
  [{ id: "ask-the-trace" }, "corescope trace summary CORE"],
  [{ id: "parts", of: "map[int]int" }, "parts of map[int]int match: --parts answers with them"],
  [{ id: "unpack", with: "objcopy", path: "it's" }, "objcopy --decompress-debug-sections 'it'\\''s' plain"],
  [{ id: "node-memory" }, "give Node more: NODE_OPTIONS=--max-old-space-size=8192; or use a machine with more memory"],
];

test.each(WORDS)("%j in words", (advice, text) => {
  expect(adviceText(advice)).toBe(text);
});
