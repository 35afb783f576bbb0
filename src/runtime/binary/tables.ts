// The committed layout tables, and which of their rows stands for a program: layouts of the runtime where an executable has no debug
// information. scripts/make-layouts.mjs reads them out of executables that have it.
import type { ArchName } from "../../base/arch.js";
import { lazy } from "../../base/lazy.js";
import type { DwarfType } from "../../dwarf/dwarf.js";
import { nearestRelease } from "../layout/version.js";
import { LAYOUT_TABLES } from "./layout-tables.js";
import type { Recipe } from "./recipes.js";
import { readPacked, unpackRow } from "./table-format.js";
import { TableTypes } from "./table-types.js";

/** What a release's runtime looks like on one architecture: types, constants, and where code refers to variables. */
export interface LayoutTable {
  /** The release that the table is of, as its executables say it: "go1.24.13", "go1.24.13 X:noswissmap". */
  readonly goVersion: string;
  /** How it was chosen: the very release; the nearest patch of the same minor release; the newest, for one that is newer still. */
  readonly match: "exact" | "near" | "newest";
  /** By full name ("runtime.mspan"); offsets of types are numbers that tell them apart, and nothing else. */
  type(name: string): DwarfType | undefined;
  constant(name: string): number | undefined;
  /** Type of a variable ("runtime.semtable", an array; "runtime.trace", a struct without a name of its own). */
  globalType(name: string): DwarfType | undefined;
  /** Elements of a variable that never changes: "runtime.waitReasonStrings", "runtime.gStatusStrings". */
  texts(variable: string): readonly string[] | undefined;
  /** The same of numbers: "runtime.class_to_size" or "internal/runtime/gc.SizeClassToSize". */
  numbers(variable: string): readonly number[] | undefined;
  typeNames(): Iterable<string>;
  constantNames(): Iterable<string>;
  globalNames(): Iterable<string>;
  readonly recipes: readonly Recipe[];
}

const tables = lazy(() => readPacked(LAYOUT_TABLES));

/** Releases that there are rows of on an architecture, oldest first. */
export function tableReleases(arch: ArchName): readonly string[] {
  return tables()
    .rows.filter((row) => row.arch === arch)
    .map((row) => row.release);
}

/**
 * The table for a program.
 * @param goVersion  as the executable says it ("go1.24.3 X:noswissmap", "devel go1.28-0123abcd")
 * @returns undefined when the version is older than every row
 */
export function tableFor(goVersion: string, arch: ArchName): LayoutTable | undefined {
  const chosen = nearestRelease(tableReleases(arch), goVersion);
  const packed = chosen && tables().rows.find((row) => row.arch === arch && row.release === chosen.release);
  if (!packed) return undefined;
  const row = unpackRow(tables(), packed);
  const types = new TableTypes(row.types);
  const contents = <T extends "string" | "number">(variable: string, element: T) => {
    const found = row.contents.get(variable);
    return typeof found?.[0] === element ? found : undefined;
  };
  return {
    goVersion: row.release,
    match: chosen.match,
    type: (name) => types.get(name),
    constant: (name) => row.constants.get(name),
    globalType(name) {
      const type = row.globals.get(name);
      return type === undefined ? undefined : types.get(type);
    },
    texts: (variable) => contents(variable, "string") as readonly string[] | undefined,
    numbers: (variable) => contents(variable, "number") as readonly number[] | undefined,
    typeNames: () => types.names(),
    constantNames: () => row.constants.keys(),
    globalNames: () => row.globals.keys(),
    recipes: row.recipes,
  };
}
