import { describe, expect, test } from "vitest";
import type { Answer, Line } from "../../../../cli/ui/screen.js";
import { objectScreen } from "../../../../cli/ui/screens/object.js";

const session = { name: '["token-1"]', type: "*main.Session", text: "&0xc000200000", address: "0xc000200000" };
const sessions = { name: "", type: "map[string]*main.Session", text: "450 entries", address: "0xc000100000", length: 450 };

function rows(of: string, object: object, value: object, offset?: number): readonly Line[] {
  const result = { expression: of, type: "map[string]*main.Session", address: "0xc000300018", object, value };
  const answers: Answer[] = [{ state: "done", result }, { state: "waiting" }];
  const { head, rows } = objectScreen.body({ args: { of, ...(offset ? { offset } : {}) }, answers, width: 78, folds: {}, findings: [] });
  return [...head, ...rows];
}
const key = (name: string, args: object, line: Line | undefined) =>
  objectScreen.keys.find((each) => each.key === name)?.go?.(args as { of: string }, line);

describe("a value", () => {
  test("that an expression names is not called garbage: whether it lives was not asked", () => {
    const text = (object: object) => rows("main.s", { address: "0xc000300000", bytes: 32, ...object }, sessions).map((line) => line.text);
    expect(text({}).join("\n")).not.toContain("garbage");
    expect(text({ live: true }).join("\n")).not.toContain("garbage");
    expect(text({ live: false }).join("\n")).toContain("garbage");
  });

  test("that is longer than a page leads on to its next part, one inside to its own screen", () => {
    const children = Array.from({ length: 200 }, (_, n) => ({ ...session, name: `["token-${n}"]` }));
    const next = rows("main.s", {}, { ...sessions, children }).find((line) => /… 250 more/.test(line.text));
    expect(next?.open).toEqual({ screen: "object", args: { of: "main.s", offset: 200 } });
    const last = rows("main.s", {}, { ...sessions, offset: 400, children: children.slice(0, 50) }, 400);
    expect(last.some((line) => / more$/.test(line.text))).toBe(false);
    const inside = { name: "", type: "main.Store", text: "", children: [{ ...sessions, name: "byToken", children: [session] }] };
    const more = rows("main.s", {}, inside).find((line) => /… 449 more/.test(line.text));
    expect(more?.open).toEqual({ screen: "object", args: { of: "0xc000100000" } });
  });

  test("p and x take the object under the cursor, on the first line the value itself", () => {
    const [first, second] = rows("main.s", { address: "0xc000300000" }, { ...sessions, length: 1, children: [session] }).slice(2);
    expect(key("p", { of: "main.s" }, first)).toEqual({ screen: "paths", args: { address: "0xc000100000" } });
    expect(key("p", { of: "main.s" }, second)).toEqual({ screen: "paths", args: { address: "0xc000200000" } });
    const [own, child] = rows(
      "0xc000300000",
      { address: "0xc000300000", live: true },
      { ...sessions, length: 1, children: [session] },
    ).slice(2);
    expect(key("x", { of: "0xc000300000" }, own)).toEqual({ screen: "memory", args: { address: "0xc000300000" } });
    expect(key("x", { of: "0xc000300000" }, child)).toEqual({ screen: "memory", args: { address: "0xc000200000" } });
  });
});
