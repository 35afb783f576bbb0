// The crash among the events of a trace.

/** What a row has to have to be told before or after the crash. */
interface Timed {
  /** ns before the end, negative or 0. */
  readonly beforeEnd: number;
  readonly proc: number;
  readonly goroutine: number;
  readonly kind: string;
  readonly text: string;
}

/** Rows in the order of time, the crash as a row among them. @param crash ns before the end; undefined: not known */
export function withCrash<Row extends Timed>(rows: readonly Row[], crash: number | undefined): readonly (Row | Timed)[] {
  if (crash === undefined) return rows;
  const at = rows.findIndex((row) => row.beforeEnd >= crash);
  const mark: Timed = { beforeEnd: crash, proc: -1, goroutine: -1, kind: "crash", text: "== the runtime freezes the program to die ==" };
  return at < 0 ? [...rows, mark] : [...rows.slice(0, at), mark, ...rows.slice(at)];
}
