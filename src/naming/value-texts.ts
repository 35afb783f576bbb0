// What one line says of a string, of bytes, of a channel and of a closure.
import { type Address, hex, NONE, WORD } from "../base/units.js";
import type { Channel } from "../runtime/records/channel.js";
import { goroutineId } from "../runtime/records/goroutine.js";
import { queuedSudogs } from "../runtime/records/sudog.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GoField } from "../runtime/types.js";
import { isText, quoteBytes } from "../value/quote.js";
import type { ValueEnvironment } from "../value/scalars.js";
import { DATA_BYTES, MOST_GOROUTINES_NAMED, STRING_BYTES } from "./limits.js";

type Memory = ValueEnvironment["memory"];

/**
 * entries: how many a map has. cut: the text is the beginning, or another part, of so many bytes. uncaptured: bytes of captured variables
 * that DWARF does not name. unknown type, unknown kind: bytes of which nothing else is known.
 */
export interface MoreOfValue {
  readonly kind: "entries" | "cut" | "uncaptured" | "unknown type" | "unknown kind";
  readonly count: number;
}

/** Which bytes of a text are shown. */
export interface TextCut {
  /** First byte shown. */
  readonly from: number;
  readonly most: number;
}

/** A string as a Go literal; more: its length in bytes, when it was cut. @throws MemoryFault */
export function stringText(
  memory: Memory,
  start: Address,
  length: number,
  cut: TextCut,
): { readonly text: string; readonly more?: MoreOfValue; readonly length: number; readonly offset?: number } {
  const from = Math.min(cut.from, length);
  const shown = Math.min(length - from, cut.most);
  const bytes = shown > 0 ? memory.bytes(start + from, shown) : new Uint8Array(0);
  return {
    text: quoteBytes(bytes),
    ...(from + shown < length ? { more: { kind: "cut", count: length } } : {}),
    length,
    ...(from > 0 ? { offset: from } : {}),
  };
}

/** The bytes of a []byte as a Go literal, for texts in them are what people look for; of what is no text the first bytes. @throws MemoryFault */
export function bytesText(memory: Memory, start: Address, length: number, cut: TextCut): string {
  if (length === 0) return "";
  const from = textFrom(memory, start, length, cut);
  if (from === undefined) {
    const bytes = memory.tryBytes(start, Math.min(length, DATA_BYTES));
    return bytes ? `  ${quoteBytes(bytes)}${length > DATA_BYTES ? "…" : ""}` : "";
  }
  const bytes = memory.bytes(start + from, Math.min(length - from, cut.most));
  return `  ${quoteBytes(bytes)}${from + bytes.length < length ? "…" : ""}`;
}

/** Where the text in bytes begins to be shown; undefined when they are no text. */
export function textFrom(memory: Memory, start: Address, length: number, cut: TextCut): number | undefined {
  const sample = memory.tryBytes(start, Math.min(length, STRING_BYTES));
  return sample && isText(sample) ? Math.min(cut.from, Math.max(0, length - 1)) : undefined;
}

/** "2 of 8 buffered, closed, receiving: g7 g12". */
export function channelText(runtime: GoRuntime, { capacity, length, closed, firstReceiver, firstSender }: Channel): string {
  const receiving = waiting(runtime, firstReceiver);
  const sending = waiting(runtime, firstSender);
  return [
    capacity === 0 ? "unbuffered" : `${length} of ${capacity} buffered`,
    ...(closed ? ["closed"] : []),
    ...(receiving.length > 0 ? [`receiving: ${goroutineNames(receiving)}`] : []),
    ...(sending.length > 0 ? [`sending: ${goroutineNames(sending)}`] : []),
  ].join(", ");
}

/** Ids of the goroutines of a wait queue, the first to be served first. */
function waiting(runtime: GoRuntime, first: Address): number[] {
  return [...queuedSudogs(runtime, first)].flatMap((each) => goroutineId(runtime, each.goroutine) ?? []);
}

/** "g7 g12 … 40": the first few, then how many there are. */
function goroutineNames(ids: readonly number[]): string {
  const named = ids.slice(0, MOST_GOROUTINES_NAMED).map((id) => `g${id}`);
  return `${named.join(" ")}${ids.length > named.length ? ` … ${ids.length}` : ""}`;
}

/** A closure object: the function whose code it runs, with its place, the variables it has captured, and bytes of those without a name. */
export function readClosure(
  runtime: GoRuntime,
  memory: Memory,
  address: Address,
): { readonly text: string; readonly captures: readonly GoField[]; readonly gaps: number } {
  const pc = memory.tryAddress(address) ?? 0;
  const fn = runtime.functions.find(pc);
  // Its first word is not the beginning of a function: damage, or not a closure.
  if (!fn || fn.entry !== pc) return { text: `code at ${hex(pc)}`, captures: [], gaps: 0 };
  const { file, line } = runtime.functions.lineAt(fn, pc);
  const text = `${fn.name}  ${file.slice(file.lastIndexOf("/") + 1)}:${line}`;
  const type = runtime.closureType(pc);
  const captures = type === NONE ? [] : runtime.types.get(type).fields.filter((field) => field.name !== "F");
  return { text, captures, gaps: unnamedBytes(runtime, captures) };
}

/** Bytes of the whole words before and between captured variables: the compiler tells nothing of those that live in registers only. */
function unnamedBytes({ types }: GoRuntime, captures: readonly GoField[]): number {
  // The first word is the address of the code, field F.
  let end = WORD;
  let sum = 0;
  for (const { offset, type } of captures) {
    sum += Math.max(0, Math.floor((offset - end) / WORD)) * WORD;
    end = offset + (type === NONE ? WORD : types.get(type).size);
  }
  return sum;
}
