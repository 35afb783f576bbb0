// A stopped amd64 program that a test makes: functions with their machine code, goroutines with their frames, records of the runtime.
import { ARCHES } from "../../src/base/arch.js";
import type { Address } from "../../src/base/units.js";
import type { GoFunction, InlinedFrame } from "../../src/runtime/functions.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { Frame } from "../../src/runtime/unwind.js";
import { RecordBuilder } from "./record-builder.js";

/** Bytes of an instruction, or a call of a function, or the address of something in the first argument's register. */
type Code = number | { readonly call: string } | { readonly argument: Address };

const CALL = 5;
const ADDRESS = 7;
const RETURN = 0xc3;
/** Bytes reserved for each function. */
const ROOM = 64;

export class StoppedProgram {
  readonly records = new RecordBuilder();
  private readonly functions = new Map<string, GoFunction>();
  private readonly goroutines: Goroutine[] = [];

  /** A function; without code it only returns. */
  add(name: string, ...code: Code[]): GoFunction {
    const entry = this.records.memory.allocate(ROOM);
    const fn = { name, entry, end: entry + ROOM, flag: 0, funcId: 0, args: 0, deferreturn: 0, startLine: 1 } as GoFunction;
    this.functions.set(name, fn);
    let at = entry;
    const relative = (opcode: number[], size: number, target: Address) => {
      this.records.memory.bytes(at, opcode).uint(at + opcode.length, 4, (target - at - size) >>> 0);
      at += size;
    };
    for (const each of code) {
      if (typeof each === "number") this.records.memory.uint(at++, 1, each);
      else if ("call" in each) relative([0xe8], CALL, this.entryOf(each.call));
      else relative([0x48, 0x8d, 0x05], ADDRESS, each.argument);
    }
    this.records.memory.uint(at, 1, RETURN);
    return fn;
  }

  /** A goroutine that waits; calls: its functions, innermost first, each with the offset behind the call it stands in. */
  stop(id: number, calls: readonly (readonly [name: string, offset: number])[], fields: Readonly<Record<string, number>> = {}): Goroutine {
    const lo = this.records.memory.allocate(1024);
    const address = this.records.make("g", { goid: id, "stack.lo": lo, "stack.hi": lo + 1024, ...fields });
    const frames = calls.map(([name, offset], index): Frame => {
      const fn = this.functions.get(name) as GoFunction;
      const sp = lo + 64 + index * 64;
      const pc = fn.entry + offset;
      return { fn, pc, sp, fp: sp + 64, varp: sp + 48, argp: sp + 64, continpc: pc, symbolPc: pc - 1, conservative: false };
    });
    const goroutine = {
      id,
      address,
      status: "waiting",
      waitReason: "sync.Mutex.Lock",
      stack: { lo, hi: lo + 1024 },
      system: false,
      registers: undefined,
      unwound: () => ({ frames, omitted: 0, complete: true, problem: undefined }),
      walk: (visit: (frame: Frame) => void) => frames.forEach(visit),
    } as unknown as Goroutine;
    this.goroutines.push(goroutine);
    return goroutine;
  }

  private entryOf(name: string): Address {
    return (this.functions.get(name) ?? this.add(name)).entry;
  }

  /** What has been made so far. @param parts in place of what a test program has not: its types, variables, spans */
  runtime(parts: Partial<GoRuntime> = {}): GoRuntime {
    const { layout, memory } = this.records.source();
    const functions = [...this.functions.values()];
    const find = (pc: Address) => functions.find((each) => pc >= each.entry && pc < each.end);
    const lineAt = () => ({ file: "/src/app/main.go", line: 7 });
    const inlinedAt = (fn: GoFunction, pc: Address): InlinedFrame[] => [{ name: fn.name, ...lineAt(), inlined: false, funcId: 0, pc }];
    return {
      layout,
      memory,
      process: { memory, arch: ARCHES.amd64, threads: [], files: [], pid: 77, signal: undefined },
      build: { module: "app", dependencies: [] },
      functions: { find, inlinedAt, lineAt, byName: (name: string) => this.functions.get(name), funcdata: () => 0 },
      goroutines: {
        all: this.goroutines,
        find: (id: number) => this.goroutines.find((each) => each.id === id),
        stackMaps: { at: () => ({ known: true, locals: [], args: [], objects: [] }), argumentBytes: () => 0 },
      },
      modules: [],
      variables: { global: () => undefined },
      symbolAt: () => undefined,
      ...parts,
    } as unknown as GoRuntime;
  }
}
