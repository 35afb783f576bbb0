/** Stripped programs of every release: what is found without symbols is where a twin that was not stripped has it. */
import { describe, expect, test } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import { Findings } from "../../src/base/findings.js";
import type { Address } from "../../src/base/units.js";
import { openDump } from "../../src/dump.js";
import { openElf } from "../../src/elf/elf.js";
import { openFile } from "../../src/files/file-source.js";
import { openAddressSpace } from "../../src/process/address-space.js";
import type { Process } from "../../src/process/process.js";
import { findModules } from "../../src/runtime/binary/find-module.js";
import { findVariables } from "../../src/runtime/binary/find-variables.js";
import { SCANNED } from "../../src/runtime/binary/structural-scan.js";
import { tableFor } from "../../src/runtime/binary/tables.js";
import { readBuildInfo } from "../../src/runtime/build-info.js";
import { referencesOf } from "../../src/runtime/code/machines.js";
import { readFunctions } from "../../src/runtime/functions.js";
import { layoutFromDwarf } from "../../src/runtime/layout/from-dwarf.js";
import { RUNTIME_SCHEMA } from "../../src/runtime/layout/schema.js";
import { readModules } from "../../src/runtime/modules.js";
import { made, missingGo, nameOf, releases, rotate } from "../support/dump-cache.js";

/** Linker flags of one length: the same program, at the same addresses. */
const STRIPPED = "-s -w";
const WHOLE = "-f -f";

interface Kind {
  readonly flags: readonly string[];
  readonly link?: string;
  readonly cgo?: boolean;
}
const EXE: Kind = { flags: [] };
const OTHERS: readonly Kind[] = [
  { flags: ["-buildmode=pie"] },
  { flags: [], cgo: true, link: " -linkmode=external" },
  { flags: ["-race"], cgo: true },
];
const wishes = [...releases.map((go) => ({ kind: EXE, go })), ...rotate(OTHERS, false)].map(({ kind, go }) => ({
  go,
  wish: (flags: string): DumpWish => ({
    program: "leaky",
    go,
    flags: [`-ldflags=${flags}${kind.link ?? ""}`, ...kind.flags],
    ...(kind.cgo ? { cgo: true } : {}),
  }),
}));

/** Without its executable: what the core alone holds. */
const coreAlone = (process: Process): Process => {
  const held = process.memory.mappings.filter(({ backing }) => typeof backing !== "string" && backing.source === process.source);
  return { ...process, executable: undefined, memory: openAddressSpace(held) };
};

describe.each(wishes)("$go", ({ go, wish }) => {
  test(nameOf(wish(STRIPPED)), async ({ skip }) => {
    const reason = await missingGo(go);
    if (reason) return skip(reason);
    const stripped = await made(wish(STRIPPED));
    const twin = openElf(openFile((await made(wish(WHOLE))).executable).source);
    const dump = await openDump({ core: stripped.core, executable: stripped.executable });
    try {
      expect(dump.process.executable?.symbols().some(({ name }) => name === "runtime.allgs")).toBe(false);
      compare(dump.process, new Map(twin.symbols().map(({ name, address }) => [name, address + dump.process.loadBias])));
    } finally {
      dump.close();
    }
  });
});

function compare(process: Process, symbols: ReadonlyMap<string, Address>): void {
  const findings = new Findings();
  const moduleData = symbols.get("runtime.firstmoduledata") as Address;
  const waysOf = (of: Process) => findModules(of, findings).map(({ address, how }) => ({ address, how }));
  expect(waysOf(process)).toEqual([{ address: moduleData, how: ["section", "shape"] }]);
  const withoutSections = Object.create(process.executable as object, { sections: { value: [] } });
  expect(waysOf({ ...process, executable: withoutSections })).toEqual([{ address: moduleData, how: ["magic", "shape"] }]);
  const alone = coreAlone(process);
  const byCore = waysOf(alone);
  expect(byCore.map(({ address }) => address)).toEqual([moduleData]);
  expect(byCore[0].how).toContain("shape");
  expect(findings.list()).toEqual([]);

  const { goVersion } = readBuildInfo(process);
  const table = tableFor(goVersion, process.arch.name);
  if (!table) throw new Error(`no table for ${goVersion}`);
  const global = (name: string) => (name === "runtime.firstmoduledata" ? { name, address: moduleData } : undefined);
  const debug = { type: table.type, constant: table.constant, global } as unknown as Parameters<typeof layoutFromDwarf>[0];
  const layout = layoutFromDwarf(debug, RUNTIME_SCHEMA, 0, goVersion);
  const names = [...new Set(table.recipes.map(({ variable }) => variable))];
  const search = (of: Process, recipes: typeof table.recipes) => {
    const module = readModules(of.memory, layout, findings)[0];
    const functions = readFunctions(of.memory, [module], of.arch);
    const follow = referencesOf(process.arch).follow;
    const isExact = table.match === "exact";
    return findVariables({ process: of, module, functions, moduleData, layout, names, recipes, isExact, follow }, findings);
  };
  const missing = (found: ReturnType<typeof search>) => names.filter((name) => symbols.has(name) && !found.addresses.has(name));
  const wrong = (found: ReturnType<typeof search>) =>
    [...found.addresses].filter(([name, address]) => symbols.get(name) !== address).map(([name]) => name);

  const byCode = search(process, table.recipes);
  expect(wrong(byCode)).toEqual([]);
  for (const name of SCANNED) expect(byCode.how.get(name), name).toBe("recipe");
  // The compiler of another build mode may have changed the few functions that refer to a variable.
  expect(missing(byCode).length, missing(byCode).join(" ")).toBeLessThanOrEqual(3);

  const byScan = search(alone, []);
  expect(wrong(byScan)).toEqual([]);
  for (const name of SCANNED) {
    // Counters agree with each other while no thread allocates; another thread may have when this one died.
    const isCounted = name === "runtime.gcController" || name === "runtime.memstats";
    if (!isCounted) expect(byScan.how.get(name), name).toBe("scan");
  }
}
