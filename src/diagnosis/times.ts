// Times in the members of a container: when they came, and whether they should have gone.
import type { Address } from "../base/units.js";
import type { Dump } from "../dump.js";
import { latestTime } from "../runtime/clock.js";
import type { GoType } from "../runtime/types.js";
import { durationText } from "../value/times.js";

/** What was found out about members, and how much it speaks for a leak: above 1 for, below 1 against. */
export interface Sign {
  readonly weight: number;
  readonly evidence: string;
}

const DEADLINE = /(?:expire|deadline|until|validto|notafter|ttlat)/i;
/** Seconds from year 1 to 1970, and to 1885, where times with a monotonic clock begin. time/time.go */
const TO_1970 = 62135596800n;
const TO_1885 = 59453308800n;
const NANOSECONDS_BITS = 30n;
const LENGTHS = { fewest: 50, shortest: 1e8 };

/** What a field of time.Time says of the members that it lies in. @param addresses where it lies in each of them */
export function timeSign(dump: Dump, typeName: string, field: string, type: GoType, addresses: readonly Address[]): Sign | undefined {
  const times = addresses.flatMap((address) => readTime(dump, type, address) ?? []);
  return DEADLINE.test(field)
    ? deadlineSign(dump, typeName, field, times, addresses.length)
    : ageSign(dump, field, times, addresses.length);
}

interface Time {
  /** Seconds since 1970. */
  readonly unix: number;
  /** ns since the process started; undefined when the time was not taken in it. */
  readonly uptime: number | undefined;
}

/** undefined when unreadable or zero. */
function readTime(dump: Dump, type: GoType, address: Address): Time | undefined {
  const { memory } = dump.process;
  const [wallField, extField] = ["wall", "ext"].map((name) => type.fields.find((each) => each.name === name));
  if (!wallField || !extField || !memory.tryBytes(address, type.size)) return undefined;
  const wall = memory.readUint64(address + wallField.offset);
  const ext = BigInt.asIntN(64, memory.readUint64(address + extField.offset));
  if (wall === 0n && ext === 0n) return undefined;
  const isMonotonic = wall >> 63n === 1n;
  const seconds = isMonotonic ? (BigInt.asUintN(63, wall) >> NANOSECONDS_BITS) + TO_1885 : ext;
  return { unix: Number(seconds - TO_1970), uptime: isMonotonic ? Number(ext) : undefined };
}

function deadlineSign(dump: Dump, typeName: string, field: string, times: readonly Time[], count: number): Sign {
  const now = lastCollection(dump);
  const share = times.filter(({ unix }) => unix > 0 && unix < now).length / count;
  return share < 0.3
    ? { weight: 0.5, evidence: `${field} of ${percent(1 - share)} lies in the future: they expire` }
    : { weight: 3, evidence: `${field} of ${percent(share)} of the ${typeName} had passed, and they are still held` };
}

/** Members of all ages since the start: none was ever removed. Members of the start only: loaded once. */
function ageSign(dump: Dump, field: string, times: readonly Time[], count: number): Sign | undefined {
  const ages = times.flatMap(({ uptime }) => uptime ?? []).sort((a, b) => a - b);
  if (ages.length < LENGTHS.fewest || ages.length < count * 0.9) return undefined;
  const at = (share: number) => ages[Math.floor((ages.length - 1) * share)];
  const life = Math.max(uptime(dump), at(1));
  if (life < LENGTHS.shortest || at(0) < 0) return undefined;
  const span = `${field} runs from ${rough(at(0.01))} to ${rough(at(1))} of the ${rough(life)} that the process lived`;
  if (at(0.95) < life * 0.1) return { weight: 0.5, evidence: `${span}: they came with the start` };
  const isSpread = at(0.02) < life * 0.25 && at(0.5) > life * 0.2 && at(0.5) < life * 0.85 && at(0.99) > life * 0.8;
  return isSpread ? { weight: 2.5, evidence: `${span}: they are of all ages, as if none ever went` } : undefined;
}

/** ns that the process lived at least; 0 when unknown. */
function uptime(dump: Dump): number {
  const { memory } = dump.process;
  const start = dump.runtime.variables.global("time.startNano");
  const began = start && memory.tryBytes(start.address, 8) ? memory.readUint(start.address, 8) : 0;
  return began > 0 ? Math.max(0, latestTime(dump.runtime) - began) : 0;
}

/** Unix seconds of the end of the last collection: the process died no earlier, and mostly not much later. */
function lastCollection(dump: Dump): number {
  const last = dump.runtime.accounts?.gc.lastGc ?? 0n;
  return last > 0n ? Number(last / 1_000_000_000n) : Number.POSITIVE_INFINITY;
}

const percent = (share: number) => `${Math.round(share * 100)}%`;

/** A duration to about three digits. @param nanoseconds */
function rough(nanoseconds: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, nanoseconds))) - 2);
  return durationText(BigInt(Math.round(nanoseconds / unit) * unit));
}
