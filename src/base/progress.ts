// Stages of a long computation, and how it is cancelled.

/** Told by long loops; tick() may throw Cancelled. */
export interface Progress {
  /** A new stage begins; total is in the stage's own unit, 0 when unknown. */
  stage(name: string, total: number): void;
  tick(done: number): void;
}

/** Thrown by tick() when the person said stop, or a signal; its cause is the signal's reason. */
export class Cancelled extends Error {
  constructor(options?: ErrorOptions) {
    super("cancelled", options);
    this.name = "Cancelled";
  }
}

/** Tells nobody. */
export const silent: Progress = { stage() {}, tick() {} };
