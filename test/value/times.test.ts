import { expect, test } from "vitest";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { timeText } from "../../src/value/times.js";
import { layoutOf, MemoryBuilder, SWISS_STRUCTS, TypeBuilder } from "../support/memory-builder.js";

/** time.Time of these words. @param zone  name of its location; absent for UTC */
function time(wall: bigint, ext: bigint, zone?: string): string | undefined {
  const types = new TypeBuilder();
  const memory = new MemoryBuilder();
  const text = types.add("string", "string", 16);
  types.add("time.Location", "struct", 16, { fields: [["name", 0, text]] });
  const type = types.add("time.Time", "struct", 24, {
    fields: [
      ["wall", 0, types.add("uint64", "uint", 8)],
      ["ext", 8, types.add("int64", "int", 8)],
      ["loc", 16, types.add("*time.Location", "pointer", 8)],
    ],
  });
  const at = memory.allocate(24);
  memory.word(at, wall).word(at + 8, ext);
  if (zone !== undefined) {
    const location = memory.allocate(16);
    memory.string(location, zone).word(at + 16, location);
  }
  return timeText({ memory: memory.memory(), types, maps: mapsOf(layoutOf(SWISS_STRUCTS)) }, types.get(type), at);
}

const TO_1970 = 62_135_596_800n;

test("without a monotonic clock seconds count from year 1, and nanoseconds stand in wall", () => {
  expect(time(0n, TO_1970)).toBe("1970-01-01T00:00:00Z");
  expect(time(500_000_000n, TO_1970 + 1_709_251_199n)).toBe("2024-02-29T23:59:59.5Z");
  expect(time(0n, TO_1970 - 1n)).toBe("1969-12-31T23:59:59Z");
});

test("with one the seconds since 1885 stand in wall, and ext is of that clock", () => {
  const since1885 = TO_1970 - 59_453_308_800n + 1_709_251_199n;
  expect(time((1n << 63n) | (since1885 << 30n) | 1n, 12_345n)).toBe("2024-02-29T23:59:59.000000001Z");
});

test("the zero time, a location, and a time that no calendar has", () => {
  expect(time(0n, 0n)).toBe("0001-01-01T00:00:00Z (zero)");
  expect(time(0n, TO_1970, "Europe/Berlin")).toBe("1970-01-01T00:00:00Z (shown in UTC; its location is Europe/Berlin)");
  expect(time(0n, 2n ** 62n)).toMatch(/^\d+ s after 1970$/);
});

test("a duration; any other type is no time", () => {
  const types = new TypeBuilder();
  const memory = new MemoryBuilder();
  const at = memory.allocate(8);
  memory.word(at, 1_500_000_000);
  const env = { memory: memory.memory(), types, maps: mapsOf(layoutOf(SWISS_STRUCTS)) };
  expect(timeText(env, types.get(types.add("time.Duration", "int", 8)), at)).toBe("1.5s");
  expect(timeText(env, types.get(types.add("int64", "int", 8)), at)).toBeUndefined();
});
