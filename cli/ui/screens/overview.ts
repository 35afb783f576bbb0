import { formatBytes, formatCount } from "../../../src/base/units.js";
import { death } from "../../../src/query/death.js";
import { dominators } from "../../../src/query/dominators.js";
import { goroutines } from "../../../src/query/goroutines.js";
import { overview } from "../../../src/query/overview.js";
import { overviewCommand } from "../../commands/overview.js";
import { formatBar, formatShare } from "../../text/bytes.js";
import { makePage } from "../../text/style.js";
import { wrapText } from "../parts/list.js";
import { objectPlace, ownerPlace, typePlace } from "../parts/places.js";
import { ask, type Given, type Line, type Place, resultOf, type Screen } from "../screen.js";

const mostGroups = 5;
const mostHolders = 8;

const headings: Readonly<Record<string, Place>> = {
  Suspects: { screen: "suspects", args: {} },
  Memory: { screen: "mappings", args: {} },
  Heap: { screen: "types", args: {} },
  Goroutines: { screen: "goroutines", args: {} },
};

/** Home: what died, what fills its memory. What needs no heap is asked first, what needs the dominators comes last. */
export const overviewScreen: Screen = {
  name: "overview",
  tab: "Overview",
  help: "What died here, and what fills its memory?",
  title: () => "Overview",
  asks: () => [
    ask(death, {}),
    ask(goroutines, { group: true, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: mostGroups }),
    ask(overview, {}),
    ask(dominators, { depth: 1, min: 0, group: "none", top: mostHolders }, { isBackground: true }),
  ],
  body: (given) => ({ head: [], rows: [...deathLines(given), ...overviewLines(given), ...holderLines(given), ...groupLines(given)] }),
  keys: [],
};

function deathLines(given: Given): Line[] {
  const answer = resultOf(given, 0, death);
  if (!answer) return [];
  const open: Place = answer.goroutine ? { screen: "goroutine", args: { id: answer.goroutine.id } } : { screen: "death", args: {} };
  const [first = "", ...more] = wrapText(answer.summary, given.width, "  ");
  return [{ text: first, tone: "bold", open }, ...more.map((text): Line => ({ text, tone: "bold" })), { text: "" }];
}

function overviewLines(given: Given): Line[] {
  const answer = resultOf(given, 2, overview);
  if (!answer) return [];
  const lines = withoutDeath(overviewCommand.text(answer, makePage(given.width, false)));
  const firstType = lines.length - answer.topTypes.length;
  return [
    ...lines.map((text, index): Line => {
      const type = answer.topTypes[index - firstType]?.type;
      if (type !== undefined) return { text, open: typePlace(type), copy: type };
      const open = headings[text.split(" ")[0] as string];
      return { text, ...(open ? { open } : {}), ...(answer.topTypes.length > 0 && index === firstType - 1 ? { tone: "bold" } : {}) };
    }),
    { text: "" },
  ];
}

/** What killed it stands at the top already. */
function withoutDeath(lines: readonly string[]): readonly string[] {
  const from = lines.findIndex((line) => line.startsWith("Death "));
  if (from < 0) return lines;
  let to = from + 1;
  while (to < lines.length && (lines[to] as string).startsWith(" ")) to++;
  return [...lines.slice(0, from), ...lines.slice(to)];
}

function holderLines(given: Given): Line[] {
  const root = resultOf(given, 3, dominators);
  if (!root?.children) return [];
  const rows = root.children.map((row): Line => {
    const name = row.owner ?? row.expression ?? `${row.count > 1 ? `${formatCount(row.count)} × ` : ""}${row.type}`;
    const open = row.address ? objectPlace(row.address) : row.owner ? ownerPlace(row.owner) : undefined;
    const share = formatShare(row.retainedBytes, root.retainedBytes).padStart(4);
    const bar = formatBar(row.retainedBytes, root.retainedBytes, 10).padEnd(10);
    return { text: `  ${formatBytes(row.retainedBytes).padStart(10)}  ${share}  ${bar}  ${name}`, ...(open ? { open } : {}) };
  });
  return [
    { text: "Holders     what would be freed with each", tone: "bold", open: { screen: "dominators", args: {} } },
    ...rows,
    { text: "" },
  ];
}

function groupLines(given: Given): Line[] {
  const answer = resultOf(given, 1, goroutines);
  if (!answer?.groups || answer.groups.length === 0) return [];
  const rows = answer.groups.map((group): Line => {
    const [id] = group.ids;
    const state = group.waitReason === "" ? group.status : group.waitReason;
    return {
      text: `  ${formatCount(group.count).padStart(6)}  ${state}  ${group.top?.function ?? ""}`,
      ...(id === undefined ? {} : { open: { screen: "goroutine", args: { id } } }),
    };
  });
  const title = `Stacks      of ${formatCount(answer.total.user)} goroutines, the most frequent first`;
  return [{ text: title, tone: "bold", open: { screen: "goroutines", args: {} } }, ...rows];
}
