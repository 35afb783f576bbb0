// A value as a tree, and below it who points to it. What it shows comes from two questions, each drawn when it is answered.
import { formatBytes, formatCount } from "../../../src/base/units.js";
import { refs } from "../../../src/query/refs.js";
import { show } from "../../../src/query/show.js";
import { foldText } from "../../text/table.js";
import { referenceText } from "../../views/refs.js";
import { valueText } from "../../views/show.js";
import { ownerPlace, places, type Subjects } from "../places.js";
import { ask, type Given, type Line, type Place, resultOf, type Screen } from "../screen.js";

type Value = ReturnType<typeof show.run>["value"];
type Reference = ReturnType<typeof refs.run>["rows"][number];

/** Elements of a page: ] and [ turn pages. */
const page = 200;
/** Levels of the value that are read; a part has a screen of its own. */
const depth = 3;
/** Referrers below the value; i has a screen with more of them. */
const mostReferrers = 100;

/** One value: what is in it, and who points to it. */
export const objectScreen: Screen<Subjects["object"]> = {
  name: "object",
  help: "What is in this value, and who points to it?",
  title: (args) => args.of,
  asks: (args) => [
    ask(show, { of: args.of, depth, offset: args.offset ?? 0, top: page }),
    ask(refs, { of: args.of, out: false, top: mostReferrers }),
  ],
  body(given) {
    const answer = resultOf(given, 0, show);
    const rows: Line[] = [];
    const head: Line[] = [];
    if (answer) {
      const { object, value } = answer;
      const where = object
        ? `in ${object.address}, ${formatBytes(object.bytes)}${object.live === false ? ", garbage" : ""}`
        : "outside the heap";
      head.push(
        { text: answer.expression, tone: "bold" },
        { text: `${answer.type}${answer.address ? ` at ${answer.address}` : ""}, ${where}`, tone: "dim" },
      );
      if (answer.asPassed) head.push({ text: "as passed: what the argument was set to since is not known", tone: "dim" });
      else if (answer.certainty === "likely")
        head.push({ text: "? a variable of optimised code: it may be a little older or newer than the line", tone: "dim" });
      const length = value.length ?? 0;
      const last = (value.offset ?? 0) + (value.children?.length ?? 0);
      if (length > page)
        head.push({ text: `${formatCount(value.offset ?? 0)} to ${formatCount(last)} of ${formatCount(length)}`, tone: "dim" });
      // What y copies and the keys mean on the first line: the address that was asked for, else where the value leads or lies.
      const own = isAddress(given.args.of) ? given.args.of : (value.address ?? object?.address);
      const [first, ...more] = valueLines(value, "", 0, given);
      if (first) rows.push({ ...first, ...(own === undefined ? {} : { copy: own }) }, ...more);
    }
    rows.push(...referrerLines(given));
    return { head, rows };
  },
  keys: [
    { key: "p", help: "why alive", go: (args, line) => whyPlace(args, line) },
    { key: "d", help: "dominators", go: (args) => places.dominators({ of: args.of }) },
    { key: "o", help: "points to", go: (args) => places.refs({ of: args.of, out: true }) },
    { key: "i", help: "pointed to by", go: (args) => places.refs({ of: args.of, out: false }) },
    { key: "x", help: "bytes", go: (args, line) => bytesPlace(args, line) },
    {
      key: "]",
      help: "next part",
      stays: true,
      go: (args) => places.object(args.of, (args.offset ?? 0) + page),
    },
    {
      key: "[",
      help: "part before",
      stays: true,
      go: (args) => places.object(args.of, Math.max(0, (args.offset ?? 0) - page)),
    },
  ],
};

const isAddress = (text: string | undefined): text is string => text !== undefined && /^0x[0-9a-f]+$/.test(text);

/** The object under the cursor, else the one that the screen is about. */
function addressOf(args: Subjects["object"], line: Line | undefined): string | undefined {
  return [line?.copy, args.of].find(isAddress);
}

/** Paths to the object at hand; undefined when no address is known. */
function whyPlace(args: Subjects["object"], line: Line | undefined): Place | undefined {
  const address = addressOf(args, line);
  return address === undefined ? undefined : places.paths({ address });
}

/** The bytes of the object at hand. */
function bytesPlace(args: Subjects["object"], line: Line | undefined): Place | undefined {
  const address = addressOf(args, line);
  return address === undefined ? undefined : places.memory(address);
}

/** A line for each part; the first two levels are open until somebody folds them. */
function valueLines(value: Value, path: string, level: number, given: Given<Subjects["object"]>): Line[] {
  const key = `${path}/${value.name}`;
  const children = value.children ?? [];
  const isOpen = given.folds[key] ?? level < 2;
  const mark = children.length === 0 ? " " : isOpen ? "▾" : "▸";
  const name = value.name === "" ? "" : `${value.name}  `;
  const said = valueText(value);
  const whole = `${"  ".repeat(level)}${mark} ${name}${value.type}${said === "" ? "" : ` = ${said}`}`;
  // What the screen is about is shown whole: a long text in lines of its own.
  const [text = "", ...folded] = level === 0 ? foldText(whole, given.width) : [whole];
  const line: Line = {
    text,
    depth: level,
    ...(children.length > 0 ? { fold: { key, isOpen } } : {}),
    ...(value.address && level > 0 ? { open: places.object(value.address), copy: value.address } : {}),
  };
  // Where the following page begins: "… 4,000 more" leads there, of an inner container to its own screen.
  const next = (value.offset ?? 0) + children.length;
  const hidden = (value.length ?? 0) - next;
  const rest = level === 0 ? places.object(given.args.of, next) : value.address ? places.object(value.address) : undefined;
  const more: Line[] =
    hidden > 0 && children.length > 0
      ? [
          {
            text: `${"  ".repeat(level + 1)}  … ${formatCount(hidden)} more`,
            tone: "dim",
            depth: level + 1,
            ...(rest ? { open: rest } : {}),
          },
        ]
      : [];
  return [
    line,
    ...folded.map((each): Line => ({ text: each, depth: level })),
    ...(isOpen ? [...children.flatMap((child) => valueLines(child, key, level + 1, given)), ...more] : []),
  ];
}

/** Who points to the value, when that is known: a title, then a line for each. */
function referrerLines(given: Given): Line[] {
  const answer = resultOf(given, 1, refs);
  if (!answer) return [];
  const title = `pointed to by ${formatCount(answer.total.rows)}${answer.rows.length < answer.total.rows ? `, the first ${answer.rows.length}` : ""}`;
  return [{ text: "" }, { text: title, tone: "bold" }, ...answer.rows.map(referenceLine)];
}

/** "0xc000012000  *main.User  main.global.users[3]". */
export function referenceLine(row: Reference): Line {
  const open = row.address ? places.object(row.address) : row.owner ? ownerPlace(row.owner) : undefined;
  const who = row.address ? `${row.address}  ${row.type}` : (row.owner ?? row.type);
  return {
    text: `  ${who}  ${referenceText(row, " ~ conservative")}`,
    ...(open ? { open } : {}),
    copy: row.address ?? row.expression,
  };
}
