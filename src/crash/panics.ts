// The panics in progress when the process died, as the runtime prints them. runtime/panic.go printpanics, error.go printpanicval
import { type Address, type Bytes, NONE, WORD } from "../base/units.js";
import { frameVariables } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { type PanicRecord, panicsOf } from "../runtime/records/panic.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { readInterface } from "../value/scalars.js";
import { readValue, summarize } from "../value/value.js";
import { LONGEST_TEXT } from "./limits.js";

/** One panic of a goroutine. */
export interface PanicRow {
  /** As the runtime prints it; of a text longer than 64 KiB the beginning. */
  readonly text: string;
  /** Bytes of the whole text, where text is its beginning. */
  readonly wholeBytes?: Bytes;
  /** Of the value passed to panic. */
  readonly type: string;
  /** How the type is known: "exact", or "inferred" where the runtime had already replaced an error by its text. */
  readonly typeEvidence: "exact" | "inferred" | "replaced";
  readonly recovered: boolean;
  readonly repanicked: boolean;
  readonly goexit: boolean;
}

/** Of a value that was panicked again the runtime keeps text in the first record only. */
export function panicRows(runtime: GoRuntime, goroutine: Goroutine): PanicRow[] {
  const rows: PanicRow[] = [];
  // The first one first.
  const records = [...panicsOf(runtime, goroutine.address)].reverse();
  for (const [index, record] of records.entries()) {
    const before = rows[index - 1];
    const row = panicRow(runtime, goroutine, record, index, records.length);
    const { text, wholeBytes, type, typeEvidence } = before?.repanicked ? before : row;
    rows.push({ ...row, text, ...(wholeBytes === undefined ? {} : { wholeBytes }), type, typeEvidence });
  }
  return rows;
}

function panicRow(runtime: GoRuntime, goroutine: Goroutine, record: PanicRecord, index: number, count: number): PanicRow {
  const { types } = runtime;
  const facts = { recovered: record.recovered, repanicked: record.repanicked, goexit: record.goexit };
  if (record.goexit) return { text: "runtime.Goexit", type: "", typeEvidence: "exact", ...facts };
  const any = types.byName("interface {}");
  if (any === NONE) return { text: "(its value cannot be read)", type: "?", typeEvidence: "exact", ...facts };
  const wholeBytes = stringIn(runtime, any, record.value)?.length;
  const text = {
    text: panicText(runtime, any, record.value),
    ...(wholeBytes !== undefined && wholeBytes > LONGEST_TEXT ? { wholeBytes } : {}),
  };
  const dynamic = readInterface(runtime, types.get(any), record.value);
  const stored = !dynamic ? "nil" : dynamic.type === NONE ? "?" : types.get(dynamic.type).name;
  const passed = stored === "string" ? passedType(runtime, goroutine, count - 1 - index) : undefined;
  if (passed && passed.type !== stored) return { ...text, type: passed.type, typeEvidence: passed.evidence, ...facts };
  return { ...text, type: stored, typeEvidence: stored === "string" && !passed ? "replaced" : "exact", ...facts };
}

/** As runtime.printpanicval writes it; strings bare, named types as T(value). */
function panicText(runtime: GoRuntime, any: number, address: Address): string {
  const value = readValue(runtime, any, address, 3);
  if (value.kind !== "interface" || !value.value) return summarize(value, 1000);
  const { dynamic } = value;
  const inner = value.value;
  if (inner.kind === "string") {
    const bare = textOf(runtime, any, address) ?? inner.text;
    return dynamic === "string" ? bare : `${dynamic}("${bare}")`;
  }
  const shown = summarize(inner, 1000);
  if (inner.kind === "scalar")
    return /^(?:bool|u?int(?:8|16|32|64|ptr)?|float(?:32|64)|complex(?:64|128))$/.test(dynamic) ? shown : `${dynamic}(${shown})`;
  return `(${dynamic}) ${shown}`;
}

/** The beginning of a string in an interface. */
function textOf(runtime: GoRuntime, any: number, address: Address): string | undefined {
  const found = stringIn(runtime, any, address);
  const bytes = found && runtime.memory.tryBytes(found.at, Math.min(found.length, LONGEST_TEXT));
  return bytes && new TextDecoder().decode(bytes);
}

/** Where a value in an interface has its bytes, read as a string; undefined when it is none. */
function stringIn(runtime: GoRuntime, any: number, address: Address): { readonly at: Address; readonly length: Bytes } | undefined {
  const { types, memory } = runtime;
  const dynamic = readInterface(runtime, types.get(any), address);
  if (!dynamic || dynamic.type === NONE || types.get(dynamic.type).kind !== "string") return undefined;
  const at = memory.tryAddress(dynamic.address);
  return at === undefined || !memory.tryBytes(dynamic.address + WORD, WORD)
    ? undefined
    : { at, length: memory.readUint(dynamic.address + WORD, 8) };
}

/** Type of the value passed to the n-th innermost panic: the runtime replaces errors in its record, the argument of gopanic stays. */
function passedType(
  runtime: GoRuntime,
  goroutine: Goroutine,
  depth: number,
): { readonly type: string; readonly evidence: "exact" | "inferred" } | undefined {
  const { types, memory } = runtime;
  const frames = goroutine.unwound().frames.filter((frame) => frame.fn.name === "runtime.gopanic");
  const frame = frames[depth];
  if (!frame) return undefined;
  const argument = frameVariables(runtime, goroutine, frame).find((each) => each.name === "e" && each.inlineDepth === 0);
  const place = argument?.place;
  const known =
    place?.kind === "memory"
      ? memory.tryAddress(place.address)
      : place?.kind === "bytes"
        ? Number(new DataView(place.bytes.buffer).getBigUint64(0, true))
        : undefined;
  // Its slot above the frame: written on entry, though no table says that it still holds.
  const word = known ?? memory.tryAddress(frame.argp) ?? 0;
  const isType = word > 0 && runtime.modules.some((each) => word >= each.types && word < each.etypes);
  const type = isType ? types.byRtype(word) : NONE;
  return type === NONE ? undefined : { type: types.get(type).name, evidence: known === undefined ? "inferred" : "exact" };
}
