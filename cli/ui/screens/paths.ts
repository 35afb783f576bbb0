// Paths as trees. A line knows the pointer that leads to its object, so that x can ask what else holds it.
import { counted, formatBytes } from "../../../src/base/units.js";
import { why } from "../../../src/query/why.js";
import { parseIgnored } from "../../arguments.js";
import { makePage } from "../../text/style.js";
import { pathLines } from "../../text/tree.js";
import { CONSERVATIVE, describeRoot, unheldText } from "../../views/why.js";
import { partsKey, partsOf } from "../parts/value-parts.js";
import { exactType, ownerPlace, places, type Subjects } from "../places.js";
import { ask, type Line, resultOf, type Screen } from "../screen.js";

type Path = ReturnType<typeof why.run>["paths"][number];

/** Paths asked for at first; + asks for three times as many. */
const first = 3;

/** Why an object is alive: paths from roots. */
export const pathsScreen: Screen<Subjects["paths"]> = {
  name: "paths",
  help: "Why is this object alive: which roots lead to it? x leaves out the pointer to the line's object and asks again.",
  title(args) {
    const without = ignoredOf(args).length;
    const what = `why ${args.address ?? args.type}`;
    return without === 0 ? what : `without ${counted(without, "pointer")}`;
  },
  asks(args) {
    const { address, type } = args;
    const ignore = ignoredOf(args);
    const more = { paths: args.paths ?? first, ...(ignore.length > 0 ? { ignore } : {}), ...partsOf(args) };
    return [ask(why, { ...(address === undefined ? {} : { address }), ...(type === undefined ? {} : { type }), ...more })];
  },
  body(given) {
    const answer = resultOf(given, 0, why);
    if (!answer) return { head: [], rows: [] };
    const { object, matching, paths } = answer;
    const explanation = unheldText(answer);
    const head: Line[] = [
      { text: `${object.address}  ${object.type}  ${formatBytes(object.bytes)}`, tone: "bold" },
      ...(matching === undefined ? [] : [{ text: `the largest of ${counted(matching, "object")} of matching types` }]),
      ...ignoredOf(given.args).map(({ from, to }): Line => ({ text: `left out: ${from} → ${to}`, tone: "dim" })),
    ];
    const rows = paths.flatMap((path, index): Line[] => [
      ...(index > 0 ? [{ text: "" }] : []),
      { text: `path ${index + 1} of ${paths.length}`, tone: "bold" },
      ...linesOf(path, given.width),
    ]);
    if (paths.some((path) => !path.root.certain)) rows.push({ text: "" }, { text: CONSERVATIVE, tone: "dim" });
    // Without a path this is the answer: garbage, or free without the pointers that are left out.
    if (explanation !== undefined) rows.push({ text: explanation, tone: "good" });
    // The last line asks of all objects of the type: one path is seldom the whole story.
    const type = exactType(object.type);
    rows.push({ text: "" }, { text: `all ${object.type}: who holds them together`, open: places.holders(type) });
    return { head, rows, note: paths.length > 0 ? counted(paths.length, "path") : "no path" };
  },
  keys: [
    {
      key: "x",
      help: "leave this pointer out",
      go: (args, line) =>
        line?.pointer === undefined ? undefined : places.paths({ ...args, ignore: [args.ignore ?? [], line.pointer].flat().join(";") }),
    },
    partsKey(places.paths),
    {
      key: "+",
      help: "more paths",
      stays: true,
      go: (args) => places.paths({ ...args, paths: (args.paths ?? first) * 3 }),
    },
    { key: "o", help: "the object", go: (args) => (args.address !== undefined ? places.object(args.address) : undefined) },
    {
      key: "d",
      help: "dominators",
      go(args, line) {
        const of = line?.copy ?? args.address;
        return of === undefined ? undefined : places.dominators({ of });
      },
    },
  ],
};

/** What is left out, as the command line writes it. */
const ignoredOf = ({ ignore = "" }: Subjects["paths"]) => parseIgnored(ignore);

/** A path's lines: the root leads to its owner, a step to its object. */
function linesOf({ root, steps }: Path, width: number): Line[] {
  return pathLines(describeRoot(root), steps, makePage(width, false)).map(({ text, step }, index): Line => {
    if (step !== undefined) {
      const { address } = steps[step];
      return { text, open: places.object(address), copy: address, pointer: `${steps[step - 1]?.address ?? root.owner}>${address}` };
    }
    const open = index === 0 ? ownerPlace(root.owner) : undefined;
    return { text, ...(open ? { open, copy: root.owner } : {}) };
  });
}
