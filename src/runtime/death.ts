// What the runtime knew of its own end: its last words, who was crashing. runtime/panic.go, print.go
import { decodeText } from "../base/byte-reader.js";
import { WORD } from "../base/units.js";
import { LONGEST_BACKLOG } from "./limits.js";
import type { GoRuntime } from "./runtime.js";

/**
 * The last that print and println wrote, up to the moment the runtime began to crash: at most 512 bytes, "fatal error: ..."
 * at their end after a throw. runtime.printBacklog is kept for just this.
 */
export function printBacklog(runtime: GoRuntime): string {
  const { layout } = runtime;
  const { memory } = runtime.process;
  const buffer = layout.global("runtime.printBacklog");
  const index = layout.global("runtime.printBacklogIndex");
  const size = runtime.binary.debug.global("runtime.printBacklog")?.type.size ?? 0;
  if (buffer === undefined || index === undefined || size <= 0 || size > LONGEST_BACKLOG) return "";
  const bytes = memory.tryBytes(buffer, size);
  const at = memory.tryBytes(index, WORD) ? memory.readUint(index, 8) : size;
  if (!bytes || at >= size) return "";
  const ordered = new Uint8Array(size);
  ordered.set(bytes.subarray(at));
  ordered.set(bytes.subarray(0, at), size - at);
  return decodeText(ordered.filter((byte) => byte !== 0));
}

const FATAL = "fatal error: ";

/**
 * Where the text of the last throw begins; -1 when there was none. Two threads may throw at once: each piece of text takes the lock of
 * printing anew, and none is recorded once a thread panics, so the later "fatal error: " may stand without its text. Then the earlier throw
 * is told. runtime/print.go gwrite, recordForPanic
 */
function throwIn(backlog: string): number {
  const isTold = (at: number) => backlog.slice(at).replaceAll(FATAL, "").trim() !== "";
  let at = backlog.lastIndexOf(FATAL);
  while (at > 0 && !isTold(at)) at = backlog.lastIndexOf(FATAL, at - 1);
  return at;
}

/** Text of the last throw with its further lines; undefined when there was none. */
export function fatalErrorText(backlog: string): string | undefined {
  const at = throwIn(backlog);
  if (at < 0) return undefined;
  const text = backlog.slice(at + FATAL.length);
  const next = text.indexOf(FATAL);
  return (next < 0 ? text : text.slice(0, next)).trimEnd() || undefined;
}

/** Lines that the runtime printed for the throw, before it: "runtime: goroutine stack exceeds 1000000000-byte limit". */
export function linesBeforeThrow(backlog: string): readonly string[] {
  const at = throwIn(backlog);
  if (at < 0) return [];
  const lines = backlog.slice(0, at).trimEnd().split("\n");
  const out: string[] = [];
  for (let i = lines.length - 1; i >= 0 && /^(?:runtime:|unexpected|\[)/.test(lines[i]); i--) out.unshift(lines[i]);
  return out;
}

/** runtime.panicking: how many threads are crashing. */
export function panickingCount(runtime: GoRuntime): number {
  const at = runtime.layout.global("runtime.panicking");
  return at !== undefined && runtime.process.memory.tryBytes(at, 4) ? runtime.process.memory.readUint(at, 4) : 0;
}
