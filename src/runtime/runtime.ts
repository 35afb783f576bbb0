// The Go runtime as found in a dead process; above here nobody asks which Go it was.
import { FormatError, MemoryFault, UnsupportedError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { lazy } from "../base/lazy.js";
import { PackageNames } from "../base/package-names.js";
import { RELEASES } from "../base/releases.js";
import { lastAtOrBefore } from "../base/search.js";
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import type { DebugInfo } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import { coversAddress, type ElfSymbol, imagesOf, type Process } from "../process/process.js";
import { type Accounts, checkAccounts, checkSpans, findMemory, growingBy, readAccounts } from "./accounting.js";
import type { Binary } from "./binary/binary.js";
import { type BuildInfo, readBuildInfo } from "./build-info.js";
import { closureTypes } from "./closure-types.js";
import { readCodeGlobals, withCodeGlobals } from "./code-globals.js";
import { type FunctionTable, readFunctions } from "./functions.js";
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
import { readSpecials, type SampledObjects, type SpecialRoot } from "./specials.js";
import { readTypes, type TypeTable } from "./types.js";
import { readVariables, type Variables } from "./variables.js";
import { type PointerMasks, readPointerMasks } from "./variants/pointer-masks.js";

export { readBuildInfo } from "./build-info.js";

/** Everything that the questions are answered from: memory, types and the runtime's own records, read in the process's own terms. */
export interface GoRuntime {
  readonly build: BuildInfo;
  readonly process: Process;
  /** Of the process. */
  readonly memory: AddressSpace;
  readonly layout: Layout;
  /** Who answers for the executable. Its addresses are link-time ones; the load bias is process.loadBias. */
  readonly binary: Binary;
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
  readonly sampled: SampledObjects;
  /** undefined when the runtime's variables are not whole in the core. */
  readonly accounts: Accounts | undefined;
  readonly memoryClasses: MemoryClasses;
  /** Type of the bytes behind strings, and of 16-byte slots shared by small values. */
  readonly stringBytes: TypeId;
  readonly tinyBlock: TypeId;
  /** Of a chunk of package arena: values of the program, and none itself. */
  readonly arenaChunk: TypeId;
  /** Type of a closure object by its code; NONE when pc starts no function. */
  closureType(pc: Address): TypeId;
  /** Type of the first parameter of the function whose code starts at pc; NONE when unknown. */
  parameterType(pc: Address): TypeId;
  /** The ELF symbol that covers an address, at its place in the process. */
  symbolAt(address: Address): ElfSymbol | undefined;
}

/** What is read at once, because every question needs it; none of it takes long. */
type Parts = Omit<GoRuntime, LateName | "closureType" | "parameterType" | "symbolAt">;
type LateName =
  | "names"
  | "spans"
  | "goroutines"
  | "specials"
  | "sampled"
  | "accounts"
  | "memoryClasses"
  | "stringBytes"
  | "tinyBlock"
  | "arenaChunk";
/** What is read at first use, each part once. */
type LateParts = { readonly [Name in LateName]: () => GoRuntime[Name] };

/**
 * Reads the runtime. Parts that not every question needs (spans, goroutines, specials) are read at first use.
 * @param others  plugins, with their own debug information
 * @throws UnsupportedError when there is no DWARF, no Go in it, or a Go too old
 */
export function readRuntime(process: Process, binary: Binary, findings: Findings, others: readonly OtherImage[] = []): GoRuntime {
  const own = readBuildInfo(process);
  const build = { ...own, goVersion: own.goVersion || (binary.tables?.release ?? "") };
  const { debug } = binary;
  const layout: Layout = layoutFromDwarf(debug, RUNTIME_SCHEMA, process.loadBias, build.goVersion);
  checkProgram(process, debug, build, findings);
  const parts = readParts(process, binary, build, layout, findings, others);
  const late = lateParts(parts, findings);
  const variables = binary.from === "tables" ? toldByCode(parts, late.spans) : parts.variables;
  return {
    ...parts,
    variables,
    get names() {
      return late.names();
    },
    get spans() {
      return late.spans();
    },
    get goroutines() {
      return late.goroutines();
    },
    get specials() {
      return late.specials();
    },
    get sampled() {
      return late.sampled();
    },
    get accounts() {
      return late.accounts();
    },
    get memoryClasses() {
      return late.memoryClasses();
    },
    get stringBytes() {
      return late.stringBytes();
    },
    get tinyBlock() {
      return late.tinyBlock();
    },
    get arenaChunk() {
      return late.arenaChunk();
    },
    closureType: closureTypes(process, parts.functions, parts.types, variables),
    parameterType: (pc) => firstParameter(debug, parts.types, pc - process.loadBias),
    symbolAt: symbolFinder(process),
  };
}

/** Tables know the runtime's own variables only: types of the program's are read out of its code. */
function toldByCode({ process, modules, functions, types, variables }: Parts, spans: () => SpanTable): Variables {
  const [module] = modules;
  if (!module) return variables;
  const { memory, arch } = process;
  return withCodeGlobals(variables, module, () =>
    readCodeGlobals({ memory, arch, module, functions, types, spans: spans(), known: variables }),
  );
}

/** Refuses what is no Go program or one too old, and says when its release is not one that corescope was proved on. */
function checkProgram(process: Process, debug: DebugInfo, { goVersion }: BuildInfo, findings: Findings): void {
  if (!debug.global("runtime.firstmoduledata")) {
    throw new UnsupportedError("Go runtime", "an executable without runtime.firstmoduledata in its DWARF", "Go programs", {
      id: "executable",
      doubt: "no Go runtime",
    });
  }
  if (isTooOld(goVersion)) {
    throw new UnsupportedError(
      process.executable?.source.name ?? "Go runtime",
      `a program built by ${goVersion}`,
      `programs built by ${RELEASES}`,
      "for a core of this one: dlv core, of the same age as its Go",
    );
  }
  if (!isKnownRelease(goVersion)) {
    findings.add(
      "release-unknown",
      `${goVersion || "this Go release"} is newer or older than what corescope was proved on (${RELEASES}); read as its debug information describes it`,
    );
  }
}

/** Modules first: functions and types are found by their tables, variables by their types. */
function readParts(
  process: Process,
  binary: Binary,
  build: BuildInfo,
  layout: Layout,
  findings: Findings,
  others: readonly OtherImage[],
): Parts {
  const { memory, loadBias, arch } = process;
  checkExecutable(process, layout);
  const modules = readModules(memory, layout, findings);
  const functions = readFunctions(memory, modules, arch);
  const types = readTypes(memory, layout, modules, binary, loadBias, findings);
  const variables = withPlugins(readVariables(binary.debug, types, loadBias, arch), types, modules, others);
  const pointerMasks = readPointerMasks({ memory, layout, arenaBaseOffset: arch.arenaBaseOffset, findings });
  return { build, process, memory, layout, binary, modules, functions, types, maps: mapsOf(layout), variables, pointerMasks };
}

/** Each part is a function that reads once. Accounts and memory classes need spans; goroutines do not. */
function lateParts({ process, memory, layout, binary, build, modules, functions, types }: Parts, findings: Findings): LateParts {
  const spans = lazy(() => {
    const table = readSpans(memory, layout, process.arch.arenaBaseOffset, findings);
    checkSpans(memory, layout, table, findings);
    return table;
  });
  const specials = lazy(() => readSpecials(memory, layout, spans(), findings));
  const accounts = lazy(() => believedAccounts(process, layout, spans(), findings));
  return {
    names: lazy(() => new PackageNames(readPackages(memory, modules, binary.debug))),
    spans,
    goroutines: lazy(() => readGoroutines(process, layout, functions, modules, findings)),
    specials: () => specials().roots,
    sampled: () => specials().sampled,
    accounts,
    memoryClasses: lazy(() =>
      classifyMemory(process, layout, spans(), accounts(), threadStacks(process, layout), isSanitized(build), findings),
    ),
    stringBytes: lazy(() =>
      types.synthetic({ name: "string", kind: "array", size: 1, rtype: 0, count: -1, element: () => types.byName("uint8") }),
    ),
    tinyBlock: lazy(() => types.synthetic({ name: "tiny block", kind: "unknown", size: 16, rtype: 0 })),
    arenaChunk: lazy(() => types.synthetic({ name: "arena chunk", kind: "unknown", size: 0, rtype: 0 })),
  };
}

/**
 * Refuses an executable that is not the one in memory though its build id is believed, or unknown: a rebuild has its table of functions, and
 * most else, elsewhere. Without a section of that name (linked by a C linker) nothing is known.
 */
function checkExecutable({ executable, loadBias, memory }: Process, layout: Layout): void {
  const table = executable?.sections.find(({ name }) => name.endsWith(".gopclntab"));
  const module = layout.global("runtime.firstmoduledata");
  const pcHeader = module === undefined ? undefined : memory.tryAddress(module + layout.struct("moduledata").offset("pcHeader"));
  if (!executable || !table || pcHeader === undefined || pcHeader === table.address + loadBias) return;
  const places = `its table of functions is at ${hex(table.address + loadBias)}, the core's at ${hex(pcHeader)}`;
  throw new FormatError(executable.source.name, NONE, `is not the program in the core: ${places}`, { id: "executable", isRebuild: true });
}

/** The runtime's accounts, unless they are not in the core or contradict themselves: both are findings. */
function believedAccounts(process: Process, layout: Layout, spans: SpanTable, findings: Findings): Accounts | undefined {
  const { memory } = process;
  // Which variables are missing is told where they are looked for.
  if (layout.global("runtime.memstats") === undefined || layout.global("runtime.gcController") === undefined) return undefined;
  try {
    const read = readAccounts(memory, layout, spans);
    const growing = growingBy(memory, layout, spans, read);
    return checkAccounts(read, findMemory(process, layout, spans), growing, findings) ? read : undefined;
  } catch (error) {
    if (!(error instanceof MemoryFault || error instanceof UnsupportedError)) throw error;
    findings.add("accounts-missing", "the runtime's heap statistics are not in the core, or were not found", error.message, {
      partial: true,
    });
    return undefined;
  }
}

/** @param entry  link-time address of a function's code */
function firstParameter(debug: DebugInfo, types: TypeTable, entry: Address): TypeId {
  const fn = debug.functionAt(entry);
  const parameter = fn?.lowPc === entry ? fn.variables.find((each) => each.kind === "parameter" && !each.inlined) : undefined;
  return parameter ? types.fromDwarf(parameter.type) : NONE;
}

/** Finds the ELF symbols of the process's images by addresses of the process. */
function symbolFinder(process: Process): (address: Address) => ElfSymbol | undefined {
  const images = imagesOf(process).map((loaded) => ({
    loaded,
    ascending: lazy(() => loaded.image.symbols().toSorted((a, b) => a.address - b.address)),
  }));
  return (address) => {
    const own = images.find(({ loaded }) => coversAddress(loaded, address));
    if (!own) return undefined;
    const { bias } = own.loaded;
    const found = lastAtOrBefore(own.ascending(), address - bias, (each) => each.address);
    return found && address - bias < found.address + found.size ? { ...found, address: found.address + bias } : undefined;
  };
}

/** The race detector and the sanitizers keep a shadow of all memory. */
function isSanitized({ settings }: BuildInfo): boolean {
  return ["-race", "-asan", "-msan"].some((each) => settings[each] === "true");
}
