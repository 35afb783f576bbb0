/** Answers with short names of packages: what changes in them, and what must not. */
import { describe, expect, it } from "vitest";
import { shortenAnswer } from "../../../cli/text/names.js";
import { PackageNames } from "../../../src/base/package-names.js";

const names = new PackageNames([{ path: "github.com/x/y", name: "y" }]);
const short = <T>(answer: T) => shortenAnswer(answer, () => names);

describe("shortenAnswer", () => {
  it("shortens names wherever they stand, and files to their folder", () => {
    expect(
      short({
        rows: [{ type: "*github.com/x/y.T", bytes: 8 }],
        top: { function: "github.com/x/y.F", file: "/src/github.com/x/y/f.go", line: 3 },
        evidence: ["4 × github.com/x/y.T"],
      }),
    ).toEqual({
      rows: [{ type: "*y.T", bytes: 8 }],
      top: { function: "y.F", file: "y/f.go", line: 3 },
      evidence: ["4 × y.T"],
    });
  });

  it("keeps the objects that have nothing to shorten", () => {
    const answer = { a: { path: "/usr/lib/x.so" }, b: [1, "two"], bytes: new Uint8Array(3) };
    expect(short(answer)).toBe(answer);
    const half = { a: { type: "github.com/x/y.T" }, b: [{ c: 1 }] };
    expect(short(half).b).toBe(half.b);
  });

  it("changes no letter of what the program said and was told", () => {
    const said = "github.com/x/y.Load: no such file";
    const answer = {
      summary: `panic: ${said} in goroutine 1 (github.com/x/y.Load)`,
      panics: [{ text: said, type: "*github.com/x/y.Error" }],
      arguments: "./p github.com/x/y.T",
      buildSettings: { "-ldflags": "-X github.com/x/y.Version=1" },
      labels: { handler: "github.com/x/y.H" },
    };
    expect(short(answer)).toEqual({
      ...answer,
      summary: `panic: ${said} in goroutine 1 (y.Load)`,
      panics: [{ text: said, type: "*y.Error" }],
    });
    const value = { text: '{"github.com/x/y.T" *github.com/x/y.T}' };
    expect(short(value).text).toBe('{"github.com/x/y.T" *y.T}');
  });

  it("asks for the names only when there is a path", () => {
    const never = () => {
      throw new Error("not needed");
    };
    expect(shortenAnswer({ type: "main.T" }, never)).toEqual({ type: "main.T" });
  });
});
