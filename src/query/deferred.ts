// Calls that a goroutine has put off until its functions return, those of one statement together.
import type { Dump } from "../dump.js";
import { deferredCalls, type WrappedCall, wrappedCall } from "../runtime/deferred-calls.js";
import type { GoFunction } from "../runtime/functions.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { readValue, summarize } from "../value/value.js";

/** Calls of one defer statement. */
export interface DeferredRow {
  /** What will be called; of a func literal its own name. */
  readonly function: string;
  /** Where: of a call with arguments the defer statement's line, of a func literal or plain function where that begins. */
  readonly file: string;
  readonly line: number;
  /** The function that deferred it; absent when its frame was not walked. */
  readonly by?: string;
  readonly count: number;
  /** What the first of them to run will be given, as far as the code tells. */
  readonly arguments: readonly { readonly name: string; readonly type: string; readonly text: string }[];
}

/** Characters of one argument. */
const LONGEST_ARGUMENT = 80;

/** In the order in which they will run, each row at its first. */
export function deferredRows(dump: Dump, goroutine: Goroutine): DeferredRow[] {
  const { runtime } = dump;
  const wrapped = new Map<GoFunction, WrappedCall | undefined>();
  const rows = new Map<string, DeferredRow & { count: number }>();
  for (const { closure, code, by } of deferredCalls(runtime, goroutine)) {
    // What runtime.main defers is every program's.
    if (by?.name.startsWith("runtime.")) continue;
    const key = `${code.entry} ${by?.entry ?? 0}`;
    const known = rows.get(key);
    if (known) {
      known.count++;
      continue;
    }
    if (!wrapped.has(code)) wrapped.set(code, wrappedCall(runtime, code));
    const call = wrapped.get(code);
    const env = { types: runtime.types, maps: runtime.maps, memory: dump.process.memory };
    rows.set(key, {
      function: call?.name ?? code.name,
      ...runtime.functions.lineAt(code, code.entry),
      ...(by ? { by: by.name } : {}),
      count: 1,
      arguments: (call?.arguments ?? []).map(({ name, type, offset }) => ({
        name,
        type: runtime.types.get(type).name,
        text: summarize(readValue(env, type, closure + offset, 2), LONGEST_ARGUMENT),
      })),
    });
  }
  return [...rows.values()];
}
