// Durations as people read them, and small charts in one line.

/** "1.234 ms" of ns; three digits behind the point at most. */
export function formatDuration(ns: number): string {
  const sign = ns < 0 ? "-" : "";
  const size = Math.abs(ns);
  if (size < 1000) return `${sign}${Math.round(size)} ns`;
  if (size < 1e6) return `${sign}${(size / 1e3).toFixed(1)} µs`;
  if (size < 1e9) return `${sign}${(size / 1e6).toFixed(size < 1e7 ? 3 : 1)} ms`;
  if (size < 120e9) return `${sign}${(size / 1e9).toFixed(3)} s`;
  return `${sign}${(size / 60e9).toFixed(1)} min`;
}

/** Parses "50ms", "1.5s", "200us" or "300ns" into ns; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m)$/.exec(text.trim());
  if (!match) return undefined;
  const unit = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9 }[match[2] as "ns"];
  return Math.round(Number(match[1]) * unit);
}

const LEVELS = "▁▂▃▄▅▆▇█";

/** One character a value, the highest for the greatest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0);
  if (most === 0) return LEVELS[0]?.repeat(values.length) ?? "";
  return values.map((value) => LEVELS[Math.min(LEVELS.length - 1, Math.floor((value / most) * LEVELS.length))]).join("");
}

/** A share as a bar of so many columns. */
export function shareBar(share: number, columns: number): string {
  const full = Math.max(0, Math.min(columns, Math.round(share * columns)));
  return "█".repeat(full) + "·".repeat(columns - full);
}
