// What accounts are made of: the heap, who holds what in it, and the runtime; and what people call its objects.
import type { Progress } from "../base/progress.js";
import type { ObjectId, OwnerId } from "../base/units.js";
import type { Snapshot } from "../heap/snapshot.js";
import type { GoroutinePlace } from "../stacks/goroutine-place.js";

/** What is counted. A Dump is one. */
export interface Sources extends Omit<Snapshot, "findings"> {
  /** Told by whatever takes long. */
  readonly progress: Progress;
}

/** Names by id; each is made when it is asked for, for a name costs a walk to a root. */
export interface HeapNames {
  /** The object as a Go expression, "main.server.sessions[3]"; a cast of its address where no short path leads to it. */
  expression(id: ObjectId): string;
  /** "main.server", "goroutine 17 main.worker". */
  owner(id: OwnerId): string;
  /** "goroutine 17 main.worker [chan receive]". */
  goroutine(id: number): string;
  place(goroutine: number): GoroutinePlace;
}
