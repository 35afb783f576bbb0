// The waits-for picture as a tree: circles first, then what is waited for, with who could end it and who waits.
import { formatCount } from "../../../src/base/units.js";
import { blocked } from "../../../src/query/blocked.js";
import { formatDuration } from "../../text/duration.js";
import { atText, circleText, holderText, stateText, waitsText } from "../../views/blocked.js";
import { isAt, places, type Subjects } from "../places.js";
import { ask, type Given, type Line, resultOf, type Screen } from "../screen.js";

type Answer = ReturnType<typeof blocked.run>;
type Row = Answer["rows"][number];

/** Longer queues that nobody is known to end are folded. */
const mostOpen = 5;

/** Who waits for whom: everybody, or what one goroutine waits for and what others want from it. */
export const blockedScreen: Screen<Subjects["blocked"]> = {
  name: "blocked",
  help: "Who waits for what, and who could end the wait? b on a goroutine: it alone.",
  title: (args) => (args.goroutine === undefined ? "Blocked" : `waits of goroutine ${args.goroutine}`),
  asks: () => [ask(blocked, { top: 0 })],
  body(given) {
    const answer = resultOf(given, 0, blocked);
    if (!answer) return { head: [], rows: [] };
    const id = given.args.goroutine;
    const things = answer.rows.filter((row) => id === undefined || concerns(row, id));
    const cycles = answer.cycles.filter(({ involved }) => id === undefined || involved.includes(id));
    const rows = [...cycles.flatMap(cycleLines), ...things.flatMap((row) => thingLines(row, id, given))];
    if (rows.length === 0) rows.push({ text: id === undefined ? "no goroutine of the program is blocked" : noneOf(answer, id) });
    return {
      head: [],
      rows,
      note: waitsText(answer),
    };
  },
  keys: [
    {
      key: "b",
      help: "this one's waits",
      go: (_args, line) => (isAt(line?.open, "goroutine") ? places.blocked({ goroutine: line.open.args.id }) : undefined),
    },
    {
      key: "o",
      help: "what is waited for",
      go: (_args, line) => (line?.copy?.startsWith("0x") || line?.copy?.includes(".") ? places.object(line.copy) : undefined),
    },
  ],
};

/** Whether a goroutine waits for this, or could end the wait. */
function concerns({ waiting, holders }: Row, id: number): boolean {
  return waiting.some((each) => each.id === id) || holders.some((each) => each.id === id);
}

/** Long lists are cut by the query: not being in them is no proof. */
function noneOf({ rows }: Answer, id: number): string {
  const isCut = rows.some(({ waiting, count, holders, holderCount }) => waiting.length < count || holders.length < holderCount);
  return isCut
    ? `goroutine ${id} is not among those shown of the long queues; esc and Blocked has the queues`
    : `goroutine ${id} waits for nothing that is known, and nobody waits for it`;
}

/** A deadlock, a line for each goroutine of the circle. */
function cycleLines(cycle: Answer["cycles"][number]): Line[] {
  const { goroutines } = cycle;
  const rows = goroutines.map((each, index): Line => {
    const next = goroutines[(index + 1) % goroutines.length];
    return {
      text: `  goroutine ${each.id}${atText(each.top)} waits for ${each.waitsFor}; goroutine ${next?.id}: ${holderText(each)}`,
      open: places.goroutine(each.id),
      copy: each.waitsFor,
    };
  });
  return [{ text: circleText(cycle), tone: "bad" }, ...rows, { text: "" }];
}

/**
 * What is waited for, and below it the goroutines; folded where many wait and nobody is known to end it.
 * @param id the goroutine that the screen is about, drawn in bold; undefined for all
 */
function thingLines(row: Row, id: number | undefined, given: Given): Line[] {
  // By address or name, not by place in the list: folds outlive a new answer.
  const key = `${row.kind} ${row.address ?? row.name}`;
  // Open is what one came for: the goroutine at hand, and whatever somebody could end.
  const isOpen = given.folds[key] ?? (id !== undefined || row.holders.length > 0 || row.count <= mostOpen);
  const long = row.longestNanoseconds === undefined ? "" : `, the longest ${formatDuration(row.longestNanoseconds)}`;
  const name = [row.kind, row.name, row.address ?? ""].filter((each) => each !== "").join(" ");
  const state = row.state === null ? "" : `${stateText(row.state)}, `;
  const head: Line = {
    text: `${isOpen ? "▾" : "▸"} ${name}: ${state}${formatCount(row.count)} blocked${long}`,
    tone: "bold",
    depth: 0,
    fold: { key, isOpen },
    copy: row.name !== "" ? row.name : (row.address ?? row.kind),
  };
  if (!isOpen) return [head];
  const waiting = row.waiting.map(
    (each): Line => goroutineLine(each.id, `waits  goroutine ${each.id}${atText(each.top)} [${each.reason}]`, each.id === id),
  );
  const holders = row.holders.map(
    (each): Line => goroutineLine(each.id, `could end it  goroutine ${each.id}${atText(each.top)}: ${holderText(each)}`, each.id === id),
  );
  return [
    head,
    ...holders,
    ...moreLine(row.holderCount - holders.length, "that could end it"),
    ...waiting,
    ...moreLine(row.count - waiting.length, "waiting"),
  ];
}

/** A goroutine, which Enter opens. */
function goroutineLine(id: number, text: string, isSubject: boolean): Line {
  return {
    text: `    ${text}`,
    depth: 1,
    open: places.goroutine(id),
    copy: `g${id}`,
    ...(isSubject ? { tone: "bold" } : {}),
  };
}

/** How many goroutines the query left out. */
function moreLine(count: number, what: string): Line[] {
  return count > 0 ? [{ text: `    … ${formatCount(count)} more ${what}`, tone: "dim", depth: 1 }] : [];
}
