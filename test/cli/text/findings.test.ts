import { expect, test } from "vitest";
import { findingFacts } from "../../../cli/text/findings.js";
import { Findings } from "../../../src/base/findings.js";

test("a finding says how much, how often and where", () => {
  const findings = new Findings();
  findings.add("once", "once");
  expect(findings.list().map(findingFacts)).toEqual([""]);
  findings.add("lost", "lost", "0x10", { bytes: 4096, count: 2 });
  findings.add("lost", "lost again", "0x20", { bytes: 4096 });
  expect(findings.list()[1]).toMatchObject({ message: "lost", bytes: 8192, count: 3 });
  expect(findings.list().map(findingFacts)[1]).toBe("8.0 KiB, 3 times, e.g. 0x10");
});
