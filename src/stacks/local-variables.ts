// Variables of goroutines by name, as expressions have them: g12.main.worker.s; the value is the one that `goroutine` shows.
import { NotFoundError } from "../base/errors.js";
import type { Snapshot } from "../heap/snapshot.js";
import { type FrameVariable, frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Frame } from "../runtime/unwind.js";
import { MOST_OFFERED, MOST_OFFERED_FROM } from "./limits.js";

/**
 * The variable that "g12.main.worker.s" means: of the innermost call of such a function that has such a variable; "g12.main.worker#2.s" is
 * that of the second call, counted outwards. The folder of the package, and the package, may be left out.
 * @returns undefined when there is none
 * @throws NotFoundError when its value is not known there
 */
export function localVariable(snapshot: Pick<Snapshot, "runtime">, expression: string): FrameVariable | undefined {
  const [, id, path] = /^g([0-9]+)\.(.+)$/.exec(expression) ?? [];
  const goroutine = id === undefined ? undefined : snapshot.runtime.goroutines.find(Number(id));
  if (!goroutine || path === undefined) return undefined;
  const calls = new Map<string, number>();
  for (const frame of goroutine.unwound().frames) {
    for (const [depth, fn] of functionsOf(snapshot, frame)) {
      const call = (calls.get(fn) ?? 0) + 1;
      calls.set(fn, call);
      const prefix = namesOf(fn, call).find((each) => path.startsWith(`${each}.`));
      if (prefix === undefined) continue;
      const name = path.slice(prefix.length + 1);
      const found = frameVariables(snapshot.runtime, goroutine, frame).find(
        (each) => each.name === name && each.inlineDepth === depth && !each.hidden,
      );
      if (!found) continue;
      if (found.place.kind === "absent") throw unavailable(snapshot, goroutine, expression, found, found.place.why);
      return found;
    }
  }
  return undefined;
}

/** Functions of a frame with their inline depth, the innermost first. */
function functionsOf(snapshot: Pick<Snapshot, "runtime">, frame: Frame): readonly (readonly [depth: number, fn: string])[] {
  const levels = snapshot.runtime.functions.inlinedAt(frame.fn, frame.symbolPc);
  return levels.map(({ name }, index) => [levels.length - 1 - index, name]);
}

/** What a call of a function may be named; the number may be left out where it is not needed. */
function namesOf(fn: string, call: number): readonly string[] {
  const short = fn.slice(fn.lastIndexOf("/") + 1);
  const names = [fn, short, short.replace(/^[^.]*\./, "")];
  return [...names.map((each) => `${each}#${call}`), ...names];
}

function unavailable(
  snapshot: Pick<Snapshot, "runtime">,
  goroutine: Goroutine,
  expression: string,
  wanted: FrameVariable,
  why: string,
): NotFoundError {
  const near: string[] = [];
  for (const frame of goroutine.unwound().frames.slice(0, MOST_OFFERED_FROM)) {
    if (near.length >= MOST_OFFERED) break;
    for (const each of frameVariables(snapshot.runtime, goroutine, frame)) {
      if (each.certainty === "unavailable" || (each.type !== wanted.type && each.name !== wanted.name)) continue;
      const offer = variableExpression(snapshot, goroutine, frame, each);
      if (offer !== undefined && near.length < MOST_OFFERED) near.push(offer);
    }
  }
  return new NotFoundError("value of", `${expression} here: ${why}`, near, { id: "variables", goroutine: goroutine.id });
}

/** How localVariable calls a variable of a frame; undefined when another one hides it, or in a frame that is not kept. */
export function variableExpression(
  snapshot: Pick<Snapshot, "runtime">,
  goroutine: Goroutine,
  frame: Frame,
  variable: FrameVariable,
): string | undefined {
  if (variable.hidden) return undefined;
  const call = callNumbers(snapshot, goroutine).get(callKey(frame, variable.inlineDepth));
  return call === undefined ? undefined : `g${goroutine.id}.${variable.function}${call > 1 ? `#${call}` : ""}.${variable.name}`;
}

/** Which call of its function each frame is, inlined ones too, counted outwards; of the goroutine asked last. */
const numbersOf = new WeakMap<GoRuntime, { readonly goroutine: Goroutine; readonly calls: ReadonlyMap<string, number> }>();

const callKey = (frame: Frame, depth: number) => `${frame.fp} ${frame.pc} ${depth}`;

function callNumbers(snapshot: Pick<Snapshot, "runtime">, goroutine: Goroutine): ReadonlyMap<string, number> {
  const known = numbersOf.get(snapshot.runtime);
  if (known?.goroutine === goroutine) return known.calls;
  const counts = new Map<string, number>();
  const calls = new Map<string, number>();
  for (const frame of goroutine.unwound().frames) {
    for (const [depth, fn] of functionsOf(snapshot, frame)) {
      const call = (counts.get(fn) ?? 0) + 1;
      counts.set(fn, call);
      calls.set(callKey(frame, depth), call);
    }
  }
  numbersOf.set(snapshot.runtime, { goroutine, calls });
  return calls;
}
