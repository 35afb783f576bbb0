import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../../cli/commands/index.js";
import { parseCommand } from "../../cli/grammar.js";
import { filesOf, openingOf } from "../../cli/paste.js";

const optionsOf = (...words: readonly string[]) => parseCommand(["overview", ...words], COMMANDS).options;

test("what opens a dump is handed on whole, to the dump and to every line that is shown to be pasted", () => {
  const options = optionsOf(
    ...["--exe", "./app", "--debug", "app.debug", "--debug-dir", "/a", "--debug-dir", "/b:/c", "--debuginfod"],
    ...["--force", "--tmpdir", "/t"],
  );
  expect(filesOf("core", options)).toEqual({
    core: "core",
    executable: "./app",
    debug: "app.debug",
    debugFolders: ["/a", "/b", "/c"],
    debuginfod: true,
    force: true,
    tmpdir: "/t",
  });
  const { options: words } = openingOf("core", options);
  expect(filesOf("core", optionsOf(...words))).toEqual(filesOf("core", options));
});

test("absent options stay absent", () => {
  expect(filesOf("core", optionsOf())).toEqual({ core: "core", force: false });
  expect(openingOf("core", optionsOf())).toEqual({ core: "core", options: [] });
});

test("a pipe has no name that could be typed again", () => {
  const folder = mkdtempSync(join(tmpdir(), "paste-"));
  try {
    execFileSync("mkfifo", [join(folder, "fifo")]);
    expect(openingOf(join(folder, "fifo"), optionsOf()).core).toBe("piped.core");
    expect(openingOf(join(folder, "none"), optionsOf()).core).toBe(join(folder, "none"));
    expect(openingOf("-", optionsOf()).core).not.toBe("-");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
