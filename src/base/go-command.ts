// Programs that a command of Go made for itself alone: removed when they end, or kept in its cache, and linked without debug information.

/** The command that made a program, by its path when it ran: go run, or go test; undefined for one that was built to stay. cmd/go/internal/work */
export function goCommandOf(path: string): "run" | "test" | undefined {
  if (!/\/go-build(?:\d+)?\//.test(path)) return undefined;
  return /\.test(?: \(deleted\))?$/.test(path) ? "test" : "run";
}
