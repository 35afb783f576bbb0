// What to do about an error, in the words of the command line.
import type { Advice, Opener, Step, Unpacker } from "../../src/base/advice.js";
import { counted, formatBytes } from "../../src/base/units.js";
import { quoteWord } from "../../src/base/words.js";
import { placeText } from "./address.js";
import { commandLine } from "./command-line.js";

type Worded = { readonly [Id in Step["id"]]: (step: Extract<Step, { readonly id: Id }>) => string };

/** FILE stands for the file. */
const UNPACKERS: Readonly<Record<Unpacker, string>> = {
  xz: "xz -dk FILE",
  lzma: "xz -dk --format=lzma FILE",
  lz4: "lz4 -dk FILE",
  bzip2: "bzip2 -dk FILE",
  lzip: "lzip -dk FILE",
  lzop: "lzop -dk FILE",
  compress: "uncompress -k FILE",
  zip: "unzip FILE",
  "7z": "7z x FILE",
  rar: "unrar x FILE",
  tar: "tar -xf FILE",
  ar: "ar x FILE",
  cpio: "cpio -i < FILE",
  apport: "apport-unpack FILE report && corescope overview report/CoreDump",
  objcopy: "objcopy --decompress-debug-sections FILE plain",
};

/** FILE stands for the file. */
const OPENERS: Readonly<Record<Opener, string>> = {
  delve: "delve opens minidumps: dlv core PROGRAM.exe FILE",
  windbg: "WinDbg opens it: windbg -z FILE",
  lldb: "LLDB opens it: lldb --core FILE PROGRAM",
  criu: "CRIU's script coredump makes cores of the folder it is in: coredump -i FOLDER -o CORES",
  pprof: "go tool pprof FILE",
  mat: "Eclipse MAT opens it: MemoryAnalyzer FILE",
};

const BUILD_TO_STAY = {
  run: "go run links without DWARF and keeps no program: go build -o PROGRAM, and run that",
  test: "go test links without DWARF and keeps no program: go test -c -o PROGRAM, and run that",
};

const EXECUTABLE = "pass the binary that crashed with --exe FILE";
const OTHER_BUILD = `, or --force to use this one all the same (then nothing is certain)
an unstripped build of the same sources may give its debug information: pass that one with --debug FILE`;
const DOUBTS = { "no Go": "is it the program that crashed?", "no Go runtime": "is it a Go program, and the one that crashed?" };

const STEPS: Worded = {
  example: (question) => `for example: corescope ${commandLine(question)}`,
  place: ({ place }) => placeText(place),
  mappings: ({ reason }) =>
    `${reason === "unmapped" ? "what is mapped" : "left out when the core was written (coredump_filter), or cut off"}: corescope mappings CORE`,
  goroutines: ({ alive, ended }) =>
    `${counted(alive, "goroutine is", "goroutines are")} in the core, ${counted(ended, "has", "have")} ended`,
  variables: ({ goroutine }) => `why, and what has a value there: corescope goroutine CORE ${goroutine} --all`,
  executable({ looked, goCommand, doubt, orForce, debugOnly, isRebuild }) {
    if (doubt) return `${DOUBTS[doubt]} name that one with --exe FILE`;
    if (looked && debugOnly !== undefined)
      return `looked for ${looked.join(", ")}\n${quoteWord(debugOnly)} has debug information and no code: ${EXECUTABLE}, and this one with --debug`;
    if (looked && goCommand) return `looked for ${looked.join(", ")}\n${BUILD_TO_STAY[goCommand]}`;
    if (looked) return `looked for ${looked.join(", ")}\npass the binary that crashed: corescope overview CORE --exe FILE`;
    if (isRebuild) return `${EXECUTABLE}; if this one is a build of the same sources, pass it with --debug`;
    return orForce ? `${EXECUTABLE}${OTHER_BUILD}` : EXECUTABLE;
  },
  "debug-information": ({ looked }) =>
    [
      ...(looked.length > 0 ? ["its debug information was looked for:", ...looked.map((each) => `  ${each}`)] : []),
      "what helps, the cheapest first:",
      "  its own debug file, kept by objcopy --only-keep-debug or from a package (-dbgsym, -debuginfo): pass it with --debug FILE",
      "  a server that has it: set DEBUGINFOD_URLS and pass --debuginfod",
      "  a build of the same sources, Go release and flags without -s, -w and strip: pass it with --debug FILE",
    ].join("\n"),
  "build-to-stay": ({ goCommand }) => BUILD_TO_STAY[goCommand],
  upx: ({ path }) => `unpack a copy, and pass that with --exe: upx -d -o unpacked ${quoteWord(path)}`,
  "dump-process": ({ pid }) => `it lives: take a core of it\ngcore -o core ${pid}\ncorescope overview core.${pid}`,
  "not-the-core": ({ path }) => `the core comes first, the executable is an option: --exe ${quoteWord(path)}`,
  room({ compressed, wanted, free }) {
    const figures =
      wanted === undefined || free === undefined ? "" : `${formatBytes(wanted)} or more are needed, ${formatBytes(free)} free: `;
    return `${figures}name a folder with room with --tmpdir DIR, or set TMPDIR${compressed ? "; or unpack the file yourself" : ""}`;
  },
  "trace-prefix": () => "pass that file with --prefix FILE",
  "whole-trace": () => "leave --last out",
  "ask-the-trace": () => "corescope trace summary CORE",
  parts: ({ of }) => `parts of ${of} match: --parts answers with them`,
  unpack: ({ with: unpacker, path }) => UNPACKERS[unpacker].replace("FILE", () => quoteWord(path)),
  open: ({ with: opener, path }) => OPENERS[opener].replace("FILE", () => quoteWord(path)),
  "node-memory": () => "give Node more: NODE_OPTIONS=--max-old-space-size=8192; or use a machine with more memory",
};

/** A sentence or command a line; in a command, which ends its line, CORE stands for the core. "" without advice. */
export function adviceText(advice: Advice | undefined): string {
  if (advice === undefined || typeof advice === "string") return advice ?? "";
  return (STEPS[advice.id] as (step: Step) => string)(advice);
}
