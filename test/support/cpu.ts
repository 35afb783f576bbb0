/**
 * Seconds of processor time of some work: what else the machine does meanwhile does not count. Bounds on it are many times what the work
 * takes, since they tell apart only what grows with the size from what grows with its square.
 */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
