// The JSON of Chrome's about:tracing, which Perfetto and others read too. Source: "Trace Event Format" (Google, 2016).
import { type Annotations, GROUP, type Sink } from "./sink.js";

/**
 * One JSON object a line, all in one array: "M" names, "X" complete slices, "i" points, "C" counters. Times in microseconds. A group is
 * what the format calls a process, a track a thread of it.
 */
export class ChromeSink implements Sink {
  private lines: string[] = [];
  private started = false;

  private put(event: Readonly<Record<string, unknown>>): void {
    this.lines.push(JSON.stringify(event));
  }
  group(id: number, name: string): void {
    this.put({ ph: "M", name: "process_name", pid: id, args: { name } });
    this.put({ ph: "M", name: "process_sort_index", pid: id, args: { sort_index: id } });
  }
  track(group: number, id: number, name: string): void {
    this.put({ ph: "M", name: "thread_name", pid: group, tid: id, args: { name } });
    this.put({ ph: "M", name: "thread_sort_index", pid: group, tid: id, args: { sort_index: id } });
  }
  slice(group: number, id: number, name: string, category: string, from: number, to: number, args: Annotations): void {
    this.put({ ph: "X", pid: group, tid: id, name, cat: category, ts: from / 1000, dur: Math.max(0, to - from) / 1000, args });
  }
  instant(group: number, id: number, name: string, category: string, at: number, args: Annotations): void {
    this.put({ ph: "i", pid: group, tid: id, name, cat: category, ts: at / 1000, s: category === "mark" ? "g" : "t", args });
  }
  counter(name: string, at: number, value: number): void {
    this.put({ ph: "C", pid: GROUP.gc, name, ts: at / 1000, args: { value } });
  }
  take(): Uint8Array {
    if (this.lines.length === 0) return new Uint8Array(0);
    const text = `${this.started ? ",\n" : '{"displayTimeUnit":"ns","traceEvents":[\n'}${this.lines.join(",\n")}`;
    this.started = true;
    this.lines = [];
    return new TextEncoder().encode(text);
  }
  end(): Uint8Array {
    return new TextEncoder().encode(this.started ? "\n]}\n" : '{"traceEvents":[]}\n');
  }
}
