// What each rule measures: the figures that its sentence is made of.
import type { Bytes, Hex } from "../base/units.js";

/** A line of the program. */
interface Place {
  readonly file: string;
  readonly line: number;
}

/** Goroutines in one place. */
export interface GroupFigures extends Place {
  readonly count: number;
  /** The first few. */
  readonly ids: readonly number[];
  readonly function: string;
  readonly state: string;
  /** Functions that they began in, but for the one they are in. */
  readonly entries: readonly string[];
  readonly heapBytes: Bytes;
  readonly stackBytes: Bytes;
}

export interface WasteFigures {
  /** What holds the wasteful values: an expression, or a field where they have no name. */
  readonly holder: string;
  /** Fields, the worst first. */
  readonly paths: readonly string[];
  /** Arrays, slices, maps or strings. */
  readonly count: number;
  /** Of the maps of the worst field together. */
  readonly entries?: number;
  readonly slots?: number;
  /** The text of which the worst field has most bytes too many, cut, and its copies too many. */
  readonly repeated?: { readonly text: string; readonly copies: number };
}

/** Spans of the slots of one size. */
export interface HoledClass {
  readonly slotBytes: Bytes;
  readonly spans: number;
  readonly slots: number;
  readonly objects: number;
  /** Of most of the objects. */
  readonly type?: string;
  /** Of one of these objects in the middle. */
  readonly holder?: string;
}

/** By rule. Sizes of findings are not repeated here. */
export interface Figures {
  /**
   * queued: finalizers and cleanups that were to run, the one that runs among them. stuck: the goroutine that runs finalizers is stuck in a
   * function of the program, where it is.
   */
  readonly "finalizer-backlog": { readonly queued: number; readonly stuck?: Place & { readonly function: string; readonly state: string } };
  readonly "contexts-never-cancelled": {
    readonly count: number;
    /** What most were derived from. */
    readonly parent?: string;
    /** The container that they hang in. */
    readonly holder?: string;
  };
  readonly "timers-never-stopped": {
    readonly count: number;
    /** What most of them call; calls: how many of them. */
    readonly closure?: string;
    readonly calls?: number;
    /** The function that wrote it. */
    readonly maker?: string;
  };
  readonly "full-channel": {
    readonly channel: string;
    /** Absent when it is not in the core. */
    readonly state?: {
      readonly address: Hex;
      readonly length: number;
      readonly capacity: number;
      readonly isFull: boolean;
      readonly haveSendersToWait: boolean;
    };
  };
  readonly callbacks: Partial<Place> & { readonly holder: string; readonly count: number; readonly function: string };
  readonly "sync-pool": {
    readonly pool: string;
    /** What it keeps was not used since the last collection. */
    readonly isVictim: boolean;
  };
  readonly "equal-objects": {
    readonly count: number;
    readonly type: string;
    readonly isRuntimes: boolean;
    readonly owners: readonly string[];
  };
  readonly "large-object": {
    readonly holder: string;
    readonly type: string;
    readonly isRuntimes: boolean;
    /** One object has nearly all of it. */
    readonly isBlock: boolean;
  };
  readonly accumulation: {
    readonly holder: string;
    readonly isRuntimes: boolean;
    /** Of an object. */
    readonly type?: string;
    /** Of an owner that is no variable. */
    readonly ownerKind?: string;
    /** What piles up. */
    readonly members?: { readonly count: number; readonly type: string };
    /** Whose variable holds it. */
    readonly goroutine?: { readonly id: number; readonly function: string; readonly state: string };
  };
  readonly "goroutine-stacks": GroupFigures;
  readonly "blocked-goroutines": GroupFigures;
  readonly goroutine: GroupFigures;
  readonly "pinned-array": WasteFigures;
  readonly "slice-capacity": WasteFigures;
  readonly "map-slack": WasteFigures;
  readonly "duplicate-strings": WasteFigures;
  /** GOGC, -1 = off, and the size of heap at which the next collection begins; absent when they are not in the core. */
  readonly garbage: { readonly gc?: { readonly gogc: number; readonly nextGoal: Bytes } };
  readonly "free-heap": { readonly liveBytes: Bytes; readonly spanBytes: Bytes; readonly releasedBytes: Bytes };
  /** worst: the size with most bytes of free slots. */
  readonly fragmentation: { readonly spanBytes: Bytes; readonly objectBytes: Bytes; readonly worst?: HoledClass };
  /** goBytes: Go's heap and stacks. cgo: C is linked; absent when the core does not tell. */
  readonly "native-memory": { readonly goBytes: Bytes; readonly cgo?: boolean };
  /** by: packages whose Mmap made them; count: of live ones; forgotten: of those that nothing in Go refers to. */
  readonly "forgotten-mappings": {
    readonly by: readonly string[];
    readonly count: number;
    readonly forgotten: number;
    readonly cgo?: boolean;
  };
  readonly "gc-at-its-limit": { readonly collections: number; readonly markedBytes: Bytes };
}

export type RuleId = keyof Figures;
