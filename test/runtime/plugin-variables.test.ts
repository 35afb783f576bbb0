import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import type { DebugInfo, DwarfGlobal, DwarfType } from "../../src/dwarf/dwarf.js";
import type { GoType, TypeParts, TypeTable } from "../../src/runtime/go-types.js";
import type { Module } from "../../src/runtime/modules.js";
import { withPlugins } from "../../src/runtime/plugin-variables.js";
import type { GlobalVariable, Variables } from "../../src/runtime/variables.js";

const BIAS = 0x7f0000000000;
const area = (start: number) => ({ noptrdata: start, data: start, ebss: start + 0x1000, enoptrbss: start + 0x1000 });
const executable = { ...area(0x500000), types: 0x400000, etypes: 0x410000 } as Module;
const plugin = { ...area(BIAS + 0x5000), types: BIAS + 0x2000, etypes: BIAS + 0x3000 } as Module;

const main: GlobalVariable = { name: "main.own", address: 0x500000, size: 8, type: 0 };
const own = {
  globalAt: (address: number) => (address === main.address ? main : undefined),
  global: (name: string) => (name === main.name ? main : undefined),
  globalNames: () => [main.name],
} as unknown as Variables;

/** Types of the process: one at an address, others as they are made. */
function table(at: number, parts: TypeParts) {
  const rows: TypeParts[] = [parts];
  const types = {
    byRtype: (address: number) => (address === at ? 0 : NONE),
    byName: () => NONE,
    synthetic: (made: TypeParts) => rows.push(made) - 1,
    get: (id: number) => ({ ...rows[id], fields: rows[id]?.fields?.() ?? [], element: rows[id]?.element?.() ?? NONE }) as unknown as GoType,
  };
  return { types: types as unknown as TypeTable, rows };
}

const dwarf = (type: object) =>
  ({ name: "", size: 8, goKind: 0, runtimeType: 0, fields: [], element: undefined, ...type }) as unknown as DwarfType;
const debugOf = (globals: readonly DwarfGlobal[]) => () => ({ globals: () => globals }) as unknown as DebugInfo;

test.each([
  ["an offset into the module's types", 0x40],
  ["a link-time address, as Go 1.21 and 1.22 write it", 0x2040],
])("a plugin's global has a name and a type: %s", (_, runtimeType) => {
  const { types } = table(BIAS + 0x2040, { name: "main.Widget", kind: "struct", size: 88, rtype: BIAS + 0x2040 });
  const type = dwarf({ kind: "struct", offset: 1, name: "plug.Widget", size: 88, goKind: 25, runtimeType });
  const variables = withPlugins(
    own,
    types,
    [executable, plugin],
    [
      {
        bias: BIAS,
        debug: debugOf([
          { name: "plug.First", address: 0x5000, type },
          { name: "plug.Second", address: 0x5058, type },
        ]),
      },
    ],
  );
  expect(variables.globalAt(BIAS + 0x5058 + 80)).toEqual({ name: "plug.Second", address: BIAS + 0x5058, size: 88, type: 0 });
  expect(variables.globalAt(BIAS + 0x5058 + 88)).toBeUndefined();
  expect(variables.global("plug.First")?.address).toBe(BIAS + 0x5000);
  expect(variables.globalAt(main.address)).toBe(main);
  expect(variables.globalNames()).toEqual(["main.own", "plug.First", "plug.Second"]);
});

test("a type that no interface held is told from DWARF, a list of it as one type however long", () => {
  const { types, rows } = table(0, { name: "none", kind: "unknown", size: 0, rtype: 0 });
  const node: { fields: object[] } & object = dwarf({ kind: "struct", offset: 1, name: "plug.node", size: 16, goKind: 25 }) as never;
  const pointer = dwarf({ kind: "pointer", offset: 2, name: "*plug.node", goKind: 22, target: node });
  const slice = dwarf({ kind: "struct", offset: 3, name: "[]*plug.node", size: 24, goKind: 23, element: pointer });
  node.fields = [
    { name: "next", offset: 0, embedded: false, type: pointer },
    { name: "odd", offset: 8, embedded: false, type: dwarf({ kind: "base", offset: 4, name: "plug.odd" }) },
  ];
  const variables = withPlugins(
    own,
    types,
    [executable, plugin],
    [{ bias: BIAS, debug: debugOf([{ name: "plug.list", address: 0x5000, type: slice }]) }],
  );
  let type = types.get(variables.global("plug.list")?.type ?? NONE);
  expect([type.name, type.kind]).toEqual(["[]*plug.node", "slice"]);
  for (let i = 0; i < 5; i++) {
    type = types.get(types.get(type.element).element);
    expect([type.name, type.fields.map((field) => field.type === NONE)]).toEqual(["plug.node", [false, true]]);
    type = { ...type, element: type.fields[0]?.type ?? NONE };
  }
  expect(rows.length).toBe(4);
});

test("without plugins nothing is read", () => {
  const never = () => {
    throw new Error("read");
  };
  const { types } = table(0, { name: "none", kind: "unknown", size: 0, rtype: 0 });
  expect(withPlugins(own, types, [executable], [{ bias: BIAS, debug: never }])).toBe(own);
  const variables = withPlugins(own, types, [executable, plugin], [{ bias: BIAS, debug: never }]);
  expect(variables.globalAt(main.address)).toBe(main);
  expect(variables.global("main.own")).toBe(main);
});
