// All goroutines in the runtime's own format, for the tools that read it. runtime/traceback.go goroutineheader, traceback2
import { counted, hex } from "../base/units.js";
import type { Death } from "../crash/cause.js";
import type { Dump } from "../dump.js";
import { argumentWords } from "../runtime/argument-words.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { bubbleOf, machineOf } from "../runtime/records/goroutine.js";
import { readMachines } from "../runtime/records/machine.js";
import { type TracebackFormat, tracebackFormat } from "../runtime/traceback-format.js";
import { goroutineReader, stateOf } from "../stacks/goroutine-rows.js";
import { deathOf } from "./death.js";
import { findGoroutine } from "./goroutine.js";
import type { Query } from "./query.js";

export interface TracebackArgs {
  /** As GOTRACEBACK: all = frames of the program; crash = those of the runtime too, with fp, sp and pc. "all" when absent. */
  readonly level?: "all" | "crash";
  /** One goroutine only. */
  readonly id?: number;
}

/** A goroutine's part of a traceback: its header line, then two lines for each frame, then who created it. */
export interface TracebackBlock {
  readonly id: number;
  readonly lines: readonly string[];
}

export interface Traceback {
  /** Lines before the goroutines: "panic: ...", "[signal SIGSEGV ...]". */
  readonly head: readonly string[];
  /** The one that crashed first. */
  readonly rows: readonly TracebackBlock[];
}

/** runtime.tracebackInnerFrames, tracebackOuterFrames. */
const INNER_FRAMES = 50;
const OUTER_FRAMES = 50;
/** ns; the runtime tells a wait only from a minute on. runtime/traceback.go goroutineheader */
const MINUTE = 60e9;

export const traceback: Query<TracebackArgs, Traceback> = {
  name: "traceback",
  summary: "all goroutines in the runtime's own format",
  run(dump, { level = "all", id }, { findings, progress }) {
    const machines = readMachines(dump.runtime, findings);
    const printer = blockPrinter(dump, level === "crash", new Map(machines.map((each) => [each.address, each.id])));
    if (id !== undefined) return { head: [], rows: [printer(findGoroutine(dump, id))] };
    const { all } = dump.runtime.goroutines;
    const died = deathOf(dump, machines);
    const first = all.find((each) => each.id === died.goroutine?.id);
    const others = all.filter((each) => each !== first && (level === "crash" || !each.system));
    progress.stage("writing stacks", others.length);
    let done = 0;
    const rows = [...(first ? [first] : []), ...others].map((each) => {
      if (++done % 4096 === 0) progress.tick(done);
      return printer(each);
    });
    return { head: headLines(died, tracebackFormat(dump.runtime)), rows };
  },
};

/** The lines before the first goroutine. runtime/panic.go printpanics, dopanic_m; runtime/signal_unix.go fatalsignal */
function headLines({ panics, fatalError, details, signal, kind }: Death, { indentsText }: TracebackFormat): string[] {
  const lines: string[] = [];
  panics.forEach((panic, index) => {
    // The runtime writes a value that was panicked again only once.
    if (panic.goexit || (index > 0 && panics[index - 1].repanicked)) return;
    const state = panic.repanicked ? " [recovered, repanicked]" : panic.recovered ? " [recovered]" : "";
    const cut = panic.wholeBytes === undefined ? "" : `... (${counted(panic.wholeBytes, "byte")} in all)`;
    const text = `${index > 0 ? "\t" : ""}panic: ${panic.text.replaceAll("\n", indentsText ? "\n\t" : "\n")}${cut}${state}`;
    lines.push(...text.split("\n"));
  });
  lines.push(...details);
  if (fatalError !== undefined) lines.push(...`fatal error: ${fatalError}`.split("\n"));
  if (signal && kind === "panic")
    lines.push(
      `[signal ${signal.name}: ${signal.meaning} code=0x${signal.code.toString(16)} addr=${signal.address ?? "0x0"} pc=${signal.pc}]`,
    );
  else if (signal && kind === "signal") lines.push(`${signal.name}: ${signal.meaning}`);
  return lines;
}

/**
 * Prints goroutines as the release of the program would. Logical frames are counted, inlined calls too: the runtime elides by them.
 * @param machineIds ids of Ms by the address of runtime.m
 */
