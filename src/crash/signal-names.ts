// Signals by name, and what their codes say. signal(7), asm-generic/siginfo.h

/** The same on amd64 and arm64. */
const NAMES: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1: ["SIGHUP", "hangup"],
  2: ["SIGINT", "interrupt"],
  3: ["SIGQUIT", "quit"],
  4: ["SIGILL", "illegal instruction"],
  5: ["SIGTRAP", "trace trap"],
  6: ["SIGABRT", "abort"],
  7: ["SIGBUS", "bus error"],
  8: ["SIGFPE", "floating-point exception"],
  9: ["SIGKILL", "killed"],
  10: ["SIGUSR1", "user-defined signal 1"],
  11: ["SIGSEGV", "segmentation violation"],
  12: ["SIGUSR2", "user-defined signal 2"],
  13: ["SIGPIPE", "write to broken pipe"],
  14: ["SIGALRM", "alarm clock"],
  15: ["SIGTERM", "termination"],
  16: ["SIGSTKFLT", "stack fault"],
  19: ["SIGSTOP", "stop"],
  24: ["SIGXCPU", "cpu limit exceeded"],
  25: ["SIGXFSZ", "file size limit exceeded"],
  31: ["SIGSYS", "bad system call"],
};

/** "SIGSEGV". */
export function signalName(signo: number): string {
  return NAMES[signo]?.[0] ?? `signal ${signo}`;
}

/** "segmentation violation"; "" when it has no words. */
export function signalMeaning(signo: number): string {
  return NAMES[signo]?.[1] ?? "";
}
