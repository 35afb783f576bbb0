// What the runtime itself printed as it died (GOTRACEBACK=crash): the oracle of our unwinder.
import type { ThreadRow } from "../../src/query/threads.js";
import type { TracebackBlock } from "../../src/query/traceback.js";
import type { FunctionTable } from "../../src/runtime/functions.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";

/** One line pair of a traceback. */
export interface PrintedFrame {
  /** As in the symbol table: "panic" is printed for runtime.gopanic, "[...]" for type arguments. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Printed with "(...)": inlined, no pc of its own. */
  readonly inlined: boolean;
  /** pc - entry; 0 when not printed. */
  readonly offset: number;
  readonly fp: number;
  readonly sp: number;
  readonly pc: number;
}

export interface PrintedGoroutine {
  readonly id: number;
  /** Address of its g, 0 when not printed. */
  readonly address: number;
  /** "chan receive", "running" ... without minutes and "locked to thread". */
  readonly state: string;
  readonly frames: readonly PrintedFrame[];
  /** The stack was not printed: it ran on another thread. */
  readonly unavailable: boolean;
  readonly createdBy: { readonly name: string; readonly file: string; readonly line: number; readonly parent: number } | undefined;
  /** "...N frames elided..." stands before this frame; -1 when the text is whole. */
  readonly elidedBefore: number;
}

const HEADER = /^goroutine (\d+)(?: gp=(0x[0-9a-f]+) m=(?:(\d+)|nil)(?: mp=\S+)?)? \[(.*)\]:$/;
const PLACE = /^\t(.*):(\d+)(?: \+(0x[0-9a-f]+))?(?: fp=(0x[0-9a-f]+) sp=(0x[0-9a-f]+) pc=(0x[0-9a-f]+))?$/;

/** Goroutines of a crash text, each once, in the order printed. */
export function parseTraceback(text: string): readonly PrintedGoroutine[] {
  const found = new Map<number, PrintedGoroutine>();
  for (const { goroutine } of parseBlocks(text)) {
    if (goroutine.id !== 0 && (found.get(goroutine.id)?.unavailable ?? true)) found.set(goroutine.id, goroutine);
  }
  return [...found.values()];
}

/** Stacks of threads, g0's, which the runtime calls goroutine 0: by the number of the m. */
export function parseSystemStacks(text: string): readonly { readonly m: number; readonly frames: readonly PrintedFrame[] }[] {
  return parseBlocks(text).flatMap(({ goroutine, m }) => (goroutine.id === 0 && m !== undefined ? [{ m, frames: goroutine.frames }] : []));
}

interface Block {
  readonly goroutine: PrintedGoroutine;
  /** As in the header, since Go 1.22; undefined without a thread. */
  readonly m: number | undefined;
}

function parseBlocks(text: string): readonly Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; ) {
    const header = HEADER.exec(lines[i++] ?? "");
    if (!header) continue;
    const frames: PrintedFrame[] = [];
    let createdBy: PrintedGoroutine["createdBy"];
    let unavailable = false;
    let elidedBefore = -1;
    for (; i < lines.length && lines[i] !== ""; i++) {
      const line = lines[i];
      if (line.startsWith("\tgoroutine running on other thread")) {
        unavailable = true;
        continue;
      }
      if (/^\.\.\.(\d+|additional) frames elided\.\.\.$/.test(line)) {
        elidedBefore = frames.length;
        continue;
      }
      const place = PLACE.exec(lines[i + 1] ?? "");
      if (!place) continue;
      i++;
      const [, file, number, offset, fp, sp, pc] = place;
      const creator = /^created by (.*?)(?: in goroutine (\d+))?$/.exec(line);
      if (creator) {
        createdBy = { name: creator[1], file, line: Number(number), parent: Number(creator[2] ?? 0) };
        continue;
      }
      const inlined = line.endsWith("(...)");
      const name = inlined ? line.slice(0, -"(...)".length) : line.slice(0, openParenthesis(line));
      const value = (text: string | undefined) => (text === undefined ? 0 : Number.parseInt(text, 16));
      frames.push({
        name,
        file,
        line: Number(number),
        inlined,
        offset: value(offset),
        fp: value(fp),
        sp: value(sp),
        pc: value(pc),
      });
    }
    const state = header[4].split(", ")[0];
    const goroutine = {
      id: Number(header[1]),
      address: header[2] === undefined ? 0 : Number.parseInt(header[2], 16),
      state: state.replace(/ \((scan|leaked)\)/g, ""),
      frames,
      unavailable,
      createdBy,
      elidedBefore,
    };
    blocks.push({ goroutine, m: header[3] === undefined ? undefined : Number(header[3]) });
  }
  return blocks;
}

