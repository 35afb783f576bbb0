// Times that passed, as people say them.

const units = [
  ["day", 86_400e9],
  ["hour", 3_600e9],
  ["minute", 60e9],
  ["second", 1e9],
  ["millisecond", 1e6],
] as const;

/** "3 minutes", "1 hour", "less than a millisecond"; nanoseconds in. */
export function formatDuration(nanoseconds: number): string {
  for (const [name, size] of units) {
    const count = Math.floor(nanoseconds / size);
    if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return "less than a millisecond";
}

const suffixes: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9, d: 86_400e9 };

/** Nanoseconds of "90s", "3m", "1h30m", "250ms"; a number alone is seconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) * 1e9;
  if (!/^(?:[0-9]+(?:[.][0-9]+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, value, unit] of text.matchAll(/([0-9.]+)(ms|[smhd])/g)) sum += Number(value) * (suffixes[unit as string] as number);
  return sum;
}
