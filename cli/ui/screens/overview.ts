import { counted, formatBytes, formatCount } from "../../../src/base/units.js";
import { dominators } from "../../../src/query/dominators.js";
import { firstLook } from "../../../src/query/first-look.js";
import { goroutines } from "../../../src/query/goroutines.js";
import { memoryUse } from "../../../src/query/memory-use.js";
import { overview } from "../../../src/query/overview.js";
import { buildLines, gcLines, goroutineLines, heapLines, memoryLines, programLines, typeLines } from "../../commands/overview.js";
import { formatBar, formatShare } from "../../text/bytes.js";
import { makePage, type Page } from "../../text/style.js";
import { wrapText } from "../parts/list.js";
import { objectPlace, ownerPlace, typePlace } from "../parts/places.js";
import { ask, type Given, type Line, type Place, resultOf, type Screen } from "../screen.js";
import { groupPlace } from "./goroutines.js";

const mostGroups = 5;
const mostHolders = 8;

/** Home: what died, what fills its memory. What needs no span is asked first, what needs the dominators comes last. */
export const overviewScreen: Screen = {
  name: "overview",
  tab: "Overview",
  help: "What died here, and what fills its memory?",
  title: () => "Overview",
  asks: () => [
    ask(firstLook, {}),
    ask(goroutines, { group: true, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: mostGroups }),
    ask(memoryUse, {}),
    ask(overview, {}),
    ask(dominators, { depth: 1, min: 0, group: "none", top: mostHolders }, { isBackground: true }),
  ],
  body(given) {
    const page = makePage(given.width, false);
    const parts = [
      deathLines(given, page),
      groupLines(given),
      heapPart(given, page),
      suspectLines(given),
      holderLines(given),
      typePart(given, page),
      memoryPart(given, page),
      machineLines(given, page),
    ];
    const rows = parts.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : [{ text: "" }, ...lines]));
    return { head: [], rows };
  },
  keys: [],
};

/** What is not known yet stands where it will be, so that nothing moves under the reader's eyes. */
function awaited(given: Given, index: number, title: string): Line[] {
  return given.answers[index]?.state === "waiting" ? [{ text: `${title.padEnd(12)}…`, tone: "dim" }] : [];
}

function deathLines(given: Given, page: Page): Line[] {
  const answer = resultOf(given, 0, firstLook);
  if (!answer) return awaited(given, 0, "Program");
  const { death } = answer;
  const open: Place = death.goroutine ? { screen: "goroutine", args: { id: death.goroutine.id } } : { screen: "death", args: {} };
  const [first = "", ...more] = wrapText(death.summary, given.width, "  ");
  return [
    { text: first, tone: "bold", open },
    ...more.map((text): Line => ({ text, tone: "bold" })),
    ...headed(programLines(answer, page), { screen: "death", args: {} }),
  ];
}

function heapPart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, 3, overview);
  return answer ? headed(heapLines(answer, page), { screen: "types", args: {} }) : awaited(given, 3, "Heap");
}

function typePart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, 3, overview);
  if (!answer || answer.topTypes.length === 0) return [];
  const [title = "", ...rows] = typeLines(answer, page);
  return [
    { text: title, tone: "bold" },
    ...rows.map((text, index): Line => {
      const type = answer.topTypes[index]?.type;
      return type === undefined ? { text } : { text, open: typePlace(type), copy: type };
    }),
  ];
}

function memoryPart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, 2, memoryUse);
  if (!answer) return awaited(given, 2, "Memory");
  return [
    ...headed(memoryLines(answer, page), { screen: "mappings", args: {} }),
    { text: "" },
    ...gcLines(answer, page).map((text): Line => ({ text })),
  ];
}

function machineLines(given: Given, page: Page): Line[] {
  const answer = resultOf(given, 0, firstLook);
  if (!answer) return [];
  return [
    ...headed(goroutineLines(answer, page), { screen: "goroutines", args: {} }),
    { text: "" },
    ...buildLines(answer, page).map((text): Line => ({ text })),
  ];
}

/** Lines of a command's text; the first one leads somewhere. */
function headed([first = "", ...more]: readonly string[], open: Place): Line[] {
  return [{ text: first, open }, ...more.map((text): Line => ({ text }))];
}

function suspectLines(given: Given): Line[] {
  const answer = resultOf(given, 3, overview);
  if (!answer) return awaited(given, 3, "Suspects");
  const { topSuspects } = answer;
  const all: Place = { screen: "suspects", args: {} };
  if (topSuspects === null)
    return [{ text: "Suspects    many objects: enter looks for them, which takes a while", tone: "bold", open: all }];
  if (topSuspects.length === 0) return [{ text: "Suspects    nothing stands out", tone: "bold" }];
  const rows = topSuspects.flatMap(({ title }, index): Line[] => {
    const [first = "", ...more] = wrapText(`  ${index + 1}. ${title}`, given.width, "     ");
    return [{ text: first, open: all, copy: title }, ...more.map((text): Line => ({ text }))];
  });
  return [{ text: "Suspects    the likeliest first", tone: "bold", open: all }, ...rows];
}

function holderLines(given: Given): Line[] {
  const root = resultOf(given, 4, dominators);
  if (!root) return awaited(given, 4, "Holders");
  const rows = (root.children ?? []).map((row): Line => {
    const name = row.owner ?? row.expression ?? `${row.count > 1 ? `${formatCount(row.count)} × ` : ""}${row.type}`;
    const open = row.address ? objectPlace(row.address) : row.owner ? ownerPlace(row.owner) : undefined;
    const share = formatShare(row.retainedBytes, root.retainedBytes).padStart(4);
    const bar = formatBar(row.retainedBytes, root.retainedBytes, 10).padEnd(10);
    return { text: `  ${formatBytes(row.retainedBytes).padStart(10)}  ${share}  ${bar}  ${name}`, ...(open ? { open } : {}) };
  });
  return [{ text: "Holders     what would be freed with each", tone: "bold", open: { screen: "dominators", args: {} } }, ...rows];
}

function groupLines(given: Given): Line[] {
  const answer = resultOf(given, 1, goroutines);
  if (!answer) return awaited(given, 1, "Stacks");
  const groups = answer.groups ?? [];
  if (groups.length === 0) return [];
  const rows = groups.map((group): Line => {
    const state = group.waitReason === "" ? group.status : group.waitReason;
    return {
      text: `  ${formatCount(group.count).padStart(6)}  ${state}  ${group.top?.function ?? ""}`,
      open: groupPlace(group, {}),
    };
  });
  const title = `Stacks      of ${counted(answer.total.user, "goroutine")}, the most frequent first`;
  return [{ text: title, tone: "bold", open: { screen: "goroutines", args: {} } }, ...rows];
}
