import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
/** Each terminal has a server of its own: one that is just ending takes no new session. */
let socket = "";
let terminals = 0;
const patience = 60_000;

function tmux(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync("tmux", ["-L", socket, "-f", "/dev/null", ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(`tmux ${words.join(" ")}: ${stderr}`);
  return stdout;
}

const screen = () => tmux("capture-pane", "-p", "-t", "j");
const press = (...keys: string[]) => void tmux("send-keys", "-t", "j", ...keys);
const type = (text: string) => void tmux("send-keys", "-t", "j", "-l", text);

/** Waits for a text; on a loaded machine everything takes its time. */
async function sees(wanted: string | RegExp): Promise<string> {
  const begun = Date.now();
  for (;;) {
    const shown = screen();
    if (typeof wanted === "string" ? shown.includes(wanted) : wanted.test(shown)) return shown;
    if (Date.now() - begun > patience) throw new Error(`never saw ${wanted} on:\n${shown}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A shell in a terminal, with something on its screen that has to be there afterwards. */
async function shell(columns: number, rows: number): Promise<void> {
  socket = `corescope-${process.pid}-${++terminals}`;
  tmux(
    "new-session",
    "-d",
    "-s",
    "j",
    "-x",
    String(columns),
    "-y",
    String(rows),
    "env -u CI -u NO_COLOR TERM=screen-256color PS1='ready> ' bash --norc",
  );
  await sees("ready>");
  type(`cd '${root}'; clear; echo before\n`);
  await sees(/before\n+ready>/);
}

function explore(): void {
  const core = "dumps/cores/demo-1.26-amd64";
  type(`node scripts/corescope.mjs ${core}/core.zst --exe ${core}/exe.zst; echo "exit $?"\n`);
}

// CI installs tmux: there, a skipped journey counts as a failure.
describe.skipIf(!hasTmux)("a journey in a real terminal (needs tmux)", () => {
  beforeAll(() => {
    const { status, stderr } = spawnSync(process.execPath, [`${root}scripts/prepare.mjs`], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
  }, 120_000);
  afterEach(() => {
    spawnSync("tmux", ["-L", socket, "kill-server"]);
  });

  test("from the cause of death to the leak, its path, the goroutine that holds it, the trace, and back to the shell", {
    timeout: 240_000,
  }, async () => {
    await shell(100, 30);
    explore();
    await sees("[1 Over");
    await sees(/nil pointer\s+dereference/);
    // The leak: the type that fills the heap.
    press("2");
    await sees(/4,000 +437\.5 KiB/);
    type("/main.Session");
    press("Enter");
    await sees(/▌› 4,000 .*main\.Session/);
    press("Enter");
    await sees(/› main\.Session +first 2,000 of 4,000/);
    press("Enter");
    await sees("pointed to by");
    // Its path, down from the root.
    press("p");
    await sees("path 1 of");
    const path = await sees(/● global main\.server/);
    expect(path).toContain("main.server.sessions.byToken[");
    // The goroutine that holds it.
    type("/goroutine");
    press("Enter");
    await sees(/▌›● goroutine \d+/);
    press("Enter");
    await sees(/goroutine \d+ {2}/);
    await sees("main.(*Server)");
    // The trace, lifted out to a file.
    const folder = mkdtempSync(join(tmpdir(), "journey-"));
    type(`:trace extract -o ${folder}/trace.out\n`);
    await sees("written:");
    expect(readFileSync(join(folder, "trace.out"), "latin1")).toMatch(/^go 1\.\d+ trace/);
    rmSync(folder, { recursive: true });
    // A command line, a smaller terminal, a wrong one.
    type(":read 0x1\n");
    await sees("not mapped");
    tmux("resize-window", "-t", "j", "-x", "80", "-y", "24");
    await sees(/\? help · q quit\n*$/);
    expect(
      screen()
        .split("\n")
        .filter((line) => /1 ?Overview/.test(line)).length,
    ).toBe(1);
    for (let n = 0; n < 8; n++) press("Escape");
    await sees("[1Overview]");
    press("q");
    const after = await sees("exit 0");
    expect(after).toContain("before");
    expect(after).not.toMatch(/1 ?Overview/);
  });

  test("ctrl-z gives the shell its screen until fg, and a file that is there is not replaced", { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "journey-"));
    writeFileSync(join(folder, "trace.out"), "precious");
    await shell(80, 24);
    explore();
    await sees("[1Overview]");
    press("C-z");
    const outside = await sees("Stopped");
    expect(outside).toContain("before");
    expect(outside).not.toContain("1Overview");
    // The shell has its terminal: lines are echoed and edited.
    type("echo $((6*7))\n");
    await sees(/^42$/m);
    tmux("resize-window", "-t", "j", "-x", "100", "-y", "30");
    type("fg\n");
    await sees(/\[1 Overview\].*\n[\s\S]*\? help · q quit\n*$/);
    press("5");
    await sees("[5 Trace]");
    await sees("goroutines by time");
    press("x", "C-u");
    type(`trace extract -o ${folder}/trace.out\n`);
    await sees("trace.out is there: replace it? y");
    press("n");
    await sees("not written");
    expect(readFileSync(join(folder, "trace.out"), "latin1")).toBe("precious");
    press("r", "y");
    await sees("written:");
    expect(readFileSync(join(folder, "trace.out"), "latin1")).toMatch(/^go 1\.\d+ trace/);
    press("q");
    const after = await sees(/\nready>\n*$/);
    expect(after).toContain("before");
    expect(after).not.toContain("1 Overview");
    // The trace alone is opened on its own screens.
    type(`node scripts/corescope.mjs ${folder}/trace.out; echo "exit $?"\n`);
    expect(await sees(/\[1 Trace\] +2 Findings/)).not.toContain("Overview");
    await sees("goroutines by time");
    press("q");
    await sees("exit 0");
    rmSync(folder, { recursive: true });
  });

  test.each([
    ["ctrl-c", () => press("C-c"), "exit 0"],
    ["SIGTERM", () => void tmux("run-shell", `pkill -TERM -P $(tmux -L ${socket} list-panes -t j -F '#{pane_pid}')`), "exit 143"],
  ])("%s gives the shell its screen back, also while the core is being read", { timeout: 120_000 }, async (_name, stop, exit) => {
    await shell(80, 24);
    explore();
    await sees("[1Overview]");
    stop();
    const after = await sees(exit);
    expect(after).toContain("before");
    expect(after).not.toMatch(/1 ?Overview/);
  });

  test("a crash gives the shell its screen back before the error is printed", { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "journey-"));
    const crash = "if (isMainThread) setTimeout(() => { throw new Error('crashed on purpose'); }, 3000);";
    writeFileSync(join(folder, "crash.mjs"), `import { isMainThread } from "node:worker_threads";\n${crash}\n`);
    await shell(80, 24);
    type(`export NODE_OPTIONS='--import ${folder}/crash.mjs'; clear; echo before\n`);
    explore();
    await sees("[1Overview]");
    const after = await sees("exit 1");
    rmSync(folder, { recursive: true });
    expect(after).toContain("before");
    expect(after).toContain("crashed on purpose");
    expect(after).not.toMatch(/1 ?Overview/);
  });

  test("without colours the cursor is still seen", { timeout: 120_000 }, async () => {
    await shell(80, 24);
    type("export NO_COLOR=1\n");
    explore();
    await sees(/▌.*panic/);
    expect(tmux("capture-pane", "-p", "-e", "-t", "j")).not.toMatch(/\u001b\[/);
    press("q");
    expect(await sees("exit 0")).toContain("before");
  });

  test("what cannot be opened is told to the shell, whole: a file that is no core", { timeout: 120_000 }, async () => {
    await shell(80, 24);
    type('node scripts/corescope.mjs explore package.json; echo "exit $?"\n');
    expect(await sees(/error: .*package\.json[\s\S]*exit 3/)).not.toContain("1Overview");
  });
});
