// Samples of the CPU profile that the runtime has taken and not yet written into the trace. runtime/profbuf.go
import type { Findings } from "../base/findings.js";
import { uint64 } from "../base/uint64.js";
import { type Address, hex, NONE } from "../base/units.js";
import { readField } from "../runtime/layout/layout.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { MOST_SAMPLE_WORDS } from "./limits.js";

/** A sample as the signal handler left it: time in units of the trace clock, ids of thread and goroutine, P or NONE, return addresses. */
export interface UnreadSample {
  readonly time: number;
  readonly m: number;
  readonly p: number;
  readonly g: number;
  readonly stack: readonly number[];
}

/**
 * The samples that nobody has read out of a profile buffer yet. The runtime reads them every 100 ms and turns them into events; those
 * of the last moments are still here.
 *
 * The buffer is a ring of words. A record is its length in words, the time, three words of header (P, goroutine, thread) and the
 * stack. A record of length 0 says that the rest up to the ring's end is unused. runtime/profbuf.go, runtime/tracecpu.go
 *
 * @param log address of a profBuf, 0 for none
 * @returns in the order in which they were taken; [] and a finding when the buffer is not in the core
 */
export function unreadSamples(runtime: GoRuntime, log: Address, findings: Findings): readonly UnreadSample[] {
  const { memory } = runtime.process;
  if (log === 0 || !runtime.layout.hasStruct("profBuf")) return [];
  const struct = runtime.layout.struct("profBuf");
  if (!memory.tryBytes(log, struct.size)) return [];
  const data = { array: memory.readAddress(log + struct.offset("data")), length: memory.readUint(log + struct.offset("data") + 8, 8) };
  const headerWords = readField(memory, struct, log, "hdrsize");
  if (data.length === 0 || data.length > MOST_SAMPLE_WORDS || headerWords !== 3) return [];
  const bytes = memory.tryBytes(data.array, data.length * 8);
  if (!bytes) {
    findings.add("trace-samples", "the buffer of CPU samples is not in the core", hex(data.array), { partial: true });
    return [];
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number) => uint64(view, index * 8);
  // The low 32 bits of an index count words and wrap around.
  const written = memory.readUint(log + struct.offset("w"), 4);
  let read = memory.readUint(log + struct.offset("rNext"), 4);
  const out: UnreadSample[] = [];
  for (let steps = 0; read !== written && steps < data.length; steps++) {
    const at = read % data.length;
    const length = word(at);
    if (length === 0) {
      read = (read + (data.length - at)) % 2 ** 32;
      continue;
    }
    if (length < 2 + headerWords || at + length > data.length) {
      findings.add("trace-samples", "the buffer of CPU samples is damaged; some samples are missing", hex(log), { partial: true });
      break;
    }
    // A P is written as twice its id plus 1, no P as 2: a record with 0 is none of the tracer's. runtime/tracecpu.go traceCPUSample
    const [p, g, m] = [word(at + 2), word(at + 3), word(at + 4)];
    if (p !== 0) {
      out.push({
        time: word(at + 1),
        p: p % 2 === 1 ? (p - 1) / 2 : NONE,
        g,
        m,
        stack: Array.from({ length: length - 5 }, (_, i) => word(at + 5 + i)),
      });
    }
    read = (read + length) % 2 ** 32;
  }
  return out;
}
