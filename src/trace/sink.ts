// What a time line is written to: the calls that both formats of an exported trace understand.

/** Groups of tracks. */
export const GROUP = { procs: 1, goroutines: 2, regions: 3, tasks: 4, gc: 5, marks: 6 } as const;

/** What is shown beside a slice or a point when it is chosen: values by name. */
export type Annotations = Readonly<Record<string, string | number>>;

/**
 * A file format for time lines. Tracks lie in groups and are named by two numbers, the group's and their own; a group and a track are
 * announced before anything is put on them. Times in ns from the first event of the trace.
 */
export interface Sink {
  /** A group of tracks. */
  group(id: number, name: string): void;
  /** A line of a group. */
  track(group: number, id: number, name: string): void;
  /** A stretch of time on a track; slices of one track lie within each other or apart. */
  slice(group: number, id: number, name: string, category: string, from: number, to: number, args: Annotations): void;
  /** A point of time on a track. */
  instant(group: number, id: number, name: string, category: string, at: number, args: Annotations): void;
  /** The value of a counter from a time on; counters have tracks of their own. */
  counter(name: string, at: number, value: number): void;
  /** What has been written since; empties it. */
  take(): Uint8Array;
  /** What ends the file. */
  end(): Uint8Array;
}
