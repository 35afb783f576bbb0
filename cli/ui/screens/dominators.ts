// The dominator tree, all levels asked for at once: what is folded needs no further question.
import { dominators } from "../../../src/query/dominators.js";
import { DOMINATORS_TITLE, dominatorFigures, dominatorLabel } from "../../views/dominators.js";
import { isAt, ownerPlace, places, type Subjects, typePlace } from "../places.js";
import { ask, type Given, type Line, type Place, resultOf, type Screen } from "../screen.js";

type Row = ReturnType<typeof dominators.run>;

/** In the order in which the key t goes through them. */
const groups = ["none", "type", "package"] as const;
/** Levels and children that one answer has; "from here" asks for those below. */
const levels = 8;
const children = 50;

/** Who holds how much. */
export const dominatorsScreen: Screen<Subjects["dominators"]> = {
  name: "dominators",
  tab: "Dominators",
  help: "Who holds how much: what would be freed with it?",
  title: (args) => (args.of === undefined ? "Dominators" : `held by ${args.of}`),
  asks(args) {
    const { of, all, group = "none" } = args;
    // 0: rows under one per cent are folded; 1 byte shows them all.
    return [ask(dominators, { ...(of === undefined ? {} : { of }), depth: levels, min: all === true ? 1 : 0, group, top: children })];
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
      go: (args) => places.dominators({ ...args, group: groups[(groups.indexOf(args.group ?? "none") + 1) % groups.length] }),
    },
    { key: "z", help: "only > 1%", stays: true, go: (args) => places.dominators({ ...args, all: args.all !== true }) },
    { key: "d", help: "from here", go: (_args, line) => startPlace(line) },
    { key: "p", help: "why alive", go: (_args, line) => (line?.copy?.startsWith("0x") ? places.paths({ address: line.copy }) : undefined) },
  ],
};

/** The tree from the line's object or owner on. */
function startPlace(line: Line | undefined): Place | undefined {
  if (isAt(line?.open, "object")) return places.dominators({ of: line.open.args.of });
  return isAt(line?.open, "goroutine") ? places.dominators({ of: `g${line.open.args.id}` }) : undefined;
}

/** A row and, where it is unfolded, all below it. Folds are kept by the path of names, so they outlive a new answer. */
function treeLines(row: Row, path: string, depth: number, whole: number, given: Given): Line[] {
  const name = dominatorLabel(row);
  const key = `${path}/${name}${row.address ?? ""}`;
  const below = row.children ?? [];
  // The first two levels are open: who holds the memory, and in what.
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
  if (row.address) return places.object(row.address);
  if (row.owner) return row.type === "(roots)" ? undefined : ownerPlace(row.owner);
  if (row.example) return row.count > 1 && /^[*\w[]/.test(row.type) ? typePlace(row.type) : places.object(row.example);
  return undefined;
}
