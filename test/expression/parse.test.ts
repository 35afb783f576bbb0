import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.js";
import { type Expression, printExpression } from "../../src/expression/expression.js";
import { parseExpression } from "../../src/expression/parse.js";
import { quoteBytes } from "../../src/value/quote.js";

const identifier = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/).filter((name) => name !== "Load");
const name = fc
  .tuple(
    fc.array(fc.stringMatching(/^[a-z][a-z0-9.%-]{0,6}[a-z]$/), { maxLength: 2 }),
    fc.array(identifier, { minLength: 1, maxLength: 4 }),
  )
  .map(([folders, parts]) => [...folders, parts.join(".")].join("/"))
  .filter((text) => text !== "unsafe.Pointer" && !/^0x/i.test(text));
const type = fc.constantFrom(
  "*main.User",
  "*map[string]struct { a int }",
  "*[]func(int) (string, error)",
  '*struct { A int "json:\\"a)\\"" }',
);
const key = fc.oneof(
  fc.integer({ min: 0 }).map(String),
  fc.uint8Array({ maxLength: 8 }).map(quoteBytes),
  fc.constantFrom(
    "-5",
    "true",
    "int64(7)",
    'main.Key{A: 1, B: "x]"}',
    "[2]int{1, 2}",
    '"abc"…+900@0xc000012000',
    "NaN@0xc000012008",
    "0xc000012000",
    "(1+2i)",
  ),
);

/** Any expression that the parser can give: fields right behind a name are part of the name. */
const expressions: fc.Arbitrary<Expression> = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 6, depthSize: "medium" },
    name.map((text): Expression => ({ kind: "name", name: text })),
    fc.maxSafeNat().map((address): Expression => ({ kind: "address", address })),
    fc
      .tuple(tie("any"), identifier)
      .map(([of, field]): Expression => (of.kind === "name" || of.kind === "address" ? of : { kind: "field", of, name: field })),
    fc.tuple(tie("any"), key).map(([of, text]): Expression => (of.kind === "address" ? of : { kind: "index", of, key: text })),
    fc.tuple(tie("any"), type).map(([of, text]): Expression => (of.kind === "address" ? of : { kind: "assert", of, type: text })),
    fc.tuple(type, tie("any")).map(([text, of]): Expression => ({ kind: "convert", type: text, of })),
    tie("any").map((of): Expression => ({ kind: "convert", type: "unsafe.Pointer", of })),
    tie("any").map((of): Expression => ({ kind: "dereference", of })),
    fc
      .tuple(tie("any"), fc.option(key, { nil: undefined }))
      .map(([of, text]): Expression => (of.kind === "address" ? of : { kind: "load", of, key: text })),
  ),
})).any;

test("parsing what was printed gives the same expression", () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      expect(parseExpression(printExpression(expression))).toEqual(expression);
    }),
    { numRuns: 2000 },
  );
});

test("any text gives an expression or a UsageError that says where", () => {
  const pieces = fc.constantFrom("main", ".", "[", "]", "(", ")", "*", '"', "\\", "0x1", " ", "{", "}", "Load", "é", "🎉", "5", "/", "`");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces, { maxLength: 12 }).map((all) => all.join("")),
        fc.string({ unit: "binary" }),
      ),
      (text) => {
        try {
          const again = printExpression(parseExpression(text));
          expect(printExpression(parseExpression(again))).toBe(again);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as Error).message).toMatch(/^expression: at [0-9]+: /);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("the usual expressions", () => {
  expect(parseExpression(' main.global.sessions["user-5"].User ')).toEqual({
    kind: "field",
    of: { kind: "index", of: { kind: "name", name: "main.global.sessions" }, key: '"user-5"' },
    name: "User",
  });
  expect(parseExpression("(*main.User)(0xc000012000).Name")).toEqual({
    kind: "field",
    of: { kind: "convert", type: "*main.User", of: { kind: "address", address: 0xc000012000 } },
    name: "Name",
  });
  expect(parseExpression("gopkg.in/yaml%2ev3.cache.x")).toEqual({ kind: "name", name: "gopkg.in/yaml%2ev3.cache.x" });
  expect(parseExpression("((main.x))")).toEqual({ kind: "name", name: "main.x" });
  expect(parseExpression("main.cache.Load(7)")).toEqual({ kind: "load", of: { kind: "name", name: "main.cache" }, key: "7" });
});

test("the error shows the place", () => {
  expect(() => parseExpression('main.m["a')).toThrow(/at 8: this string has no end\n {2}main.m\["a\n {2} {7}\^/);
  expect(() => parseExpression("")).toThrow("at 1: something is missing here");
  expect(() => parseExpression("main.x[")).toThrow("at 7: this [ has no ]");
  expect(() => parseExpression("main.x[1].")).toThrow("at 11: a field's name is missing");
  expect(() => parseExpression("main.x]")).toThrow('at 7: "]" is not expected here');
  expect(() => parseExpression("(*T)(main.x[)")).toThrow("at 13: this ) closes nothing");
  expect(() => parseExpression("0xffffffffffffffff")).toThrow("2^53");
  expect(() => parseExpression(`${"(".repeat(5000)}x${")".repeat(5000)}`)).toThrow("nested too deep");
  expect(() => parseExpression("*".repeat(5000))).toThrow("nested too deep");
});
