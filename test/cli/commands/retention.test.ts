import { beforeAll, describe, expect, test } from "vitest";
import type { AnyCommand } from "../../../cli/command.js";
import { dominatorsCommand } from "../../../cli/commands/dominators.js";
import { histogramCommand } from "../../../cli/commands/histogram.js";
import { refsCommand } from "../../../cli/commands/refs.js";
import { showCommand } from "../../../cli/commands/show.js";
import { suspectsCommand } from "../../../cli/commands/suspects.js";
import { wasteCommand } from "../../../cli/commands/waste.js";
import { whyCommand } from "../../../cli/commands/why.js";
import { makePage } from "../../../cli/text/style.js";
import { textWidth } from "../../../cli/text/table.js";
import { NotFoundError, UsageError } from "../../../src/base/errors.js";
import { silent } from "../../../src/base/progress.js";
import type { Dump } from "../../../src/dump.js";
import { openFixture } from "../../support/dump-cache.js";

const narrow = makePage(80, false);
let dump: Dump;
beforeAll(async () => {
  dump = await openFixture("zoo-1.26-amd64");
});

function lines(command: AnyCommand, operands: readonly string[], options: Record<string, string | boolean> = {}): readonly string[] {
  const result = command.query.run(dump, command.args(operands, options), { progress: silent, findings: dump.findings });
  return command.text(result, narrow);
}

describe("text of real answers", () => {
  test.each([
    ["dominators", dominatorsCommand, [], {}],
    ["dominators by package", dominatorsCommand, [], { group: "package", depth: "2" }],
    ["dominators of a variable", dominatorsCommand, ["main.zoo"], {}],
    ["histogram by retained size", histogramCommand, [], { sort: "retained" }],
    ["histogram by owner", histogramCommand, [], { by: "owner" }],
    ["histogram by goroutine", histogramCommand, [], { by: "goroutine" }],
    ["suspects", suspectsCommand, [], {}],
    ["waste", wasteCommand, [], {}],
    ["merged paths", whyCommand, [], { type: "Only", merge: true }],
    ["show", showCommand, ["runtime.envs"], {}],
    ["refs", refsCommand, ["runtime.envs"], {}],
  ] as const)("%s fits 80 columns and holds no control character", (_, command: AnyCommand, operands, options) => {
    if (operands[0] === "main.zoo" && !dump.runtime.variables.global("main.zoo")) return;
    const text = lines(command, operands, options);
    expect(text.length).toBeGreaterThan(0);
    for (const line of text) {
      expect(/[\p{Cc}\p{Cf}]/u.test(line), line).toBe(false);
      expect(textWidth(line), line).toBeLessThanOrEqual(80);
    }
  });
});

test("words that mean nothing are told", () => {
  expect(() => dominatorsCommand.args([], { depth: "deep" })).toThrow(UsageError);
  expect(() => dominatorsCommand.args([], { group: "size" })).toThrow(UsageError);
  expect(() => showCommand.args(["x"], { offset: "-1" })).toThrow(UsageError);
  expect(() => whyCommand.args(["0xc000012000"], { paths: "0" })).toThrow(UsageError);
  expect(() => whyCommand.args(["0xc000012000"], { merge: true })).toThrow(UsageError);
  expect(() => lines(histogramCommand, [], { garbage: true, sort: "retained" })).toThrow(UsageError);
});

test("a wrong expression says where and offers near names", () => {
  expect(() => lines(showCommand, ["runtime.env"])).toThrow(/near: .*runtime\.envs/);
  expect(() => lines(showCommand, ["runtime.envs["])).toThrow(/at 13/);
  expect(() => lines(dominatorsCommand, ["0x10"])).toThrow(NotFoundError);
});
