// The execution trace out of a core, as a file that `go tool trace` reads, with an account of what was saved and what is lost.
import { lastGenerationAlone, type MissingTrace } from "../recorder/recorder.js";
import { G_STATES } from "../trace/trace.js";
import type { Query } from "./query.js";
import { piecesOf, withContents } from "./trace-source.js";

/** What is written; tail: only what the prefix lacks. */
export interface TraceExtractArgs {
  /** The last generation alone. */
  readonly last?: boolean;
  /** Only what the prefix lacks. */
  readonly tail?: boolean;
  /** File with the trace's beginning, when the program was sending it away. */
  readonly prefix?: string;
}

/** A trace out of a core, or why there is none. Times in ns. */
export interface TraceExtractResult {
  readonly found: boolean;
  /** Why there is none. */
  readonly missing?: MissingTrace;
  /** Only the trace's end is in the core: what came before went to the destination. */
  readonly lacksBeginning: boolean;
  /** Where the program was sending it: a file, a connection, the flight recorder's own memory. */
  readonly destination: { readonly kind: string; readonly name: string };
  /** Of the file: "go 1.26 trace". */
  readonly format: string;
  /** What -o writes. */
  readonly writes: "whole trace" | "last generation" | "tail";
  /** It can be read alone. */
  readonly standsAlone: boolean;
  readonly bytes: number;
  /** Of the prefix: keep so many bytes and put the tail behind them. */
  readonly keep: number;
  /**
   * Each that is in the file, with where it was found, its bytes, and how many records of each kind corescope added to end it, as the
   * runtime would have at its next traceAdvance. runtime/trace.go
   */
  readonly generations: readonly {
    readonly number: number;
    readonly from: string;
    readonly bytes: number;
    readonly added: {
      readonly statuses: number;
      readonly stacks: number;
      readonly strings: number;
      readonly samples: number;
      readonly stops: number;
    };
  }[];
  /** Of the file; 0 when it was not read. */
  readonly events: number;
  readonly span: number;
  /** ns since 1970 of the last event; "" when the format does not tell. */
  readonly lastWall: string;
  /** The program was stopping its tracer when it died. */
  readonly stopping: boolean;
  /** Left out because what they follow is lost. */
  readonly trimmed: { readonly events: number; readonly span: number };
  /** Last events of threads that were only half written. */
  readonly halfWritten: number;
  /** Threads inside the tracer at death: their goroutines' last event may be missing. */
  readonly inTracer: readonly { readonly thread: number; readonly goroutine: number }[];
  /** Goroutines whose last change of state is not in the trace; inTrace "": nothing of it is. */
  readonly behind: readonly { readonly goroutine: number; readonly state: string; readonly inTrace: string }[];
}

/** Lifts the execution trace out of the dead process. */
export const traceExtract: Query<TraceExtractArgs, TraceExtractResult> = {
  name: "trace extract",
  summary: "the execution trace, lifted out of the crash to the moment of death",
  run(dump, args, { findings }) {
    const trace = dump.trace.extract(args.prefix);
    if (!trace.found) {
      const { found: _, ...missing } = trace;
      return { ...NOTHING, missing };
    }
    const { whole } = trace;
    const writes = args.tail || !whole ? "tail" : args.last ? "last generation" : "whole trace";
    const source =
      writes === "tail"
        ? trace.tail
        : writes === "whole trace" || !whole
          ? (whole ?? trace.tail)
          : lastGenerationAlone(whole, trace.format, findings);
    const { read } = trace;
    const result: TraceExtractResult = {
      found: true,
      lacksBeginning: whole === undefined,
      destination: trace.destination,
      format: `go 1.${trace.format} trace`,
      writes,
      standsAlone: writes !== "tail",
      bytes: source.size,
      keep: trace.keep,
      generations: trace.generations.map(({ number, from, bytes, statuses, stacks, strings, samples, stops }) => ({
        number,
        from,
        bytes,
        added: { statuses, stacks, strings, samples, stops },
      })),
      events: read?.events ?? 0,
      span: read ? read.last - read.first : 0,
      lastWall: read?.wallOffset === undefined ? "" : String(read.wallOffset + BigInt(Math.round(read.last))),
      stopping: trace.stopping,
      trimmed: { events: trace.trimmed?.events ?? 0, span: trace.trimmed?.span ?? 0 },
      halfWritten: trace.cutEvents,
      inTracer: trace.inTracer.map(({ tid, goroutine }) => ({ thread: tid, goroutine })),
      behind: trace.stale.map(({ goroutine, status, traceStatus }) => ({
        goroutine,
        state: G_STATES[status] ?? "",
        inTrace: traceStatus === undefined ? "" : (G_STATES[traceStatus] ?? ""),
      })),
    };
    return withContents(result, () => piecesOf(source));
  },
};

/** The answer when there is no trace; only the reason is added. */
const NOTHING: TraceExtractResult = {
  found: false,
  lacksBeginning: false,
  destination: { kind: "", name: "" },
  format: "",
  writes: "whole trace",
  standsAlone: false,
  bytes: 0,
  keep: 0,
  generations: [],
  events: 0,
  span: 0,
  lastWall: "",
  stopping: false,
  trimmed: { events: 0, span: 0 },
  halfWritten: 0,
  inTracer: [],
  behind: [],
};