/** Where the arguments begin: the parenthesis that the last one closes. */
function openParenthesis(line: string): number {
  let depth = 0;
  for (let i = line.length - 1; i >= 0; i--) {
    if (line[i] === ")") depth++;
    if (line[i] === "(" && --depth === 0) return i;
  }
  return line.length;
}

/** runtime.printFuncName and funcNameForPrint. */
function printedName(name: string): string {
  if (name === "runtime.gopanic") return "panic";
  const open = name.indexOf("[");
  const close = name.lastIndexOf("]");
  return open < 0 || close <= open ? name : `${name.slice(0, open)}[...]${name.slice(close + 1)}`;
}

/** Our frames as the runtime would print them. */
function printableFrames(goroutine: Goroutine, functions: FunctionTable): readonly PrintedFrame[] {
  return goroutine.unwound().frames.flatMap((frame) =>
    functions.inlinedAt(frame.fn, frame.symbolPc).map(({ name, file, line, inlined }) => ({
      name: printedName(name),
      file,
      line,
      inlined,
      offset: inlined ? 0 : Math.max(frame.pc - frame.fn.entry, 0),
      fp: inlined ? 0 : frame.fp,
      sp: inlined ? 0 : frame.sp,
      pc: inlined ? 0 : frame.pc,
    })),
  );
}

function show(frame: PrintedFrame | undefined): string {
  if (!frame) return "nothing";
  const { name, file, line, inlined, offset, fp, sp, pc } = frame;
  const place = inlined ? "inlined" : `+0x${offset.toString(16)} fp=0x${fp.toString(16)} sp=0x${sp.toString(16)} pc=0x${pc.toString(16)}`;
  return `${name} ${file}:${line} ${place}`;
}

/**
 * Differences between what the runtime printed and what we read, in words; empty when there are none.
 *
 * A goroutine that was running as the text was printed has gone deeper since, and may have been preempted: its printed frames must be
 * the outer part of ours. One of the runtime's own may have been woken.
 */
export function compareGoroutine(printed: PrintedGoroutine, goroutine: Goroutine, functions: FunctionTable): readonly string[] {
  const differences: string[] = [];
  const say = (what: string, theirs: unknown, ours: unknown) =>
    differences.push(`goroutine ${printed.id}: ${what}: printed ${theirs}, read ${ours}`);
  if (printed.address !== 0 && printed.address !== goroutine.address)
    say("g", printed.address.toString(16), goroutine.address.toString(16));
  const state = goroutine.waitReason === "" ? goroutine.status : goroutine.waitReason;
  const left = goroutine.status === "runnable" && (printed.state === "running" || goroutine.system);
  if (printed.state !== state && !left) say("state", printed.state, state);
  const created = printed.createdBy;
  if (created) {
    const pc = goroutine.createdByPc;
    const fn = functions.find(pc);
    const place = fn ? functions.lineAt(fn, pc > fn.entry ? pc - 1 : pc) : undefined;
    const ours = `${printedName(fn?.name ?? "?")} ${place?.file}:${place?.line} in ${goroutine.parentId}`;
    const theirs = `${created.name} ${created.file}:${created.line} in ${created.parent}`;
    if (ours !== theirs) say("created by", theirs, ours);
  }
  if (printed.unavailable) return differences;
  const unwound = goroutine.unwound();
  if (!unwound.complete) say("stack", "whole", unwound.problem);
  const ours = printableFrames(goroutine, functions);
  const { frames, elidedBefore } = printed;
  const compare = (theirs: readonly PrintedFrame[], mine: readonly PrintedFrame[]) => {
    for (let i = 0; i < theirs.length; i++) {
      const a = show(theirs[i]);
      const b = show(mine[i]);
      if (a !== b) return say(`frame ${i}`, a, b);
    }
  };
  if (elidedBefore >= 0) {
    const outer = frames.length - elidedBefore;
    compare(frames.slice(elidedBefore), ours.slice(ours.length - outer));
    if (printed.state !== "running") compare(frames.slice(0, elidedBefore), ours);
  } else {
    if (printed.state !== "running" && ours.length !== frames.length) say("frames", frames.length, ours.length);
    compare(frames, ours.slice(Math.max(ours.length - frames.length, 0)));
  }
  return differences;
}

