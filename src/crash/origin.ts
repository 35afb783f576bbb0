// Where a panic began, when deferred functions panicked again: each of them runs on top of the stack that broke, which is still there.
import type { Goroutine } from "../runtime/goroutines.js";
import type { Frame } from "../runtime/unwind.js";
import type { FrameRow, GoroutineReader } from "../stacks/goroutine-rows.js";

/** Where it broke and where it was panicked again; nothing when there was one panic. */
export interface Breaks {
  readonly origin?: FrameRow;
  readonly again?: readonly FrameRow[];
}

/**
 * Of each call of panic on the stack the function that made it, the outermost first. A panic that was recovered before, by a function that
 * returned, has no frames any more. runtime/panic.go gopanic
 */
export function breaksOf(reader: Pick<GoroutineReader, "rowsOf" | "topOf">, goroutine: Goroutine): Breaks {
  const { frames } = goroutine.unwound();
  const panics = frames.flatMap((each, index) => (each.fn.name === "runtime.gopanic" ? [index] : []));
  if (panics.length < 2) return {};
  const places = panics.flatMap((at, index) => {
    // Up to the panic before it: what lies further out did not make this one.
    const own: readonly Frame[] = frames.slice(at + 1, panics[index + 1]);
    return reader.topOf(reader.rowsOf(own)) ?? [];
  });
  const [origin, ...again] = places.reverse();
  return origin ? { origin, again } : {};
}
