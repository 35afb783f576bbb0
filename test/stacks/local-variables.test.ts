/** Local variables by name: an expression says what `goroutine` says of the same variable, and refuses what that refuses. */
import { beforeAll, describe, expect, test } from "vitest";
import { NotFoundError } from "../../src/base/errors.js";
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { locate } from "../../src/naming/locate.js";
import { goroutine } from "../../src/query/goroutine.js";
import { show } from "../../src/query/show.js";
import { readValue, summarize } from "../../src/value/value.js";
import { openFixture } from "../support/dump-cache.js";

const depth = 2;
/** As `goroutine` has them. */
const limits = { stringBytes: 256, elements: 16, values: 500 };

describe.each(["demo-1.26-amd64", "zoo-1.21-amd64", "zoo-1.26-arm64", "zoo-1.27-amd64"])("%s", (name) => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture(name);
  });
  const context = () => ({ progress: silent, findings: dump.findings });

  test("every variable is shown as `goroutine` shows it, or refused with a reason as there", () => {
    let shown = 0;
    let refused = 0;
    // The demo's have a trace, which is read for each of them.
    for (const { id } of dump.runtime.goroutines.all.slice(0, name.startsWith("demo") ? 8 : 60)) {
      const { frames } = goroutine.run(dump, { id, depth }, context());
      for (const frame of frames) {
        for (const variable of frame.variables) {
          const { expression, certainty, text } = variable;
          if (certainty === "unavailable") {
            expect(expression).toBeUndefined();
            expect(variable.reason).not.toBe("");
            // Another call of the function, further out, is not asked in its stead.
            if (frames.find((each) => each.function === frame.function) !== frame) continue;
            if (frame.variables.filter((each) => each.name === variable.name).length > 1) continue;
            const asked = `g${id}.${frame.function}.${variable.name}`;
            expect(() => show.run(dump, { of: asked, depth: 1, offset: 0, top: 5 }, context()), asked).toThrow(NotFoundError);
            refused++;
          } else if (expression !== undefined) {
            const at = locate(dump, expression);
            expect(at.doubt !== undefined, expression).toBe(certainty === "likely");
            const { types, maps } = dump.runtime;
            const value = readValue({ types, maps, memory: at.memory }, at.type, at.address, depth, limits);
            if (!expression.includes("&")) expect(summarize(value, 400), expression).toBe(text);
            expect(show.run(dump, { of: expression, depth: 1, offset: 0, top: 5 }, context()).certainty).toBe(certainty);
            shown++;
          }
        }
      }
    }
    expect(shown).toBeGreaterThan(5);
    expect(refused).toBeGreaterThan(5);
  });
});

describe("the demo's crash", () => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture("demo-1.26-amd64");
  });
  const context = () => ({ progress: silent, findings: dump.findings });
  const shown = (of: string) => show.run(dump, { of, depth: 1, offset: 0, top: 5 }, context());

  test("a stale word of the stack is no variable", () => {
    const stale = () => shown("g22.main.(*Server).checkout.session");
    expect(stale).toThrow(/no value of g22[.]main[.][(][*]Server[)][.]checkout[.]session here: /);
    expect(() => shown("g22.main.(*Server).checkout.session.user")).toThrow(NotFoundError);
    expect(() => shown("g22.main.(*Server).serve.r")).toThrow(/no value of/);
  });

  test("of the frame that crashed arguments are left where its caller loaded them from", () => {
    // Called through a function value: of the receiver another frame has to know the same.
    const { frames } = goroutine.run(dump, { id: 22, depth: 2 }, context());
    const texts = (name: string) =>
      frames.flatMap((frame) => frame.variables.filter((each) => each.name === name && each.certainty !== "unavailable"));
    for (const name of ["s", "r"]) {
      const [first, ...others] = texts(name);
      expect(first).toMatchObject({ expression: `g22.main.(*Server).checkout.${name}`, certainty: "likely", asPassed: true });
      expect(others.length).toBeGreaterThan(0);
      for (const each of others) expect(each.text).toBe(first?.text);
    }
    expect(shown("g22.main.(*Server).checkout.s.handled")).toMatchObject({ certainty: "likely", value: { text: "5341" } });
  });

  test("what optimised code may have left behind is marked, in the answer and for every command that asks", () => {
    expect(shown("g22.main.(*Server).serve.s.handled")).toMatchObject({ certainty: "likely", value: { text: "5341" } });
    expect(dump.findings.list().map((each) => each.code)).toContain("likely-variable");
    expect(shown("main.server")).toMatchObject({ certainty: "certain" });
  });
});
