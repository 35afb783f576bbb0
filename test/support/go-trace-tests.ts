/** Go's own test traces (src/internal/trace/testdata of a GOROOT), as bytes: nothing of them is kept in this repository. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteWriter } from "../../src/base/byte-writer.js";
import { EV, SPECS } from "../../src/trace/events.js";
import { type TraceFormat, writeHeader } from "../../src/trace/format.js";
import { unquote } from "../../src/value/quote.js";

/** One of Go's tests: what its parser has to say of the trace. */
export interface GoTraceTest {
  readonly name: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** undefined: it is read to its end; else the words of the failure. */
  readonly failure: RegExp | undefined;
}

/** The folder internal/trace of the Go that is in the path, undefined where there is none or it came without its tests. */
export function goTraceFolder(): string | undefined {
  try {
    const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8", env: { ...process.env, GOTOOLCHAIN: "local" } }).trim();
    const folder = join(root, "src", "internal", "trace");
    return existsSync(join(folder, "testdata", "tests")) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** The tests written as text: -- expect --, then -- trace --. */
export function goTraceTests(folder: string): GoTraceTest[] {
  const home = join(folder, "testdata", "tests");
  return readdirSync(home)
    .filter((name) => name.endsWith(".test"))
    .map((name) => {
      const text = readFileSync(join(home, name), "utf8");
      const match = /^-- expect --\n(?<expect>[\s\S]*?)\n?-- trace --\n(?<trace>[\s\S]*)$/.exec(text);
      const { expect = "", trace = "" } = match?.groups ?? {};
      const failure = /^FAILURE "?(.*?)"?\s*$/m.exec(expect)?.[1];
      return {
        name: name.replace(/\.test$/, ""),
        text: trace,
        bytes: traceOfText(trace),
        failure: failure === undefined ? undefined : new RegExp(failure),
      };
    });
}

/** The corpus of Go's fuzzer: bytes that need not be a trace. */
export function goTraceCorpus(folder: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  const home = join(folder, "testdata", "fuzz", "FuzzReader");
  return readdirSync(home).map((name) => {
    const literal = /^\[\]byte\((".*")\)$/m.exec(readFileSync(join(home, name), "utf8"))?.[1] ?? "";
    const bytes = unquote(literal);
    if (!bytes) throw new Error(`${name} holds no bytes`);
    return { name, bytes };
  });
}

/** Traces of the first format, by name. */
export function goOldTraces(folder: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  const home = join(folder, "internal", "tracev1", "testdata");
  return readdirSync(home).map((name) => ({ name, bytes: readFileSync(join(home, name)) }));
}

/**
 * The bytes of a trace in the text of internal/trace/raw: an event a line, its arguments by name and in their order. The size
 * of a batch is what its lines come to, whatever the text says, so that lines can be changed.
 */
export function traceOfText(text: string): Uint8Array {
  const types = new Map<string, number>(Object.entries(EV));
  SPECS.forEach((spec, type) => {
    if (spec) types.set(spec.name, type);
  });
  const out = new ByteWriter();
  let batch: ByteWriter | undefined;
  const endBatch = (): void => {
    if (batch) out.varint(batch.length).put(batch.done());
    batch = undefined;
  };
  for (const line of text.split("\n")) {
    const data = /^\s*data=(".*")\s*$/.exec(line)?.[1];
    if (data !== undefined) {
      const bytes = unquote(data);
      if (!bytes) throw new Error(`no data: ${line}`);
      (batch ?? out).varint(bytes.length).put(bytes);
      continue;
    }
    const [word = "", ...rest] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (word === "") continue;
    if (word === "Trace") {
      out.put(writeHeader(Number(/^Go1\.(\d+)$/.exec(rest[0] ?? "")?.[1]) as TraceFormat));
      continue;
    }
    const isBatch = word === "EventBatch" || word === "ExperimentalBatch";
    if (isBatch || word === "EndOfGeneration") endBatch();
    const to = isBatch ? out : (batch ?? out);
    // A frame of a stack has no name of its own; it begins with its pc.
    const isFrame = word.startsWith("pc=");
    if (!isFrame) {
      const type = types.get(word);
      if (type === undefined) throw new Error(`no event: ${line}`);
      to.byte(type);
    }
    for (const argument of isFrame ? [word, ...rest] : rest) {
      const [name, number = ""] = argument.split("=");
      if (name === "size") continue;
      const value = BigInt(number);
      to.varint(value === 2n ** 64n - 1n ? -1 : Number(value));
    }
    if (isBatch) batch = new ByteWriter();
  }
  endBatch();
  return out.done();
}

/** The text with one line left out, written twice, or changed places with the next; undefined where that cannot be. */
export function changeLine(text: string, index: number, how: "without" | "twice" | "swapped"): string | undefined {
  const lines = text.split("\n");
  const plain = (line: string | undefined) => line !== undefined && /^[A-Z]\w+ dt=/.test(line);
  if (!plain(lines[index]) || (how === "swapped" && !plain(lines[index + 1]))) return undefined;
  const line = lines[index];
  if (how === "without") lines.splice(index, 1);
  else if (how === "twice") lines.splice(index, 0, line);
  else lines.splice(index, 2, lines[index + 1], line);
  return lines.join("\n");
}
