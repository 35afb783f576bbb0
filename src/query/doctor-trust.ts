// Which questions can be answered, and what stands against the answers.
import type { Finding, Findings } from "../base/findings.js";
import type { Dump } from "../dump.js";
import type { MissingTrace } from "../recorder/recorder.js";
import { readMachines } from "../runtime/records/machine.js";
import { deathOf } from "./death.js";
import { answered, typesOf } from "./doctor-checks.js";

/** What people ask. sizes: of the heap, by the runtime's records; liveness: what is live and what is garbage; names: of functions and lines. */
type TrustQuestion = "memory" | "death" | "goroutines" | "sizes" | "liveness" | "types" | "names" | "variables" | "trace";

/** Whether an answer can be trusted. */
export interface Trust {
  readonly question: TrustQuestion;
  readonly answer: "yes" | "partly" | "no";
  /** Empty with "yes". code: of an error, a finding, or one of "stripped", "types-unknown", "no-trace", "trace-prefix". */
  readonly because: readonly Reason[];
}

/**
 * bytes: how much memory it is about, where that is known; share: of the live bytes, those whose type is known. message: of an error or a
 * finding. missing: with "no-trace". destination: with "trace-prefix", where the beginning went; "" when that was not found.
 */
export interface Reason {
  readonly code: string;
  readonly message?: string;
  readonly missing?: MissingTrace;
  readonly destination?: string;
  readonly bytes?: number;
  readonly share?: number;
}

/** Types are trusted when so much of the live bytes has a type by evidence. */
const MOSTLY_TYPED = 0.9;

const OPENING = ["compressed-damaged", "core-truncated", "segment-odd", "memory-not-dumped", "memory-left-out"];
const GOROUTINES = [
  "goroutines-missing",
  "goroutine-missing",
  "goroutine-odd",
  "goroutine-twin",
  "goroutines-unfollowed",
  "no-threads",
  "thread-odd",
];
const STACKS = [...GOROUTINES, "stack-incomplete", "stack-unread"];
const SPANS = [
  "heap-state-missing",
  "spans-recovered",
  "spans-missing",
  "span-missing",
  "span-odd",
  "spans-lost",
  "arena-missing",
  "alloc-bits-missing",
  "alloc-count",
  "freed-damaged",
];
const MODULES = ["module-missing", "module-odd", "module-ambiguous", "module-contradicted"];
const ACCOUNTS = ["accounts-missing", "accounts-odd", "accounts-contradicted", "classes-short"];
const REFERENCES = [
  "heap-missing",
  "data-missing",
  "data-mask-missing",
  "data-mask-odd",
  "mask-missing",
  "special-damaged",
  "queue-damaged",
  "object-too-large",
];

/**
 * Codes of findings that stand against an answer. Of the core as a whole are those of OPENING: they are told of memory, and where they
 * hurt another answer the reader of its records has a finding of its own. What makes an answer partial and is in no list stands against all.
 */
const AGAINST: Readonly<Record<TrustQuestion, readonly string[]>> = {
  memory: OPENING,
  death: ["goroutines-missing", "goroutine-missing", "no-threads", "thread-odd", "thread-missing", "note-damaged"],
  goroutines: [...STACKS, "thread-missing", "note-damaged", "waits-damaged", "leaks-undecided"],
  sizes: [...SPANS, ...ACCOUNTS],
  liveness: [...SPANS, ...STACKS, ...REFERENCES, "memory-not-dumped"],
  types: [...REFERENCES, ...MODULES, "type-damaged", "no-types", "dwarf-damaged"],
  names: [...MODULES, "dwarf-damaged"],
  variables: ["data-missing", "dwarf-damaged", "no-load-bias"],
  trace: [],
};
/** Against everything that rests on the executable, though they make no answer partial. */
const GENERAL = ["build-mismatch"];
/** Codes that are in a list: test/query/doctor-trust.test.ts holds them against the findings that there are. */
export const LISTED: ReadonlySet<string> = new Set([...Object.values(AGAINST).flat(), ...GENERAL]);

/** All questions, each asked once: none throws. What reading finds is in findings then. */
export function judge(dump: Dump, findings: Findings): readonly Trust[] {
  const asked = new Map(QUESTIONS.map((question) => [question, answered(() => ASK[question](dump, findings))]));
  const known = findings.list();
  return QUESTIONS.map((question): Trust => {
    const result = asked.get(question);
    if (result && "error" in result)
      return { question, answer: "no", because: [{ code: result.error.code, message: result.error.message }] };
    const { isNothing = false, reasons = [] } = result?.value ?? {};
    const because = [...known.filter((each) => isAgainst(question, each)).map(reasonOf), ...reasons];
    if (because.length === 0) return { question, answer: "yes", because };
    return { question, answer: isNothing ? "no" : "partly", because };
  });
}

/** What asking found: nothing at all, or reasons of its own to doubt it. */
interface Asked {
  readonly isNothing?: boolean;
  readonly reasons?: readonly Reason[];
}

const ASK: Readonly<Record<TrustQuestion, (dump: Dump, findings: Findings) => Asked>> = {
  memory: ({ process }) => ({ isNothing: process.memory.mappings.length === 0 }),
  death: (dump, findings) => {
    deathOf(dump, readMachines(dump.runtime, findings));
    return {};
  },
  goroutines: ({ runtime: { goroutines } }) => ({ isNothing: goroutines.all.length === 0 }),
  sizes: ({ runtime: { spans, accounts, memoryClasses } }) => ({
    isNothing: spans.count === 0 && accounts === undefined && memoryClasses.classes.length > 0,
  }),
  liveness: ({ heap }) => ({ isNothing: heap.liveObjects === 0 }),
  types: askTypes,
  names: ({ runtime: { modules } }) => ({ isNothing: modules.length === 0 }),
  variables: ({ runtime: { binary } }) => (binary.from === "dwarf" ? {} : { reasons: [{ code: "stripped" }] }),
  trace: askTrace,
};
const QUESTIONS = Object.keys(ASK) as readonly TrustQuestion[];

function askTypes(dump: Dump): Asked {
  const { liveBytes, bytesByEvidence } = typesOf(dump);
  const { none = 0, guess = 0 } = bytesByEvidence;
  const share = liveBytes === 0 ? 1 : (liveBytes - none - guess) / liveBytes;
  const isNothing = liveBytes === 0 || share === 0;
  if (share >= MOSTLY_TYPED) return { isNothing };
  return { isNothing, reasons: [{ code: "types-unknown", share, bytes: none + guess }] };
}

function askTrace({ trace }: Dump): Asked {
  const extracted = trace.extract();
  if (!extracted.found) {
    const { found: _, ...missing } = extracted;
    return { isNothing: true, reasons: [{ code: "no-trace", missing }] };
  }
  return extracted.whole ? {} : { reasons: [{ code: "trace-prefix", destination: extracted.destination.name }] };
}

function isAgainst(question: TrustQuestion, { code, partial }: Finding): boolean {
  if (AGAINST[question].includes(code)) return true;
  if (code.startsWith("trace-")) return partial && question === "trace";
  if (question === "memory") return false;
  if (GENERAL.includes(code)) return true;
  return partial && !LISTED.has(code);
}

function reasonOf({ code, message, bytes }: Finding): Reason {
  return { code, message, ...(bytes === undefined ? {} : { bytes }) };
}
