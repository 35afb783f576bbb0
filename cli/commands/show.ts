// A value as an indented tree: name, value, type. Bytes that are no text are a hex dump.
//
//   *main.User at 0x1e17565afac0 in 0x1e17565afab0, 112 B
//   &0x1e17565ba1c0
//     ID     1234  int64
//     Name   "customer-1234"  string
//     Roles  len 1  []string
//       [0]  "customer"  string
import { UsageError } from "../../src/base/errors.js";
import { formatBytes, formatCount } from "../../src/base/units.js";
import { quoteWord } from "../../src/base/words.js";
import { show } from "../../src/query/show.js";
import { type Options, optionDepth, optionText, optionTop } from "../arguments.js";
import { defineCommand } from "../command.js";
import { bytesOf, formatHexDump } from "../text/bytes.js";
import { escapeText } from "../text/escape.js";
import type { Page } from "../text/style.js";
import { cutText, foldText, padText, textWidth } from "../text/table.js";
import { showJson, valueText } from "../views/show.js";
import { siteLine, sitesLines } from "../views/sites.js";

type Value = ReturnType<typeof show.run>["value"];

/** `corescope show`: one value. */
export const showCommand = defineCommand({
  name: "show",
  query: show,
  operands: [{ name: "<what>", help: "an address or a Go expression" }],
  options: [
    { flags: "--depth <levels>", help: "levels to open (default: 3)" },
    { flags: "--offset <index>", help: "first element of a slice, map or string (default: 0)" },
  ],
  examples: [
    { line: "show core main.global", asks: "What is in this variable?" },
    { line: "show core 'main.global.sessions[\"user-5\"].User'", asks: "A map entry's field; quote it for the shell." },
    { line: "show core main.global.byID --offset 1000 --top 50", asks: "Fifty entries of a large map, from the thousandth on." },
    { line: "show core '(*main.User)(0xc000012000)' --depth 1", asks: "What is here, seen as a main.User?" },
    { line: "show core g12.main.worker.job", asks: "A local variable of goroutine 12." },
  ],
  args: ([of], options) => ({ of, depth: optionDepth(options, 3), offset: optionOffset(options), top: optionTop(options) }),
  json: showJson,
  text({ expression, type, address, certainty, asPassed, object, value }, page) {
    const where = object ? ` in ${object.address}, ${formatBytes(object.bytes)}${object.live === false ? " (garbage)" : ""}` : "";
    const lines = [
      page.bold(cutText(escapeText(expression), page.width, "start")),
      page.dim(cutText(escapeText(`${type}${address ? ` at ${address}` : ", not whole in memory"}${where}`), page.width, "start")),
    ];
    if (object?.site) lines.push(page.dim(cutText(siteLine(object.site), page.width)));
    for (const line of object?.sites ? sitesLines(object.sites, "this type") : []) lines.push(page.dim(cutText(line, page.width)));
    // How sure the value is stands behind it: "?" may be older or newer than the line, "(as passed)" may have been set since.
    const doubt = asPassed ? " (as passed)" : certainty === "likely" ? " ?" : "";
    const whole = valueText(value);
    if (whole !== "" || doubt !== "") for (const line of foldText(`${escapeText(whole)}${doubt}`, page.width)) lines.push(line);
    drawChildren(value, "  ", page, lines);
    return lines;
  },
  next: ({ object, expression }) => (object ? [`why CORE ${object.address}`, `dominators CORE ${quoteWord(expression)}`] : []),
});

/** An index, 0 when not given. @throws UsageError */
function optionOffset(options: Options): number {
  const text = optionText(options, "offset") ?? "0";
  if (!/^[0-9]{1,15}$/.test(text)) throw new UsageError(`--offset ${text}: not an index`, "for example: --offset 1000");
  return Number(text);
}

/** Appends the parts of a value, names in a column of at most 24; below them how many there are, when that is more. */
function drawChildren(value: Value, indent: string, page: Page, lines: string[]): void {
  const children = value.children ?? [];
  // Elements that are bytes are shown as a dump, sixteen to a line.
  const bytes = bytesOf(value);
  if (bytes) for (const line of formatHexDump(value.offset ?? 0, bytes)) lines.push(indent + line);
  const names = bytes ? [] : children.map((child) => escapeText(child.name));
  // One long key must not push every value to the right.
  const width = names.reduce((most, name) => Math.min(24, Math.max(most, textWidth(name))), 0);
  names.forEach((own, index) => {
    const child = children[index];
    const name = padText(own, width);
    const text = escapeText(valueText(child));
    lines.push(cutText(`${indent}${name}  ${text}${text === "" ? "" : "  "}${escapeText(child.type)}`, page.width, "end").trimEnd());
    drawChildren(child, `${indent}  `, page, lines);
  });
  const from = value.offset ?? 0;
  if (value.length !== undefined && children.length > 0 && from + children.length < value.length) {
    lines.push(
      page.dim(`${indent}… ${formatCount(from + children.length)} of ${formatCount(value.length)} (--offset ${from + children.length})`),
    );
  }
}
