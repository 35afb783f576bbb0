// The words around a path: its root, and the figures of merged paths.
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import type { why } from "../../src/query/why.js";

type Answer = ReturnType<typeof why.run>;
type Root = Answer["paths"][number]["root"];
type Merged = NonNullable<Answer["merged"]>[number];

/** What the mark of a root means that may be none. */
export const CONSERVATIVE = "~ that root's word may be a number: Go's collector looks there conservatively";

/** What stands above merged paths. */
export const MERGED_TITLE = "     count       bytes  path";

/** The figures of a merged path, as wide as their titles. */
export function mergedFigures({ count, bytes }: Merged): string {
  return `${formatCount(count).padStart(10)}  ${formatBytes(bytes).padStart(10)}`;
}

/** The owner or type of a merged path; "(3 others)" where smaller ones are not listed. */
export function mergedName({ owner, type, others }: Merged): string {
  return others === undefined ? (owner ?? type) : `(${counted(others, "other")})`;
}

/** "goroutine 17, main.worker, variable buf (conservative)". */
export function describeRoot(root: Root): string {
  const facts = [root.name.startsWith(root.kind) ? root.name : `${root.kind} ${root.name}`];
  // What the name says already is not said again: goroutine 17 has a 17 in its name.
  const words = new Set(root.name.split(/[\s,]+/));
  if (root.goroutine !== undefined && !words.has(String(root.goroutine))) facts.push(`goroutine ${root.goroutine}`);
  if (root.function !== undefined && !words.has(root.function)) facts.push(root.function);
  if (root.variable !== undefined && !words.has(root.variable) && !root.name.endsWith(` ${root.variable}`))
    facts.push(`variable ${root.variable}`);
  return `${facts.join(", ")}${root.variableCertainty === "likely" ? " ?" : ""}${root.certain ? "" : "  ~ conservative"}`;
}
