// Damage that once was answered wrongly, a few bytes each, as `npm run fuzz` prints it.

export interface Recipe {
  /** What was wrong with the answer, and what of the runtime the bytes are. */
  readonly name: string;
  /** A folder of dumps/cores. */
  readonly fixture: string;
  /** The executable without symbols and debug information. */
  readonly stripped?: boolean;
  readonly words: readonly string[];
  readonly edits: readonly { readonly file: "core" | "exe"; readonly at: number; readonly bytes: readonly number[] }[];
}

export const RECIPES: readonly Recipe[] = [
  {
    name: "mheap_.arenas leads elsewhere: objects of spans with marks inside were taken for others, without a word",
    fixture: "zoo-1.26-amd64",
    stripped: true,
    words: ["objects", "--top", "20"],
    edits: [{ file: "core", at: 196_219, bytes: [0] }],
  },
  {
    name: "gcbssmask.n of the module data: half of the heap had no root, without a word",
    fixture: "zoo-1.26-amd64",
    words: ["dominators"],
    edits: [{ file: "core", at: 29_650, bytes: [0] }],
  },
  {
    name: "cnt of a block of finalizers that are to run: one less was told",
    fixture: "zoo-1.26-amd64",
    words: ["overview"],
    edits: [{ file: "core", at: 13_992_464, bytes: [29] }],
  },
  {
    name: "allgs says half its length: the other goroutines were not there",
    fixture: "zoo-1.24-amd64",
    words: ["goroutines"],
    edits: [{ file: "core", at: 91_720, bytes: [64] }],
  },
  {
    name: "goid of another goroutine",
    fixture: "zoo-1.24-amd64",
    words: ["goroutines"],
    edits: [{ file: "core", at: 4_841_056, bytes: [8] }],
  },
  {
    name: "allm goes on where no address is",
    fixture: "zoo-1.24-amd64",
    words: ["threads"],
    edits: [{ file: "core", at: 1_247_599, bytes: [255] }],
  },
];