/** Blocks of a crash text by goroutine, whole ones before those that only say that the stack was elsewhere. */
function printedBlocks(text: string): ReadonlyMap<number, readonly string[]> {
  const blocks = new Map<number, readonly string[]>();
  for (const block of text.split("\n\n")) {
    const lines = block.split("\n");
    const first = lines.findIndex((line) => /^goroutine [1-9]\d* /.test(line));
    if (first < 0) continue;
    const end = lines.findIndex((line) => /^r(?:ax|0) +0x/.test(line));
    const id = Number(/\d+/.exec(lines[first])?.[0]);
    const old = blocks.get(id);
    if (!old || old.some((line) => line.includes("running on other thread")))
      blocks.set(
        id,
        // Registers follow the goroutine that a thread was printing when the crash reached it.
        lines.slice(first, end < 0 ? undefined : end).filter((line) => line !== ""),
      );
  }
  return blocks;
}

/**
 * Differences, letter by letter, between a crash text and our own tracebacks in the same form; [] when there are none.
 *
 * Allowed: a stack the runtime could not print ("running on other thread"), and what happened to it since.
 */
export function compareText(stderr: string, rows: readonly TracebackBlock[]): readonly string[] {
  const blocks = new Map(printedBlocks(stderr));
  const wrong: string[] = [];
  for (const { id, lines } of rows) {
    const printed = blocks.get(id);
    blocks.delete(id);
    if (!printed) {
      wrong.push(`goroutine ${id} was not printed`);
      continue;
    }
    if (printed.some((line) => line.includes("running on other thread"))) continue;
    if (lines.join("\n") !== printed.join("\n") && !isSince(printed, lines))
      wrong.push(`printed\n${printed.join("\n")}\nread\n${lines.join("\n")}`);
  }
  return [...wrong, ...[...blocks.keys()].map((id) => `goroutine ${id} was not read`)];
}

/** Has a goroutine that ran when it was printed gone deeper since, or been preempted; or has one of the runtime's own been woken? */
function isSince([theirHead, ...theirs]: readonly string[], [ourHead, ...ours]: readonly string[]): boolean {
  const head = (text: string | undefined) => (text ?? "").replace(/ m=\S+( mp=\S+)?/, "").replace(/\[.*?([,\]])/, "[$1");
  if (head(theirHead) !== head(ourHead)) return false;
  const [printed, read] = [theirHead, ourHead].map((text) => /\[([^,\]]*)/.exec(text ?? "")?.[1]);
  if (printed === "running") return (read === "running" || read === "runnable") && ours.join("\n").endsWith(theirs.join("\n"));
  const ofRuntime = theirs.some((line) => line.startsWith("created by runtime."));
  return ofRuntime && read === "runnable" && ours.join("\n") === theirs.join("\n");
}

/** Differences between the threads' own stacks as printed and as read; of a thread that was in a handler, what that interrupted. */
export function compareSystemStacks(stderr: string, rows: readonly ThreadRow[]): readonly string[] {
  return parseSystemStacks(stderr).flatMap(({ m, frames }) => {
    const row = rows.find((each) => each.m === m);
    const ours = (row?.interrupted ?? row)?.frames.map((each) => `${printedName(each.function)} ${each.file}:${each.line}`);
    const theirs = frames.map((each) => `${each.name} ${each.file}:${each.line}`);
    return ours?.join("\n") === theirs.join("\n") ? [] : [`thread m=${m}: printed\n${theirs.join("\n")}\nread\n${ours?.join("\n")}`];
  });
}
