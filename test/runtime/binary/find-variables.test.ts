import { expect, test } from "vitest";
import { Findings } from "../../../src/base/findings.js";
import type { Address } from "../../../src/base/units.js";
import type { ElfSymbol, Process } from "../../../src/process/process.js";
import { findVariables, type VariableSources } from "../../../src/runtime/binary/find-variables.js";
import { canBe, isChecked } from "../../../src/runtime/binary/predicates.js";
import type { Recipe } from "../../../src/runtime/binary/recipes.js";
import { SCANNED, SCANNED_LATER } from "../../../src/runtime/binary/structural-scan.js";
import type { GlobalName } from "../../../src/runtime/layout/schema-globals.js";
import { fixtures, openFixture } from "../../support/dump-cache.js";

const OTHERS = ["allgptr", "allglen", "gomaxprocs", "m0", "semtable", "gcphase"].map((name) => `runtime.${name}`);
const NAMES = [...SCANNED, ...OTHERS];

/** A committed dump, as if its executable had only these symbols; link-time addresses. */
async function programWith(name: string, symbols: readonly Pick<ElfSymbol, "name" | "address">[]) {
  const { process, runtime } = await openFixture(name);
  const { layout, modules } = runtime;
  const executable = Object.create(process.executable as object, { symbols: { value: () => symbols } }) as Process["executable"];
  const at = (variable: string) => layout.global(variable as GlobalName) as Address;
  const sources: VariableSources = {
    process: { ...process, executable },
    module: modules[0],
    functions: runtime.functions,
    moduleData: at("runtime.firstmoduledata"),
    layout,
    names: NAMES,
    recipes: [],
    isExact: true,
    follow: () => undefined,
  };
  const search = (changed: Partial<VariableSources> = {}) => {
    const findings = new Findings();
    const { addresses, how } = findVariables({ ...sources, ...changed }, findings);
    const wrong = [...addresses].filter(([variable, address]) => address !== at(variable)).map(([variable]) => variable);
    return { wrong, how: Object.fromEntries(how), findings: findings.list() };
  };
  const size = (fn: string) => {
    const found = runtime.functions.byName(fn);
    return found ? found.end - found.entry : 0;
  };
  /** Recipes that lead to these places, one in each function. */
  const recipes = (variable: string, places: readonly Address[]): Recipe[] =>
    places.map((check, i) => ({ variable, function: FUNCTIONS[i], size: size(FUNCTIONS[i]), at: 0, next: 0, addend: 8, check: check + 8 }));
  return { at, search, recipes, symbol: (variable: string) => ({ name: variable, address: at(variable) - process.loadBias }), runtime };
}

const FUNCTIONS = ["runtime.main", "runtime.mallocgc", "runtime.newproc1"];
const follow: VariableSources["follow"] = (_code, _start, { check }) => check;
const codes = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code);

test.each(fixtures())("$name: the main variables without symbols and without code", async ({ name }) => {
  const { search } = await programWith(name, []);
  const { wrong, how, findings } = search();
  expect(wrong).toEqual([]);
  const scanned = [...SCANNED, "runtime.firstmoduledata"].map((each) => [each, "scan"]);
  expect(how).toEqual(Object.fromEntries(scanned));
  expect(findings.map(({ code, count, partial }) => [code, count, partial])).toEqual([["variable-missing", OTHERS.length, true]]);
});

test.each(fixtures())("$name: the queues of finalizers and cleanups, where anything waits in them", async ({ name }) => {
  const { search, at, runtime } = await programWith(name, []);
  const names = SCANNED_LATER.filter((each) => at(each) !== undefined);
  const { wrong, how } = search({ names: [...SCANNED, ...names] });
  // Another variable may lead to the same blocks: finq, when there is but one.
  expect(wrong.filter((each) => each !== "runtime.allfin")).toEqual([]);
  const kinds = { "runtime.allfin": "finalizer-queue", "runtime.gcCleanups": "cleanup-queue" } as const;
  const waiting = names.filter((each) => runtime.specials.some(({ kind }) => kind === kinds[each]));
  expect(names.filter((each) => how[each] === "scan")).toEqual(waiting);
  if (name.startsWith("zoo")) expect(waiting).toEqual(names);
});

