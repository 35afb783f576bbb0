// What is here and what is missing: the files, what the process says twice, and what can therefore be trusted.
import type { DumpError } from "../base/errors.js";
import type { Finding } from "../base/findings.js";
import type { Dump } from "../dump.js";
import { answered, type DoctorCheck, type DoctorTypes, makeChecks, typesOf } from "./doctor-checks.js";
import { type DumpedKind, type Environment, environmentOf, kindsOf } from "./doctor-core.js";
import { type Setting, settingsFor } from "./doctor-settings.js";
import { judge, type Trust } from "./doctor-trust.js";
import type { NoArgs, Query } from "./query.js";

/** All sizes in bytes. */
export interface Doctor {
  readonly core: {
    readonly path: string;
    readonly bytes: number;
    /** Who wrote it, as its notes look: "kernel", "gcore", "delve", "qemu". */
    readonly producer: string;
    readonly arch: string;
    /** Cut off at its end; 0 of a whole one. */
    readonly missingBytes: number;
    readonly threads: number;
    /** What of each kind of memory is in it. */
    readonly kinds: readonly DumpedKind[];
  };
  /** null without one. */
  readonly executable: { readonly path: string; readonly buildId: string } | null;
  /** Why there is no executable, or why no Go runtime was found with it; null when there is one. looked: where it was searched for. */
  readonly failure: { readonly code: string; readonly message: string; readonly looked: readonly string[] } | null;
  /** path: of the file that has it; null when there is none. refused: a sentence for each place that does not have it. */
  readonly debug: { readonly path: string | null; readonly refused: readonly string[] };
  /** Plugins and shared libraries that may hold Go. */
  readonly images: readonly { readonly path: string; readonly status: "used" | "missing" | "other build" | "not placed" }[];
  /** "" when the executable does not tell. */
  readonly goVersion: string;
  /** Of the process, from its stack; null when that is not in the core. */
  readonly environment: Environment | null;
  readonly checks: readonly DoctorCheck[];
  /** null when the heap cannot be read. */
  readonly types: DoctorTypes | null;
  readonly trust: readonly Trust[];
  /** What would have made this core better. */
  readonly settings: readonly Setting[];
}

export const doctor: Query<NoArgs, Doctor> = {
  name: "doctor",
  summary: "what is here and what is missing, and what can be trusted",
  run(dump, _args, { findings, progress }) {
    const { process, files, identity } = dump;
    const runtime = answered(() => dump.runtime);
    const checks = makeChecks(dump, progress, findings);
    const types = answered(() => typesOf(dump));
    const trust = judge(dump, findings);
    const missingBytes = bytesOf(findings.list(), "core-truncated");
    const environment = environmentOf(process);
    const facts = {
      core: {
        path: identity.path,
        bytes: process.source.size,
        producer: files.producer,
        arch: identity.arch,
        missingBytes,
        threads: process.threads.length,
        kinds: kindsOf(process),
      },
      executable: files.executable ? { path: files.executable.path, buildId: identity.buildId } : null,
      failure: failureOf("error" in runtime ? runtime.error : files.failure, files.failure),
      debug: { path: files.debug.path ?? null, refused: files.debug.refused },
      images: files.images,
      goVersion: identity.goVersion,
      environment,
      checks,
      types: "error" in types ? null : types.value,
      trust,
    };
    tellMissing(dump, facts, findings.list());
    return { ...facts, settings: settingsFor(facts, process.signal !== undefined) };
  },
};

function failureOf(error: DumpError | undefined, missing: DumpError | undefined): Doctor["failure"] {
  if (!error) return null;
  const { code, message } = error;
  const { advice } = missing ?? error;
  const looked = typeof advice === "object" && "looked" in advice ? (advice.looked ?? []) : [];
  return { code, message, looked };
}

function bytesOf(findings: readonly Finding[], code: string): number {
  return findings.find((each) => each.code === code)?.bytes ?? 0;
}

/** The exit code follows from findings: what cannot be answered, and no finding tells, is one. That nothing was traced is no fault. */
function tellMissing(dump: Dump, { failure, trust }: Pick<Doctor, "failure" | "trust">, findings: readonly Finding[]): void {
  if (findings.some(({ partial }) => partial)) return;
  const lacking = trust.filter(({ answer, question }) => answer !== "yes" && question !== "trace").map(({ question }) => question);
  if (failure) dump.findings.add("doctor-failure", failure.message, "", { partial: true });
  else if (lacking.length > 0)
    dump.findings.add("doctor-partial", "not everything can be trusted", lacking.join(", "), { partial: true, count: lacking.length });
}
