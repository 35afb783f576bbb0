import fc from "fast-check";
import { expect, test } from "vitest";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { lookupKey } from "../../src/value/key-lookup.js";
import { keyText } from "../../src/value/keys.js";
import { VALUE_LIMITS } from "../../src/value/limits.js";
import { readValue, summarize } from "../../src/value/value.js";
import { makeProgram } from "../support/go-program.js";

function program() {
  const made = makeProgram();
  const env = { memory: made.builder.memory(), types: made.types, maps: mapsOf(made.layout) };
  return { ...made, env, show: (type: number, address: number, depth = 3) => summarize(readValue(env, type, address, depth)) };
}

test("a struct in one line; nothing in it moves a terminal", () => {
  const { show, type, at } = program();
  expect(show(type.user, at.user)).toBe('{ID:5 Name:"user-5" Tags:["first" "\\x1b[31msecond"] Prev:nil}');
  expect(show(type.user, at.user, 1)).toBe('{ID:5 Name:"user-5" Tags:[… 2] Prev:nil}');
});

test("maps, interfaces, pointers and functions", () => {
  const { show, type, at } = program();
  const captured = `0x${at.captured.toString(16)}`;
  expect(show(type.store, at.store, 1)).toBe(`{sessions:map[… 2] err:${captured}}`);
  expect(show(type.store, at.store, 2)).toContain('sessions:map["a\\n":nil "user-\\"5\\"":0x');
  expect(show(type.session, at.session, 1)).toBe(`{User:0x${at.user.toString(16)} onClose:0x${at.closure.toString(16)} Any:${captured}}`);
  expect(show(type.session, at.session, 3)).toContain('Any:&{ID:-7 Name:"captured"');
});

test("numbers are printed as Go prints them", () => {
  const { builder, types } = program();
  const at = builder.allocate(16);
  const env = () => ({ memory: builder.memory(), types, maps: mapsOf(makeProgram().layout) });
  const show = (kind: "int" | "uint" | "float" | "bool" | "complex", size: number) => keyText(env(), types.add("t", kind, size), at);
  builder.word(at, -1);
  expect([show("int", 1), show("int", 2), show("int", 4), show("int", 8)]).toEqual(["-1", "-1", "-1", "-1"]);
  expect([show("uint", 1), show("uint", 8)]).toEqual(["255", "18446744073709551615"]);
  builder.float(at, 4, 0.1);
  expect(show("float", 4)).toBe("0.1");
  builder.float(at, 8, Number.NaN);
  // No two NaNs are equal keys: the text tells which one it is.
  expect(show("float", 8)).toBe(`NaN@0x${at.toString(16)}`);
  builder.float(at, 8, Number.NEGATIVE_INFINITY);
  expect(show("float", 8)).toBe("-Inf");
  builder.float(at, 8, 1.5).float(at + 8, 8, -2);
  expect(show("complex", 16)).toBe("(1.5-2i)");
  const float = (size: 4 | 8, value: number) => {
    builder.float(at, size, value);
    return show("float", size);
  };
  expect([100_000, 1e6, 1e-4, 1e-5, 1.5e300, 5e-324, -0].map((value) => float(8, value))).toEqual([
    "100000",
    "1e+06",
    "0.0001",
    "1e-05",
    "1.5e+300",
    "5e-324",
    "-0",
  ]);
  // 2097152.25 lies between two shortest decimals: Go takes the even one.
  expect([2_097_152.25, 2_097_152.75, 16_777_216, 2 ** -149].map((value) => float(4, value))).toEqual([
    "2.0971522e+06",
    "2.0971528e+06",
    "1.6777216e+07",
    "1e-45",
  ]);
});

test("limits cut strings, elements and whole trees, and say so", () => {
  const { builder, types, env, type, at } = program();
  const string = builder.allocate(16);
  builder.string(string, "x".repeat(5000));
  const value = readValue(env, types.byName("string"), string, 1);
  expect(value).toMatchObject({ kind: "string", length: 5000, cut: true });
  expect(summarize(value, 10_000)).toContain("… 5,000 bytes");
  const slice = builder.allocate(24);
  builder.words(slice, at.user, 2 ** 40, 2 ** 40);
  const list = readValue(env, types.add("[]int", "slice", 24, { element: types.byName("int") }), slice, 1);
  expect(list).toMatchObject({ kind: "list", length: 2 ** 40 });
  expect(list.kind === "list" && list.elements.length).toBe(VALUE_LIMITS.elements);
  expect(summarize(readValue(env, type.store, at.store, 50, { ...VALUE_LIMITS, values: 3 }))).toContain("{…}");
});

test("a value that points into itself ends at the depth", () => {
  const { builder, env, type, at } = program();
  builder.word(at.user + 48, at.user);
  expect(JSON.stringify(readValue(env, type.user, at.user, 100)).length).toBeLessThan(1_000_000);
});

test("memory that is not in the dump is said where it is met", () => {
  const { builder, show, type, at } = program();
  builder.words(at.user + 8, 0xdead000, 5);
  expect(show(type.user, at.user, 1)).toContain("Name:(5 bytes at 0xdead000 are not mapped)");
  expect(show(type.user, 0xdead000, 1)).toContain("not mapped");
});

test("damaged bytes give a value, never another error", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(511), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), { maxLength: 20 }), (writes) => {
      const made = program();
      for (const [word, value] of writes) made.builder.word(made.builder.start + word * 8, value);
      expect(made.show(made.type.store, made.at.store, 6).length).toBeLessThanOrEqual(160);
      lookupKey(made.env, made.type.map, made.at.header, '"nobody"');
    }),
    { numRuns: 300 },
  );
});

test("a key is found by the text that names it", () => {
  const { env, type, at } = program();
  expect(lookupKey(env, type.map, at.header, '"user-\\"5\\""')?.value).toBe(at.bucket + 136 + 24);
  expect(lookupKey(env, type.map, at.header, '"a\\n"')?.key).toBe(at.bucket + 8);
  expect(lookupKey(env, type.map, at.header, '"a"')).toBeUndefined();
});

test("bytes that are text are told as text, others as numbers", () => {
  const list = (text: string, length = text.length) =>
    ({
      kind: "list",
      type: "[]uint8",
      address: "0x10",
      length,
      capacity: length,
      elements: [...text].map((each) => ({ kind: "scalar", type: "uint8", text: String(each.charCodeAt(0)) }) as const),
    }) as const;
  expect(summarize(list('{"a":1}'))).toBe('"{\\"a\\":1}"');
  expect(summarize(list("GET /", 300))).toBe('"GET /"… 300 bytes');
  expect(summarize(list("\u0000\u0001"))).toBe("[0 1]");
  expect(summarize(list(""))).toBe("[]");
});
