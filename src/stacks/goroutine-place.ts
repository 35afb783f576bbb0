// Where a goroutine is, in one line, for commands that speak of it in passing.
import type { Snapshot } from "../heap/snapshot.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { DEEPEST_PLACE } from "./limits.js";
import { type ProgramFrames, programFrames } from "./program-functions.js";

/** Where a goroutine began and where it is. */
export interface GoroutinePlace {
  /** The program's function it began in; main.main for the first one. */
  readonly entry: string;
  /** Where it is: the same function that `goroutines` shows. */
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** "chan receive", "running"... */
  readonly state: string;
}

interface Places {
  readonly frames: ProgramFrames;
  readonly byId: Map<number, GoroutinePlace>;
  readonly byText: Map<string, GoroutinePlace>;
}

/** Goroutines' places by id, each place once: finding one walks the stack, and thousands wait at the same. */
const placesOf = new WeakMap<GoRuntime, Places>();

/** Empty texts for a goroutine that is not there. */
export function goroutinePlace(snapshot: Pick<Snapshot, "runtime">, id: number): GoroutinePlace {
  const places = placesOf.get(snapshot.runtime) ?? { frames: programFrames(snapshot.runtime), byId: new Map(), byText: new Map() };
  placesOf.set(snapshot.runtime, places);
  let place = places.byId.get(id);
  if (!place) {
    const found = findPlace(snapshot, places.frames, id);
    const text = JSON.stringify(found);
    place = places.byText.get(text) ?? found;
    places.byText.set(text, place);
    places.byId.set(id, place);
  }
  return place;
}

/** "goroutine 17 main.worker [chan receive]". */
export function goroutineName(snapshot: Pick<Snapshot, "runtime">, id: number): string {
  const { function: name, state } = goroutinePlace(snapshot, id);
  return `goroutine ${id} ${name} [${state}]`;
}

function findPlace(snapshot: Pick<Snapshot, "runtime">, frames: ProgramFrames, id: number): GoroutinePlace {
  const { functions, goroutines } = snapshot.runtime;
  const goroutine = goroutines.find(id);
  if (!goroutine) return { entry: "", function: "", file: "", line: 0, state: "" };
  const state = goroutine.status === "waiting" && goroutine.waitReason !== "" ? goroutine.waitReason : goroutine.status;
  const unwound = goroutine.unwound().frames;
  const places = (part: typeof unwound) =>
    part.flatMap((frame) => functions.inlinedAt(frame.fn, frame.symbolPc).map((each) => ({ ...each, function: each.name })));
  const inner = places(unwound.slice(0, DEEPEST_PLACE));
  const where = frames.where(inner);
  const outer = unwound.length > DEEPEST_PLACE ? places(unwound.slice(-DEEPEST_PLACE)) : inner;
  const started = functions.find(goroutine.startPc)?.name ?? "";
  const entry = frames.beginning(outer)?.function ?? started;
  return { entry, function: where?.function ?? entry, file: where?.file ?? "", line: where?.line ?? 0, state };
}
