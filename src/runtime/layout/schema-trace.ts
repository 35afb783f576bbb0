// The rows of the schema for the execution tracer's state, and the layout of the variable runtime.trace, whose type has no name.
import type { Address } from "../../base/units.js";
import type { DebugInfo } from "../../dwarf/dwarf.js";
import { layoutFromDwarf } from "./from-dwarf.js";
import type { StructLayout, StructSpec } from "./layout.js";

const optional = { optional: true } as const;

/** All optional: there is no such state before Go 1.22, nor in programs without a tracer. */
export const traceStructs = {
  /** runtime/tracebuf.go (trace2buf.go in Go 1.22) */
  traceBuf: {
    names: ["runtime.traceBuf"],
    optional: true,
    fields: {
      link: { names: ["traceBufHeader.link", "link"] },
      lastTime: { names: ["traceBufHeader.lastTime", "lastTime"] },
      pos: { names: ["traceBufHeader.pos", "pos"] },
      lenPos: { names: ["traceBufHeader.lenPos", "lenPos"] },
      arr: {},
    },
  },
  traceStringTable: { names: ["runtime.traceStringTable"], optional: true, fields: { buf: {}, tab: {} } },
  /** Since Go 1.23 a trie from root; in Go 1.22 a table of lists. runtime/tracemap.go */
  traceMap: { names: ["runtime.traceMap"], optional: true, fields: { root: optional, tab: optional, seq: {} } },
  traceMapNode: {
    names: ["runtime.traceMapNode"],
    optional: true,
    fields: { children: optional, link: optional, id: {}, data: {} },
  },
  profBuf: { names: ["runtime.profBuf"], optional: true, fields: { r: {}, w: {}, hdrsize: {}, data: {}, rNext: {} } },
  /** What of a thread concerns the tracer. runtime/traceruntime.go mTraceState */
  tracedM: {
    names: ["runtime.m"],
    fields: {
      "trace.buf": optional,
      "trace.writing": optional,
      "trace.seqlock": optional,
      procid: {},
      alllink: {},
      freelink: {},
      curg: {},
      p: {},
    },
  },
  tracedG: {
    names: ["runtime.g"],
    fields: {
      goid: {},
      m: {},
      lockedm: {},
      atomicstatus: {},
      waitreason: {},
      inMarkAssist: optional,
      syncSafePoint: optional,
      "sched.sp": {},
      "sched.pc": {},
      "sched.bp": {},
      "sched.lr": {},
      syscallsp: {},
      syscallpc: {},
      syscallbp: optional,
    },
  },
  traceSched: { names: ["runtime.schedt"], fields: { freem: {} } },
} as const satisfies Record<string, StructSpec>;

/** runtime/trace.go (trace2.go in Go 1.22): buffers to be written, generations, tables of stacks and texts, the CPU profile's logs. */
const tracerFields = {
  reading: {},
  empty: {},
  full: {},
  readerGen: {},
  flushedGen: {},
  headerWritten: optional,
  endOfGenerationWritten: optional,
  stackTab: {},
  stringTab: {},
  typeTab: optional,
  cpuLogRead: {},
  cpuBuf: {},
  reader: {},
  gen: {},
  lastNonZeroGen: {},
  shutdown: {},
} as const;

export type TracerLayout = StructLayout<keyof typeof tracerFields>;

/**
 * Where the variable runtime.trace is and what lies where in it.
 * Since Go 1.22 (CL 494187, runtime: add execution tracer v2 behind GOEXPERIMENT=exectracer2); before that the
 * variable is laid out in another way, and undefined is answered.
 */
export function tracerLayout(debug: DebugInfo, bias: Address): { readonly address: Address; readonly struct: TracerLayout } | undefined {
  const variable = debug.global("runtime.trace");
  if (!variable) return undefined;
  const schema = { tracer: { names: [variable.type.name], fields: tracerFields } };
  const layout = layoutFromDwarf(debug, schema, bias);
  if (!layout.hasStruct("tracer")) return undefined;
  const struct = layout.struct("tracer");
  return struct.has("gen") && struct.has("readerGen") ? { address: variable.address + bias, struct } : undefined;
}
