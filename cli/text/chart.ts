// Small charts in one line.

/** Eighths of a line's height. */
const LEVELS = "▁▂▃▄▅▆▇█";

/** One character a value, the highest for the greatest. */
export function sparkline(values: readonly number[]): string {
  const most = values.reduce((max, each) => Math.max(max, each), 0);
  if (most === 0) return LEVELS[0]?.repeat(values.length) ?? "";
  return values.map((value) => LEVELS[Math.min(LEVELS.length - 1, Math.floor((value / most) * LEVELS.length))]).join("");
}

/** A share as a bar of so many columns. */
export function shareBar(share: number, columns: number): string {
  const full = Math.max(0, Math.min(columns, Math.round(share * columns)));
  return "█".repeat(full) + "·".repeat(columns - full);
}

/** Sums of neighbouring values, so many; every value is in one of them. */
function gathered(values: readonly number[], columns: number): number[] {
  const sums = new Array<number>(Math.min(columns, values.length)).fill(0);
  values.forEach((value, index) => {
    const at = Math.floor((index * sums.length) / values.length);
    sums[at] = sums[at] + value;
  });
  return sums;
}

/**
 * How busy something was over time, one character a column: · for not at all.
 * @param parts times in ns, all of one length, added up; width: ns that each of their values is of
 */
export function busyLane(parts: readonly (readonly number[])[], width: number, columns: number): string {
  const sums = parts.map((values) => gathered(values, columns));
  const length = parts[0]?.length ?? 0;
  const whole = (width * length) / Math.max(1, sums[0]?.length ?? 1);
  return Array.from({ length: sums[0]?.length ?? 0 }, (_, at) => {
    const busy = sums.reduce((sum, values) => sum + values[at], 0);
    return busy <= 0 ? "·" : LEVELS[Math.min(LEVELS.length - 1, Math.floor((busy / whole) * LEVELS.length))];
  }).join("");
}

const STATES = { running: "█", runnable: "▒", syscall: "s", waiting: "·" } as const;

/** The state that took most of each column, one character a column; a space where there was none. */
export function stateLane(lane: Readonly<Record<keyof typeof STATES, readonly number[]>>, columns: number): string {
  const states = Object.keys(STATES) as (keyof typeof STATES)[];
  const sums = states.map((state) => gathered(lane[state], columns));
  return Array.from({ length: sums[0]?.length ?? 0 }, (_, at) => {
    let best = -1;
    sums.forEach((values, index) => {
      if (values[at] > (best < 0 ? 0 : sums[best]?.[at])) best = index;
    });
    return best < 0 ? " " : STATES[states[best]];
  })
    .join("")
    .trimEnd();
}
