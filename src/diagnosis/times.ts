// Times in the members of a container: when they came, and whether they should have gone.
import type { Address } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { latestTime } from "../runtime/clock.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { GoType } from "../runtime/types.js";
import type { Case } from "./case.js";
import { DEADLINE_FIELD } from "./name-lists.js";
import type { Sign } from "./sign.js";

/** Seconds from year 1 to 1970, and to 1885, where times with a monotonic clock begin. time/time.go */
const TO_1970 = 62135596800n;
const TO_1885 = 59453308800n;
const NANOSECONDS_BITS = 30n;
/** Members, and ns that the process lived, from which on ages say something. */
const FEWEST_AGES = 50;
const SHORTEST_LIFE = 1e8;

/** What a field of time.Time says of the members that it lies in. @param addresses where it lies in each of them */
export function timeSign(
  { runtime }: Pick<Case, "runtime">,
  typeName: string,
  field: string,
  type: GoType,
  addresses: readonly Address[],
): Sign | undefined {
  const times = addresses.flatMap((address) => readTime(runtime.process.memory, type, address) ?? []);
  return DEADLINE_FIELD.test(field)
    ? deadlineSign(runtime, typeName, field, times, addresses.length)
    : ageSign(runtime, field, times, addresses.length);
}

interface Time {
  /** Seconds since 1970. */
  readonly unix: number;
  /** ns since the process started; undefined when the time was not taken in it. */
  readonly uptime: number | undefined;
}

/** undefined when unreadable or zero. */
function readTime(memory: AddressSpace, type: GoType, address: Address): Time | undefined {
  const [wallField, extField] = ["wall", "ext"].map((name) => type.fields.find((each) => each.name === name));
  if (!wallField || !extField || !memory.tryBytes(address, type.size)) return undefined;
  const wall = memory.readUint64(address + wallField.offset);
  const ext = BigInt.asIntN(64, memory.readUint64(address + extField.offset));
  if (wall === 0n && ext === 0n) return undefined;
  const isMonotonic = wall >> 63n === 1n;
  const seconds = isMonotonic ? (BigInt.asUintN(63, wall) >> NANOSECONDS_BITS) + TO_1885 : ext;
  return { unix: Number(seconds - TO_1970), uptime: isMonotonic ? Number(ext) : undefined };
}

function deadlineSign(runtime: GoRuntime, type: string, field: string, times: readonly Time[], count: number): Sign {
  const now = lastCollection(runtime);
  const share = times.filter(({ unix }) => unix > 0 && unix < now).length / count;
  return share < 0.3 ? { sign: "expiring", field, share: 1 - share } : { sign: "expired", type, field, share };
}

/** Members of all ages since the start: none was ever removed. Members of the start only: loaded once. */
function ageSign(runtime: GoRuntime, field: string, times: readonly Time[], count: number): Sign | undefined {
  const ages = times.flatMap(({ uptime }) => uptime ?? []).sort((a, b) => a - b);
  if (ages.length < FEWEST_AGES || ages.length < count * 0.9) return undefined;
  const at = (share: number) => ages[Math.floor((ages.length - 1) * share)];
  const life = Math.max(uptime(runtime), at(1));
  if (life < SHORTEST_LIFE || at(0) < 0) return undefined;
  const span = { field, from: at(0.01), to: at(1), life };
  if (at(0.95) < life * 0.1) return { sign: "since-start", ...span };
  const isSpread = at(0.02) < life * 0.25 && at(0.5) > life * 0.2 && at(0.5) < life * 0.85 && at(0.99) > life * 0.8;
  return isSpread ? { sign: "all-ages", ...span } : undefined;
}

/** ns that the process lived at least; 0 when unknown. */
function uptime(runtime: GoRuntime): number {
  const { memory } = runtime.process;
  const start = runtime.variables.global("time.startNano");
  const began = start && memory.tryBytes(start.address, 8) ? memory.readUint(start.address, 8) : 0;
  return began > 0 ? Math.max(0, latestTime(runtime) - began) : 0;
}

/** Unix seconds of the end of the last collection: the process died no earlier, and mostly not much later. */
function lastCollection({ accounts }: GoRuntime): number {
  const last = accounts?.gc.lastGc ?? 0n;
  return last > 0n ? Number(last / 1_000_000_000n) : Number.POSITIVE_INFINITY;
}
