// A module with a pclntab, written into a test's memory: functions with frame sizes, lines, stack maps and inlined calls.
import type { Address } from "../../src/base/units.js";
import type { Module } from "../../src/runtime/modules.js";
import type { MemoryBuilder } from "./memory-builder.js";

/** A pc-value table as pairs: value up to (not including) this offset from the function's entry. */
export type PcValues = readonly (readonly [value: number, end: number])[];

export interface FunctionToWrite {
  readonly name: string;
  /** Bytes of code. */
  readonly size: number;
  /** Frame size by pc; no table when absent. */
  readonly frame?: PcValues;
  readonly lines?: PcValues;
  /** Index into the module's files. */
  readonly file?: number;
  readonly flag?: number;
  readonly args?: number;
  readonly deferreturn?: number;
  readonly stackMapIndex?: PcValues;
  readonly inlineIndex?: PcValues;
  readonly inlined?: readonly { readonly name: string; readonly parentPc: number }[];
  /** Bitmaps as strings of 0 and 1, first word first; all of one length. */
  readonly localMaps?: readonly string[];
  readonly argumentMaps?: readonly string[];
  readonly stackObjects?: readonly { readonly offset: number; readonly size: number; readonly mask: string }[];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** The linker's encoding. cmd/internal/obj pcln.go funcpctab */
export function encodePcValues(values: PcValues, quantum: number): number[] {
  const bytes: number[] = [];
  let value = -1;
  let pc = 0;
  for (const [next, end] of values) {
    if (next === value && pc > 0) throw new Error("two equal values follow each other");
    const change = (next - value) | 0;
    bytes.push(...varint((change << 1) ^ (change >> 31)), ...varint((end - pc) / quantum));
    value = next;
    pc = end;
  }
  return [...bytes, 0];
}

const bits = (mask: string): number[] =>
  Array.from({ length: Math.ceil(mask.length / 8) }, (_, i) =>
    [...mask.slice(i * 8, i * 8 + 8)].reduce((byte, bit, at) => byte + (bit === "1" ? 2 ** at : 0), 0),
  );

const int32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** A module whose code starts at text; entries in the order given, each right after the other. */
export function writeModule(
  memory: MemoryBuilder,
  arch: "amd64" | "arm64",
  text: Address,
  files: readonly string[],
  functions: readonly FunctionToWrite[],
): { readonly module: Module; readonly entries: Readonly<Record<string, Address>> } {
  const quantum = arch === "amd64" ? 1 : 4;
  const tables = { funcnametab: [0], cutab: [] as number[], filetab: [] as number[], pctab: [0], pclntable: [] as number[] };
  const gofunc: number[] = [];
  const rodata: number[] = [];
  const put = (table: number[], bytes: readonly number[], align = 1): number => {
    while (table.length % align !== 0) table.push(0);
    const at = table.length;
    table.push(...bytes);
    return at;
  };
  const name = (each: string) => put(tables.funcnametab, [...new TextEncoder().encode(each), 0]);
  const values = (table: PcValues | undefined) => (table ? put(tables.pctab, encodePcValues(table, quantum)) : 0);
  for (const file of files) tables.cutab.push(...int32(put(tables.filetab, [...new TextEncoder().encode(file), 0])));
  const maps = (each: readonly string[] | undefined) =>
    each ? put(gofunc, [...int32(each.length), ...int32(each[0]?.length ?? 0), ...each.flatMap(bits)], 4) : 0xffffffff;

  const entries: Record<string, Address> = {};
  const ftab: number[] = [];
  let entry = 0;
  for (const fn of functions) {
    entries[fn.name] = text + entry;
    const objects = fn.stackObjects
      ? put(
          gofunc,
          [
            ...int32(fn.stackObjects.length),
            ...int32(0),
            ...fn.stackObjects.flatMap(({ offset, size, mask }) => [
              ...int32(offset),
              ...int32(size),
              ...int32(mask.length * 8),
              ...int32(put(rodata, bits(mask))),
            ]),
          ],
          8,
        )
      : 0xffffffff;
    const inlined = fn.inlined
      ? put(
          gofunc,
          fn.inlined.flatMap((call) => [...int32(0), ...int32(name(call.name)), ...int32(call.parentPc), ...int32(1)]),
          4,
        )
      : 0xffffffff;
    const whole: PcValues = [[fn.file ?? 0, fn.size]];
    const record = [
      ...int32(entry),
      ...int32(name(fn.name)),
      ...int32(fn.args ?? 0),
      ...int32(fn.deferreturn ?? 0),
      ...int32(values(fn.frame)),
      ...int32(values(whole)),
      ...int32(values(fn.lines ?? [[1, fn.size]])),
      ...int32(3),
      ...int32(0),
      ...int32(1),
      0,
      fn.flag ?? 0,
      0,
      4,
      ...int32(0),
      ...int32(values(fn.stackMapIndex)),
      ...int32(values(fn.inlineIndex)),
      ...int32(maps(fn.argumentMaps)),
      ...int32(maps(fn.localMaps)),
      ...int32(objects),
      ...int32(inlined),
    ];
    ftab.push(...int32(entry), ...int32(put(tables.pclntable, record, 4)));
    entry += fn.size;
  }
  ftab.push(...int32(entry), ...int32(0));

  const place = (bytes: readonly number[]): Address => {
    const at = memory.allocate(bytes.length);
    memory.bytes(at, bytes);
    return at;
  };
  const header = place([...int32(0xfffffff1), 0, 0, quantum, 8]);
  const none = 0;
  const module: Module = {
    pcHeader: header,
    funcnametab: place(tables.funcnametab),
    cutab: place(tables.cutab),
    filetab: place(tables.filetab),
    pctab: place(tables.pctab),
    pclntable: place(tables.pclntable),
    ftab: { array: place(ftab), length: functions.length + 1 },
    minpc: text,
    maxpc: text + entry,
    text,
    etext: text + entry,
    noptrdata: none,
    enoptrdata: none,
    data: none,
    edata: none,
    bss: none,
    ebss: none,
    noptrbss: none,
    enoptrbss: none,
    types: none,
    etypes: none,
    rodata: place(rodata),
    gofunc: place(gofunc),
    textsections: [],
    gcdata: 0,
    gcbss: 0,
    gcdatamask: { n: 0, bytes: 0 },
    gcbssmask: { n: 0, bytes: 0 },
  };
  return { module, entries };
}
