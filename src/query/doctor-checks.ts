// What the process and its runtime say twice, compared.
import { DumpError } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import type { Dump } from "../dump.js";
import { EVIDENCE, type TypeEvidence } from "../heap/evidence.js";
import { readMachines } from "../runtime/records/machine.js";
import { comparedAccounts, knownVariables } from "../runtime/self-checks.js";
import { freedIn } from "../runtime/spans.js";

/**
 * build: build ids of core and executable. layouts: of the runtime's structs, `release` is that of the tables. modules: `ways` by which
 * the module data was found. variables: of the runtime, by where their addresses are from. slots: of allocated slots of all spans and
 * their allocCount, `spans` differ. heap spans to address ranges: the runtime's statistics and its records, in bytes. objects: the same of objects, in their number. classes: memory by class
 * and what is mapped. system: what the runtime has from the system, and its classes. stacks: walked to the outermost function. threads: of
 * the runtime, that the core has registers of.
 */
type CheckId =
  | "build"
  | "layouts"
  | "modules"
  | "variables"
  | "slots"
  | "heap spans"
  | "spans of stacks and work buffers"
  | "the heap's address ranges"
  | "objects"
  | "classes"
  | "system"
  | "stacks"
  | "threads";

/** Why two things were not compared. error: message has what was met when they were asked for; the others say what is missing. */
type DoctorDoubt =
  | { readonly code: "error"; readonly message: string }
  | {
      readonly code:
        | "no executable"
        | "no build id in the core"
        | "no build id in the executable"
        | "no spans"
        | "no statistics"
        | "address ranges not whole"
        | "no goroutines"
        | "no threads of the runtime";
    };

const failed = ({ message }: DumpError): DoctorDoubt => ({ code: "error", message });

/** One comparison. */
export interface DoctorCheck {
  readonly check: CheckId;
  /**
   * near: they differ by no more than a thread that died in the middle of an allocation can explain. unknown: one of the two is not in
   * the dump, or not certain; `doubt` tells.
   */
  readonly outcome: "passed" | "near" | "failed" | "unknown";
  /** Mostly `counted`, by the runtime's own count, and `found`, in its records. */
  readonly figures: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly doubt?: DoctorDoubt;
}

/** Bytes of live objects by how their types were found out; "none" and "guess" are not known. */
export interface DoctorTypes {
  readonly liveBytes: number;
  readonly garbageBytes: number;
  readonly bytesByEvidence: Readonly<Partial<Record<TypeEvidence, number>>>;
}

/** The answer, or why there is none. Other errors than those that are meant to happen are thrown. */
export function answered<T>(ask: () => T): { readonly value: T } | { readonly error: DumpError } {
  try {
    return { value: ask() };
  } catch (error) {
    if (error instanceof DumpError) return { error };
    throw error;
  }
}

/** All checks, in the order of what they rest on: none throws. */
export function makeChecks(dump: Dump, progress: Progress, findings: Findings): readonly DoctorCheck[] {
  const guarded = (check: CheckId, make: () => Omit<DoctorCheck, "check">): DoctorCheck => {
    const result = answered(make);
    return "value" in result
      ? { check, ...result.value }
      : { check, outcome: "unknown", figures: {}, facts: {}, doubt: failed(result.error) };
  };
  if ("error" in answered(() => dump.runtime)) return [guarded("build", () => checkBuild(dump))];
  return [
    guarded("build", () => checkBuild(dump)),
    guarded("layouts", () => checkLayouts(dump)),
    guarded("modules", () => checkModules(dump, findings)),
    guarded("variables", () => checkVariables(dump)),
    guarded("slots", () => checkSlots(dump)),
    ...checkAccounts(dump),
    guarded("objects", () => checkObjects(dump)),
    guarded("classes", () => checkClasses(dump)),
    guarded("system", () => checkSystem(dump)),
    guarded("stacks", () => checkStacks(dump, progress)),
    guarded("threads", () => checkThreads(dump, findings)),
  ];
}

type Outcome = Omit<DoctorCheck, "check">;

/** Two numbers that have to be the same. */
function same(counted: number, found: number, more: Readonly<Record<string, number>> = {}): Outcome {
  return { outcome: counted === found ? "passed" : "failed", figures: { counted, found, ...more }, facts: {} };
}

const OUTCOMES = { same: "passed", different: "failed", unknown: "unknown" } as const;

function checkBuild({ files: { executable, failure } }: Dump): Outcome {
  // Of another build, or no executable at all.
  if (failure?.code === "format") return { outcome: "failed", figures: {}, facts: {}, doubt: failed(failure) };
  if (!executable) return { outcome: "unknown", figures: {}, facts: {}, doubt: { code: "no executable" } };
  const { match, coreId, executableId } = executable.build;
  const code = coreId === undefined ? "no build id in the core" : "no build id in the executable";
  return {
    outcome: OUTCOMES[match],
    figures: {},
    facts: { core: coreId ?? "", executable: executableId ?? "" },
    ...(match === "unknown" ? { doubt: { code } } : {}),
  };
}

function checkLayouts({ runtime: { binary } }: Dump): Outcome {
  if (!binary.tables) return { outcome: "passed", figures: {}, facts: { from: "debug information" } };
  const { release, match } = binary.tables;
  return { outcome: match === "newest" ? "unknown" : "passed", figures: {}, facts: { from: "tables", release, match } };
}

function checkModules({ runtime: { binary, modules } }: Dump, findings: Findings): Outcome {
  const isOdd = findings.list().some(({ code }) => code.startsWith("module-"));
  const ways = binary.tables?.module ?? ["debug information"];
  return { outcome: isOdd ? "failed" : "passed", figures: { modules: modules.length }, facts: { ways: ways.join(", ") } };
}

