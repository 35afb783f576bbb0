import { dominators } from "../../../src/query/dominators.js";
import { firstLook } from "../../../src/query/first-look.js";
import { goroutines } from "../../../src/query/goroutines.js";
import { heapUse } from "../../../src/query/heap-use.js";
import { leaked } from "../../../src/query/leaked.js";
import { memoryUse } from "../../../src/query/memory-use.js";
import { suspects } from "../../../src/query/suspects.js";
import { isToldByStalls, stallsOf, waits } from "../../../src/query/waits.js";
import { makePage, type Page } from "../../text/style.js";
import {
  buildLines,
  deathLines,
  gcLines,
  goroutineLines,
  heapLines,
  holderLines,
  memoryLines,
  programLines,
  stackLines,
  typeLines,
  wrongParts,
} from "../../views/overview.js";
import { suspectText } from "../../views/suspects.js";
import { places, typePlace } from "../places.js";
import { ask, type Given, type Line, type Place, resultOf, type Screen } from "../screen.js";
import { nodePlace } from "./dominators.js";
import { groupPlace } from "./goroutines.js";

/** Stacks on the first page. */
const mostGroups = 5;
/** Of suspects and of holders: with the death they fit a terminal of 80 by 24. */
const mostFirst = 3;

/** Where each question stands among the asks, the cheap ones first: what needs no span, then the heap, then the dominators. */
const FIRST = 0;
const GROUPS = 1;
const MEMORY = 2;
const WAITS = 3;
const HEAP = 4;
const HOLDERS = 5;
const SUSPECTS = 6;
const LEAKS = 7;
const PROVED = 8;

/** Home: what died, what is probably wrong, who holds the memory; then everything else. */
export const overviewScreen: Screen = {
  name: "overview",
  tab: "Overview",
  help: "What died here, and what fills its memory?",
  title: () => "Overview",
  asks: () => [
    ask(firstLook, {}),
    ask(goroutines, { group: true, status: [], minWaitNanoseconds: 0, system: false, retains: false, top: mostGroups }),
    ask(memoryUse, {}),
    ask(waits, { top: 0, glance: true }),
    ask(heapUse, {}),
    ask(dominators, { depth: 1, min: 0, group: "none", top: mostFirst }, { isBackground: true }),
    // As the screen of suspects asks: its answer is this one.
    ask(suspects, { top: 0 }, { isBackground: true }),
    ask(leaked, { top: 0, retains: true, circles: false }, { isBackground: true }),
    ask(waits, { top: 0, proof: true, glance: true }, { isBackground: true }),
  ],
  body(given) {
    const page = makePage(given.width, false);
    // Each part has its place from the start; those that are not known yet say so there.
    const parts = [
      deathPart(given, page),
      [...wrongPart(given, page), ...holderPart(given, page)],
      [...programPart(given, page), ...groupLines(given)],
      heapPart(given, page),
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

/** Leads to the goroutine that died, else to the screen of the death. */
function deathPart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, FIRST, firstLook);
  if (!answer) return awaited(given, FIRST, "Death");
  const { goroutine } = answer.death;
  const [first = "", ...more] = deathLines(answer, page);
  const open: Place = goroutine ? places.goroutine(goroutine.id) : places.death();
  return [{ text: first, tone: "bold", open }, ...more.map((text): Line => ({ text, tone: "bold" }))];
}

/** What explains the death, as far as it is known yet: the waits at once, leaks and memory when the heap was read. */
function wrongPart(given: Given, page: Page): Line[] {
  const first = resultOf(given, FIRST, firstLook);
  const waiting = resultOf(given, PROVED, waits) ?? resultOf(given, WAITS, waits);
  if (!first || !waiting) return [...awaited(given, WAITS, "Stalled"), ...awaited(given, SUSPECTS, "Suspects")];
  const userGoroutines = resultOf(given, GROUPS, goroutines)?.total.user ?? first.goroutines.total;
  const stalls = stallsOf(first.death, userGoroutines, waiting.rows, resultOf(given, LEAKS, leaked)?.groups ?? []);
  const memory = resultOf(given, SUSPECTS, suspects);
  if (!memory && stalls.explanation === "memory") return awaited(given, SUSPECTS, "Suspects");
  const untold = (memory?.rows ?? []).filter((each) => !isToldByStalls(stalls, each));
  const parts = wrongParts({ ...stalls, userGoroutines }, untold, page);
  return [
    ...parts.flatMap(({ lines: [head = "", ...more], found, next }): Line[] => {
      const open = found.kind === "none" ? places.suspects() : found.kind === "suspect" ? places.suspects() : commandPlace(next);
      const copy = found.kind === "suspect" ? suspectText(found.of).title : undefined;
      return [{ text: head, open, ...(copy === undefined ? {} : { copy }) }, ...more.map((text): Line => ({ text }))];
    }),
    ...(memory ? [] : awaited(given, SUSPECTS, "Suspects")),
  ];
}

/** The answer to a command line. */
const commandPlace = (next: string): Place => places.answer(next.replace(/ ?\bCORE\b/, ""));

/** Those that hold most; each leads to its value or stack. */
function holderPart(given: Given, page: Page): Line[] {
  const root = resultOf(given, HOLDERS, dominators);
  if (!root) return awaited(given, HOLDERS, "Holders");
  const rows = (root.children ?? []).slice(0, mostFirst);
  return holderLines(rows, root.retainedBytes, page).map((text, index): Line => {
    const open = nodePlace(rows[index]) ?? places.dominators();
    return { text, open };
  });
}

/** Name, pid and signal; leads to the death. */
function programPart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, FIRST, firstLook);
  return answer ? headed(programLines(answer, page), places.death()) : awaited(given, FIRST, "Program");
}

