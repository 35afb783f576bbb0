// Addresses of the runtime's variables in a stripped program: by the symbol table if it is left, by the code, by a scan of the data.
import type { Findings } from "../../base/findings.js";
import { type Address, counted, hex } from "../../base/units.js";
import type { Process } from "../../process/process.js";
import type { FunctionTable } from "../functions.js";
import { type Range, union } from "../go-ranges.js";
import type { Layout } from "../layout/schema.js";
import type { Module } from "../modules.js";
import { canBe, hasAllMachines, isChecked } from "./predicates.js";
import { applyRecipes, type Follow, type Recipe, symbolAddresses, type Votes } from "./recipes.js";
import type { Surroundings } from "./record-checks.js";
import { SCANNED, SCANNED_LATER, type ScannedName, scanFor } from "./structural-scan.js";

/** symtab: the executable's; recipe: the runtime's code refers to it; scan: it looks like nothing else. */
type VariableWay = "symtab" | "recipe" | "scan";

/** Variables by full name, "runtime.allgs"; addresses of the process. */
export interface FoundVariables {
  readonly addresses: ReadonlyMap<string, Address>;
  readonly how: ReadonlyMap<string, VariableWay>;
  /** Names of those that were not. */
  readonly missing: ReadonlySet<string>;
}

/** What the variables are found from. */
export interface VariableSources {
  readonly process: Process;
  /** The executable's. */
  readonly module: Module;
  /** Its functions. */
  readonly functions: Pick<FunctionTable, "byName">;
  /** Address of its moduledata. */
  readonly moduleData: Address;
  /** Structs and constants; its global() is not asked. */
  readonly layout: Layout;
  /** Full names of the variables that this release has and that are wanted. */
  readonly names: readonly string[];
  readonly recipes: readonly Recipe[];
  /** The recipes are of the very release that the program was built with. */
  readonly isExact: boolean;
  readonly follow: Follow;
}

const SOURCES: Readonly<Record<VariableWay, string>> = { symtab: "the symbol table", recipe: "the runtime's code", scan: "a scan" };
/** Names that a finding tells. */
const MOST_NAMED = 5;
const MODULE_DATA = "runtime.firstmoduledata";

/**
 * Each variable by the first way whose answer the process's memory does not contradict. What is contradicted, ambiguous or not found
 * is left out, and a finding.
 */
export function findVariables(sources: VariableSources, findings: Findings): FoundVariables {
  const search = new Search(sources, findings);
  const isFirst = (name: string) => SCANNED.some((each) => each === name);
  const rest = sources.names.filter((name) => !isFirst(name) && name !== MODULE_DATA);
  // First those that tell whether others are right, then those that memory can prove or refute.
  for (const name of SCANNED) if (sources.names.includes(name)) search.find(name);
  search.checkMachines();
  for (const name of new Set([...rest.filter(isChecked), ...rest])) search.find(name);
  search.close();
  return search;
}

class Search implements FoundVariables {
  readonly addresses = new Map<string, Address>();
  readonly how = new Map<string, VariableWay>();
  private readonly sources: VariableSources;
  private readonly findings: Findings;
  private readonly around: Surroundings;
  private readonly symbols: ReadonlyMap<string, Address>;
  readonly missing = new Set<string>();
  private votes: ReadonlyMap<string, Votes> | undefined;
  /** Memory contradicted the code once: of what nothing proves, nothing is believed. */
  private isDistrusted = false;

  constructor(sources: VariableSources, findings: Findings) {
    const { process, module, layout } = sources;
    this.sources = sources;
    this.findings = findings;
    this.symbols = symbolAddresses(process);
    this.around = {
      memory: process.memory,
      layout: { ...layout, global: (name) => this.addresses.get(name) },
      arenaBaseOffset: process.arch.arenaBaseOffset,
      threadIds: new Set(process.threads.map(({ tid }) => tid)),
      text: { start: module.text, end: module.etext },
      image: imageOf(module),
    };
    this.checkModule(this.symbols.get(MODULE_DATA));
    this.addresses.set(MODULE_DATA, sources.moduleData);
    this.how.set(MODULE_DATA, this.symbols.has(MODULE_DATA) ? "symtab" : "scan");
  }

  find(name: string): void {
    const symbol = this.symbols.get(name);
    if (this.take(name, "symtab", symbol)) return;
    const vote = this.recipeVotes().get(name);
    if (vote && this.isBelieved(name, vote) && this.take(name, "recipe", vote.address)) return;
    if (isScanned(name) && this.scan(name)) return;
    // Memory that contradicts a sure source and is like it nowhere else is damaged.
    if (symbol !== undefined) this.keep(name, "symtab", symbol);
    else if (vote && vote.against === 0 && vote.votes > 1 && this.sources.isExact) this.keep(name, "recipe", vote.address);
    else this.missing.add(name);
  }

