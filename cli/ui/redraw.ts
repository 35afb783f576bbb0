// When whoever draws is told that the frame is another: at once, then not again before the last one had its time.

/** Shortest time between two frames. */
const frameMilliseconds = 16;
/** Time between two looks at how far the other thread is. */
const progressMilliseconds = 100;

/** Tells listeners of changes, many of them at once. */
export class Redraw {
  private readonly listeners = new Set<() => void>();
  private isTold = true;
  private resting: NodeJS.Timeout | undefined;
  private ticking: NodeJS.Timeout | undefined;

  /** Calls back after changes; returns how to stop. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Something is to be drawn. */
  changed(): void {
    this.isTold = false;
    // The first change is drawn at once, so that a key feels immediate; those within the next 16 ms wait for its end.
    if (!this.resting) this.tell();
  }

  /** Calls back ten times a second, until it says no. */
  tick(again: () => boolean): void {
    if (this.ticking) return;
    this.ticking = setTimeout(() => {
      this.ticking = undefined;
      if (again()) this.tick(again);
    }, progressMilliseconds);
  }

  /** Nobody is told anything from now on, and no timer keeps the process alive. */
  close(): void {
    clearTimeout(this.resting);
    clearTimeout(this.ticking);
    this.listeners.clear();
  }

  /** Tells all listeners, then rests for a frame; what changes meanwhile is told at its end, once. */
  private tell(): void {
    this.isTold = true;
    for (const listener of this.listeners) listener();
    this.resting = setTimeout(() => {
      this.resting = undefined;
      if (!this.isTold) this.tell();
    }, frameMilliseconds);
  }
}
