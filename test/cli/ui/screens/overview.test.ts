import { expect, test } from "vitest";
import type { Answer } from "../../../../cli/ui/screen.js";
import { overviewScreen } from "../../../../cli/ui/screens/overview.js";

const known: Readonly<Record<string, unknown>> = {
  "first-look": {
    death: { kind: "panic", summary: "panic: boom in goroutine 7 (main.run)", goroutine: { id: 7, state: "running" } },
    program: { name: "server", pid: 42, signal: "SIGABRT", experiments: [], buildSettings: {}, path: "", arguments: "", module: "" },
    goroutines: { total: 3, byStatus: { running: 3 } },
  },
  goroutines: {
    rows: [],
    groups: [
      {
        count: 2,
        status: "waiting",
        waitReason: "chan receive",
        ids: [7],
        top: { function: "main.ask", file: "ask.go", line: 7 },
        frames: [],
        framesOmitted: 0,
      },
    ],
    total: { matching: 2, user: 2, system: 1, byStatus: {} },
  },
};

test("home says the cause of death and the groups of goroutines while everything else is still awaited", () => {
  const answers = overviewScreen.asks({}).map(({ query }): Answer => {
    const result = known[query.name];
    return result === undefined ? { state: "waiting" } : { state: "done", result };
  });
  expect(answers.slice(0, 2).map(({ state }) => state)).toEqual(["done", "done"]);
  const { rows } = overviewScreen.body({ args: {}, answers, width: 78, folds: {}, findings: [] });
  const text = rows.map((row) => row.text).join("\n");
  expect(rows[0]).toMatchObject({
    text: "Death       panic: boom in goroutine 7 (main.run)",
    open: { screen: "goroutine", args: { id: 7 } },
  });
  expect(text).toContain("Program     server  pid 42  died of SIGABRT");
  expect(text).toMatch(/2 {2}chan receive {2}main\.ask ask\.go:7/);
  const opened = (words: string) => rows.find((row) => row.text.includes(words))?.open;
  expect(opened("pid 42")).toEqual({ screen: "death", args: {} });
  expect(opened("chan receive")).toEqual({ screen: "goroutines", args: { each: true, focus: "^main\\.ask$", title: "main.ask" } });
  for (const title of ["Stalled", "Suspects", "Holders", "Heap", "Memory"]) expect(text).toMatch(new RegExp(`^${title} +…$`, "m"));
});
