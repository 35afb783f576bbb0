// A dead program that was tracing, made by a test: the variable runtime.trace, buffers, tables, threads, Ps and goroutines.
import { ARCHES } from "../../src/base/arch.js";
import { ByteWriter } from "../../src/base/byte-writer.js";
import type { Address } from "../../src/base/units.js";
import type { DwarfType } from "../../src/dwarf/dwarf.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { EV } from "../../src/trace/events.js";
import type { Event } from "../trace/samples.js";
import { TypeBuilder } from "./memory-builder.js";
import { RecordBuilder } from "./record-builder.js";

/** Fields of the variable runtime.trace as Go 1.26 has them, by their width. */
const FIELDS = {
  ...{ gen: 8, lastNonZeroGen: 8, readerGen: 8, flushedGen: 8, shutdown: 8, endOfGenerationWritten: 8, reading: 8, empty: 8, reader: 8 },
  ...{ full: 16, cpuLogRead: 16, cpuBuf: 16, stackTab: 32, stringTab: 48, typeTab: 32 },
};
type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Field[];
const offsetOf = (field: Field) => NAMES.slice(0, NAMES.indexOf(field)).reduce((sum, name) => sum + FIELDS[name], 0);
const SIZE = NAMES.reduce((sum, name) => sum + FIELDS[name], 0);
/** A length in a buffer. runtime traceBytesPerNumber */
const LENGTH_BYTES = 10;

/** A goroutine that is to be in the program. */
export interface GoroutineToMake {
  readonly status: Goroutine["status"];
  readonly waitReason?: string;
  readonly startPc?: Address;
  readonly stack?: { readonly lo: Address; readonly hi: Address };
  /** Fields of its tracedG. */
  readonly fields?: Readonly<Record<string, number>>;
}

export class TracerBuilder {
  readonly records: RecordBuilder;
  readonly types = new TypeBuilder();
  readonly goroutines: Goroutine[] = [];
  private readonly tracer: Address;
  private readonly without: readonly string[];
  private readonly processors: Address[] = [];
  private threads: Address = 0;

  /** @param without structs, fields as "tracedM.trace.writing", fields of the tracer as "tracer.typeTab", that this release has not */
  constructor(...without: string[]) {
    this.records = new RecordBuilder(...without);
    this.without = without;
    this.tracer = this.records.memory.allocate(SIZE);
  }

  /** A word of the variable runtime.trace. @param index of a field that has two: the generation's parity */
  tracing(fields: Partial<Record<Field, number>>, index = 0): this {
    for (const [field, value] of Object.entries(fields) as [Field, number][]) {
      const width = FIELDS[field];
      this.records.memory.word(this.tracer + offsetOf(field) + (width > 8 ? (index * width) / 2 : 0), value);
    }
    return this;
  }

  /** Entries of a table by id, in a trie of one branch; its lastId is `seq`. */
  table(
    field: "stackTab" | "stringTab" | "typeTab",
    parity: number,
    seq: number,
    entries: Readonly<Record<number, Uint8Array>>,
  ): Address[] {
    const nodes = Object.entries(entries).map(([id, bytes]) => {
      const data = this.records.memory.allocate(bytes.length);
      this.records.memory.bytes(data, bytes);
      const node = this.records.make("traceMapNode", { id: Number(id) });
      this.records.memory.words(node + 40, data, bytes.length, bytes.length);
      return node;
    });
    for (const [i, node] of nodes.entries()) this.records.memory.word(node + 8 * (i % 4), nodes[i + 1] ?? 0);
    const at = this.tracer + offsetOf(field) + (parity * FIELDS[field]) / 2 + (field === "stringTab" ? 8 : 0);
    this.records.memory.words(at, nodes[0] ?? 0, seq);
    return nodes;
  }

  /** A buffer of events; its address. @param fields of the record that are to be otherwise */
  buffer(generation: number, m: number, time: number, events: readonly Event[], fields: Readonly<Record<string, number>> = {}): Address {
    const head = new ByteWriter().byte(EV.EventBatch).varint(generation).varint(m).varint(time).done();
    const data = new ByteWriter();
    for (const [type, ...numbers] of events) {
      data.byte(type);
      for (const each of numbers) data.varint(each);
    }
    const lenPos = head.length;
    const size = data.length;
    const pos = lenPos + LENGTH_BYTES + size;
    const at = this.records.make("traceBuf", { pos, lenPos, lastTime: time, ...fields });
    const length = Array.from({ length: LENGTH_BYTES }, (_, i) => (Math.floor(size / 128 ** i) % 128) + (i < LENGTH_BYTES - 1 ? 128 : 0));
    this.records.memory.bytes(at + 32, [...head, ...length, ...data.done()]);
    return at;
  }

  /** A thread; its newest comes first in runtime.allm. @param buffers its buffers of events, by the generation's parity */
  thread(tid: number, buffers: readonly [Address, Address] = [0, 0], fields: Readonly<Record<string, number>> = {}): Address {
    const at = this.records.make("tracedM", { procid: tid, alllink: this.threads, ...fields });
    this.records.memory.word(at + 120, buffers[0]).word(at + 136, buffers[1]);
    this.threads = at;
    return at;
  }

  processor(id: number, status: number, machine: Address, fields: Readonly<Record<string, number>> = {}): this {
    this.processors.push(this.records.make("processor", { id, status, m: machine, ...fields }));
    return this;
  }

  goroutine(id: number, { status, waitReason = "", startPc = 0, stack = { lo: 0, hi: 0 }, fields = {} }: GoroutineToMake): Goroutine {
    const address = this.records.make("tracedG", { goid: id, ...fields });
    const made = { id, address, status, waitReason, startPc, stack, lockedM: 0, start: undefined } as unknown as Goroutine;
    this.goroutines.push(made);
    return made;
  }

  /** What has been made so far. @param parts in place of what such a program has not: functions, variables */
  runtime(parts: Partial<GoRuntime> = {}): GoRuntime {
    const array = this.records.memory.allocate(this.processors.length * 8);
    this.records.memory.words(array, ...this.processors);
    this.records.global("runtime.allp", array, this.processors.length, this.processors.length);
    this.records.global("runtime.allm", this.threads);
    const { layout, memory } = this.records.source();
    const base = (size: number): DwarfType => ({ offset: 0, name: "", size, goKind: 0, runtimeType: 0, kind: "base", encoding: "uint" });
    const names = NAMES.filter((name) => !this.without.includes(`tracer.${name}`));
    const fields = names.map((name) => ({ name, offset: offsetOf(name), type: base(FIELDS[name]), embedded: false }));
    const type = { ...base(SIZE), name: "struct {...}", kind: "struct", fields, element: undefined } as unknown as DwarfType;
    const address = this.tracer;
    const debug = {
      type: (name: string) => (name === type.name ? type : undefined),
      global: (name: string) => (name === "runtime.trace" ? { name, address, type } : undefined),
    };
    return {
      layout,
      memory,
      binary: { debug },
      types: this.types,
      modules: [{ types: 0, etypes: 2 ** 40 }],
      process: { memory, arch: ARCHES.amd64, loadBias: 0 },
      build: { goVersion: "go1.26.8" },
      functions: { find: () => undefined, byName: () => undefined },
      goroutines: { all: this.goroutines },
      variables: { global: () => undefined },
      ...parts,
    } as unknown as GoRuntime;
  }
}
