// A histogram: s changes the order, t and P what rows stand for, u shows garbage. A row leads to its objects, package or holder.
import { counted, formatBytes } from "../../../src/base/units.js";
import { escapePattern } from "../../../src/base/words.js";
import { histogram } from "../../../src/query/histogram.js";
import { cellsOf } from "../../text/table.js";
import { histogramColumns } from "../../views/histogram.js";
import { tableLines } from "../parts/list.js";
import { partsKey, partsOf } from "../parts/value-parts.js";
import { exactType, ownerPlace, places, type Subjects } from "../places.js";
import { ask, type Place, resultOf, type Screen } from "../screen.js";

type Args = Subjects["types"];

/** In the order in which the key t goes through them. */
const groups = ["type", "package", "owner", "goroutine", "size-class"] as const;
/** In the order in which the key s goes through them. */
const sorts = ["bytes", "count", "retained"] as const;

const byOf = ({ by = "type" }: Args) => by;
const sortOf = ({ sort = "bytes" }: Args) => sort;

/** The one after it, the first after the last. */
function after<T>(list: readonly T[], one: T): T {
  return list[(list.indexOf(one) + 1) % list.length];
}

/** What fills the heap, by type or otherwise. */
export const typesScreen: Screen<Args> = {
  name: "types",
  tab: "Types",
  help: "What fills the heap: by type, package, holder or size class?",
  title(args) {
    const by = byOf(args);
    const name = by === "type" ? "Types" : `By ${by}`;
    return `${name}${args.package === undefined ? "" : ` of ${args.package}`}${args.garbage === true ? " (garbage)" : ""}${args.parts === true ? " (parts)" : ""}`;
  },
  asks(args) {
    const pack = args.package;
    const by = byOf(args);
    // Garbage and size classes have no retained size: the query refuses, so the screen does not ask.
    const sort = by === "size-class" || args.garbage === true ? (sortOf(args) === "count" ? "count" : "bytes") : sortOf(args);
    // The package's name before a dot, not as the end of another: "io" is not "bufio".
    const focus = pack === undefined ? {} : { focus: `(^|[^\\w./])${escapePattern(pack)}\\.` };
    return [ask(histogram, { by, sort, garbage: args.garbage === true, top: 0, ...focus, ...partsOf(args) })];
  },
  body(given) {
    const answer = resultOf(given, 0, histogram);
    if (!answer) return { head: [], rows: [] };
    const by = byOf(given.args);
    const sort = sortOf(given.args);
    const withRetained = answer.rows.some((row) => row.retainedBytes !== undefined);
    const columns = histogramColumns(answer, {
      by,
      name: by,
      withRetained,
      // Share and bar follow the order: of what is retained where rows are sorted by that.
      part: (row) => (sort === "retained" ? (row.retainedBytes ?? row.bytes) : row.bytes),
      sort,
      keepsBar: true,
    });
    const rows = answer.rows.map((row) => {
      const open = placeOf(by, row.type, partsOf(given.args));
      return { cells: cellsOf(columns, row), copy: row.type, ...(open ? { open } : {}) };
    });
    return {
      ...tableLines(columns, rows, given.width),
      note: `${counted(answer.total.objects, "object")}, ${formatBytes(answer.total.bytes)}`,
    };
  },
  keys: [
    { key: "s", help: "sort", stays: true, go: (args) => places.types({ ...args, sort: after(sorts, sortOf(args)) }) },
    {
      key: "t",
      help: "by type/package/holder",
      stays: true,
      go: (args) => places.types({ ...args, by: after(groups, byOf(args)) }),
    },
    {
      key: "P",
      help: "packages",
      stays: true,
      go: (args) => places.types({ ...args, by: byOf(args) === "package" ? "type" : "package" }),
    },
    {
      key: "u",
      help: "garbage",
      stays: true,
      go: (args) => places.types({ ...args, garbage: args.garbage !== true }),
    },
    partsKey(places.types),
    {
      key: "p",
      help: "who holds them",
      go: (args, line) => (byOf(args) === "type" && line?.copy ? places.holders(exactType(line.copy)) : undefined),
    },
  ],
};

/** Where a row leads: objects of its type, types of its package, or its holder; nowhere from a size class. */
function placeOf(by: NonNullable<Args["by"]>, name: string, parts: Pick<Args, "parts">): Place | undefined {
  if (by === "type") return places.objects({ type: exactType(name), ...parts });
  if (by === "package") return name.startsWith("(") ? undefined : places.types({ package: name, ...parts });
  return by === "size-class" ? undefined : ownerPlace(name);
}
