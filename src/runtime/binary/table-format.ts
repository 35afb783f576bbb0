// How the layout tables are packed: one JSON text, deflated, in base64. What releases have in common is kept once, in pools.
import { inflateRawSync } from "node:zlib";
import type { Recipe } from "./recipes.js";

/** A field: name, offset, name of its type, whether it is embedded. */
export type FieldRecord = readonly [name: string, offset: number, type: string, embedded: boolean];

/** A type of the runtime as DWARF has it; other types are told by their names. */
export type TypeRecord = { readonly name: string; readonly size: number; readonly goKind: number } & (
  | { readonly kind: "base"; readonly encoding: "bool" | "int" | "uint" | "float" | "complex" }
  | { readonly kind: "pointer"; readonly target: string | undefined }
  | { readonly kind: "struct"; readonly element: string | undefined; readonly fields: readonly FieldRecord[] }
  | { readonly kind: "array"; readonly element: string; readonly count: number }
  | { readonly kind: "typedef"; readonly target: string; readonly key: string | undefined; readonly element: string | undefined }
  | { readonly kind: "function" }
);

/** What is known of one release on one architecture. */
export interface TableRow {
  /** As the executable says it: "go1.24.13", "go1.24.13 X:noswissmap". */
  readonly release: string;
  readonly arch: string;
  readonly types: readonly TypeRecord[];
  /** Name of a variable, name of its type. */
  readonly globals: ReadonlyMap<string, string>;
  readonly constants: ReadonlyMap<string, number>;
  /** Of variables that never change: texts or numbers of their elements. */
  readonly contents: ReadonlyMap<string, readonly (string | number)[]>;
  readonly recipes: readonly Recipe[];
}

/** The JSON text. Names are indexes into `names`; a set is a list of indexes into its pool. */
export interface PackedTables {
  readonly names: readonly string[];
  /** Kind, name, size, goKind, then what the kind has; 0 for no name, else its index + 1. */
  readonly types: readonly (readonly number[])[];
  readonly typeSets: readonly (readonly number[])[];
  /** Name and type by turns. */
  readonly globals: readonly (readonly number[])[];
  /** Name and value. */
  readonly constants: readonly (readonly [number, number])[];
  readonly constantSets: readonly (readonly number[])[];
  readonly contents: readonly (readonly [number, readonly (string | number)[]])[];
  /** Variable, function, size, at, next, addend, check. */
  readonly recipes: readonly (readonly [number, number, number, number, number, number, number])[];
  /** Those of one variable. */
  readonly recipeSets: readonly (readonly number[])[];
  readonly rows: readonly PackedRow[];
}

/** Indexes into the pools of sets; of `contents` and `recipeSets` it has several. */
export interface PackedRow {
  readonly release: string;
  readonly arch: string;
  readonly types: number;
  readonly globals: number;
  readonly constants: number;
  readonly contents: readonly number[];
  readonly recipes: readonly number[];
}

/** Kinds and encodings by their numbers in a packed type. */
export const KINDS = ["base", "pointer", "struct", "array", "typedef", "function"] as const;
export const ENCODINGS = ["bool", "int", "uint", "float", "complex"] as const;

/** The pools of a packed text. @throws when it is no such text */
export function readPacked(text: string): PackedTables {
  return JSON.parse(inflateRawSync(Buffer.from(text, "base64")).toString("utf8")) as PackedTables;
}

/** One row of the tables with everything that it has. */
export function unpackRow(packed: PackedTables, row: PackedRow): TableRow {
  const name = (index: number): string => packed.names[index];
  const globals = packed.globals[row.globals];
  return {
    release: row.release,
    arch: row.arch,
    types: packed.typeSets[row.types].map((index) => unpackType(packed.types[index], packed.names)),
    globals: new Map(globals.flatMap((each, i) => (i % 2 === 0 ? [[name(each), name(globals[i + 1])] as const] : []))),
    constants: new Map(packed.constantSets[row.constants].map((index) => [name(packed.constants[index][0]), packed.constants[index][1]])),
    contents: new Map(row.contents.map((index) => [name(packed.contents[index][0]), packed.contents[index][1]])),
    recipes: row.recipes.flatMap((set) => packed.recipeSets[set].map((index) => unpackRecipe(packed.recipes[index], packed.names))),
  };
}

function unpackRecipe([variable, fn, size, at, next, addend, check]: PackedTables["recipes"][number], names: readonly string[]): Recipe {
  return { variable: names[variable], function: names[fn], size, at, next, addend, check };
}

function unpackType(packed: readonly number[], names: readonly string[]): TypeRecord {
  const [kindNumber, nameIndex, size, goKind, ...rest] = packed;
  const optional = (index: number): string | undefined => (index === 0 ? undefined : names[index - 1]);
  const kind = KINDS[kindNumber];
  const common = { name: names[nameIndex], size, goKind };
  switch (kind) {
    case "base":
      return { kind, ...common, encoding: ENCODINGS[rest[0]] };
    case "pointer":
      return { kind, ...common, target: optional(rest[0]) };
    case "array":
      return { kind, ...common, element: names[rest[0]], count: rest[1] };
    case "typedef":
      return { kind, ...common, target: names[rest[0]], key: optional(rest[1]), element: optional(rest[2]) };
    case "function":
      return { kind, ...common };
    case "struct": {
      const fields: FieldRecord[] = [];
      for (let i = 1; i < rest.length; i += 4) fields.push([names[rest[i]], rest[i + 1], names[rest[i + 2]], rest[i + 3] === 1]);
      return { kind, ...common, element: optional(rest[0]), fields };
    }
  }
}