test.each(fixtures())("$name: what proves a variable does not hold at another one", async ({ name }) => {
  const { process, runtime } = await openFixture(name);
  const { layout, modules } = runtime;
  const around = {
    memory: process.memory,
    layout,
    arenaBaseOffset: process.arch.arenaBaseOffset,
    threadIds: new Set(process.threads.map(({ tid }) => tid)),
    text: { start: modules[0].text, end: modules[0].etext },
    image: { start: modules[0].text, end: modules[0].enoptrbss },
  };
  const proved = ["allgs", "allp", "allm", "sched", "mheap_", "gcController", "memstats", "m0"].map((each) => `runtime.${each}`);
  for (const variable of proved) {
    expect(canBe(around, variable, layout.global(variable as GlobalName) as Address), variable).toBe(true);
    for (const other of NAMES) {
      const address = layout.global(other as GlobalName) as Address;
      for (const shift of [-64, -8, 0, 8, 64]) {
        if (other === variable && shift === 0) continue;
        expect(canBe(around, variable, address + shift), `${variable} at ${other}+${shift}`).not.toBe(true);
      }
    }
    expect(canBe(around, variable, 0x10), `${variable} in memory that is not there`).not.toBe(true);
  }
  expect(isChecked("main.counter")).toBe(false);
  expect(canBe(around, "main.counter", 0x1000)).toBeUndefined();
});

test("all are in the symbol table: nothing is searched, nothing is missing", async () => {
  const { symbol, search } = await programWith("zoo-1.26-amd64", []);
  const all = await programWith("zoo-1.26-amd64", [...NAMES, "runtime.firstmoduledata"].map(symbol));
  expect(search().findings).not.toEqual([]);
  const { wrong, how, findings } = all.search();
  expect([wrong, new Set(Object.values(how)), findings]).toEqual([[], new Set(["symtab"]), []]);
});

test("a symbol table of another build is contradicted by memory, and told", async () => {
  const { symbol } = await programWith("zoo-1.24-amd64", []);
  const shifted = NAMES.map((name) => ({ name, address: symbol(name).address + 64 }));
  const { search } = await programWith("zoo-1.24-amd64", shifted);
  const { wrong, how, findings } = search();
  for (const name of SCANNED) expect([how[name], wrong.includes(name)], name).toEqual(["scan", false]);
  expect(codes(findings)).toContain("variable-contradicted");
  expect(findings.every(({ partial }) => partial)).toBe(true);
});

test("code that agrees is believed, the more where memory proves it", async () => {
  const { at, search, recipes } = await programWith("zoo-1.25-amd64", []);
  const right = NAMES.flatMap((name) => recipes(name, [at(name), at(name)]));
  const { wrong, how, findings } = search({ recipes: right, follow });
  expect([wrong, findings]).toEqual([[], []]);
  for (const name of NAMES) expect(how[name]).toBe("recipe");
  const divided = NAMES.flatMap((name) => recipes(name, [at(name), at(name), at(name) + 8]));
  const doubted = search({ recipes: divided, follow });
  expect(doubted.wrong).toEqual([]);
  expect(codes(doubted.findings)).toEqual(["variable-doubtful", "variable-missing"]);
  expect([doubted.how["runtime.sched"], doubted.how["runtime.semtable"]]).toEqual(["recipe", undefined]);
});

test("code of another release that memory contradicts once is not believed where nothing proves it", async () => {
  const { at, search, recipes } = await programWith("zoo-1.25-amd64", []);
  const moved = NAMES.flatMap((name) =>
    recipes(
      name,
      [at(name), at(name)].map((each) => (name === "runtime.sched" ? each + 16 : each)),
    ),
  );
  const near = search({ recipes: moved, follow, isExact: false });
  expect([near.wrong, near.how["runtime.sched"], near.how["runtime.semtable"], near.how["runtime.memstats"]]).toEqual([
    [],
    "scan",
    undefined,
    "recipe",
  ]);
  expect(codes(near.findings)).toEqual(["variable-contradicted", "variable-doubtful", "variable-missing"]);
  const exact = search({ recipes: moved, follow });
  expect([exact.wrong, exact.how["runtime.semtable"]]).toEqual([[], "recipe"]);
  expect(codes(exact.findings)).toEqual(["variable-contradicted"]);
});

test("two ways to the module data that differ are a finding", async () => {
  const { at, search, recipes } = await programWith("zoo-1.25-amd64", []);
  const { findings } = search({ recipes: recipes("runtime.firstmoduledata", [at("runtime.firstmoduledata") + 8]), follow });
  expect(codes(findings)).toContain("module-contradicted");
});

test("a chain of ms that ends too early is none: another release has its link elsewhere", async () => {
  const { search, runtime } = await programWith("zoo-1.24-amd64", []);
  const m = runtime.layout.struct("m");
  // lockedg is nil in every m of this core: each seems to be the last.
  const other = { ...m, offset: (field: Parameters<typeof m.offset>[0]) => m.offset(field === "alllink" ? "lockedg" : field) };
  const struct = (name: string) => (name === "m" ? other : runtime.layout.struct(name as "m"));
  const { wrong, how, findings } = search({ layout: { ...runtime.layout, struct } as typeof runtime.layout });
  expect([wrong, how["runtime.allm"], how["runtime.sched"]]).toEqual([[], undefined, "scan"]);
  expect(codes(findings)).toEqual(["variable-contradicted", "variable-missing"]);
});
