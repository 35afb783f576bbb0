// Stacks as the runtime keeps them for profiles, made into frames. runtime/symtab.go CallersFrames
import type { Address } from "../base/units.js";
import type { FunctionTable, InlinedFrame } from "./functions.js";
import type { Layout } from "./layout/schema.js";
import { MOST_INLINED } from "./limits.js";

/** Panics keep the wrappers that called them. runtime/traceback.go elideWrapperCalling */
const KEEPS_WRAPPER = new Set(["runtime.gopanic", "runtime.sigpanic", "runtime.panicwrap"]);

/** What frames are made of; a GoRuntime is one. */
export interface FrameSource {
  readonly functions: Pick<FunctionTable, "find" | "inlinedAt">;
  readonly layout: Pick<Layout, "constant">;
}

/**
 * The frames of a stack of return addresses, innermost first. A stack may hold one address for each frame, inlined ones too, or only
 * those that lay on the stack, since Go 1.23 in the profiles of blocking: where the frames that others are inlined into are missing they
 * are added, without wrappers that the compiler made. What lies in no function of Go is left out.
 */
export function callersFrames({ functions, layout }: FrameSource, pcs: readonly Address[]): readonly InlinedFrame[] {
  const wrapper = layout.constant("internal/abi.FuncIDWrapper");
  const out: InlinedFrame[] = [];
  pcs.forEach((back, i) => {
    const following = pcs[i + 1];
    let callee: InlinedFrame | undefined;
    for (let at: Address | undefined = back, steps = 0; at !== undefined && steps < MOST_INLINED; steps++) {
      const fn = functions.find(at);
      if (!fn) return;
      // The address after a call: the call itself is before it.
      const [frame, ...outer] = functions.inlinedAt(fn, at > fn.entry ? at - 1 : at);
      out.push(frame);
      callee = frame;
      const isElided = ({ funcId }: InlinedFrame) => funcId === wrapper && !KEEPS_WRAPPER.has(callee?.name ?? "");
      at = nextOf(outer, following, isElided);
    }
  });
  return out;
}

/** The return address of the next frame that the innermost one is inlined into; undefined when the stack goes on with it by itself. */
function nextOf(
  outer: readonly InlinedFrame[],
  following: Address | undefined,
  isElided: (frame: InlinedFrame) => boolean,
): Address | undefined {
  for (const frame of outer) {
    if (following === frame.pc + 1) return undefined;
    if (!isElided(frame)) return frame.pc + 1;
  }
  return undefined;
}
