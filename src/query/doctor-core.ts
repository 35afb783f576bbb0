// What a core holds of the process's memory, and what the process was told when it was started.
import { AT_EXECFN, isWritable, type Mapping, type Process } from "../process/process.js";

/** Bytes of one kind that were mapped, and that the core holds. */
export interface DumpedKind {
  /**
   * anonymous: memory of no file that could be written; its pages that nobody wrote to count as held. data: written parts of files'
   * private mappings. code: what is only read or run, of files. headers: first pages of files, which have the build ids.
   */
  readonly kind: "anonymous" | "data" | "code" | "headers";
  readonly mappedBytes: number;
  readonly dumpedBytes: number;
}

/** What the environment tells of how the process was started. */
export interface Environment {
  /** GOTRACEBACK; null when it was not set. */
  readonly goTraceback: string | null;
  /** KUBERNETES_SERVICE_HOST is set. */
  readonly kubernetes: boolean;
  /** INVOCATION_ID is set: systemd gives it to each unit. systemd.exec(5) */
  readonly systemd: boolean;
}

const PAGE = 4096;
/** Variables that are looked at: so much of the stack below the name of the executable. */
const LONGEST_ENVIRONMENT = 1 << 20;

/** What of each kind of memory the core holds; memory that has no rights is only reserved, and of no kind. */
export function kindsOf({ memory, source, files }: Process): readonly DumpedKind[] {
  const sums = new Map<DumpedKind["kind"], { mappedBytes: number; dumpedBytes: number }>();
  for (const kind of ["anonymous", "data", "code", "headers"] as const) sums.set(kind, { mappedBytes: 0, dumpedBytes: 0 });
  const add = (kind: DumpedKind["kind"], bytes: number, isDumped: boolean) => {
    const sum = sums.get(kind);
    if (!sum) return;
    sum.mappedBytes += bytes;
    if (isDumped) sum.dumpedBytes += bytes;
  };
  const headers = new Set(files.filter(({ offset }) => offset === 0).map(({ start }) => start));
  const isHeld = ({ backing }: Mapping) => backing === "zero" || (typeof backing === "object" && backing.source === source);
  for (const mapping of memory.mappings) {
    const { start, end, flags, path } = mapping;
    if (flags === 0) continue;
    const isFile = path !== "" && !path.startsWith("[");
    const header = isFile && headers.has(start) ? Math.min(PAGE, end - start) : 0;
    if (header > 0) add("headers", header, isHeld(mapping));
    const kind = isWritable(flags) ? (isFile ? "data" : "anonymous") : "code";
    if (kind === "code" && !isFile) continue;
    add(kind, end - start - header, isHeld(mapping));
  }
  return [...sums].map(([kind, sum]) => ({ kind, ...sum }));
}

/**
 * The environment that the process was started with, as the kernel laid it below the name of the executable.
 * Source: Linux fs/exec.c copy_strings, fs/binfmt_elf.c create_elf_tables.
 */
export function environmentOf({ memory, auxv }: Process): Environment | null {
  const end = auxv.get(AT_EXECFN);
  const mapping = end === undefined ? undefined : memory.find(end);
  if (end === undefined || mapping === undefined) return null;
  const start = Math.max(mapping.start, end - LONGEST_ENVIRONMENT);
  const bytes = memory.tryBytes(start, end - start);
  if (!bytes) return null;
  const texts = Buffer.from(bytes).toString("latin1").split("\0");
  const textOf = (name: string) => texts.findLast((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    goTraceback: textOf("GOTRACEBACK") ?? null,
    kubernetes: textOf("KUBERNETES_SERVICE_HOST") !== undefined,
    systemd: textOf("INVOCATION_ID") !== undefined,
  };
}
