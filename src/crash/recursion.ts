// A stack that overflowed: the functions that call each other in a circle, how often, and what changes from one round to the next.
import type { Address } from "../base/units.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Frame } from "../runtime/unwind.js";
import type { FrameRow } from "../stacks/goroutine-rows.js";
import { programTest } from "../stacks/program-functions.js";
import { readValue, summarize } from "../value/value.js";
import { LEAST_ROUNDS, LONGEST_PERIOD, MOST_LEAVES, ROUNDS_COMPARED } from "./limits.js";

/** An argument, compared over some rounds. */
interface RecursionArgument {
  readonly function: string;
  readonly name: string;
  readonly type: string;
  /** "same": every round has the same; else what each call adds to it. */
  readonly change: "same" | number;
  /** In the innermost round that tells. */
  readonly innermost: string;
}

/** Functions that call each other in a circle. */
export interface Recursion {
  /** One round, the innermost function first, inlined ones too. */
  readonly functions: readonly FrameRow[];
  readonly rounds: number;
  /** Frames of the whole stack. */
  readonly depth: number;
  readonly arguments: readonly RecursionArgument[];
}

/** A circle in a list: where it begins and how many members one round has. */
export interface Circle {
  readonly start: number;
  readonly period: number;
  /** Members that are in it, from start on. */
  readonly length: number;
}

/** The circle that most of a list is, after a few members that are in none; undefined when there is none. */
export function circleIn(keys: readonly number[]): Circle | undefined {
  let best: Circle | undefined;
  for (let start = 0; start < Math.min(MOST_LEAVES, keys.length); start++) {
    for (let period = 1; period <= LONGEST_PERIOD && start + period * LEAST_ROUNDS <= keys.length; period++) {
      if (keys[start] !== keys[start + period]) continue;
      let end = start;
      while (end + period < keys.length && keys[end] === keys[end + period]) end++;
      const length = end - start + period;
      if (length >= period * LEAST_ROUNDS && (!best || length > best.length + best.period)) best = { start, period, length };
    }
    // What begins later is a part of it.
    if (best && best.length * 2 > keys.length) return best;
  }
  return best;
}

/** The recursion at the top of a goroutine's stack. */
export function recursionOf(
  runtime: GoRuntime,
  goroutine: Goroutine,
  rowsOf: (frames: readonly Frame[]) => readonly FrameRow[],
): Recursion | undefined {
  const { frames } = goroutine.unwound();
  const circle = circleIn(frames.map((each) => each.fn.entry));
  if (!circle) return undefined;
  const { start, period } = circle;
  const isProgram = programTest(runtime);
  // The innermost round may stand anywhere in its functions; the one behind it stands at the calls.
  const round = frames.slice(start + period, start + 2 * period);
  const { depth, members } = measure(
    goroutine,
    start,
    round.map((each) => each.fn.entry),
  );
  return {
    functions: rowsOf(round),
    rounds: Math.floor(members / period),
    depth,
    // How fmt and encoding/json pass things on is their own business.
    arguments: round.flatMap(({ fn }, at) => {
      const { file } = runtime.functions.lineAt(fn, fn.entry);
      return isProgram({ function: fn.name, file }) ? compared(runtime, goroutine, frames, start + at, period, circle.length - at) : [];
    }),
  };
}

/** All frames of a stack, and how many of them are in the circle; the unwound ones lack the middle of a deep stack. */
function measure(goroutine: Goroutine, start: number, round: readonly Address[]): { readonly depth: number; readonly members: number } {
  let depth = 0;
  let members = 0;
  let isIn = true;
  goroutine.walk(({ fn }) => {
    if (depth >= start && isIn) {
      isIn = fn.entry === round[(depth - start) % round.length];
      if (isIn) members++;
    }
    depth++;
  });
  return { depth, members };
}

/** Parameters of the function at a place of the circle that are the same in every round, or change by as much each time. */
function compared(
  runtime: GoRuntime,
  goroutine: Goroutine,
  frames: readonly Frame[],
  first: number,
  period: number,
  length: number,
): RecursionArgument[] {
  const values = new Map<string, { readonly fn: string; readonly type: string; readonly numbers: bigint[]; readonly text: string }>();
  const rounds = Math.min(Math.floor(length / period), ROUNDS_COMPARED);
  for (let round = 0; round < rounds; round++) {
    const frame = frames[first + round * period];
    for (const { name, kind, type: id, place, inlineDepth, function: fn } of frameVariables(runtime, goroutine, frame)) {
      const type = runtime.types.get(id);
      if (kind !== "parameter" || inlineDepth !== 0 || type.size > 8 || !/^(?:int|uint|pointer|map|chan)$/.test(type.kind)) continue;
      const bytes =
        place.kind === "memory" ? runtime.memory.tryBytes(place.address, type.size) : place.kind === "bytes" ? place.bytes : undefined;
      if (!bytes) continue;
      const number = toNumber(bytes.subarray(0, type.size), type.kind === "int");
      const known = values.get(name);
      if (known) known.numbers.push(number);
      else {
        const text = place.kind === "memory" ? summarize(readValue(runtime, id, place.address, 1), 60) : String(number);
        values.set(name, { fn, type: type.name, numbers: [number], text });
      }
    }
  }
  return [...values].flatMap(([name, { fn, type, numbers, text }]) => {
    if (numbers.length < LEAST_ROUNDS) return [];
    // Inwards: the innermost comes first.
    const step = numbers[0] - numbers[1];
    const isEven = numbers.every((each, at) => at === 0 || numbers[at - 1] - each === step);
    return isEven ? [{ function: fn, name, type, change: step === 0n ? ("same" as const) : Number(step), innermost: text }] : [];
  });
}

function toNumber(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]);
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
}
