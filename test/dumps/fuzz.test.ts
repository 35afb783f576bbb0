/** The fuzzer with a seed that is known to pass, and that its audit tells what must not be; `npm run fuzz` tries new seeds. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const fuzz = fileURLToPath(new URL("../../scripts/fuzz.mjs", import.meta.url));
const auditor = new URL("../../scripts/fuzz/audit.mjs", import.meta.url).href;

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  readonly failure?: string;
}

test("damaged files of one seed: no crash, no hang, no answer that is silently another", () => {
  const words = ["--seed", "11", "--count", "16", "--commands", "1", "--fixture", "zoo-1.24-amd64"];
  const classes = ["structural", "notes", "flips", "tables", "trace"].flatMap((each) => ["--class", each]);
  const { status, stdout } = spawnSync(process.execPath, [fuzz, ...words, ...classes], { encoding: "utf8" });
  expect(stdout).toContain("seed 11: 16 damaged files, 16 runs, 0 failures");
  expect(status).toBe(0);
}, 300_000);

test("the audit tells a crash, a limit and another figure, and lets pass what says that it lacks something", async () => {
  const { judge } = (await import(auditor)) as { judge: (answer: Answer, sound: Answer) => { readonly kind: string } | undefined };
  const answer = (live: number, codes: readonly string[] = [], code = 0): Answer => {
    const findings = codes.map((each) => ({ code: each, count: 1 }));
    return { code, out: JSON.stringify({ result: { live }, findings }), error: "" };
  };
  const sound = answer(1000, ["known"]);
  expect(judge(answer(1005, ["known"]), sound)).toBeUndefined();
  expect(judge(answer(1050, ["known"]), sound)).toMatchObject({ kind: "silent", detail: ".result.live: 1000 became 1050" });
  expect(judge(answer(5, ["known", "span-odd"]), sound)).toBeUndefined();
  expect(judge(answer(5, [], 4), sound)).toBeUndefined();
  expect(judge(answer(5, [], 70), sound)).toMatchObject({ kind: "crash" });
  expect(judge({ ...sound, failure: "hang" }, sound)).toMatchObject({ kind: "hang" });
});
