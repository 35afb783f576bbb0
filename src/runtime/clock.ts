// The runtime's clock as it was at the end: no core says when it was made, but many places note a time.
import { WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { readSlice } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";

const MOST_PROCESSORS = 1 << 16;

/**
 * The latest time, in ns of runtime.nanotime, that the runtime has noted anywhere: the process died no earlier. The monitor
 * notes one at least every few seconds while anything runs; of an idle process it is the last poll of the network.
 * 0 when nothing was noted.
 */
export function latestTime(memory: AddressSpace, layout: Layout): number {
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
  const allp = layout.global("runtime.allp");
  if (allp === undefined || !memory.tryBytes(allp, 3 * WORD)) return latest;
  const { array, length } = readSlice(memory, allp);
  const p = layout.struct("processor");
  for (let i = 0; i < Math.min(length, MOST_PROCESSORS); i++) {
    const processor = memory.tryAddress(array + i * WORD) ?? 0;
    if (processor <= 0) continue;
    if (p.has("schedwhen")) note(processor + p.offset("schedwhen"));
    if (p.has("syscallwhen")) note(processor + p.offset("syscallwhen"));
  }
  return latest;
}
