// The Go runtime as found in a dead process; above here nobody asks which Go it was.
import { MemoryFault, UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { lazy } from "../base/lazy.js";
import { PackageNames } from "../base/package-names.js";
import { RELEASES } from "../base/releases.js";
import { lastAtOrBefore } from "../base/search.js";
import { type Address, NONE, type TypeId } from "../base/units.js";
import type { DebugInfo } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import type { ElfSymbol, Process } from "../process/process.js";
import { type Accounts, checkAccounts, checkSpans, findMemory, growingBy, readAccounts } from "./accounting.js";
import { type BuildInfo, readBuildInfo } from "./build-info.js";
import { allocatedCaptures } from "./closure-types.js";
import { type FunctionTable, type GoFunction, readFunctions } from "./functions.js";
import { type GoroutineTable, readGoroutines } from "./goroutines.js";
import { layoutFromDwarf } from "./layout/from-dwarf.js";
import { type Layout, RUNTIME_SCHEMA } from "./layout/schema.js";
import { isKnownRelease, isTooOld } from "./layout/version.js";
import { type Maps, mapsOf } from "./maps/maps.js";
import { classifyMemory, type MemoryClasses } from "./memory-classes.js";
import { type Module, readModules } from "./modules.js";
import { readPackages } from "./packages.js";
import { type OtherImage, withPlugins } from "./plugin-variables.js";
import { threadStacks } from "./records/machine.js";
import { readSpans, type SpanTable } from "./spans.js";
import { readSpecials, type SpecialRoot } from "./specials.js";
import { readTypes, type TypeTable } from "./types.js";
import { readVariables, type Variables } from "./variables.js";
import { type PointerMasks, readPointerMasks } from "./variants/pointer-masks.js";

export interface GoRuntime {
  readonly build: BuildInfo;
  readonly process: Process;
  /** Of the process. */
  readonly memory: AddressSpace;
  readonly layout: Layout;
  readonly debug: DebugInfo;
  readonly modules: readonly Module[];
  /** What the packages of the executable are called. */
  readonly names: PackageNames;
  readonly functions: FunctionTable;
  readonly types: TypeTable;
  readonly maps: Maps;
  readonly variables: Variables;
  readonly spans: SpanTable;
  readonly pointerMasks: PointerMasks;
  readonly goroutines: GoroutineTable;
  readonly specials: readonly SpecialRoot[];
  /** undefined when the runtime's variables are not whole in the core. */
  readonly accounts: Accounts | undefined;
  readonly memoryClasses: MemoryClasses;
  /** Type of the bytes behind strings, and of 16-byte slots shared by small values. */
  readonly stringBytes: TypeId;
  readonly tinyBlock: TypeId;
  /** Type of a closure object by its code; NONE when pc starts no function. */
  closureType(pc: Address): TypeId;
  /** Type of the first parameter of the function whose code starts at pc; NONE when unknown. */
  parameterType(pc: Address): TypeId;
  /** The ELF symbol that covers an address, at its place in the process. */
  symbolAt(address: Address): ElfSymbol | undefined;
}

/**
 * Reads the runtime. Steps that not every question needs (spans, goroutines, specials) are read at first use.
 * @throws UnsupportedError when there is no DWARF or no Go in it
 */
export function readRuntime(process: Process, debug: DebugInfo, findings: Findings, others: readonly OtherImage[] = []): GoRuntime {
  const { memory } = process;
  const bias = process.loadBias;
  const build = readBuildInfo(process);
  const layout: Layout = layoutFromDwarf(debug, RUNTIME_SCHEMA, bias, build.goVersion);
  if (!debug.global("runtime.firstmoduledata")) {
    throw new UnsupportedError(
      "Go runtime",
      "an executable without runtime.firstmoduledata in its DWARF",
      "Go programs",
      "is it a Go program, and the one that crashed? name it with --exe FILE",
    );
  }
  if (isTooOld(build.goVersion)) {
    throw new UnsupportedError(
      process.executable?.source.name ?? "Go runtime",
      `a program built by ${build.goVersion}`,
      `programs built by ${RELEASES}`,
      "for a core of this one: dlv core, of the same age as its Go",
    );
  }
  if (!isKnownRelease(build.goVersion)) {
    findings.add(
      "release-unknown",
      `${build.goVersion || "this Go release"} is newer or older than what corescope was proved on (${RELEASES}); read as its debug information describes it`,
    );
  }
  const modules = readModules(memory, layout, findings);
  const functions = readFunctions(memory, modules, process.arch);
  const types = readTypes(memory, layout, modules, debug, bias, findings);
  const variables = withPlugins(readVariables(debug, types, bias, process.arch), types, modules, others);
  const { arenaBaseOffset } = process.arch;
  const pointerMasks = readPointerMasks({ memory, layout, arenaBaseOffset, findings });
  const names = lazy(() => new PackageNames(readPackages(memory, modules, debug)));
  const spans = lazy(() => {
    const table = readSpans(memory, layout, arenaBaseOffset, findings);
    checkSpans(memory, layout, table, findings);
    return table;
  });
  const goroutines = lazy(() => readGoroutines(process, layout, functions, modules, findings));
  const specials = lazy(() => readSpecials(memory, layout, spans(), findings));
  const accounts = lazy(() => {
    try {
      const read = readAccounts(memory, layout, spans());
      const growing = growingBy(memory, layout, spans(), read);
      return checkAccounts(read, findMemory(process, layout, spans()), growing, findings) ? read : undefined;
    } catch (error) {
      if (!(error instanceof MemoryFault)) throw error;
      findings.add("accounts-missing", "the runtime's heap statistics are not in the core", error.message, { partial: true });
      return undefined;
    }
  });
  const classes = lazy(() =>
    classifyMemory(process, layout, spans(), accounts(), threadStacks(process, layout), isSanitized(build), findings),
  );
  const symbols = lazy(() => (process.executable?.symbols() ?? []).toSorted((a, b) => a.address - b.address));
  const stringBytes = lazy(() =>
    types.synthetic({ name: "string", kind: "array", size: 1, rtype: 0, count: -1, element: () => types.byName("uint8") }),
  );
  const tinyBlock = lazy(() => types.synthetic({ name: "tiny block", kind: "unknown", size: 16, rtype: 0 }));
  const closures = new Map<Address, TypeId>();
  /** DWARF has the names, where it has any; the code that makes the closure has what DWARF leaves out. */
  const capturesOf = (fn: GoFunction): readonly Capture[] => {
    const named = variables.captures(fn.entry) ?? receiver(types, fn.name) ?? [];
    const made = allocatedCaptures(process, functions, types, fn);
    return made ? made.map((each) => named.find(({ offset }) => offset === each.offset) ?? each) : named;
  };
  return {
    build,
    process,
    memory,
    layout,
    debug,
    modules,
    get names() {
      return names();
    },
    functions,
    types,
    maps: mapsOf(layout),
    variables,
    pointerMasks,
    get spans() {
      return spans();
    },
    get goroutines() {
      return goroutines();
    },
    get specials() {
      return specials();
    },
    get accounts() {
      return accounts();
    },
    get memoryClasses() {
      return classes();
    },
    get stringBytes() {
      return stringBytes();
    },
    get tinyBlock() {
      return tinyBlock();
    },
    closureType(pc) {
      const known = closures.get(pc);
      if (known !== undefined) return known;
      const fn = functions.find(pc);
      if (!fn || fn.entry !== pc) return NONE;
      const captures = capturesOf(fn);
      const size = captures.reduce((most, each) => Math.max(most, each.offset + types.get(each.type).size), 8);
      const type = types.synthetic({
        name: `func ${fn.name}`,
        kind: "struct",
        size: Math.ceil(size / 8) * 8,
        rtype: 0,
        fields: () => [
          { name: "F", offset: 0, type: types.byName("uintptr"), embedded: false },
          ...captures.map(({ name, offset, type }) => ({ name, offset, type, embedded: false })),
        ],
      });
      closures.set(pc, type);
      return type;
    },
    parameterType(pc) {
      const fn = debug.functionAt(pc - bias);
      const parameter = fn?.lowPc === pc - bias ? fn.variables.find((each) => each.kind === "parameter" && !each.inlined) : undefined;
      return parameter ? types.fromDwarf(parameter.type) : NONE;
    },
    symbolAt(address) {
      const all = symbols();
      const link = address - bias;
      const found = lastAtOrBefore(all, link, (each) => each.address);
      return found && link < found.address + found.size ? { ...found, address: found.address + bias } : undefined;
    },
  };
}

interface Capture {
  readonly name: string;
  readonly offset: number;
  readonly type: TypeId;
}

/** The race detector and the sanitizers keep a shadow of all memory. */
function isSanitized({ settings }: BuildInfo): boolean {
  return ["-race", "-asan", "-msan"].some((each) => settings[each] === "true");
}

/** A method value ("main.(*T).Close-fm") captures its receiver. */
function receiver(
  types: TypeTable,
  name: string,
): readonly { readonly name: string; readonly offset: number; readonly type: TypeId }[] | undefined {
  const match = /^(.*)\.(?:\(\*(.+)\)|([^.()]+))\.[^.]+-fm$/.exec(name);
  if (!match) return undefined;
  const type = types.byName(match[2] === undefined ? `${match[1]}.${match[3]}` : `*${match[1]}.${match[2]}`);
  return type === NONE ? undefined : [{ name: "R", offset: 8, type }];
}
