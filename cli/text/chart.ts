// Small charts in one line.

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
