// The runtime's clock as it was at the end: no core says when it was made, but many places note a time.
import { WORD } from "../base/units.js";
import type { RecordSource } from "./records/chain.js";
import { processorAddresses } from "./records/processor.js";

/**
 * The latest time, in ns of runtime.nanotime, that the runtime has noted anywhere: the process died no earlier. The monitor
 * notes one at least every few seconds while anything runs; of an idle process it is the last poll of the network.
 * 0 when nothing was noted.
 */
export function latestTime(source: RecordSource): number {
  const { layout, memory } = source;
  let latest = 0;
  const note = (address: number | undefined) => {
    if (address === undefined || !memory.tryBytes(address, WORD)) return;
    const value = memory.readUint(address, 8);
    if (value > latest && value < 2 ** 62) latest = value;
  };
  const sched = layout.global("runtime.sched");
  const poll = layout.struct("schedulerClock");
  if (sched !== undefined && poll.has("lastpoll")) note(sched + poll.offset("lastpoll"));
  const memstats = layout.global("runtime.memstats");
  const collector = layout.struct("collectorClock");
  if (memstats !== undefined && collector.has("last_gc_nanotime")) note(memstats + collector.offset("last_gc_nanotime"));
  const p = layout.struct("processor");
  for (const processor of processorAddresses(source)) {
    if (p.has("schedwhen")) note(processor + p.offset("schedwhen"));
    if (p.has("syscallwhen")) note(processor + p.offset("syscallwhen"));
  }
  return latest;
}