function blockPrinter(dump: Dump, all: boolean, machineIds: ReadonlyMap<number, number>): (goroutine: Goroutine) => TracebackBlock {
  const { functions, memory, names } = dump.runtime;
  const reader = goroutineReader(dump);
  const format = tracebackFormat(dump.runtime);
  const shows = frameFilter(dump, all, format);

  const header = (goroutine: Goroutine): string => {
    const wait = reader.waitOf(goroutine) ?? 0;
    const facts = [`${stateOf(goroutine)}${goroutine.status === "leaked" ? " (leaked)" : ""}`];
    if (wait >= MINUTE) facts.push(`${Math.floor(wait / MINUTE)} minutes`);
    if (goroutine.lockedM !== 0) facts.push("locked to thread");
    const bubble = bubbleOf(dump.runtime, goroutine.address);
    if (bubble !== 0) facts.push(`synctest bubble ${bubble}`);
    const m = machineOf(dump.runtime, goroutine.address);
    const place = !(all && format.hasAddresses)
      ? ""
      : ` gp=${hex(goroutine.address)} ${m === 0 ? "m=nil" : `m=${machineIds.get(m) ?? "?"} mp=${hex(m)}`}`;
    const labels = format.hasLabels ? reader.labelsOf(goroutine).map(([key, value]) => `${quoteLabel(key)}: ${quoteLabel(value)}`) : [];
    return `goroutine ${goroutine.id}${place} [${facts.join(", ")}]${labels.length > 0 ? ` {${labels.join(", ")}}` : ""}:`;
  };

  return (goroutine) => {
    const unwound = goroutine.unwound();
    const frames: string[][] = [];
    let callee: number | undefined;
    let count = 0;
    for (const frame of unwound.frames) {
      for (const each of functions.inlinedAt(frame.fn, frame.symbolPc)) {
        const calleeId = callee;
        callee = each.funcId;
        if (!shows(each.name, each.funcId, count === 0, calleeId)) continue;
        count++;
        const offset = frame.pc > frame.fn.entry ? ` +${hex(frame.pc - frame.fn.entry)}` : "";
        const registers = all ? ` fp=${hex(frame.fp)} sp=${hex(frame.sp)} pc=${hex(frame.pc)}` : "";
        frames.push([
          `${printedName(names.symbolOf(each.name))}(${each.inlined ? "..." : argumentWords(memory, functions, frame)})`,
          `\t${each.file}:${each.line}${each.inlined ? "" : `${offset}${registers}`}`,
        ]);
      }
    }
    const elided = frames.length - INNER_FRAMES - OUTER_FRAMES + unwound.omitted;
    const shown =
      elided <= 0 ? frames : [...frames.slice(0, INNER_FRAMES), [`...${elided} frames elided...`], ...frames.slice(-OUTER_FRAMES)];
    return {
      id: goroutine.id,
      lines: [
        header(goroutine),
        ...shown.flat(),
        ...(unwound.problem ? [`\t(the stack could not be walked further: ${unwound.problem})`] : []),
        ...creator(dump, goroutine, shows),
      ],
    };
  };
}

/**
 * "created by" with function, goroutine and line of the go statement; nothing for goroutine 1 and what the level hides.
 * runtime/traceback.go printcreatedby
 */
function creator(dump: Dump, goroutine: Goroutine, shows: ReturnType<typeof frameFilter>): string[] {
  const { functions, names } = dump.runtime;
  const pc = goroutine.createdByPc;
  const fn = pc > 0 ? functions.find(pc) : undefined;
  if (!fn || goroutine.id === 1 || !shows(fn.name, fn.funcId, false, undefined)) return [];
  const { file, line } = functions.lineAt(fn, pc > fn.entry ? pc - 1 : pc);
  const parent = goroutine.parentId > 0 ? ` in goroutine ${goroutine.parentId}` : "";
  return [
    `created by ${printedName(names.symbolOf(fn.name))}${parent}`,
    `\t${file}:${line}${pc > fn.entry ? ` +${hex(pc - fn.entry)}` : ""}`,
  ];
}

/** runtime.tracebackStringNeedsQuoting: anything but ASCII letters, digits, dots, slashes and underscores. */
function quoteLabel(text: string): string {
  return /^[\w./]*$/.test(text) ? text : JSON.stringify(text);
}

/**
 * Which frames a level shows: wrappers and the runtime's own are left out, except exported functions and panics. runtime/traceback.go
 * showframe, showfuncinfo
 */
function frameFilter(
  dump: Dump,
  all: boolean,
  { wrapperId: wrapper }: TracebackFormat,
): (name: string, funcId: number, isFirst: boolean, callee: number | undefined) => boolean {
  const { functions } = dump.runtime;
  const panicking = new Set(["runtime.gopanic", "runtime.sigpanic", "runtime.panicwrap"].map((name) => functions.byName(name)?.funcId));
  return (name, funcId, isFirst, callee) => {
    if (all) return true;
    if (funcId === wrapper && wrapper !== undefined && !(callee !== undefined && panicking.has(callee))) return false;
    if (name === "runtime.runFinalizers" || name === "runtime.runCleanups") return true;
    if (name === "runtime.gopanic" && !isFirst) return true;
    return name.includes(".") && (!name.startsWith("runtime.") || isExported(name.slice("runtime.".length)));
  };
}

/** runtime/traceback.go isExportedRuntime */
function isExported(name: string): boolean {
  const dot = name.lastIndexOf(".");
  const method = name.slice(dot + 1);
  const receiver = dot < 0 ? "" : name.slice(0, dot).replace(/^\(\*(.*)\)$/, "$1");
  return /^[A-Z]/.test(method) && (receiver === "" || /^[A-Z]/.test(receiver));
}

/** runtime.printFuncName: panic for gopanic, [...] for type arguments. */
export function printedName(name: string): string {
  if (name === "runtime.gopanic") return "panic";
  const open = name.indexOf("[");
  const close = name.lastIndexOf("]");
  if (open < 0 || close <= open) return name;
  // A generic method of a generic type has two lists, since Go 1.27.
  const inner = name.slice(open + 1, close);
  let depth = 1;
  let end = -1;
  let begin = -1;
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] === "[" && depth++ === 0) begin = i;
    if (inner[i] === "]" && --depth === 0 && end < 0) end = i;
  }
  if (end >= 0 && begin > end) return `${name.slice(0, open)}[...]${inner.slice(end + 1, begin)}[...]${name.slice(close + 1)}`;
  return `${name.slice(0, open)}[...]${name.slice(close + 1)}`;
}
