// A stripped executable as its runtime describes itself: structs and constants from the tables of its release, addresses of variables
// found in the process.
//
//     version of the build ──> tables ──> layouts, recipes
//                                 │           │
//     sections, magic, shape ──> module data ─┴──> variables ──> answers like debug information
import type { Findings } from "../../base/findings.js";
import { lazy } from "../../base/lazy.js";
import { type Address, hex, NONE } from "../../base/units.js";
import type { DebugInfo, DwarfGlobal, DwarfType } from "../../dwarf/dwarf.js";
import type { Process } from "../../process/process.js";
import { readBuildInfo } from "../build-info.js";
import { referencesOf } from "../code/machines.js";
import { type FunctionTable, readFunctions } from "../functions.js";
import { layoutFromDwarf } from "../layout/from-dwarf.js";
import { type Layout, RUNTIME_SCHEMA } from "../layout/schema.js";
import { RUNTIME_GLOBALS } from "../layout/schema-globals.js";
import { readModules } from "../modules.js";
import type { Binary } from "./binary.js";
import { findModuleData } from "./find-module.js";
import { findVariables } from "./find-variables.js";
import { moduleByShape } from "./module-shape.js";
import { symbolAddresses } from "./recipes.js";
import { tableByCode } from "./release-by-code.js";
import { type LayoutTable, tableFor } from "./tables.js";

const MODULE_DATA = "runtime.firstmoduledata";

/**
 * Reads a Go program without debug information.
 * @returns undefined when there is no Go runtime in the process, or no table for its release
 */
export function binaryFromTables(process: Process, findings: Findings): Binary | undefined {
  const found = findModuleData(process, findings);
  const { goVersion, experiments } = readBuildInfo(process);
  const version = experiments.length > 0 ? `${goVersion} X:${experiments.join(",")}` : goVersion;
  const chosen = found && chooseTable(process, version, found.address);
  if (!found || !chosen) return undefined;
  tellMatch(chosen, version, findings);
  const table = chosen.match !== "newest" ? chosen : withModuleOf(process, chosen, found.address, findings);
  const message =
    "the executable is stripped: its own variables have no names, and types are known as far as the process itself tells them";
  if (process.executable) findings.add("stripped", message);
  const layout = layoutOf(table, new Map([[MODULE_DATA, found.address]]), process);
  const [module] = readModules(process.memory, layout, findings);
  if (!module) return undefined;
  const functions = readFunctions(process.memory, [module], process.arch);
  const names = linkedNames(process, functions, table);
  const { follow } = referencesOf(process.arch);
  const { goVersion: release, match, recipes } = table;
  const { addresses, how, missing } = findVariables(
    { process, module, functions, moduleData: found.address, layout, names, recipes, isExact: match === "exact", follow },
    findings,
  );
  return {
    from: "tables",
    debug: describe(table, addresses, process.loadBias),
    tables: { addresses, how, missing, module: found.how, release, match },
  };
}

/**
 * Variables that are read and can be in the program: the linker leaves out a package that nothing refers to, and its variables with it.
 * One that no code of the table's refers to is in a symbol table or nowhere.
 */
function linkedNames(process: Process, functions: FunctionTable, table: LayoutTable): readonly string[] {
  // A core without the table of functions does not tell which are linked: then any may be.
  const mayBe = functions.byName("runtime.main") ? (name: string) => functions.byName(name) !== undefined : () => true;
  const linked = new Set(symbolAddresses(process).keys());
  for (const { variable, function: name } of table.recipes) if (!linked.has(variable) && mayBe(name)) linked.add(variable);
  return RUNTIME_GLOBALS.filter((name) => linked.has(name));
}

/** By the release that the program says; of one that says none, by its code, else the newest. */
function chooseTable(process: Process, version: string, moduleData: Address): LayoutTable | undefined {
  const at = new Map([[MODULE_DATA, moduleData]]);
  const byCode = version === "" ? tableByCode(process, (table) => layoutOf(table, at, process)) : undefined;
  return byCode ?? tableFor(version, process.arch.name);
}

function layoutOf(table: LayoutTable, addresses: ReadonlyMap<string, Address>, { loadBias }: Process): Layout {
  return layoutFromDwarf(describe(table, addresses, loadBias), RUNTIME_SCHEMA, loadBias, table.goVersion);
}

/** A table is of the very release, or what is read by it is to be doubted. */
function tellMatch({ match, goVersion }: LayoutTable, version: string, findings: Findings): void {
  if (match === "exact") return;
  findings.add(
    "layout-near",
    `the executable is stripped or missing, and there is no table of layouts for ${version || "its release"}: read as ${goVersion}`,
    undefined,
    { partial: match === "newest" },
  );
}

/** The table of an older release, but for the module data: without it nothing is found, so it is looked at where it lies. */
function withModuleOf({ memory }: Process, table: LayoutTable, address: Address, findings: Findings): LayoutTable {
  const name = RUNTIME_SCHEMA.moduledata.names[0];
  const known = table.type(name);
  const type = known && moduleByShape(memory, address, known);
  if (!type) {
    const message = `the module data is laid out in no way that is known: as ${table.goVersion} has it, it contradicts itself`;
    findings.add("module-contradicted", message, hex(address), { partial: true });
    return table;
  }
  return { ...table, type: (each) => (each === name ? type : table.type(each)) };
}

/** What debug information would say of the runtime; of the program it says nothing. @param addresses of the process */
function describe(table: LayoutTable, addresses: ReadonlyMap<string, Address>, bias: Address): DebugInfo {
  const global = (name: string): DwarfGlobal | undefined => {
    const address = addresses.get(name);
    return address === undefined ? undefined : { name, address: address - bias, type: table.globalType(name) ?? untyped(name) };
  };
  const globals = lazy(() =>
    [...addresses.keys()]
      .flatMap((name) => global(name) ?? [])
      .filter((each) => each.type.size > 0)
      .sort((a, b) => a.address - b.address),
  );
  return {
    type: (name) => table.type(name),
    typeAt: () => untyped("?"),
    typeByRuntimeOffset: () => undefined,
    typeNames: () => [],
    packages: () => [],
    constant: (name) => table.constant(name),
    texts: (name) => table.texts(name),
    global,
    globals,
    functionAt: () => undefined,
    functionByName: () => undefined,
    localsAt: () => [],
  };
}

function untyped(name: string): DwarfType {
  return { kind: "struct", name, size: 0, offset: NONE, goKind: 0, runtimeType: 0, fields: [], element: undefined };
}
