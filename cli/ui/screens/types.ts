import { counted, formatBytes } from "../../../src/base/units.js";
import { escapePattern } from "../../../src/base/words.js";
import { histogram } from "../../../src/query/histogram.js";
import { cellsOf } from "../../text/table.js";
import { histogramColumns } from "../../views/histogram.js";
import { tableLines } from "../parts/list.js";
import { exactType, ownerPlace, typePlace } from "../parts/places.js";
import { partsKey, partsOf } from "../parts/value-parts.js";
import { ask, type Place, type PlaceArgs, resultOf, type Screen, textArg } from "../screen.js";

type By = "type" | "package" | "owner" | "goroutine" | "size-class";
type Sort = "bytes" | "count" | "retained";

const groups: readonly By[] = ["type", "package", "owner", "goroutine", "size-class"];
const sorts: readonly Sort[] = ["bytes", "count", "retained"];

const byOf = (args: PlaceArgs) => groups.find((each) => each === args.by) ?? "type";
const sortOf = (args: PlaceArgs) => sorts.find((each) => each === args.sort) ?? "bytes";

/** The one after it, the first after the last. */
function after<T>(list: readonly T[], one: T): T {
  return list[(list.indexOf(one) + 1) % list.length];
}

/** What fills the heap, by type or otherwise. */
export const typesScreen: Screen = {
  name: "types",
  tab: "Types",
  help: "What fills the heap: by type, package, holder or size class?",
  title(args) {
    const focus = textArg(args, "package");
    const by = byOf(args);
    const name = by === "type" ? "Types" : `By ${by}`;
    return `${name}${focus === "" ? "" : ` of ${focus}`}${args.garbage === true ? " (garbage)" : ""}${args.parts === true ? " (parts)" : ""}`;
  },
  asks(args) {
    const pack = textArg(args, "package");
    const by = byOf(args);
    const sort = by === "size-class" || args.garbage === true ? (sortOf(args) === "count" ? "count" : "bytes") : sortOf(args);
    const focus = pack === "" ? {} : { focus: `(^|[^\\w./])${escapePattern(pack)}\\.` };
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
      part: (row) => (sort === "retained" ? (row.retainedBytes ?? row.bytes) : row.bytes),
      sort,
      keepsBar: true,
    });
    const rows = answer.rows.map((row) => {
      const place = placeOf(by, row.type);
      const open = place && given.args.parts === true ? { ...place, args: { ...place.args, parts: true } } : place;
      return { cells: cellsOf(columns, row), copy: row.type, ...(open ? { open } : {}) };
    });
    return {
      ...tableLines(columns, rows, given.width),
      note: `${counted(answer.total.objects, "object")}, ${formatBytes(answer.total.bytes)}`,
    };
  },
  keys: [
    { key: "s", help: "sort", stays: true, go: (args) => ({ screen: "types", args: { ...args, sort: after(sorts, sortOf(args)) } }) },
    {
      key: "t",
      help: "by type/package/holder",
      stays: true,
      go: (args) => ({ screen: "types", args: { ...args, by: after(groups, byOf(args)) } }),
    },
    {
      key: "P",
      help: "packages",
      stays: true,
      go: (args) => ({ screen: "types", args: { ...args, by: byOf(args) === "package" ? "type" : "package" } }),
    },
    {
      key: "u",
      help: "garbage",
      stays: true,
      go: (args) => ({ screen: "types", args: { ...args, garbage: args.garbage !== true } }),
    },
    partsKey("types"),
    {
      key: "p",
      help: "who holds them",
      go: (args, line) => (byOf(args) === "type" && line?.copy ? { screen: "holders", args: { type: exactType(line.copy) } } : undefined),
    },
  ],
};

function placeOf(by: By, name: string): Place | undefined {
  if (by === "type") return typePlace(name);
  if (by === "package") return name.startsWith("(") ? undefined : { screen: "types", args: { package: name } };
  return by === "size-class" ? undefined : ownerPlace(name);
}