function checkVariables({ runtime }: Dump): Outcome {
  const { binary } = runtime;
  if (!binary.tables) return { outcome: "passed", figures: { debug: knownVariables(runtime), missing: 0 }, facts: {} };
  const { how, missing } = binary.tables;
  const count = (way: string) => [...how.values()].filter((each) => each === way).length;
  const figures = { symtab: count("symtab"), recipe: count("recipe"), scan: count("scan"), missing: missing.size };
  return { outcome: missing.size === 0 ? "passed" : "failed", figures, facts: { missing: [...missing].join(", ") } };
}

/** allocCount of a span is what its allocation bits add up to. runtime/mheap.go mspan */
function checkSlots({ runtime: { spans }, heap: { objects } }: Dump): Outcome {
  let counted = 0;
  let differing = 0;
  for (let span = 0; span < spans.count; span++) {
    // Objects that were freed without a collection are counted on.
    const allocated = spans.allocCount[span] - freedIn(spans, span);
    counted += allocated;
    if (objects.countIn(span) !== allocated) differing++;
  }
  if (spans.count === 0) return { outcome: "unknown", figures: {}, facts: {}, doubt: { code: "no spans" } };
  return { ...same(counted, objects.count, { spans: differing }), outcome: differing === 0 ? "passed" : "failed" };
}

const NO_ACCOUNTS: DoctorDoubt = { code: "no statistics" };
const ACCOUNTS = ["heap spans", "spans of stacks and work buffers", "the heap's address ranges"] as const;

function checkAccounts(dump: Dump): readonly DoctorCheck[] {
  const compared = answered(() => comparedAccounts(dump.runtime));
  const rows = "error" in compared ? undefined : compared.value;
  const unread: DoctorDoubt = rows ? { code: "address ranges not whole" } : NO_ACCOUNTS;
  const doubt = "error" in compared ? failed(compared.error) : unread;
  return ACCOUNTS.map((check): DoctorCheck => {
    const row = rows?.find(({ name }) => name === check);
    if (!row) return { check, outcome: "unknown", figures: {}, facts: {}, doubt };
    const { counted, found, agrees } = row;
    const outcome = counted === found ? "passed" : agrees && found > 0 ? "near" : "failed";
    return { check, outcome, figures: { counted, found }, facts: {} };
  });
}

/** The statistics lag behind the spans that a P has cached; with what was allocated from those they are all objects, and those that were freed. */
function checkObjects({ runtime: { accounts, spans }, heap: { objects } }: Dump): Outcome {
  if (!accounts) return { outcome: "unknown", figures: { found: objects.count }, facts: {}, doubt: NO_ACCOUNTS };
  const freed = [...spans.freed.values()].reduce((sum, slots) => sum + slots.size, 0);
  return same(accounts.heapObjects + accounts.unflushedObjects - freed, objects.count);
}

function checkClasses({ runtime: { memoryClasses } }: Dump): Outcome {
  const sum = memoryClasses.classes.reduce((bytes, each) => bytes + each.bytes, 0);
  return same(memoryClasses.mappedBytes, sum);
}

function checkSystem({ runtime: { memoryClasses, accounts } }: Dump): Outcome {
  const found = memoryClasses.classes.reduce((bytes, each) => bytes + (each.go ? each.bytes : 0), 0);
  if (!accounts) return { outcome: "unknown", figures: { found }, facts: {}, doubt: NO_ACCOUNTS };
  return same(accounts.sys, found);
}

function checkStacks({ runtime: { goroutines } }: Dump, progress: Progress): Outcome {
  const { all } = goroutines;
  if (all.length === 0) return { outcome: "unknown", figures: {}, facts: {}, doubt: { code: "no goroutines" } };
  progress.stage("walking stacks", all.length);
  let complete = 0;
  all.forEach((goroutine, index) => {
    if ((index & 0xfff) === 0xfff) progress.tick(index);
    if (goroutine.unwound().complete) complete++;
  });
  return same(all.length, complete);
}

/** An m that has started knows its thread's id; the core has the registers of every thread. */
function checkThreads(dump: Dump, findings: Findings): Outcome {
  const started = readMachines(dump.runtime, findings).filter(({ tid }) => tid !== 0);
  const matched = started.filter(({ thread }) => thread !== undefined).length;
  const { threads } = dump.process;
  if (started.length === 0) return { outcome: "unknown", figures: {}, facts: {}, doubt: { code: "no threads of the runtime" } };
  return same(started.length, matched, { threads: threads.length });
}

/** Live and garbage, and how the types of what is live are known. */
export function typesOf({ heap }: Dump): DoctorTypes {
  const { objects, types } = heap;
  const bytes = new Map<TypeEvidence, number>(EVIDENCE.map((each) => [each, 0]));
  for (let span = 0; span < objects.spans.count; span++) {
    const size = objects.spans.elementSize[span];
    for (let id = objects.firstId[span]; id < objects.firstId[span + 1]; id++) {
      if (!heap.isLive(id)) continue;
      const evidence = types.evidenceOf(id);
      bytes.set(evidence, (bytes.get(evidence) ?? 0) + size);
    }
  }
  const byEvidence = [...bytes].filter(([, sum]) => sum > 0).sort(([, a], [, b]) => b - a);
  return {
    liveBytes: heap.liveBytes,
    garbageBytes: objects.bytes - heap.liveBytes,
    bytesByEvidence: Object.fromEntries(byEvidence),
  };
}
