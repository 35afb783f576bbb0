import { dominators } from "../../../src/query/dominators.js";
import { DOMINATORS_TITLE, dominatorFigures, dominatorLabel } from "../../views/dominators.js";
import { objectPlace, ownerPlace, pathsPlace, typePlace } from "../parts/places.js";
import { ask, type Given, type Line, type Place, type PlaceArgs, resultOf, type Screen, textArg } from "../screen.js";

type Row = ReturnType<typeof dominators.run>;
type Group = "none" | "type" | "package";

const groups: readonly Group[] = ["none", "type", "package"];
const levels = 8;
const children = 50;

const groupOf = (args: PlaceArgs) => groups.find((each) => each === args.group) ?? "none";

/** Who holds how much. */
export const dominatorsScreen: Screen = {
  name: "dominators",
  tab: "Dominators",
  help: "Who holds how much: what would be freed with it?",
  title: (args) => (textArg(args, "of") === "" ? "Dominators" : `held by ${textArg(args, "of")}`),
  asks(args) {
    const of = textArg(args, "of");
    // 0: rows under one per cent are folded; 1 byte shows them all.
    return [
      ask(dominators, { ...(of === "" ? {} : { of }), depth: levels, min: args.all === true ? 1 : 0, group: groupOf(args), top: children }),
    ];
  },
  body(given) {
    const root = resultOf(given, 0, dominators);
    if (!root) return { head: [], rows: [] };
    return {
      head: [{ text: DOMINATORS_TITLE, tone: "bold" }],
      rows: treeLines(root, "", 0, root.retainedBytes, given),
    };
  },
  keys: [
    {
      key: "t",
      help: "group",
      stays: true,
      go: (args) => changed(args, { group: groups[(groups.indexOf(groupOf(args)) + 1) % groups.length] }),
    },
    { key: "z", help: "only > 1%", stays: true, go: (args) => changed(args, { all: args.all !== true }) },
    { key: "d", help: "from here", go: (_args, line) => startPlace(line) },
    { key: "p", help: "why alive", go: (_args, line) => (line?.copy?.startsWith("0x") ? pathsPlace(line.copy) : undefined) },
  ],
};

function changed(args: PlaceArgs, change: PlaceArgs): Place {
  return { screen: "dominators", args: { ...args, ...change } };
}

/** The tree from the line's object or owner on. */
function startPlace(line: Line | undefined): Place | undefined {
  const of = line?.open?.screen === "object" ? line.open.args.of : line?.open?.screen === "goroutine" ? `g${line.open.args.id}` : undefined;
  return of === undefined ? undefined : { screen: "dominators", args: { of } };
}

function treeLines(row: Row, path: string, depth: number, whole: number, given: Given): Line[] {
  const name = dominatorLabel(row);
  const key = `${path}/${name}${row.address ?? ""}`;
  const below = row.children ?? [];
  const isOpen = given.folds[key] ?? depth < 2;
  const mark = below.length === 0 ? " " : isOpen ? "▾" : "▸";
  const open = nodePlace(row);
  const line: Line = {
    text: `${dominatorFigures(row, whole)}  ${"  ".repeat(depth)}${mark} ${name}`,
    depth,
    copy: row.address ?? row.example ?? row.owner ?? row.type,
    ...(below.length > 0 ? { fold: { key, isOpen } } : {}),
    ...(open ? { open } : {}),
  };
  return [line, ...(isOpen ? below.flatMap((child) => treeLines(child, key, depth + 1, whole, given)) : [])];
}

/** Where a row leads: its object or owner, of several objects their type, of several goroutines one. */
export function nodePlace(row: Row): Place | undefined {
  if (row.address) return objectPlace(row.address);
  if (row.owner) return row.type === "(roots)" ? undefined : ownerPlace(row.owner);
  if (row.example) return row.count > 1 && /^[*\w[]/.test(row.type) ? typePlace(row.type) : objectPlace(row.example);
  return undefined;
}
