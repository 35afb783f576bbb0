// Merged paths of all objects of a type as a tree, all of it unfolded: it is cut to a size that is read.
import { counted } from "../../../src/base/units.js";
import { why } from "../../../src/query/why.js";
import { MERGED_TITLE, mergedFigures, mergedName } from "../../views/why.js";
import { ownerPlace, places, type Subjects, typePlace } from "../places.js";
import { ask, type Given, type Line, resultOf, type Screen } from "../screen.js";

type Merged = NonNullable<ReturnType<typeof why.run>["merged"]>[number];

/** Who holds all the objects of a type: their paths, merged. */
export const holdersScreen: Screen<Subjects["holders"]> = {
  name: "holders",
  help: "Who holds the objects of this type, all together?",
  title: (args) => `holders of ${args.type}`,
  asks: (args) => [ask(why, { type: args.type, merge: true })],
  body(given) {
    const answer = resultOf(given, 0, why);
    if (!answer) return { head: [], rows: [] };
    const rows = (answer.merged ?? []).flatMap((row) => mergedLines(row, "", 0, given));
    return { head: [{ text: MERGED_TITLE, tone: "bold" }], rows, note: counted(answer.matching ?? 0, "object") };
  },
  keys: [
    { key: "p", help: "why the largest", go: (args) => places.paths({ type: args.type }) },
    { key: "o", help: "objects", go: (args) => places.objects({ type: args.type }) },
  ],
};

/** A row and, unless it is folded, all below it. */
function mergedLines(row: Merged, path: string, depth: number, given: Given): Line[] {
  const name = mergedName(row);
  const key = `${path}/${name}`;
  const children = row.children ?? [];
  const isOpen = given.folds[key] ?? true;
  const mark = children.length === 0 ? " " : isOpen ? "▾" : "▸";
  // A type leads to its objects, an owner to its value or stack.
  const isType = row.function === undefined && row.others === undefined;
  const open = row.owner ? ownerPlace(row.owner) : isType ? typePlace(row.type) : undefined;
  const line: Line = {
    text: `${mergedFigures(row)}  ${"  ".repeat(depth)}${mark} ${name}`,
    depth,
    copy: name,
    ...(children.length > 0 ? { fold: { key, isOpen } } : {}),
    ...(open ? { open } : {}),
  };
  return [line, ...(isOpen ? children.flatMap((child) => mergedLines(child, key, depth + 1, given)) : [])];
}
