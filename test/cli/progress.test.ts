import { expect, test } from "vitest";
import { showProgress } from "../../cli/progress.js";

function makeTarget(isTerminal: boolean) {
  const target = {
    isTerminal,
    columns: 60,
    time: 0,
    written: "",
    write(text: string) {
      target.written += text;
    },
    now: () => target.time,
  };
  return target;
}

test("nothing is shown in the first half second", () => {
  for (const isTerminal of [true, false]) {
    const target = makeTarget(isTerminal);
    const progress = showProgress(target);
    progress.stage("reading spans", 100);
    target.time = 400;
    progress.tick(50);
    progress.finish();
    expect(target.written).toBe("");
  }
});

test("a terminal sees one line redrawn, with share and time left, and nothing in the end", () => {
  const target = makeTarget(true);
  const progress = showProgress(target);
  progress.stage("scanning objects", 1000);
  target.time = 1000;
  progress.tick(250);
  target.time = 1010;
  progress.tick(260);
  expect(target.written).toBe("\r\u001b[2Kscanning objects  25%  ETA 3.0 s");
  progress.finish();
  expect(target.written.endsWith("\r\u001b[2K")).toBe(true);
  expect(target.written).not.toContain("\n");
});

test("a pipe gets one plain line for each long stage", () => {
  const target = makeTarget(false);
  const progress = showProgress(target);
  progress.stage("short", 10);
  target.time = 100;
  progress.stage("scanning objects", 1000);
  for (let step = 1; step < 10; step++) {
    target.time += 200;
    progress.tick(step * 100);
  }
  progress.stage("silent", 0);
  target.time += 2000;
  progress.finish();
  expect(target.written).toBe("scanning objects  30%  ETA 1.4 s\nsilent  took 2.0 s\n");
});
