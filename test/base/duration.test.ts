import { expect, it } from "vitest";
import { durationText } from "../../src/base/duration.js";

it("writes durations as Go does", () => {
  const said: [bigint, string][] = [
    [0n, "0s"],
    [1n, "1ns"],
    [1100n, "1.1µs"],
    [2_200_000n, "2.2ms"],
    [3_300_000_000n, "3.3s"],
    [60_000_000_000n, "1m0s"],
    [245_001_000_000n, "4m5.001s"],
    [18_367_001_000_000n, "5h6m7.001s"],
    [480_000_000_001n, "8m0.000000001s"],
    [-1_500_000n, "-1.5ms"],
    [2n ** 63n - 1n, "2562047h47m16.854775807s"],
    [-(2n ** 63n), "-2562047h47m16.854775808s"],
  ];
  for (const [value, text] of said) expect(durationText(value)).toBe(text);
});
