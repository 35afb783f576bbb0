// Paths from roots to an object, as trees; with --merge those of all objects of a type as one. Exit code 1 for garbage.
//
//   ● global main.server
//   ├─ 0x1e17560ae000  main.Server                                              80 B
//   │  main.server
//   └▶ 0x1e17565ba1c0  main.User                                                64 B
//      main.server.sessions.byToken["token-1234"].User
import { UsageError } from "../../src/base/errors.js";
import { counted, formatBytes } from "../../src/base/units.js";
import { why } from "../../src/query/why.js";
import { type Options, operandPlace, optionPattern, optionText, parseIgnored } from "../arguments.js";
import { defineCommand } from "../command.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText } from "../text/table.js";
import { pathLines } from "../text/tree.js";
import { siteLine, sitesLines } from "../views/sites.js";
import { CONSERVATIVE, describeRoot, MERGED_TITLE, mergedFigures, mergedName, unheldText, whyJson } from "../views/why.js";

/** `corescope why`: the path that keeps an object alive. */
export const whyCommand = defineCommand({
  name: "why",
  query: why,
  operands: [{ name: "[what]", help: "an expression, or any address inside the object" }],
  options: [
    { flags: "--type <re>", help: "the largest object of a matching type, instead of an address" },
    { flags: "-k, --paths <count>", help: "so many distinct paths, of different owners first (default: 1)" },
    { flags: "--ignore <pointers>", help: "leave out pointers: FROM>ADDRESS, several with ; between" },
    { flags: "--merge", help: "with --type: the paths of all its objects, merged by owner and type" },
    { flags: "--parts", help: "the tables, groups and buffers of maps, channels and builders as steps of their own" },
  ],
  examples: [
    { line: "why core 0xc000012000", asks: "Who holds this object?" },
    { line: "why core 'main.global.sessions[\"user-5\"]'", asks: "Who holds what this leads to?" },
    { line: "why core --type '^main[.]Session$'", asks: "Why is the largest session still there?" },
    { line: "why core 0xc000012000 -k 5", asks: "Who else holds it? Freed is only what nobody holds." },
    { line: "why core --type '^main[.]Session$' --merge", asks: "Who holds all the sessions?" },
    { line: "why core 0xc000012000 --ignore 'main.cache>0xc000098000'", asks: "And if the cache had not held that one?" },
    { line: "why core c000012345 --json", asks: "The same for a program; any address inside the object will do." },
  ],
  args([address], options) {
    const type = optionPattern(options, "type");
    // Exactly one of them: an object by its place, or by its type.
    if ((address === undefined) === (type === undefined)) {
      throw new UsageError("why needs an address, an expression or --type RE, one of them", "for example: corescope why CORE 0xc000012000");
    }
    const merge = options.merge === true;
    if (merge && type === undefined)
      throw new UsageError("--merge goes with --type", "for example: corescope why CORE --type '^main[.]User$' --merge");
    const ignore = parseIgnored(optionText(options, "ignore") ?? "");
    // Merged paths come from the one tree of shortest paths, which is made with all pointers.
    if (merge && ignore.length > 0) throw new UsageError("--ignore does not go with --merge", "leave one of them out");
    // Absent rather than undefined: what was not typed is not in the arguments, and defaults stay the query's.
    const more = {
      ...(options.paths === undefined ? {} : { paths: optionPaths(options) }),
      ...(merge ? { merge } : {}),
      ...(options.parts === true ? { parts: true } : {}),
      ...(ignore.length > 0 ? { ignore } : {}),
    };
    return address === undefined ? { type: type as string, ...more } : { address: operandPlace(address), ...more };
  },
  json: whyJson,
  text(answer, page) {
    const { object, reachable, matching, paths, merged, site, sites } = answer;
    const explanation = unheldText(answer);
    const lines: string[] = [];
    if (merged) return mergedLines(merged, matching ?? 0, page);
    if (object) lines.push(page.bold(`${object.address}  ${escapeText(object.type)}  ${formatBytes(object.bytes)}`));
    if (object?.evidence) lines.push(page.dim(`type known by: ${escapeText(object.evidence)}`));
    if (site) lines.push(cutText(siteLine(site), page.width));
    if (sites) for (const line of sitesLines(sites, "this type")) lines.push(page.dim(cutText(line, page.width)));
    if (matching !== undefined) lines.push(`the largest of ${counted(matching, "object")} of matching types`);
    // A value in a variable is a root itself: there is no path, and that is said.
    if (reachable && explanation) lines.push(escapeText(explanation));
    if (!reachable) lines.push(page.bad(escapeText(explanation ?? "garbage: no root reaches this object")));
    paths.forEach((path, index) => {
      if (paths.length > 1) lines.push("", `path ${index + 1} of ${paths.length}`);
      else lines.push("");
      // A drawn line knows its step, which a screen needs; here only its text counts.
      for (const { text } of pathLines(describeRoot(path.root), path.steps, page)) lines.push(text);
    });
    if (paths.some((path) => !path.root.certain)) lines.push("", page.dim(CONSERVATIVE));
    return lines;
  },
  isNo: ({ reachable }) => !reachable,
  next: ({ object, paths }) => {
    // The last step is the object itself, the one before it holds it.
    const holder = paths[0]?.steps.at(-2)?.address;
    if (!object) return [];
    return [`read CORE ${object.address} ${Math.min(256, object.bytes)}`, ...(holder ? [`why CORE ${holder}`] : [])];
  },
});

/** Each further path is a search of its own. */
const mostPaths = 1000;

/** A count of paths, 1 to mostPaths. @throws UsageError */
function optionPaths(options: Options): number {
  const text = optionText(options, "paths") ?? "1";
  const count = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostPaths) throw new UsageError(`-k ${text}: not a count from 1 to ${mostPaths}`, "for example: -k 5");
  return count;
}

/** The merged paths as an indented tree, counts and bytes in front. */
function mergedLines(merged: NonNullable<ReturnType<typeof why.run>["merged"]>, matching: number, page: Page): string[] {
  const lines = [`who holds the live ones of ${counted(matching, "matching object")}, along the shortest paths`, ""];
  lines.push(page.bold(MERGED_TITLE));
  const draw = (rows: typeof merged, indent: string): void => {
    for (const row of rows) {
      const head = `${mergedFigures(row)}  ${indent}`;
      const name = escapeText(mergedName(row));
      lines.push(`${head}${cutText(name, Math.max(12, page.width - head.length), "start")}`);
      draw(row.children ?? [], `${indent}  `);
    }
  };
  draw(merged, "");
  return lines;
}
