// Who called a C function: return addresses on the stack that follow a call of just that function.
import { type Address, type Hex, hex } from "../base/units.js";
import type { ElfSymbol } from "../process/process.js";
import { callTarget } from "../runtime/code/calls.js";
import { machineOf } from "../runtime/code/machines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { DEEPEST_CALLER, LONGEST_C_FUNCTION, MOST_CALLERS } from "./limits.js";

/** A function of C, by the executable's symbols. */
export interface CFrame {
  readonly function: string;
  readonly pc: Hex;
}

/** What return addresses are told by; a GoRuntime is one. */
export interface CodeSource extends Pick<GoRuntime, "memory" | "symbolAt"> {
  readonly process: Pick<GoRuntime["process"], "arch">;
  readonly functions: Pick<GoRuntime["functions"], "find">;
}

/**
 * The callers of the C code at pc, innermost first, as far as direct calls tell them. C has no frame tables that are read here; but
 * a word of the stack behind whose instruction stands a call of the very function we are in is its return address: chance does not
 * do that, and what was left by earlier calls of the same function names a caller that it really had. A function of a library was
 * called by way of a stub, which has no symbol: the innermost call of a stub counts for it.
 */
export function callersInC(runtime: CodeSource, pc: Address, sp: Address): readonly CFrame[] {
  const { memory } = runtime;
  const mapping = memory.find(sp);
  if (!mapping || runtime.functions.find(pc)) return [];
  const frames: CFrame[] = [];
  let callee = runtime.symbolAt(pc)?.address;
  for (let at = sp - (sp % 8); at + 8 <= mapping.end && at < sp + DEEPEST_CALLER && frames.length < MOST_CALLERS; at += 8) {
    const back = memory.tryAddress(at) ?? 0;
    const caller = back > 4096 ? runtime.symbolAt(back - 1) : undefined;
    if (!caller || runtime.functions.find(back)) continue;
    const target = calledBefore(runtime, back);
    if (target === undefined) continue;
    if (callee === undefined ? runtime.symbolAt(target) !== undefined : target !== callee) {
      const between = runtime.symbolAt(target);
      if (callee === undefined || between?.address !== target || !jumpsTo(runtime, between, callee)) continue;
      // It ended with a jump to the callee: its frame is gone.
      frames.push({ function: nameInC(between.name), pc: hex(between.address) });
    }
    frames.push({ function: nameInC(caller.name), pc: hex(back) });
    callee = caller.address;
  }
  return frames;
}

/** Target of the direct call that ends at this address. */
function calledBefore({ memory, process: { arch } }: CodeSource, end: Address): Address | undefined {
  const start = end - arch.directCall;
  const code = memory.tryBytes(start, arch.directCall);
  const [call] = code ? machineOf(arch).decode(viewOf(code), start, 0, 1) : [];
  return call?.next === end ? callTarget(call) : undefined;
}

/** A compiler may split a function or copy it: the name as the source has it. */
export function nameInC(symbol: string): string {
  return symbol.replace(/(?:\.(?:cold|part|isra|constprop|lto_priv)(?:\.\d+)?)+$/, "");
}

/** Whether a function ends itself by a jump to the start of another: a tail call. */
function jumpsTo({ memory, process: { arch } }: CodeSource, from: ElfSymbol, to: Address): boolean {
  const code = memory.tryBytes(from.address, Math.min(from.size, LONGEST_C_FUNCTION));
  if (!code) return false;
  const view = viewOf(code);
  const machine = machineOf(arch);
  for (let at = 0; at < code.length; at += arch.pcQuantum) {
    const [found] = machine.decode(view, from.address, at, 1);
    if (found?.action === "jump" && found.target === to) return true;
  }
  return false;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
