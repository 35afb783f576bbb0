// Values as trees of parts, of a program that a test makes.
import { describe, expect, test } from "vitest";
import { Findings } from "../../src/base/findings.js";
import { hex } from "../../src/base/units.js";
import type { Snapshot } from "../../src/heap/snapshot.js";
import { type ShownValue, showHeader, showValue } from "../../src/naming/shown-value.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { makeProgram } from "../support/go-program.js";

const page = { depth: 4, offset: 0, top: 10 };

function makeSnapshot() {
  const { builder, types, layout, ...program } = makeProgram();
  const memory = builder.memory();
  const fill = { name: "main.fill.func1", entry: 0x401000 };
  const runtime = {
    memory,
    process: { memory },
    types,
    layout,
    maps: mapsOf(layout),
    functions: { find: (pc: number) => (pc === fill.entry ? fill : undefined), lineAt: () => ({ file: "/src/app/fill.go", line: 7 }) },
    closureType: (pc: number) => (pc === fill.entry ? program.type.closure : -1),
  };
  return { ...program, types, snapshot: { findings: new Findings(), runtime } as unknown as Snapshot };
}

function child(value: ShownValue, ...names: string[]): ShownValue {
  return names.reduce((of, name) => {
    const found = of.children?.find((each) => each.name === name);
    if (!found) throw new Error(`${name} is not among ${of.children?.map((each) => each.name)}`);
    return found;
  }, value);
}

describe("a value is shown", () => {
  const { snapshot, type, at, types } = makeSnapshot();
  const show = (id: number, address: number, changed: Partial<typeof page> = {}) =>
    showValue(snapshot, id, address, { ...page, ...changed });

  test("as its fields, entries and elements, down to the depth asked for", () => {
    const store = show(type.store, at.store, { depth: 6 });
    expect(child(store, "sessions")).toMatchObject({ text: "", more: { kind: "entries", count: 2 } });
    expect(child(store, "sessions").children?.map((each) => each.name)).toEqual(['["a\\n"]', '["user-\\"5\\""]']);
    expect(child(store, "sessions", '["a\\n"]').text).toBe("nil");
    const user = child(store, "sessions", '["user-\\"5\\""]', "User");
    expect(user.address).toBe(hex(at.user));
    expect([child(user, "ID").text, child(user, "Name").text, child(user, "Tags").text]).toEqual(["5", '"user-5"', "len 2"]);
    expect(show(type.user, at.user, { depth: 0 })).toEqual({ name: "", type: "main.User", text: "{…}" });
  });

  test("page by page, with the place of the first element", () => {
    const tags = types.get(type.user).fields.find((field) => field.name === "Tags");
    const shown = show(tags?.type ?? -1, at.user + 24, { offset: 1 });
    expect([shown.length, shown.offset, shown.children?.map((each) => each.name)]).toEqual([2, 1, ["[1]"]]);
    expect(shown.children?.[0].text).toBe('"\\x1b[31msecond"');
  });

  test("a closure by its code and what it has captured", () => {
    const onClose = types.get(type.session).fields.find((field) => field.name === "onClose");
    const shown = show(onClose?.type ?? -1, at.session + 8);
    expect(shown.text).toBe("main.fill.func1  fill.go:7");
    expect(child(shown, "u", "Name").text).toBe('"captured"');
  });

  test("an interface by its dynamic type", () => {
    expect(child(show(type.store, at.store), "err").type).toBe("error(*main.User)");
  });

  test("what is not there is told in its place", () => {
    expect(show(type.user, 0x10).children?.every((each) => each.text.startsWith("(") || each.text === "nil")).toBe(true);
    expect(show(-1, at.user).text).toBe("of unknown type");
  });

  test("no header of a type that no variable has", () => {
    expect(showHeader(snapshot, type.user, at.user, page)).toBeUndefined();
  });
});