  /** Tells what was not found. */
  close(): void {
    const count = this.missing.size;
    if (count === 0) return;
    const names = [...this.missing].slice(0, MOST_NAMED).join(", ");
    const example = count > MOST_NAMED ? `${names} and ${count - MOST_NAMED} more` : names;
    this.findings.add("variable-missing", "variables of the runtime were not found: what is told from them is missing", example, {
      partial: true,
      count,
    });
  }

  /** A scan takes the longest chain of ms that there is: it has to be all of them. Without it sched may be another. */
  checkMachines(): void {
    const name = "runtime.allm";
    const address = this.addresses.get(name);
    if (address === undefined || this.how.get(name) !== "scan" || hasAllMachines(this.around)) return;
    this.addresses.delete(name);
    this.how.delete(name);
    this.missing.add(name);
    this.contradicted(name, "scan", address);
    if (this.missing.delete("runtime.sched")) this.find("runtime.sched");
  }

  private contradicted(name: string, way: VariableWay, address: Address): void {
    const example = `${name} by ${SOURCES[way]} at ${hex(address)}`;
    this.findings.add("variable-contradicted", "what lies where a variable of the runtime should be is not like it", example, {
      partial: true,
    });
  }

  private scan(name: ScannedName): boolean {
    const scanned = scanFor(this.around, name, this.data());
    if (scanned === undefined || scanned.rivals === 0) return this.take(name, "scan", scanned?.address);
    const places = `${name}: ${counted(scanned.rivals + 1, "place")}`;
    this.findings.add("variable-ambiguous", "variables of the runtime may be at several places: none is taken", places, { partial: true });
    return false;
  }

  /** Takes an answer unless the memory there contradicts it. */
  private take(name: string, way: VariableWay, address: Address | undefined): boolean {
    if (address === undefined) return false;
    if (canBe(this.around, name, address) !== false) {
      this.keep(name, way, address);
      return true;
    }
    if (way === "recipe") this.isDistrusted = !this.sources.isExact;
    this.contradicted(name, way, address);
    return false;
  }

  private keep(name: string, way: VariableWay, address: Address): void {
    this.addresses.set(name, address);
    this.how.set(name, way);
  }

  /** A majority is no proof: where nothing else proves it, all places have to agree. */
  private isBelieved(name: string, { address, against, votes }: Votes): boolean {
    if (canBe(this.around, name, address) === true || (against === 0 && !this.isDistrusted)) return true;
    const places = `${name}: ${votes} of ${counted(votes + against, "place")} lead to ${hex(address)}`;
    this.findings.add(
      "variable-doubtful",
      "the runtime's code does not tell surely where variables of its are: they are left out",
      places,
      {
        partial: true,
      },
    );
    return false;
  }

  private recipeVotes(): ReadonlyMap<string, Votes> {
    if (this.votes === undefined) {
      const { process, functions, recipes, follow } = this.sources;
      this.votes = applyRecipes(process.memory, functions, recipes, follow, this.ranges());
      this.checkModule(this.votes.get(MODULE_DATA)?.address);
    }
    return this.votes;
  }

  /** Another way to the module data has to lead to the same. */
  private checkModule(address: Address | undefined): void {
    const { moduleData } = this.sources;
    if (address === undefined || address === moduleData) return;
    const places = `${hex(moduleData)} and ${hex(address)}`;
    this.findings.add("module-contradicted", "two ways lead to different places of runtime.firstmoduledata", places, { partial: true });
  }

  private data(): Range[] {
    const { noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss } = this.sources.module;
    return union([
      { start: noptrdata, end: enoptrdata },
      { start: data, end: edata },
      { start: bss, end: ebss },
      { start: noptrbss, end: enoptrbss },
    ]);
  }

  /** Data, the module data itself, and what is only read. */
  private ranges(): Range[] {
    const { moduleData, module, layout } = this.sources;
    const { rodata, etypes, types } = module;
    const itself = { start: moduleData, end: moduleData + layout.struct("moduledata").size };
    return [...this.data(), itself, { start: Math.min(rodata, types), end: Math.max(rodata, etypes) }];
  }
}

/** All that the linker laid out, in whatever order. */
function imageOf({ text, types, rodata, noptrdata, data, etypes, ebss, enoptrbss }: Module): Range {
  return { start: Math.min(text, types, rodata, noptrdata, data), end: Math.max(etypes, ebss, enoptrbss) };
}

function isScanned(name: string): name is ScannedName {
  return [...SCANNED, ...SCANNED_LATER].some((each) => each === name);
}