/** Live and garbage. The spans' statistics are another question's and are there before. */
function heapPart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, HEAP, heapUse);
  if (!answer) return awaited(given, HEAP, "Heap");
  const { stats } = resultOf(given, MEMORY, memoryUse) ?? { stats: null };
  return headed(heapLines(answer, { stats }, page), places.types());
}

/** The largest types; each leads to its objects. */
function typePart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, HEAP, heapUse);
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

/** Memory by use, and the collector. */
function memoryPart(given: Given, page: Page): Line[] {
  const answer = resultOf(given, MEMORY, memoryUse);
  if (!answer) return awaited(given, MEMORY, "Memory");
  return [...headed(memoryLines(answer, page), places.mappings()), { text: "" }, ...gcLines(answer, page).map((text): Line => ({ text }))];
}

/** Goroutines by state, and how the program was started and built: at the end, since it is seldom why one comes. */
function machineLines(given: Given, page: Page): Line[] {
  const answer = resultOf(given, FIRST, firstLook);
  if (!answer) return [];
  return [
    ...headed(goroutineLines(answer, page), places.goroutines()),
    { text: "" },
    ...buildLines(answer, page).map((text): Line => ({ text })),
  ];
}

/** Lines of a command's text; the first one leads somewhere. */
function headed([first = "", ...more]: readonly string[], open: Place): Line[] {
  return [{ text: first, open }, ...more.map((text): Line => ({ text }))];
}

/** The most frequent stacks; each leads to its goroutines. */
function groupLines(given: Given): Line[] {
  const answer = resultOf(given, GROUPS, goroutines);
  if (!answer) return awaited(given, GROUPS, "Stacks");
  const groups = answer.groups ?? [];
  if (groups.length === 0) return [];
  const [title = "", ...rows] = stackLines(groups, answer.total.user, makePage(given.width, false));
  return [
    { text: title, tone: "bold", open: places.goroutines() },
    ...rows.map((text, index): Line => ({ text, open: groupPlace(groups[index], {}) })),
  ];
}
