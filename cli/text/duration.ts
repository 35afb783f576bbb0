// Times that passed: told in one unit, read as Go writes them.

const UNITS = [
  // From so many ns on: name, ns, digits behind the point.
  { from: 48 * 3_600e9, name: "days", size: 86_400e9, digits: 1 },
  { from: 2 * 3_600e9, name: "h", size: 3_600e9, digits: 1 },
  { from: 120e9, name: "min", size: 60e9, digits: 1 },
  { from: 1e9, name: "s", size: 1e9, digits: 3 },
  { from: 1e7, name: "ms", size: 1e6, digits: 1 },
  { from: 1e6, name: "ms", size: 1e6, digits: 3 },
  { from: 1e3, name: "µs", size: 1e3, digits: 1 },
  { from: 0, name: "ns", size: 1, digits: 0 },
] as const;

/** "1.234 ms", "-20.5 µs", "3.9 min" of ns. What does not fit is cut off, not rounded up: "at least" stays true. */
export function formatDuration(ns: number): string {
  const size = Math.abs(ns);
  const unit = UNITS.find((each) => size >= each.from) ?? UNITS[UNITS.length - 1];
  const scale = 10 ** (unit?.digits ?? 0);
  const shown = Math.floor((size * scale) / (unit?.size ?? 1)) / scale;
  return `${ns < 0 && shown > 0 ? "-" : ""}${shown.toFixed(unit?.digits)} ${unit?.name}`;
}

const SUFFIXES: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9, d: 86_400e9 };

/** Nanoseconds of "90s", "3m", "1h30m", "250ms", "200us", "300ns"; a number alone is seconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) * 1e9;
  if (!/^(?:[0-9]+(?:[.][0-9]+)?(?:[nuµm]s|[smhd]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, value, unit] of text.matchAll(/([0-9.]+)([nuµm]s|[smhd])/g)) sum += Number(value) * SUFFIXES[unit];
  return Math.round(sum);
}
