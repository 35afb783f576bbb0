// Points in time and durations, as package time keeps and prints them.
import { durationText, fraction } from "../base/duration.js";
import { type Address, NONE } from "../base/units.js";
import type { GoType } from "../runtime/types.js";
import { LONGEST_ZONE, MOST_SECONDS } from "./limits.js";
import { quoteBytes } from "./quote.js";
import type { ValueEnvironment } from "./scalars.js";

/** Bits of wall that are nanoseconds; bit 63 says that seconds since 1885 lie above them. time/time.go */
const NANOSECONDS = 0x3fffffffn;
const WALL_SECONDS = 0x7fffffffffffffffn;
/** Seconds from year 1 to 1885 and to 1970. */
const TO_1885 = 59453308800n;
const TO_1970 = 62135596800n;

/**
 * A time.Time in UTC, "2024-02-29T23:59:59.5Z (shown in UTC; its location is Local)", or a time.Duration, "1.5s".
 * undefined for any other type. @throws MemoryFault
 */
export function timeText(env: ValueEnvironment, type: GoType, address: Address): string | undefined {
  if (type.name === "time.Duration" && type.size === 8) return durationText(BigInt.asIntN(64, env.memory.readUint64(address)));
  return type.name === "time.Time" ? pointText(env, type, address) : undefined;
}

/**
 * Reads {wall uint64, ext int64, loc *Location}. With a monotonic reading (bit 63 of wall) ext is that reading, in ns since the process
 * started; else it is the seconds since year 1. time/time.go Time
 */
function pointText(env: ValueEnvironment, type: GoType, address: Address): string | undefined {
  const { memory } = env;
  const [wallField, extField, locField] = ["wall", "ext", "loc"].map((name) => type.fields.find((field) => field.name === name));
  if (!wallField || !extField) return undefined;
  const wall = memory.readUint64(address + wallField.offset);
  const ext = BigInt.asIntN(64, memory.readUint64(address + extField.offset));
  const location = locField ? (memory.tryAddress(address + locField.offset) ?? 0) : 0;
  const zone = location > 0 ? zoneName(env, location) : "UTC";
  if (wall === 0n && ext === 0n && zone === "UTC") return "0001-01-01T00:00:00Z (zero)";
  const hasMonotonic = wall >> 63n === 1n;
  const seconds = hasMonotonic ? ((wall & WALL_SECONDS) >> 30n) + TO_1885 : ext;
  const unix = Number(seconds - TO_1970);
  if (Math.abs(unix) > MOST_SECONDS) return `${unix} s after 1970`;
  const nanoseconds = Number(wall & NANOSECONDS);
  return `${dateText(unix)}${fraction(nanoseconds, 9)}Z${zone === "UTC" || zone === "" ? "" : ` (shown in UTC; its location is ${zone})`}`;
}

/** "2024-02-29T23:59:59", years as Go writes them: -0044, 12345. */
function dateText(unix: number): string {
  const date = new Date(unix * 1000);
  const year = date.getUTCFullYear();
  return `${year < 0 ? "-" : ""}${String(Math.abs(year)).padStart(4, "0")}${date.toISOString().slice(-20, -5)}`;
}

/** The name of a *time.Location, quoted without its quotes; "" when it cannot be read. */
function zoneName(env: ValueEnvironment, location: Address): string {
  const { memory, types } = env;
  const type = types.byName("time.Location");
  const field = type === NONE ? undefined : types.get(type).fields.find((each) => each.name === "name");
  if (!field) return "";
  const length = memory.tryAddress(location + field.offset + 8) ?? 0;
  const start = memory.tryAddress(location + field.offset) ?? 0;
  const bytes = length > 0 && length < LONGEST_ZONE ? memory.tryBytes(start, length) : undefined;
  return bytes ? quoteBytes(bytes).slice(1, -1) : "";
}
