// Time from left to right, a lane for each P and goroutine, one character for each stretch of time.
import { counted, formatCount } from "../../../src/base/units.js";
import { traceTimeline } from "../../../src/query/trace-timeline.js";
import { busyLane, stateLane } from "../../text/chart.js";
import { formatDuration } from "../../text/duration.js";
import { missingText } from "../../views/trace.js";
import { tableLines } from "../parts/list.js";
import { places, type Subjects } from "../places.js";
import { ask, type Line, type Place, resultOf, type Screen } from "../screen.js";

/** Stretches that the query divides the time into: more than a wide terminal has, gathered to what there is. */
const columns = 240;
/** Lanes of goroutines, the busiest first. */
const most = 200;
/** By how much + and - change the part of the time. */
const zoom = 4;
/** Columns that the names of lanes get at most. */
const nameWidth = 30;

/** What Ps and goroutines did over time, as text. */
export const timelineScreen: Screen<Subjects["timeline"]> = {
  name: "timeline",
  help: "What did Ps and goroutines do over time? + and - look at less and more of the time before the end.",
  title: (args) => (partOf(args) === 1 ? "Time line" : `the last 1/${formatCount(1 / partOf(args))} of the time`),
  asks: (args) => [ask(traceTimeline, { part: partOf(args), columns, top: most })],
  body(given) {
    const answer = resultOf(given, 0, traceTimeline);
    if (!answer) return { head: [], rows: [] };
    const { timeline } = answer;
    if (!timeline) return { head: [], rows: [{ text: missingText(answer.missing) }] };
    // What names leave: at most a third of the line is theirs.
    const room = Math.max(10, given.width - Math.min(nameWidth, Math.floor(given.width / 3)) - 2);
    const span = timeline.to - timeline.from;
    // Ps by how busy they were, goroutines by their state: a P has no state that a reader would miss.
    const lanes = [
      { cells: ["collecting", busyLane([timeline.collecting], span / columns, room)] },
      ...timeline.procs.map((lane) => ({ cells: [`P${lane.id}`, busyLane([lane.running, lane.syscall], span / columns, room)] })),
      ...timeline.goroutines.map((lane) => ({
        cells: [`g${lane.id} ${lane.function}`, stateLane(lane, room)],
        open: places.goroutine(lane.id),
        copy: `g${lane.id}`,
      })),
    ];
    const axis = `-${formatDuration(span)}`;
    // The column's title is the axis: how long ago at its left, the end at its right.
    const title = `${axis}${"the end".padStart(Math.max(1, room - axis.length))}`;
    const { head, rows } = tableLines([{ title: "", cut: "start" }, { title }], lanes, given.width);
    const legend: Line[] = [
      { text: "Ps: the fuller the busier, · idle   goroutines: █ running ▒ runnable s system call · waiting", tone: "dim" },
      ...(timeline.problem === "" ? [] : [{ text: `read up to the damage: ${timeline.problem}`, tone: "bad" as const }]),
    ];
    const shown = timeline.goroutines.length;
    return {
      head: [...legend, ...head],
      rows,
      note:
        shown < timeline.total ? `busiest ${formatCount(shown)} of ${counted(timeline.total, "goroutine")}` : counted(shown, "goroutine"),
    };
  },
  keys: [
    { key: "+", help: "less time", stays: true, go: (args) => zoomed(args, 1 / zoom) },
    { key: "-", help: "more time", stays: true, go: (args) => zoomed(args, zoom) },
    {
      key: "v",
      help: "its events",
      go: (_args, line) => (line?.copy ? places.events({ goroutine: Number(line.copy.slice(1)) }) : undefined),
    },
  ],
};

const partOf = ({ part = 1 }: Subjects["timeline"]) => part;

/** Undefined at both ends: all of the time, and a millionth of it. */
function zoomed(args: Subjects["timeline"], by: number): Place | undefined {
  const part = partOf(args) * by;
  return part > 1 || part < 1e-6 ? undefined : places.timeline(part === 1 ? {} : { part });
}
