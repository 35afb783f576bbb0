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
    name: "the same of memory by class",
    fixture: "zoo-1.26-amd64",
    stripped: true,
    words: ["overview"],
    edits: [{ file: "core", at: 196_219, bytes: [0] }],
  },
];
