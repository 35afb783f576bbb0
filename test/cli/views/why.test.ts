import { expect, test } from "vitest";
import { describeRoot } from "../../../cli/views/why.js";

test("a root without a variable is named once, by its place on the stack", () => {
  const known = { kind: "goroutine", owner: "goroutine 7", goroutine: 7, certain: true } as const;
  const named = (variable: string) => describeRoot({ ...known, function: "main.f", variable, name: `goroutine 7 main.f ${variable}` });
  expect(named("stack slot")).toBe("goroutine 7 main.f stack slot");
  expect(named("argument")).toBe("goroutine 7 main.f argument");
  expect(describeRoot({ ...known, variable: "buf", name: "goroutine 7" })).toBe("goroutine 7, variable buf");
});
