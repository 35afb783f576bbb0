// Durations as Go writes them.

/** Units below a second: their name, their nanoseconds, and the digits behind the point. */
const UNITS = [
  ["ns", 1n, 0],
  ["µs", 1_000n, 3],
  ["ms", 1_000_000n, 6],
] as const;
const SECOND = 1_000_000_000n;

/** As Duration.String writes it: "0s", "1.5µs", "1h0m2.5s". @param value in nanoseconds */
export function durationText(value: bigint): string {
  if (value === 0n) return "0s";
  const sign = value < 0n ? "-" : "";
  const size = value < 0n ? -value : value;
  for (const [name, unit, digits] of UNITS) {
    if (size < unit * 1000n) return `${sign}${size / unit}${fraction(size % unit, digits)}${name}`;
  }
  const seconds = size / SECOND;
  const [hours, minutes] = [seconds / 3600n, (seconds / 60n) % 60n];
  const before = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : "";
  return `${sign}${before}${seconds % 60n}${fraction(size % SECOND, 9)}s`;
}

/** ".5" for 500 of 3 digits, "" for none. */
export function fraction(value: number | bigint, digits: number): string {
  return Number(value) === 0 ? "" : `.${String(value).padStart(digits, "0").replace(/0+$/, "")}`;
}
