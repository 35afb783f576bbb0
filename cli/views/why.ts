// The words around a path: its root, and the figures of merged paths.
import { counted, formatBytes, formatCount } from "../../src/base/units.js";
import type { Why } from "../../src/query/why.js";

type Answer = Why;
type Root = Answer["paths"][number]["root"];
type Merged = NonNullable<Answer["merged"]>[number];

/** What `why --json` prints: in words, too, why there is no path, and who the owners of merged paths are. */
export interface WhyJson extends Why {
  readonly explanation?: string;
}

/** The answer as --json prints it. */
export function whyJson(answer: Why): WhyJson {
  const explanation = unheldText(answer);
  const merged = answer.merged?.map((node) => (node.function === undefined ? node : { ...node, owner: mergedName(node) }));
  return { ...answer, ...(merged ? { merged } : {}), ...(explanation === undefined ? {} : { explanation }) };
}

/** Why there is no path of pointers; undefined when there is one. */
export function unheldText({ object, unheld, paths }: Why): string | undefined {
  if (!unheld) return undefined;
  if (!("asked" in unheld))
    return unheld.kind === "garbage"
      ? `${object.address} is garbage: allocated, but no root reaches it`
      : `${object.address} would be garbage without the pointers that are left out: nothing else holds it`;
  const owner = paths[0]?.root.owner;
  const { asked } = unheld;
  if (unheld.kind === "stack") return `${asked} is a variable of ${owner}, whose stack is a root itself: nothing has to hold it`;
  const place = asked === owner ? `${owner} is a global variable` : `${asked} is in the global variable ${owner}`;
  return `${place}, a root itself: nothing has to hold it`;
}

/** What the mark of a root means that may be none. */
export const CONSERVATIVE = "~ that root's word may be a number: Go's collector looks there conservatively";

/** What stands above merged paths. */
export const MERGED_TITLE = "     count       bytes  path";

/** The figures of a merged path, as wide as their titles. */
export function mergedFigures({ count, bytes }: Merged): string {
  return `${formatCount(count).padStart(10)}  ${formatBytes(bytes).padStart(10)}`;
}

/** The owner or type of a merged path; "(3 others)" where smaller ones are not listed. */
export function mergedName({ owner, function: name, type, others }: Merged): string {
  if (name !== undefined) return `goroutines of ${name}`;
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
  if (root.cycle) facts.push("never collected: a cycle with a finalizer");
  return `${facts.join(", ")}${root.variableCertainty === "likely" ? " ?" : ""}${root.certain ? "" : "  ~ conservative"}`;
}
