import { expect, test } from "vitest";
import { goroutineScreen } from "../../../../cli/ui/screens/goroutine.js";

test("a goroutine shows its stack, its variables by name, and its last events, which lead to all of them", () => {
  const frame = { function: "main.run", file: "/src/main.go", line: 7, inlined: false };
  const request = {
    name: "r",
    kind: "parameter",
    type: "*main.Request",
    text: "&{}",
    certainty: "likely",
    expression: "g7.main.run.r",
    value: {},
  };
  const result = {
    id: 7,
    status: "waiting",
    waitReason: "chan receive",
    address: "0xc000002000",
    stack: { bytes: 2048 },
    labels: {},
    frames: [{ ...frame, variables: [request] }],
    framesOmitted: 0,
    trace: {
      total: 9,
      inTracer: false,
      events: [{ beforeEnd: -1000, proc: 1, goroutine: 7, kind: "GoBlock", arguments: { reason: "chan receive" } }],
    },
  };
  const { rows } = goroutineScreen.body({ args: { id: 7 }, answers: [{ state: "done", result }], width: 78, folds: {}, findings: [] });
  const line = (words: string) => rows.find(({ text }) => text.includes(words));
  expect(line("main.run  main.go:7")?.fold).toEqual({ key: "0", isOpen: true });
  expect(line("argument r *main.Request =? &{}")?.open).toEqual({ screen: "object", args: { of: "g7.main.run.r" } });
  expect(line("the last 1 of 9")?.open).toEqual({ screen: "events", args: { goroutine: 7 } });
  expect(line("blocks (chan receive)")).toBeDefined();
  const places = goroutineScreen.keys.map(({ key, go }) => [key, go?.({ id: 7 }, undefined)?.screen]);
  expect(places).toEqual([
    ["d", "dominators"],
    ["b", "blocked"],
    ["v", "events"],
  ]);
});
